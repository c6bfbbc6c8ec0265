#pragma once

// Publishes what became durable: follows the entries into the tree and its tiles, and signs a checkpoint at most every
// interval while there is news. One thread; the committer only tells it the new size, and waits there when so much is
// to be published that opening the log after a crash would take long.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "ledger/follower.h"
#include "ledger/note.h"

namespace reeve::ledger {

std::string checkpoint_path(const std::string& ledger_directory);

/// Who signs: the log's key and, for a while after it took over, the one before it.
struct CheckpointSigners {
  NoteSigner signer;
  std::optional<NoteSigner> previous;
  Instant both_until;
  std::string earlier_key;               // vkey that the last stored checkpoint may be signed by; empty: none
  std::vector<std::string> former_keys;  // vkeys that the anchor may be signed by: all there were
};

/// Signs and stores checkpoints, never two different ones for the same size, whatever the key.
class CheckpointStore {
 public:
  /// `anchor` is a file outside the ledger's directory, or empty.
  CheckpointStore(FileSystem& system, const std::string& ledger_directory, std::string anchor,
                  CheckpointSigners signers, const Clock& clock);

  /// Another key takes over, and the present one goes on signing beside it. Stores the last checkpoint anew, signed by
  /// both. What fails is tried again with the next checkpoint.
  Result<void> rotate_to(NoteSigner next, Instant both_until);
  /// The keys have changed their places: the former one may stop when its time is over.
  void rotation_done() { rotating_ = false; }

  /// Reads what was signed last: the anchor's checkpoint where that is ahead, as it is when the process ended between
  /// writing the two. kCorrupt when it is not signed by this log's key, kConflict when the two contradict each other.
  /// Nothing yet: size() is 0 and note() is empty.
  Result<void> load();
  /// Why the log cannot be opened, given that its entries are not what was signed: kConflict where only the anchor
  /// knows of that, because then it was restored from an older copy.
  Error explain(Error error) const;
  /// Signs and stores, durably, unless this size and root is what was signed last. kCorrupt when it would contradict
  /// what was signed: a smaller tree or another root for the same size.
  Result<void> sign(std::uint64_t size, const Sha256& root);

  /// Whether anything was signed yet.
  bool any() const { return last_.has_value(); }
  std::uint64_t size() const { return last_ ? last_->size : 0; }
  const Sha256& root() const { return last_->root; }
  const std::string& note() const { return note_; }
  const NoteSigner& signer() const { return signers_.signer; }

 private:
  Result<void> store();
  Result<void> load_anchor();
  Error older_copy(std::uint64_t anchored) const;
  Result<Checkpoint> open_by_any(const std::string& note) const;
  Result<Checkpoint> open_anchored(const std::string& note) const;

  FileSystem& system_;
  const std::string path_;
  const std::string anchor_;
  const std::string directory_;
  const Clock& clock_;
  CheckpointSigners signers_;
  bool rotating_ = false;
  std::optional<Checkpoint> last_;
  bool stored_ = true;             // last_ is in the file
  bool anchor_ahead_ = false;      // last_ was found in the anchor
  std::uint64_t stored_size_ = 0;  // of what load() found in the file
  std::string note_;               // as stored
};

class Publisher {
 public:
  Publisher(FileSystem& system, const std::string& ledger_directory, Duration interval,
            std::unique_ptr<Follower> follower, CheckpointStore checkpoints);
  ~Publisher() { close(); }

  /// There are `size` durable entries, the last of them with these steps. From any thread. Where publishing works but
  /// is half a million entries behind, returns only when it has caught up with that, or once after a second: recovery
  /// reads again what was not published, and its time is bounded.
  void announce(std::uint64_t size, std::span<const IntentStep> steps);
  std::string checkpoint() const;
  std::string verifier_key() const;
  /// As of the CheckpointStore. From any thread.
  Result<void> rotate_to(NoteSigner next, Instant both_until);
  void rotation_done();
  /// From now on nothing is published or signed. From any thread.
  void stop_signing() { stopped_signing_ = true; }
  /// Publishes what was announced, and ends the thread.
  void close();

 private:
  void run();
  Result<void> publish(std::uint64_t size);
  Result<void> follow(std::uint64_t size);
  ToldSteps take_told(std::uint64_t end);
  void remember_resume_point(bool now);
  std::uint64_t backlog_locked() const { return announced_ - followed_; }

  FileSystem& system_;
  const std::string directory_;
  const Duration interval_;
  std::unique_ptr<Follower> follower_;  // the publisher thread's own
  std::mutex signing_;
  CheckpointStore checkpoints_;    // guarded by signing_
  std::uint64_t resume_size_ = 0;  // the publisher thread's own: as last written
  Moment resume_written_{};
  bool failing_ = false;

  std::atomic<bool> stopped_signing_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable caught_up_;
  std::uint64_t announced_ = 0;  // guarded by mutex_
  std::uint64_t followed_ = 0;   // where a round failed, all that was announced counts. Guarded
  std::deque<IntentStep> told_;  // of what was announced and not yet followed, from told_from_ on; guarded
  std::uint64_t told_from_ = 0;  // guarded
  bool idle_ = false;            // guarded
  bool hangs_ = false;           // followed nothing while somebody waited as long as anybody may; guarded
  bool closing_ = false;         // guarded
  std::string note_;             // guarded
  std::string verifier_key_;     // guarded
  std::thread thread_;
};

}  // namespace reeve::ledger
