#include "gateway/check_snapshot.h"

#include "core/log.h"

namespace reeve::gateway {

namespace {

// A register that fails is not asked again for each of a thousand calls a second.
constexpr Duration kRetryAfter = std::chrono::milliseconds(250);

}  // namespace

const std::map<std::string, bool>& CheckSnapshot::at(Instant now) {
  if (register_ == nullptr) return current_;
  // Read before the reports: one that comes in between makes the snapshot newer than its number, so it is only read
  // once more.
  const std::uint64_t generation = register_->generation();
  if (generation != generation_) {
    read(generation);
    select(now);
  } else if (selected_until_ && now >= *selected_until_) {
    select(now);
  }
  return current_;
}

void CheckSnapshot::read(std::uint64_t generation) {
  const bool known_failure = failed_ == generation;
  if (known_failure && clock_->steady() - *failed_at_ < kRetryAfter) return;
  auto states = register_->list();
  if (!states) {
    if (!known_failure) {
      log_error("named checks cannot be read; until they can, none counts as reported",
                {{"why", states.error().message}});
    }
    states_.clear();
    generation_.reset();
    failed_ = generation;
    failed_at_ = clock_->steady();
    return;
  }
  states_ = *std::move(states);
  generation_ = generation;
  failed_.reset();
}

void CheckSnapshot::select(Instant now) {
  current_.clear();
  selected_until_.reset();
  for (const policy::CheckState& state : states_) {
    if (now >= state.until) continue;
    current_.emplace(state.name, state.green);
    if (!selected_until_ || state.until < *selected_until_) selected_until_ = state.until;
  }
}

}  // namespace reeve::gateway
