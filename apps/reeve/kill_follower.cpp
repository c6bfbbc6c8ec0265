#include "reeve/kill_follower.h"

#include <algorithm>

#include "core/json.h"
#include "core/log.h"

namespace reeve::app {

using identity::Cutoff;
using identity::CutoffKnowledge;
using identity::CutoffSet;

namespace {

constexpr Duration kLookInterval = std::chrono::milliseconds(20);
/// How long one waits for word from the database before it is asked anyway.
constexpr Duration kWaitForWord = std::chrono::milliseconds(200);
constexpr Duration kRetryAfter = std::chrono::milliseconds(250);
/// By then the calls that a cutoff ended have said their last words.
constexpr Duration kToldAfter = std::chrono::milliseconds(1'500);
/// In this node's own storage something was switched, and nobody can read what.
constexpr Duration kUnreadMax = std::chrono::seconds(1), kUnreadLong = std::chrono::seconds(5);
/// What is long unknown ends calls again and again: some may have been on their way in.
constexpr Duration kEndAgain = std::chrono::seconds(1);

std::int64_t milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

Cutoff cutoff_of_ended(const std::string& key_id, std::optional<Instant> revoked) {
  Cutoff cutoff;
  cutoff.id = key_id + ":revoked";
  cutoff.scope = {identity::CutoffKind::kKey, key_id};
  cutoff.reason = revoked ? "the key was revoked" : "the key was removed";
  cutoff.by = "whoever revoked it";
  cutoff.at = revoked.value_or(Instant{});
  return cutoff;
}

Cutoff cutoff_of_not_knowing(Instant now) {
  Cutoff cutoff;
  cutoff.id = "unknown";
  cutoff.reason = "it cannot be read what is switched off";
  cutoff.by = "this node";
  cutoff.at = now;
  return cutoff;
}

}  // namespace

Result<std::unique_ptr<KillFollower>> KillFollower::start(Parts parts) {
  std::unique_ptr<KillFollower> follower(new KillFollower(std::move(parts)));
  KillFollower& self = *follower;
  self.own_.store = &self.parts_.store->kill_switch();
  self.shared_.store = self.parts_.shared;
  if (auto read = self.refresh(self.own_); !read) return with_context(std::move(read).error(), "kill switch");
  if (self.shared_.store != nullptr) {
    if (auto read = self.refresh(self.shared_); !read) return with_context(std::move(read).error(), "kill switch");
  }
  self.confirmed_ = system_clock().steady();
  // A loop may be the first to see it, also when this is gone already.
  self.parts_.keys->on_end([ended = self.ended_keys_](std::string_view id, std::optional<Instant> revoked) {
    const std::lock_guard lock(ended->mutex);
    ended->cutoffs.push_back(cutoff_of_ended(std::string(id), revoked));
  });
  // What cannot be read serves nobody until it can.
  if (auto read = self.parts_.keys->look(); !read) {
    log_error("virtual keys cannot be read", {{"error", read.error().message}});
  }
  self.publish();
  self.own_thread_ = std::thread([&self] { self.follow_own(); });
  if (self.shared_.store != nullptr) self.shared_thread_ = std::thread([&self] { self.follow_shared(); });
  return follower;
}

KillFollower::~KillFollower() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (parts_.shared != nullptr) parts_.shared->stop_waiting();
  if (own_thread_.joinable()) own_thread_.join();
  if (shared_thread_.joinable()) shared_thread_.join();
}

/// False: it is over.
bool KillFollower::sleep(Duration duration) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, duration, [this] { return stopping_; });
}

void KillFollower::follow_own() {
  while (sleep(kLookInterval)) {
    if (own_.seen != own_.store->generation() && system_clock().steady() >= own_.next_try && refresh(own_)) publish();
    look_at_keys();
    judge_knowledge();
    tell_of_applied();
  }
}

void KillFollower::follow_shared() {
  bool away = false;
  while (sleep(Duration::zero())) {
    Result<void> followed = parts_.shared->wait_for_change(kWaitForWord);
    if (followed && shared_.seen != shared_.store->generation()) {
      followed = refresh(shared_);
      if (followed) publish();
    }
    if (followed) {
      if (away) log_info("what other nodes switch off can be read again");
      confirmed_ = system_clock().steady();
    } else {
      if (!away) log_error("what other nodes switch off cannot be read", {{"why", followed.error().message}});
      if (!sleep(kRetryAfter)) return;
    }
    away = !followed;
  }
}

/// Reads a storage whose generation moved. What it said before stays in force when it cannot be read.
Result<void> KillFollower::refresh(Source& source) {
  // Read before the rows: a change that comes in between is found at the next look.
  const std::uint64_t generation = source.store->generation();
  auto list = source.store->list(system_clock().now());
  const Moment now = system_clock().steady();
  if (!list) {
    if (!source.failing_since) {
      source.failing_since = now;
      log_error("what is switched off cannot be read", {{"why", list.error().message}});
    }
    source.next_try = now + kRetryAfter;
    return std::move(list).error();
  }
  {
    const std::lock_guard lock(mutex_);
    source.cutoffs = *std::move(list);
  }
  source.seen = generation;
  source.failing_since.reset();
  look_at_drills(source);
  return {};
}

/// New calls first, then those under way: a call that was asked before is under way by then.
void KillFollower::publish() {
  const std::lock_guard lock(mutex_);
  std::vector<Cutoff> all = own_.cutoffs;
  all.insert(all.end(), shared_.cutoffs.begin(), shared_.cutoffs.end());
  const Instant now = system_clock().now();
  std::set<std::string> ids;
  for (const Cutoff& cutoff : all) {
    ids.insert(cutoff.id);
    if (in_force_.contains(cutoff.id)) continue;
    const bool own = std::find(own_.cutoffs.begin(), own_.cutoffs.end(), cutoff) != own_.cutoffs.end();
    applied_.push_back({cutoff, own ? own_.store : shared_.store, now, system_clock().steady() + kToldAfter});
    log_warning("cut off", {{"id", cutoff.id}, {"scope", cutoff.scope.text()}, {"reason", cutoff.reason}});
  }
  in_force_ = std::move(ids);
  const auto set = std::make_shared<const CutoffSet>(std::move(all));
  parts_.kill_switch->replace(set);
  if (!set->empty()) parts_.gateway->end_calls(set);
  published_.notify_all();
}

void KillFollower::look_at_keys() {
  // Reads what changed where that waits for nobody; where nodes share keys, their follower does.
  static_cast<void>(parts_.keys->serves_now());
  std::vector<Cutoff> ended;
  {
    const std::lock_guard lock(ended_keys_->mutex);
    ended.swap(ended_keys_->cutoffs);
  }
  if (!ended.empty()) parts_.gateway->end_calls(std::make_shared<const CutoffSet>(std::move(ended)));
}

void KillFollower::look_at_drills(Source& source) {
  const auto drills = source.store->drills(system_clock().now());
  if (!drills) return log_error("drills cannot be read", {{"why", drills.error().message}});
  for (const identity::Drill& drill : *drills) {
    {
      const std::lock_guard lock(mutex_);
      if (!drills_seen_.insert(drill.id).second) continue;
    }
    if (!drill.for_real) parts_.gateway->start_practice_streams(drill);
    const auto told = source.store->report_drill(drill.id, {parts_.node, false, "{}"});
    if (!told) log_error("a drill cannot be answered", {{"drill", drill.id}, {"why", told.error().message}});
  }
}

void KillFollower::judge_knowledge() {
  const Moment now = system_clock().steady();
  const Duration unread = own_.failing_since ? now - *own_.failing_since : Duration{};
  const Duration unheard = shared_.store != nullptr ? now - confirmed_.load() : Duration{};
  const CutoffKnowledge before = parts_.kill_switch->knowledge();
  CutoffKnowledge knowledge = CutoffKnowledge::kKnown;
  if (unread >= kUnreadMax || unheard >= parts_.refuse_after) knowledge = CutoffKnowledge::kUnknown;
  if (unread >= kUnreadLong || unheard >= parts_.end_after) knowledge = CutoffKnowledge::kLongUnknown;
  if (knowledge != before) {
    parts_.kill_switch->know(knowledge);
    if (knowledge == CutoffKnowledge::kKnown) {
      log_info("what is switched off is known again; calls are let through");
    } else {
      log_error(knowledge == CutoffKnowledge::kUnknown
                    ? "for too long nobody knows what is switched off; new calls are refused"
                    : "for too long nobody knows what is switched off; calls under way are ended");
    }
  }
  if (knowledge != CutoffKnowledge::kLongUnknown || now - long_unknown_told_ < kEndAgain) return;
  long_unknown_told_ = now;
  std::vector<Cutoff> everything{cutoff_of_not_knowing(system_clock().now())};
  parts_.gateway->end_calls(std::make_shared<const CutoffSet>(std::move(everything)));
}

std::string KillFollower::what_it_did(const Applied& applied) const {
  const gateway::CutoffTally::Times times = parts_.tally->times_of(applied.cutoff.id);
  JsonWriter json;
  json.begin_object().member("calls", times.cut).member("id", applied.cutoff.id);
  json.member("learned_ms", milliseconds(applied.learned - applied.cutoff.at));
  json.member("max_ms", milliseconds(times.quantile(1))).member("node", parts_.node);
  json.member("p50_ms", milliseconds(times.quantile(0.5))).member("p99_ms", milliseconds(times.quantile(0.99)));
  json.member("scope", applied.cutoff.scope.text());
  json.member("unended", times.cut - times.took.size());
  return json.end_object().take();
}

void KillFollower::tell_of_applied() {
  std::vector<Applied> due;
  {
    const std::lock_guard lock(mutex_);
    const Moment now = system_clock().steady();
    const auto first =
        std::stable_partition(applied_.begin(), applied_.end(), [&](const auto& a) { return a.due > now; });
    due.assign(std::make_move_iterator(first), std::make_move_iterator(applied_.end()));
    applied_.erase(first, applied_.end());
  }
  for (const Applied& applied : due) {
    const std::string detail = what_it_did(applied);
    if (!applied.cutoff.drill.empty()) {
      const auto told = applied.store->report_drill(applied.cutoff.drill, {parts_.node, true, detail});
      if (!told) log_error("a drill cannot be answered", {{"why", told.error().message}});
    }
    if (!applied.cutoff.practice) static_cast<void>(parts_.record("kill.applied", detail));
  }
}

void KillFollower::wait_until_known(std::string_view id, bool on) {
  constexpr auto kPatience = std::chrono::seconds(1);
  std::unique_lock lock(mutex_);
  published_.wait_for(lock, kPatience, [&] { return in_force_.contains(std::string(id)) == on || stopping_; });
}

}  // namespace reeve::app
