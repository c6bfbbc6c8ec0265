#pragma once

// The register of exceptions as a running server holds it. What was approved beside it, by a command, is seen by the
// register's generation; what is over needs nobody to see it, as every decision compares times.

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "store/store.h"

namespace reeve::app {

class LiveExceptions {
 public:
  /// The store must outlive it.
  explicit LiveExceptions(store::Registers& registers) : registers_(registers) {}

  /// Reads the register when it moved: true when what is granted changed with it, so that whoever made something of
  /// requests() does so again. Costs next to nothing otherwise.
  bool look();
  /// Valid until the next look().
  std::span<const control::ExceptionRequest> requests() const { return requests_; }

  /// Tells the register what is over, and those who want to know what soon will be. Once a second or so.
  void keep_time(Instant now);

 private:
  void announce_end(const control::ExceptionRequest& request, Instant now);

  store::Registers& registers_;
  std::vector<control::ExceptionRequest> requests_;
  std::optional<std::uint64_t> seen_;  // generation of requests_
  std::string granted_;                // what of them is granted, one a line
  std::set<std::string> announced_;    // keys of events, so that the queue is not asked again and again
};

}  // namespace reeve::app
