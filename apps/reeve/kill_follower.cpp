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
/// In this node's own storage something was switched, and nobody can read what.
constexpr Duration kUnreadMax = std::chrono::seconds(1), kUnreadLong = std::chrono::seconds(5);
/// What is long unknown ends calls again and again: some may have been on their way in.
constexpr Duration kEndAgain = std::chrono::seconds(1);

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
  self.confirmed_ = self.parts_.clock->steady();
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
    if (own_.seen != own_.store->generation() && parts_.clock->steady() >= own_.next_try && refresh(own_)) publish();
    look_at_drills(own_);
    look_at_keys();
    judge_knowledge();
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
    if (followed) look_at_drills(shared_);
    if (followed) {
      if (away) log_info("what other nodes switch off can be read again");
      confirmed_ = parts_.clock->steady();
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
  auto list = source.store->list(parts_.clock->now());
  const Moment now = parts_.clock->steady();
  if (!list) {
    if (!source.failing_since) {
      source.failing_since = now;
      log_error("what is switched off cannot be read", {{"why", list.error().message}});
    }
    source.next_try = now + kRetryAfter;
    return std::move(list).error();
  }
  // What is played already needs no word that this node is ready: it would take the place of how it ended.
  for (const Cutoff& cutoff : *list) {
    if (!cutoff.drill.empty()) source.drills[cutoff.drill] = true;
  }
  {
    const std::lock_guard lock(mutex_);
    source.cutoffs = *std::move(list);
  }
  source.seen = generation;
  source.failing_since.reset();
  source.drills_wait = true;
  return {};
}

/// New calls first, then those under way: a call that was asked before is under way by then.
void KillFollower::publish() {
  const std::lock_guard lock(mutex_);
  std::vector<Cutoff> all = own_.cutoffs;
  all.insert(all.end(), shared_.cutoffs.begin(), shared_.cutoffs.end());
  const Instant now = parts_.clock->now();
  std::set<std::string> ids;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Cutoff& cutoff = all[i];
    ids.insert(cutoff.id);
    if (in_force_.contains(cutoff.id)) continue;
    reports_.add({cutoff, i < own_.cutoffs.size() ? own_.store : shared_.store, now});
    log_warning("cut off", {{"id", cutoff.id}, {"scope", cutoff.scope.text()}, {"reason", cutoff.reason}});
  }
  for (const std::string& id : in_force_) {
    if (!ids.contains(id)) log_warning("let on again", {{"id", id}});
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
  const Moment now = parts_.clock->steady();
  if (!source.drills_wait || now < source.next_drill_try) return;
  const auto answered = answer_drills(source);
  source.drills_wait = !answered;
  if (!answered && !source.drills_failing)
    log_error("a drill waits for an answer", {{"why", answered.error().message}});
  source.drills_failing = !answered;
  if (!answered) source.next_drill_try = now + kRetryAfter;
}

/// Starts and answers the drills that are new. After an error some have no answer yet.
Result<void> KillFollower::answer_drills(Source& source) {
  const auto drills = source.store->drills(parts_.clock->now());
  if (!drills) return drills.error();
  Result<void> all;
  std::map<std::string, bool> answered;
  for (const identity::Drill& drill : *drills) {
    const auto known = source.drills.find(drill.id);
    if (known == source.drills.end() && !drill.for_real) parts_.gateway->start_practice_streams(drill);
    bool& done = answered[drill.id];
    done = known != source.drills.end() && known->second;
    if (done) continue;
    const auto told = source.store->report_drill(drill.id, {parts_.node, false, "{}"});
    done = told.ok();
    if (!told) all = told;
  }
  source.drills = std::move(answered);
  return all;
}

void KillFollower::judge_knowledge() {
  const Moment now = parts_.clock->steady();
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
  std::vector<Cutoff> everything{cutoff_of_not_knowing(parts_.clock->now())};
  parts_.gateway->end_calls(std::make_shared<const CutoffSet>(std::move(everything)));
}

bool KillFollower::wait_until_known(std::string_view id, bool on) {
  constexpr auto kPatience = std::chrono::seconds(5);
  std::unique_lock lock(mutex_);
  const auto known = [&] { return in_force_.contains(std::string(id)) == on; };
  published_.wait_for(lock, kPatience, [&] { return known() || stopping_; });
  return known();
}

}  // namespace reeve::app
