#include "ledger/publisher.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/log.h"
#include "ledger/background.h"
#include "ledger/key_rotation.h"
#include "ledger/resume_point.h"

namespace reeve::ledger {

namespace {
// How many tiles one round looks after: some ten milliseconds.
constexpr std::size_t kTilesPerRound = 1024;
// How long it pauses for each time that a round took, and how many intervals at most: by default that is 0.7 s, so that
// there is a checkpoint every second while there is news, and who follows it is a second behind.
constexpr int kPauseToWork = 20;
constexpr int kIntervalsPaused = 7;
// With so much to publish it does not pause, and a round takes no more than that: recovery has to read again whatever
// is not signed, and its time is bounded.
constexpr std::uint64_t kBacklogMax = 1UL << 18U;
// Further behind, who appends waits. Recovery then reads at most four times kBacklogMax again: this, what a round has
// followed and not signed, and what the resume point does not know yet; about 1.5 s of work.
constexpr std::uint64_t kBehindMax = 2 * kBacklogMax;
// A disk that hangs must not hold up appends for longer: then recovery's bound gives way.
constexpr auto kCatchUpMax = std::chrono::seconds(1);
// Of so many entries at a time those who wait hear that they were followed; some ten milliseconds.
constexpr std::uint64_t kFollowedAtATime = 1UL << 13U;
// 16 MB, where publishing fails. What was not kept is read again.
constexpr std::size_t kToldStepsMax = 4 * kBacklogMax;
constexpr auto kResumePointInterval = std::chrono::seconds(1);
}  // namespace

std::string checkpoint_path(const std::string& ledger_directory) {
  return public_directory(ledger_directory) + "/checkpoint";
}

CheckpointStore::CheckpointStore(FileSystem& system, const std::string& ledger_directory, std::string anchor,
                                 CheckpointSigners signers, const Clock& clock)
    : system_(system),
      path_(checkpoint_path(ledger_directory)),
      anchor_(std::move(anchor)),
      directory_(ledger_directory),
      clock_(clock),
      signers_(std::move(signers)) {}

Result<Checkpoint> CheckpointStore::open_by_any(const std::string& note) const {
  auto checkpoint = open_checkpoint(note, signers_.signer.verifier_key());
  // A rotation may have been cut short between the two.
  if (checkpoint || signers_.earlier_key.empty()) return checkpoint;
  auto earlier = open_checkpoint(note, signers_.earlier_key);
  return earlier ? earlier : checkpoint;
}

Result<void> CheckpointStore::load() {
  auto note = read_file(system_, path_);
  if (note) {
    auto checkpoint = open_by_any(*note);
    if (!checkpoint) return with_context(std::move(checkpoint).error(), path_);
    last_ = *std::move(checkpoint);
    note_ = *std::move(note);
  } else if (note.error().code != ErrorCode::kNotFound) {
    return std::move(note).error();
  }
  return anchor_.empty() ? Result<void>() : load_anchor();
}

Result<void> CheckpointStore::load_anchor() {
  const auto note = read_file(system_, anchor_);
  if (!note) return note.error().code == ErrorCode::kNotFound ? Result<void>() : Result<void>(note.error());
  stored_size_ = size();
  auto checkpoint = open_anchored(*note);
  if (!checkpoint) {
    // An older copy does not know the keys that took over since.
    const auto parts = split_note(*note);
    const auto unproved = parts ? parse_checkpoint(parts->text) : Result<Checkpoint>(parts.error());
    const bool is_ours = unproved && unproved->origin == signers_.signer.name();
    if (is_ours && unproved->size > size()) return older_copy(unproved->size);
    return with_context(std::move(checkpoint).error(), anchor_);
  }
  if (!last_) return checkpoint->size > 0 ? Result<void>(older_copy(checkpoint->size)) : Result<void>();
  if (checkpoint->size == size() && checkpoint->root != last_->root) return older_copy(checkpoint->size);
  if (checkpoint->size <= size()) return {};
  last_ = *std::move(checkpoint);
  stored_ = false;
  anchor_ahead_ = true;
  return {};
}

/// It may have lost its last content in a power cut, and be signed by a key that was in use long ago.
Result<Checkpoint> CheckpointStore::open_anchored(const std::string& note) const {
  auto checkpoint = open_by_any(note);
  for (const std::string& key : signers_.former_keys) {
    if (checkpoint) break;
    if (auto former = open_checkpoint(note, key)) return former;
  }
  return checkpoint;
}

Error CheckpointStore::older_copy(std::uint64_t anchored) const {
  return {ErrorCode::kConflict,
          path_ + " has " + std::to_string(stored_size_) + " entries, but this log has signed " +
              std::to_string(anchored) + " (" + anchor_ +
              "): it was restored from an older copy. Going on would sign a second history; restore a newer "
              "copy, or keep this one for reading and start a new directory with a new name"};
}

Error CheckpointStore::explain(Error error) const {
  if (!anchor_ahead_ || error.code != ErrorCode::kCorrupt) return error;
  Error conflict = older_copy(size());
  conflict.message += " (" + error.message + ")";
  return conflict;
}

Result<void> CheckpointStore::sign(std::uint64_t size, const Sha256& root) {
  if (last_ && last_->size == size && last_->root == root) return stored_ ? Result<void>() : store();
  if (last_ && size <= last_->size) {
    return Error{ErrorCode::kCorrupt, "refused to sign a tree of " + std::to_string(size) +
                                          " entries that contradicts the signed one of " + std::to_string(last_->size)};
  }
  // From here on it counts as signed, stored or not.
  last_ = Checkpoint{signers_.signer.name(), size, root};
  stored_ = false;
  return store();
}

Result<void> CheckpointStore::rotate_to(NoteSigner next, Instant both_until) {
  signers_.earlier_key = signers_.signer.verifier_key();
  signers_.previous = std::exchange(signers_.signer, std::move(next));
  signers_.both_until = both_until;
  rotating_ = true;
  stored_ = false;
  return last_ ? store() : Result<void>();
}

Result<void> CheckpointStore::store() {
  const bool ends = signers_.previous && !rotating_ && clock_.now() >= signers_.both_until;
  if (ends) signers_.previous.reset();
  std::string note = signers_.signer.sign(*last_);
  if (signers_.previous) note += signers_.previous->signature_line(checkpoint_text(*last_));
  if (!anchor_.empty()) {
    if (auto kept = replace_file_whole(system_, anchor_, note); !kept) return kept;
  }
  if (auto kept = replace_file(system_, path_, note, Writing::kDurable); !kept) return kept;
  note_ = std::move(note);
  stored_ = true;
  if (!ends) return {};
  // What remains of it is tried again when the log is opened.
  auto destroyed = destroy_previous_key(system_, directory_);
  if (!destroyed) log_error("a signing key that is out of use cannot be removed", {{"why", destroyed.error().message}});
  return {};
}

Publisher::Publisher(FileSystem& system, const std::string& ledger_directory, Duration interval,
                     std::unique_ptr<Follower> follower, CheckpointStore checkpoints)
    : system_(system),
      directory_(ledger_directory),
      interval_(interval),
      follower_(std::move(follower)),
      checkpoints_(std::move(checkpoints)),
      announced_(follower_->tree().size()),
      followed_(announced_),
      note_(checkpoints_.note()),
      verifier_key_(checkpoints_.signer().verifier_key()),
      thread_([this] { run(); }) {}

void Publisher::announce(std::uint64_t size, std::span<const IntentStep> steps) {
  std::unique_lock lock(mutex_);
  // Steps are told without gaps; where too much waits it is read again rather than kept.
  if (told_.size() + steps.size() > kToldStepsMax) told_.clear();
  if (told_.empty()) told_from_ = size - steps.size();
  told_.insert(told_.end(), steps.begin(), steps.end());
  announced_ = size;
  if (std::exchange(idle_, false) || backlog_locked() >= kBacklogMax) changed_.notify_one();
  const auto may_go_on = [this] { return hangs_ || closing_ || backlog_locked() <= kBehindMax; };
  hangs_ = !caught_up_.wait_for(lock, kCatchUpMax, may_go_on) || hangs_;
}

/// The steps of entries up to `end` as far as they are kept, which are then told no more.
ToldSteps Publisher::take_told(std::uint64_t end) {
  const std::scoped_lock lock(mutex_);
  ToldSteps taken{.from = told_from_};
  if (end <= told_from_) return taken;
  const std::size_t count = std::min<std::uint64_t>(end - told_from_, told_.size());
  const auto last = told_.begin() + static_cast<std::ptrdiff_t>(count);
  taken.steps.assign(told_.begin(), last);
  told_.erase(told_.begin(), last);
  told_from_ += count;
  return taken;
}

std::string Publisher::checkpoint() const {
  const std::scoped_lock lock(mutex_);
  return note_;
}

std::string Publisher::verifier_key() const {
  const std::scoped_lock lock(mutex_);
  return verifier_key_;
}

Result<void> Publisher::rotate_to(NoteSigner next, Instant both_until) {
  const std::scoped_lock signing(signing_);
  auto rotated = checkpoints_.rotate_to(std::move(next), both_until);
  const std::scoped_lock lock(mutex_);
  note_ = checkpoints_.note();
  return rotated;
}

void Publisher::rotation_done() {
  const std::scoped_lock signing(signing_);
  checkpoints_.rotation_done();
  const std::scoped_lock lock(mutex_);
  verifier_key_ = checkpoints_.signer().verifier_key();
}

void Publisher::close() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  caught_up_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Publisher::run() {
  begin_background_thread("ledger-publish");
  std::unique_lock lock(mutex_);
  bool all_done = false;  // the last round left nothing over
  Duration last_round_took{};
  while (true) {
    if (all_done && announced_ == follower_->tree().size() && !closing_) {
      idle_ = true;
      changed_.wait(lock);
      idle_ = false;
    }
    // Several entries share a checkpoint, and a call's intent and its outcome often do. Where rounds are long, because
    // much was appended or the disk is slow, they also become rarer: publishing is no part of a call's way, and must
    // not take from it.
    const Duration pause = std::clamp(kPauseToWork * last_round_took, interval_, kIntervalsPaused * interval_);
    changed_.wait_for(lock, pause, [this] { return closing_ || backlog_locked() >= kBacklogMax; });
    const std::uint64_t size = std::min(announced_, follower_->tree().size() + kBacklogMax);
    const bool last_round = closing_ && (size == announced_ || failing_);
    lock.unlock();
    const Moment began = std::chrono::steady_clock::now();
    const auto published = publish(size);
    last_round_took = std::chrono::steady_clock::now() - began;
    // Only after a start, and then soon done.
    const auto audited = published ? follower_->audit_tiles(kTilesPerRound) : Result<bool>(false);
    const Error* const failure = !published ? &published.error() : !audited ? &audited.error() : nullptr;
    if (failure != nullptr && !failing_) log_error("ledger cannot publish", {{"reason", failure->message}});
    failing_ = failure != nullptr;
    remember_resume_point(last_round);
    std::unique_lock signing(signing_);
    lock.lock();
    all_done = published && audited && *audited;
    if (!published) followed_ = announced_;
    caught_up_.notify_all();
    note_ = checkpoints_.note();
    signing.unlock();
    if (last_round) return;
  }
}

/// Whoever waits for it to catch up hears of it as it goes.
Result<void> Publisher::follow(std::uint64_t size) {
  while (follower_->tree().size() < size) {
    const std::uint64_t end = std::min(size, follower_->tree().size() + kFollowedAtATime);
    if (auto followed = follower_->follow(end, take_told(end)); !followed) return followed;
    const std::scoped_lock lock(mutex_);
    followed_ = end;
    hangs_ = false;
    if (backlog_locked() <= kBehindMax) caught_up_.notify_all();
  }
  return {};
}

Result<void> Publisher::publish(std::uint64_t size) {
  if (stopped_signing_) return Error{ErrorCode::kConflict, "a witness contradicts what was signed"};
  follower_->pace(size - follower_->tree().size() < kBacklogMax);
  if (auto followed = follow(size); !followed) return followed;
  // A checkpoint promises its tiles.
  if (auto complete = follower_->complete_tiles(); !complete) return complete;
  if (auto written = follower_->write_partials(); !written) return written;
  const std::scoped_lock signing(signing_);
  return checkpoints_.sign(size, follower_->tree().root());
}

void Publisher::remember_resume_point(bool now) {
  const Moment at = std::chrono::steady_clock::now();
  const bool much = follower_->tree().size() - resume_size_ >= kBacklogMax;
  if (!now && !much && at - resume_written_ < kResumePointInterval) return;
  const ResumePoint point{follower_->tree().size(), follower_->intents().waiting()};
  if (point.size == resume_size_ || point.waiting.size() > kWaitingIntentsMax) return;
  if (!write_resume_point(system_, directory_, point)) return;
  resume_size_ = point.size;
  resume_written_ = at;
}

}  // namespace reeve::ledger
