#include "postgres_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <random>
#include <thread>

#include "core/check.h"
#include "store/postgres/connection.h"

extern char** environ;

namespace reeve::postgres_test {

namespace {

constexpr auto kStartMax = std::chrono::seconds(60);

std::filesystem::path make_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "reeve-postgres-XXXXXX").string();
  CHECK(::mkdtemp(pattern.data()) != nullptr);
  return pattern;
}

bool is_free(std::uint16_t port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound = ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(listener);
  return bound;
}

store::PostgresOptions options_of(const std::string& user, const std::string& database, std::uint16_t port) {
  store::PostgresOptions options;
  options.url = "postgresql://" + user + ":" + user + "-secret@127.0.0.1:" + std::to_string(port) + "/" + database;
  // Long enough for a machine that has much else to do.
  options.connect_timeout = options.call_timeout = std::chrono::seconds(60);
  return options;
}

}  // namespace

std::uint16_t free_port() {
  std::random_device random;
  while (true) {
    const auto port = static_cast<std::uint16_t>(15'000 + random() % 15'000);
    if (is_free(port)) return port;
  }
}

PostgresServer& shared_server() {
  static PostgresServer server;
  return server;
}

PostgresServer::PostgresServer() : folder_(make_folder()), port_(free_port()) { start(); }

PostgresServer::~PostgresServer() {
  end(SIGINT);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void PostgresServer::start() {
  CHECK(process_ == -1);
  const std::string log = folder_ / "server.log";
  std::string script = SERVER_SCRIPT;
  std::string folder = folder_.string();
  std::string port = std::to_string(port_);
  std::array<char*, 4> arguments = {script.data(), folder.data(), port.data(), nullptr};
  posix_spawn_file_actions_t actions;
  CHECK(::posix_spawn_file_actions_init(&actions) == 0);
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
    CHECK(::posix_spawn_file_actions_addopen(&actions, stream, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644) == 0);
  }
  const Moment until = system_clock().steady() + kStartMax;
  while (true) {
    if (process_ == -1) {
      CHECK(::posix_spawn(&process_, script.c_str(), &actions, nullptr, arguments.data(), environ) == 0);
    }
    if (store::PostgresConnection::open(superuser_options()).ok()) break;
    // After a crash the first try can find sessions of before that have not noticed yet, and gives up.
    int status = 0;
    if (::waitpid(process_, &status, WNOHANG) == process_) process_ = -1;
    if (system_clock().steady() > until) {
      static_cast<void>(std::fprintf(stderr, "PostgreSQL did not start; see %s\n", log.c_str()));
      CHECK(false);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ::posix_spawn_file_actions_destroy(&actions);
}

void PostgresServer::end(int signal) {
  if (process_ == -1) return;
  ::kill(process_, signal);
  int status = 0;
  ::waitpid(process_, &status, 0);
  process_ = -1;
}

void PostgresServer::stop() { end(SIGINT); }
void PostgresServer::kill() { end(SIGKILL); }

std::string PostgresServer::create_database() {
  const std::string name = "test_" + std::to_string(++databases_);
  auto connection = store::PostgresConnection::open(superuser_options());
  CHECK(connection.ok());
  CHECK(connection->execute("CREATE DATABASE " + name + " OWNER reeve").ok());
  return name;
}

store::PostgresOptions PostgresServer::options(const std::string& database) const { return options(database, port_); }

store::PostgresOptions PostgresServer::options(const std::string& database, std::uint16_t port) const {
  return options_of("reeve", database, port);
}

store::PostgresOptions PostgresServer::superuser_options(const std::string& database) const {
  return options_of("postgres", database, port_);
}

}  // namespace reeve::postgres_test
