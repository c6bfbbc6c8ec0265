#pragma once

// The keys of one issuer as one loop has them: fetched on first use, renewed as they age, kept for a while when the
// issuer is down. One fetch at a time; whoever needs it waits for the same one.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "identity/identity.h"
#include "identity/issuer_address.h"
#include "identity/key_set.h"

namespace reeve::identity {

/// Used on its loop's thread only. A fetch in flight keeps it alive.
class IssuerKeys : public std::enable_shared_from_this<IssuerKeys> {
 public:
  /// How long keys serve past their time to live while the issuer cannot be reached.
  static constexpr Duration kGrace = std::chrono::hours(1);
  /// How often an unknown key id may cause a fetch.
  static constexpr Duration kRotationInterval = std::chrono::seconds(30);
  /// How long after a failed fetch the next one may start.
  static constexpr Duration kRetryAfter = std::chrono::seconds(5);

  IssuerKeys(OidcIssuer issuer, const Clock& clock, net::Client& client);

  const OidcIssuer& issuer() const { return issuer_; }

  enum class State {
    kUsable,      // keys() may be used now; when they age a fetch goes on beside
    kFetchFirst,  // await refresh(), then ask again
    kDown,        // no keys, and the issuer could not be reached just now
  };
  /// May start a fetch that nobody waits for.
  State state();
  const KeySet& keys() const { return keys_; }
  /// True when a token with an unknown key id is a reason to await refresh().
  bool may_look_for_rotation() const;
  /// Moves when the keys are others than before: what was verified with the old ones must be verified again.
  std::uint64_t version() const { return version_; }

  /// Joins the fetch in flight or starts one; resumes when it is over, well or not.
  Task<void> refresh();
  /// Ends a fetch in flight; whoever waits for it finds kDown.
  void cancel();

 private:
  struct Flight;
  class Landing;
  struct FetchScope;

  void start_fetch();
  static Task<void> fetch(std::shared_ptr<IssuerKeys> self, std::shared_ptr<Flight> flight);
  Task<Result<KeySet>> fetch_key_set();
  Result<KeySet> read_key_file() const;
  Task<Result<std::string>> get(const DocumentAddress& address, const char* what);
  Task<Result<std::string>> read_answer(net::ClientResponse& response);
  void accept(Result<KeySet> fetched);

  const OidcIssuer issuer_;
  const Clock* clock_;
  net::Client* client_;
  bool usable_configuration_;
  KeySet keys_;
  std::uint64_t version_ = 0;
  std::optional<Moment> fetched_at_;    // of keys_
  std::optional<Moment> attempted_at_;  // start of the last fetch
  std::optional<Moment> failed_at_;     // end of the last fetch, when it failed

  std::shared_ptr<Flight> flight_;
  std::function<void()> abort_send_;
  net::ClientResponse* reading_ = nullptr;
};

}  // namespace reeve::identity
