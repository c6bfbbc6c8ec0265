#pragma once

// Evidence packs that people ask for over the control API: made one at a time on a thread of its own, since that takes
// from a blink to minutes, and kept for a day as a ZIP file each. They are copies of what the ledger says: nothing is
// lost with them, and a start begins without any.

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "core/result.h"
#include "core/time.h"
#include "reeve/evidence_making.h"

namespace reeve::app {

/// One of them as it is at a moment.
struct EvidencePack {
  enum class State { kMaking, kReady, kFailed };
  std::string id;
  EvidenceAsked asked;
  Instant begun;
  State state = State::kMaking;
  std::string step;                   // while it is made: "reading", "writing", "packing"
  std::uint64_t done = 0, total = 0;  // entries of that step
  std::string failure;                // a sentence, where it failed
  std::string digest;                 // SHA-256 of the manifest in hex, where it is ready
  std::uint64_t entries = 0, not_signed = 0, bytes = 0;
  evidence::Coverage coverage;
};
void write_evidence_pack_state(JsonWriter& json, const EvidencePack& pack);

/// Thread-safe.
class EvidencePacks {
 public:
  static constexpr std::size_t kKeptMax = 8;
  static constexpr Duration kKeptFor = std::chrono::hours(24);
  /// Appends an entry and waits for it; false: it could not be written.
  using Record = std::function<bool(std::string_view kind, const std::string& detail)>;

  /// The configuration, which may be none, says where the governance directory is. Removes what an earlier run left.
  EvidencePacks(std::string config_file, std::filesystem::path data_directory, Record record);
  ~EvidencePacks() { stop(); }
  EvidencePacks(const EvidencePacks&) = delete;
  /// Gives up what is under way and ends the thread.
  void stop();

  /// Begins to make one. kConflict while another one is under way; kInvalid and kNotFound where what is asked for makes
  /// no sense, which is said at once.
  Result<EvidencePack> begin(EvidenceAsked asked);
  /// The newest first.
  std::list<EvidencePack> list();
  std::optional<EvidencePack> find(std::string_view id);
  /// Where a pack's ZIP file is; it may be gone when somebody opens it.
  std::filesystem::path file_of(std::string_view id) const;

 private:
  void run();
  void make(const std::string& id, const EvidenceAsked& asked);
  Result<void> try_to_make(const std::string& id, const EvidenceAsked& asked);
  void change(const std::string& id, const std::function<void(EvidencePack&)>& change);
  evidence::Progress progress_of(const std::string& id, const char* step);
  /// Under the lock.
  void forget_old_ones();

  const Common common_;
  const std::filesystem::path data_directory_, folder_;
  const Record record_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::list<EvidencePack> packs_;  // the newest first
  bool wanted_ = false;            // the first of them is to be made
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace reeve::app
