#include "gateway/live_calls.h"

#include <algorithm>
#include <cmath>

namespace reeve::gateway {

LiveCall::LiveCall(LiveCalls& calls) : calls_(calls), next_(calls.first_) {
  if (next_ != nullptr) next_->previous_ = this;
  calls.first_ = this;
  ++calls.size_;
}

LiveCall::~LiveCall() {
  ended();
  (previous_ == nullptr ? calls_.first_ : previous_->next_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  --calls_.size_;
}

void LiveCall::end_by(const identity::Cutoff& cutoff) {
  if (cut_) return;
  cut_ = cutoff;
  stop_waiting();
}

void LiveCall::ended() {
  if (round_ == 0 || std::exchange(told_, true) || calls_.tally_ == nullptr) return;
  calls_.tally_->call_ended(*cut_, calls_.clock_.now());
}

LiveCalls::Ended LiveCalls::end_covered(const identity::CutoffSet& cutoffs) {
  const Instant now = clock_.now();
  Ended ended{0, ++rounds_};
  for (LiveCall* call = first_; call != nullptr;) {
    LiveCall* const next = call->next_;
    const identity::Cutoff* cutoff = call->cut_ ? nullptr : cutoffs.covers(call->subject(), now);
    if (cutoff != nullptr) {
      if (tally_ != nullptr) tally_->call_cut(*cutoff);
      call->round_ = ended.round;
      call->end_by(*cutoff);
      ++ended.calls;
    }
    call = next;
  }
  return ended;
}

std::size_t LiveCalls::abandon_ended(std::uint64_t round) {
  std::size_t left = 0;
  for (LiveCall* call = first_; call != nullptr;) {
    LiveCall* const next = call->next_;
    if (call->round_ != 0 && call->round_ <= round && !call->told_) {
      if (call->waits_for_client()) {
        call->abandon();
      } else {
        ++left;
      }
    }
    call = next;
  }
  return left;
}

std::vector<CallUnderWay> LiveCalls::views() const {
  std::vector<CallUnderWay> views;
  for (const LiveCall* call = first_; call != nullptr; call = call->next_) {
    if (auto view = call->view()) views.push_back(*std::move(view));
  }
  return views;
}

// ---- Practice streams ----

namespace {

class PracticeStream final : public LiveCall {
 public:
  PracticeStream(LiveCalls& calls, identity::CutoffScope scope) : LiveCall(calls), scope_(std::move(scope)) {}

  std::optional<CallUnderWay> view() const override { return std::nullopt; }
  identity::CutoffSubject subject() const override {
    using enum identity::CutoffKind;
    identity::CutoffSubject subject;
    subject.practice = true;
    switch (scope_.kind) {
      case kAll: break;
      case kProvider: subject.provider = scope_.name; break;
      case kModel: subject.model_asked = scope_.name; break;
      case kPerson: subject.person = scope_.name; break;
      case kGroup: subject.groups = std::span(&scope_.name, 1); break;
      case kAgent: subject.agent = scope_.name; break;
      case kSession: subject.session = scope_.name; break;
      case kMcpServer: subject.mcp_server = scope_.name; break;
      case kKey: subject.key_id = scope_.name; break;
    }
    return subject;
  }
  using LiveCall::ended;

 private:
  void stop_waiting() override {}
  bool waits_for_client() const override { return false; }
  void abandon() override {}

  const identity::CutoffScope scope_;
};

}  // namespace

Task<void> play_practice_stream(LiveCalls& calls, net::Loop& loop, identity::CutoffScope scope) {
  constexpr Duration kPiece = std::chrono::milliseconds(10);
  const Moment until = loop.now() + identity::KillSwitchStore::kDrillLasts;
  PracticeStream stream(calls, std::move(scope));
  while (stream.cut() == nullptr && loop.now() < until) co_await loop.sleep(kPiece);
  stream.ended();
}

// ---- CutoffTally ----

namespace {

std::int64_t whole_milliseconds(Duration took) {
  constexpr std::int64_t kLongest = 60'000;
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  return std::clamp<std::int64_t>(milliseconds, -kLongest, kLongest);
}

}  // namespace

void CutoffTally::call_cut(const identity::Cutoff& cutoff) {
  const std::lock_guard lock(mutex_);
  const auto [counted, is_new] = by_cutoff_.try_emplace(cutoff.id);
  ++counted->second.cut;
  if (!is_new) return;
  oldest_first_.push_back(cutoff.id);
  if (oldest_first_.size() <= kCutoffsMax) return;
  by_cutoff_.erase(oldest_first_.front());
  oldest_first_.pop_front();
}

void CutoffTally::call_ended(const identity::Cutoff& cutoff, Instant when) {
  const std::lock_guard lock(mutex_);
  const auto found = by_cutoff_.find(cutoff.id);
  if (found == by_cutoff_.end()) return;
  ++found->second.ended;
  ++found->second.took[whole_milliseconds(cutoff.since_switch(when))];
}

CutoffTally::Times CutoffTally::times_of(std::string_view cutoff) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_cutoff_.find(cutoff);
  return found == by_cutoff_.end() ? Times() : found->second;
}

Duration CutoffTally::Times::quantile(double share) const {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(ended)));
  std::size_t passed = 0;
  for (const auto& [milliseconds, calls] : took) {
    passed += calls;
    if (passed >= std::max<std::size_t>(rank, 1)) return std::chrono::milliseconds(milliseconds);
  }
  return {};
}

}  // namespace reeve::gateway
