#pragma once

// The decision about a token of our own, on one loop: remembered tokens, and whether their sessions have ended.

#include <memory>
#include <string>
#include <string_view>

#include "identity/hash_cache.h"
#include "identity/own_token_form.h"
#include "identity/refusal.h"

namespace reeve::identity {

class Directory;

class OwnTokenVerifier {
 public:
  static constexpr std::size_t kRememberedMax = 10'000;  // per loop

  /// `people`, where a directory is in force, says why somebody's sign-in ended who left; it must outlive this.
  OwnTokenVerifier(OwnTokens& tokens, const Clock& clock, Directory* people = nullptr)
      : tokens_(&tokens), clock_(&clock), people_(people) {}

  static bool is_own(std::string_view credential) { return credential.starts_with(kOwnTokenPrefix); }
  /// What is_own() says yes to.
  AuthOutcome decide(std::string_view token);

 private:
  /// Renews what is known when sessions ended or keys came. False when it cannot be read.
  bool bring_up_to_date();
  OrRefusal<std::shared_ptr<const Principal>> verify(std::string_view token) const;
  std::optional<Refusal> refuse_now(const std::shared_ptr<const Principal>& principal) const;

  OwnTokens* tokens_;
  const Clock* clock_;
  Directory* people_;
  std::shared_ptr<const OwnTokens::Known> known_;
  HashCache<std::shared_ptr<const Principal>> accepted_{kRememberedMax};
};

}  // namespace reeve::identity
