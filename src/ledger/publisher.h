#pragma once

// Publishes what became durable: follows the entries into the tree and its tiles, and signs a checkpoint at most every
// interval while there is news. One thread; the committer only tells it the new size.

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "ledger/follower.h"
#include "ledger/note.h"

namespace reeve::ledger {

std::string checkpoint_path(const std::string& ledger_directory);
std::string resume_path(const std::string& ledger_directory);

/// Signs and stores checkpoints, never two different ones for the same size.
class CheckpointStore {
 public:
  /// `anchor` is a file outside the ledger's directory, or empty.
  CheckpointStore(FileSystem& system, const std::string& ledger_directory, std::string anchor, NoteSigner signer);

  /// Reads what was signed last. kCorrupt when it is not signed by this log's key, kConflict when the anchor says that
  /// more was signed than is here. Nothing yet: size() is 0 and note() is empty.
  Result<void> load();
  /// Signs and stores, durably, unless this size and root is what was signed last. kCorrupt when it would contradict
  /// what was signed: a smaller tree or another root for the same size.
  Result<void> sign(std::uint64_t size, const Sha256& root);

  /// Whether anything was signed yet.
  bool any() const { return last_.has_value(); }
  std::uint64_t size() const { return last_ ? last_->size : 0; }
  const Sha256& root() const { return last_->root; }
  const std::string& note() const { return note_; }
  const NoteSigner& signer() const { return signer_; }

 private:
  Result<void> store();

  FileSystem& system_;
  const std::string path_;
  const std::string anchor_;
  const NoteSigner signer_;
  std::optional<Checkpoint> last_;
  bool stored_ = true;  // last_ is in the file
  std::string note_;    // as stored
};

class Publisher {
 public:
  Publisher(FileSystem& system, const std::string& ledger_directory, Duration interval,
            std::unique_ptr<Follower> follower, CheckpointStore checkpoints);
  ~Publisher() { close(); }

  /// There are `size` durable entries. From any thread.
  void announce(std::uint64_t size);
  std::string checkpoint() const;
  std::string verifier_key() const { return verifier_key_; }
  /// Publishes what was announced, and ends the thread.
  void close();

 private:
  void run();
  Result<void> publish(std::uint64_t size);
  void remember_resume_point(bool now);

  FileSystem& system_;
  const std::string directory_;
  const Duration interval_;
  const std::string verifier_key_;
  std::unique_ptr<Follower> follower_;  // the publisher thread's own
  CheckpointStore checkpoints_;         // same
  std::uint64_t resume_point_ = 0;      // same: as last written
  Moment resume_written_{};
  bool failing_ = false;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t announced_ = 0;  // guarded by mutex_
  bool idle_ = false;            // guarded
  bool closing_ = false;         // guarded
  std::string note_;             // guarded
  std::thread thread_;
};

/// Where to look for intents without outcome after a crash. Only a hint: without it, or with an old one, recovery looks
/// further back. So it is written without a sync.
Result<std::uint64_t> read_resume_point(FileSystem& system, const std::string& ledger_directory);

}  // namespace reeve::ledger
