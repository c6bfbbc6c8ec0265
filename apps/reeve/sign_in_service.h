#pragma once

// Everything about people who sign in, put together for the server: tokens, grants, routes, and the thread that keeps
// them up to date.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "reeve/config.h"
#include "reeve/sign_in_routes.h"
#include "store/store.h"

namespace reeve::app {

class SignInService {
 public:
  /// Opens what tokens are made and verified with. `store` outlives it, and `directory`, which may be null; `record`
  /// writes an entry of the ledger and waits for it. `node`: whose ledger it is.
  static Result<std::unique_ptr<SignInService>> open(const Config& config, store::Store& store,
                                                     identity::Grants::Record record, const std::string& node,
                                                     identity::Directory* directory);
  ~SignInService();

  identity::OwnTokens& tokens() { return *tokens_; }
  identity::GrantStore& store() { return *store_; }
  /// Ends every sign-in of a person who lost them; the entries wait with the notes of the store.
  Result<void> end_sign_ins_of(const std::string& person, const identity::SignInEnd& end);

  /// Before the loops start. `address`: where the server listens; the configuration's public_url goes before it. The
  /// routes must not outlive the runtime, nor this.
  /// `keys` and `agents` (null: none are in force) outlive the routes, as does what is cut off.
  struct Callers {
    identity::KeyTable* keys;
    identity::Agents* agents;
    const identity::KillSwitch* kill_switch;
  };
  Result<std::unique_ptr<SignInRoutes>> start(net::Runtime& runtime, const Config& config, const std::string& address,
                                              Refusals& refusals, const Callers& callers);
  /// A link that signs the person in to the console, once. After start().
  Result<std::string> make_console_link(const std::string& person);

 private:
  SignInService() = default;
  void run();

  std::unique_ptr<store::SharedGrants> shared_;  // null: this node is alone
  identity::GrantStore* store_ = nullptr;
  std::unique_ptr<identity::OwnTokens> tokens_;
  std::unique_ptr<identity::Grants> grants_;
  std::optional<identity::BrowserGrants> browsers_;
  std::unique_ptr<identity::AgentTokens> agent_tokens_;
  std::optional<identity::AgentTrust> trust_;
  identity::Grants::Record record_;
  identity::Directory* directory_ = nullptr;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread keeper_;
};

}  // namespace reeve::app
