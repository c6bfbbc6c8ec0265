#pragma once

// A real PostgreSQL for a test, as a child process with a folder of its own: started, crashed and restarted at will.
// From Node.js: postgres_server.mjs.

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "store/store.h"

namespace reeve::postgres_test {

class PostgresServer {
 public:
  /// Started, from the thread that outlives it. Fails the process when it does not come up: nothing can be tested then.
  PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;
  ~PostgresServer();  // stops it and removes the folder

  void start();  // on the same port; returns when it takes connections
  void stop();   // ends sessions, writes everything down
  void kill();   // SIGKILL of the postmaster, as a crash is

  /// A new, empty database that the user reeve owns; its name.
  std::string create_database();
  /// Of the user reeve, with the password.
  store::PostgresOptions options(const std::string& database = "reeve") const;
  /// The same through another port, such as that of a proxy.
  store::PostgresOptions options(const std::string& database, std::uint16_t port) const;
  store::PostgresOptions superuser_options(const std::string& database = "postgres") const;
  std::uint16_t port() const { return port_; }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  void end(int signal);

  std::filesystem::path folder_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
  int databases_ = 0;
};

/// One for all tests of a process that leave it running; each has a database of its own there.
PostgresServer& shared_server();

/// A port of 127.0.0.1 that nobody listens on, below those that the kernel gives to outgoing connections.
std::uint16_t free_port();

}  // namespace reeve::postgres_test
