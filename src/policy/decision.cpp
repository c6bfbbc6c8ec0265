// What surrounds a decision: its memory, the counting of uses.

#include <algorithm>

#include "policy/point_program.h"

namespace reeve::policy {

const RuleInfo* Decision::first(Effect wanted) const {
  const auto found =
      std::find_if(matched.begin(), matched.end(), [&](const RuleInfo* r) { return r->effect == wanted; });
  return found == matched.end() ? nullptr : *found;
}

std::string_view ended_reason(EndedException::Why why) {
  switch (why) {
    case EndedException::Why::kExpired: return "expired";
    case EndedException::Why::kUsedUp: return "used_up";
    case EndedException::Why::kCheckNotGreen: return "check_not_green";
  }
  return "expired";
}

bool UseCounter::take(std::string_view exception, std::uint64_t limit) {
  const std::lock_guard lock(mutex_);
  auto uses = uses_.find(exception);
  if (uses == uses_.end()) uses = uses_.emplace(std::string(exception), 0).first;
  if (uses->second >= limit) return false;
  ++uses->second;
  return true;
}

bool UseCounter::left(std::string_view exception, std::uint64_t limit) const {
  const std::lock_guard lock(mutex_);
  const auto uses = uses_.find(exception);
  return uses == uses_.end() || uses->second < limit;
}

void UseCounter::restore(std::string_view exception, std::uint64_t uses) {
  const std::lock_guard lock(mutex_);
  uses_[std::string(exception)] = uses;
}

std::map<std::string, std::uint64_t> UseCounter::all() const {
  const std::lock_guard lock(mutex_);
  return {uses_.begin(), uses_.end()};
}

Scratch::Scratch() : state_(std::make_unique<State>()) {}
Scratch::~Scratch() = default;
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;

}  // namespace reeve::policy
