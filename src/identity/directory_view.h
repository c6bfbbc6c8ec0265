#pragma once

// What one loop remembers of the directory's answers: the same principal gets the same answer until the directory
// changes. Used on its loop's thread only.

#include <unordered_map>

#include "identity/identity.h"

namespace reeve::identity {

class DirectoryView {
 public:
  static constexpr std::size_t kRememberedMax = 20'000;

  explicit DirectoryView(Directory* directory) : directory_(directory) {}

  /// What is left of the outcome of a credential by the directory's word.
  AuthOutcome admit(AuthOutcome outcome) {
    if (directory_ == nullptr || !outcome.ok()) return outcome;
    // Asked before the answer: a change in between makes it forget too early, never too late.
    const std::uint64_t version = directory_->version();
    if (directory_->serves_now()) {
      if (version != version_) remembered_.clear(), version_ = version;
      const auto known = remembered_.find(outcome.principal.get());
      if (known != remembered_.end()) return {known->second.admitted, {}, {}};
    }
    std::shared_ptr<const Principal> given = outcome.principal;
    outcome = directory_->admit(given);
    if (!outcome.ok() || directory_->version() != version_) return outcome;
    if (remembered_.size() >= kRememberedMax) remembered_.clear();
    const Principal* const key = given.get();
    remembered_.insert_or_assign(key, Remembered{std::move(given), outcome.principal});
    return outcome;
  }

 private:
  struct Remembered {
    std::shared_ptr<const Principal> given;  // keeps the key its own
    std::shared_ptr<const Principal> admitted;
  };
  Directory* directory_;
  std::uint64_t version_ = 0;
  std::unordered_map<const Principal*, Remembered> remembered_;
};

}  // namespace reeve::identity
