#include "core/log.h"
#include "identity/directory_view.h"
#include "identity/identity.h"
#include "identity/key_format.h"
#include "identity/key_ring.h"
#include "identity/own_token_verifier.h"
#include "identity/token_verifier.h"

namespace reeve::identity {

namespace {

/// Fetching once answers the question, or makes it known that it cannot be answered; anything more is our own fault.
constexpr int kRoundsMax = 3;

class LoopAuthenticator final : public Authenticator {
 public:
  LoopAuthenticator(Options options, KeyTable& keys, net::Client& client)
      : keys_(keys),
        tokens_(std::move(options.issuers), *options.clock, client),
        directory_(options.directory),
        agents_(options.agents) {
    if (options.own_tokens != nullptr) own_tokens_.emplace(*options.own_tokens, *options.clock, options.directory);
  }

  std::optional<AuthOutcome> authenticate_now(std::string_view credential) override {
    auto outcome = decide(credential).outcome;
    if (outcome) return agents_.admit(directory_.admit(*std::move(outcome)));
    return outcome;
  }

  Task<AuthOutcome> authenticate(std::string_view credential) override {
    for (int round = 0; round < kRoundsMax; ++round) {
      TokenVerifier::Step step = decide(credential);
      if (step.outcome) co_return agents_.admit(directory_.admit(*std::move(step.outcome)));
      co_await step.wait_for->refresh();
    }
    BUG("a token stayed undecided after its issuer's keys were fetched");
    co_return AuthOutcome{nullptr, AuthFailure::kUnavailable, "Reeve cannot check this token now. Try again shortly."};
  }

 private:
  TokenVerifier::Step decide(std::string_view credential) {
    if (credential.starts_with(kSecretPrefix)) return {keys_.authenticate(credential), nullptr};
    if (credential.empty()) {
      return refused(AuthFailure::kMalformed,
                     "No credential was sent. Use a Reeve key (rv_…) or a token of your identity provider.");
    }
    if (credential.find('.') == std::string_view::npos) {
      return refused(AuthFailure::kUnknown,
                     "This is neither a Reeve key (rv_…) nor a token of an identity provider. Keys of model providers "
                     "are not taken here: Reeve holds those itself.");
    }
    if (own_tokens_ && OwnTokenVerifier::is_own(credential)) return {own_tokens_->decide(credential), nullptr};
    return tokens_.decide(credential);
  }

  static TokenVerifier::Step refused(AuthFailure failure, std::string message) {
    return {AuthOutcome{nullptr, failure, std::move(message)}, nullptr};
  }

  KeyRing keys_;
  TokenVerifier tokens_;
  std::optional<OwnTokenVerifier> own_tokens_;
  DirectoryView directory_;
  AgentView agents_;
};

/// For where there are few keys and one loop.
class AloneAuthenticator final : public Authenticator {
 public:
  AloneAuthenticator(Options options, KeyStore& keys, net::Client& client)
      : table_(keys, {.clock = options.clock}), inner_(std::move(options), table_, client) {}
  std::optional<AuthOutcome> authenticate_now(std::string_view credential) override {
    return inner_.authenticate_now(credential);
  }
  Task<AuthOutcome> authenticate(std::string_view credential) override { return inner_.authenticate(credential); }

 private:
  KeyTable table_;
  LoopAuthenticator inner_;
};

}  // namespace

net::ClientLimits Authenticator::client_limits() {
  net::ClientLimits limits;
  limits.pool_idle_max = 2;
  limits.connections_max = 8;
  limits.connect_timeout = std::chrono::seconds(5);
  limits.response_timeout = std::chrono::seconds(10);
  limits.read_timeout = std::chrono::seconds(10);
  limits.write_timeout = std::chrono::seconds(10);
  return limits;
}

std::unique_ptr<Authenticator> Authenticator::create(Options options, KeyTable& keys, net::Client& client) {
  return std::make_unique<LoopAuthenticator>(std::move(options), keys, client);
}

std::unique_ptr<Authenticator> Authenticator::create(Options options, KeyStore& keys, net::Client& client) {
  return std::make_unique<AloneAuthenticator>(std::move(options), keys, client);
}

}  // namespace reeve::identity
