#pragma once

// Everything about people who sign in, put together for the server: tokens, grants, routes, and the thread that keeps
// them up to date.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "reeve/config.h"
#include "reeve/sign_in_routes.h"
#include "store/store.h"

namespace reeve::app {

class SignInService {
 public:
  /// Opens what tokens are made and verified with. `store` outlives it; `record` writes an entry of the ledger and
  /// waits for it.
  static Result<std::unique_ptr<SignInService>> open(const Config& config, store::Store& store,
                                                     identity::Grants::Record record);
  ~SignInService();

  identity::OwnTokens& tokens() { return *tokens_; }
  /// Ends every sign-in of a person who lost them, each with its entry.
  Result<void> end_sign_ins_of(const std::string& person, Instant when, const std::string& why);

  /// Before the loops start. `address`: where the server listens; the configuration's public_url goes before it. The
  /// routes must not outlive the runtime, nor this.
  /// `keys`, `agents` (null: none are in force) and `directory` (the same) outlive the routes.
  struct Callers {
    identity::KeyTable* keys;
    identity::Agents* agents;
    identity::Directory* directory;
  };
  Result<std::unique_ptr<SignInRoutes>> start(net::Runtime& runtime, const Config& config, const std::string& address,
                                              const Callers& callers);

 private:
  SignInService() = default;
  void run();

  std::unique_ptr<store::SharedGrants> shared_;  // null: this node is alone
  identity::GrantStore* store_ = nullptr;
  std::unique_ptr<identity::OwnTokens> tokens_;
  std::unique_ptr<identity::Grants> grants_;
  std::unique_ptr<identity::AgentTokens> agent_tokens_;
  std::optional<identity::AgentTrust> trust_;
  identity::Grants::Record record_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread keeper_;
};

}  // namespace reeve::app
