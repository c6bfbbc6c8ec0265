#pragma once

// The provider of provider.mjs as a child process, and a loop on whose thread everything with a network runs.

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "core/json.h"
#include "identity/identity.h"
#include "net/net.h"

namespace reeve::oidc_test {

/// Starts in its constructor, ends in its destructor. Fails the process when the provider does not start: nothing can
/// be tested then.
class ProviderProcess {
 public:
  ProviderProcess();
  ProviderProcess(const ProviderProcess&) = delete;
  ProviderProcess& operator=(const ProviderProcess&) = delete;
  ~ProviderProcess();

  const std::string& issuer() const { return issuer_; }
  const std::string& control() const { return control_; }

 private:
  pid_t child_ = -1;
  int input_ = -1;  // the provider ends when this is closed
  std::string issuer_;
  std::string control_;
};

/// The machine's clocks, moved forward by what a test says. Thread-safe.
class ShiftedClock final : public Clock {
 public:
  Instant now() const override { return system_clock().now() + Duration(wall_.load()); }
  Moment steady() const override { return system_clock().steady() + Duration(steady_.load()); }
  void shift_wall(Duration by) { wall_ += by.count(); }
  void shift_steady(Duration by) { steady_ += by.count(); }

 private:
  std::atomic<Duration::rep> wall_{0};
  std::atomic<Duration::rep> steady_{0};
};

/// A runtime of one loop with the objects that live on it.
class AuthenticatorOnLoop {
 public:
  AuthenticatorOnLoop(std::vector<identity::OidcIssuer> issuers, const Clock& clock);
  AuthenticatorOnLoop(const AuthenticatorOnLoop&) = delete;
  AuthenticatorOnLoop& operator=(const AuthenticatorOnLoop&) = delete;
  ~AuthenticatorOnLoop();

  /// Blocks until the loop has decided.
  identity::AuthOutcome authenticate(const std::string& credential);
  /// As many at once, all started in one turn of the loop.
  std::vector<identity::AuthOutcome> authenticate_all(const std::vector<std::string>& credentials);
  /// The answer of the control port, which must be 200.
  std::string command(const std::string& control, const std::string& method, const std::string& path);

 private:
  std::unique_ptr<net::Runtime> runtime_;
  std::unique_ptr<identity::KeyStore> keys_ = identity::make_memory_key_store();
  std::unique_ptr<net::Client> client_;
  std::unique_ptr<identity::Authenticator> authenticator_;
};

}  // namespace reeve::oidc_test
