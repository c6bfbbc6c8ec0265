#pragma once

// Follows the durable entries and derives everything from them: the tree, its tiles, the entry bundles, and which
// intents still wait for their outcome. Recovery and the running log use the same code. One thread at a time.

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ledger/entry_json.h"
#include "ledger/intent_step.h"
#include "ledger/resume_point.h"
#include "ledger/segment.h"
#include "ledger/tiles.h"
#include "ledger/tree.h"

namespace reeve::ledger {

/// Steps of entries from one on, as those who appended them told.
struct ToldSteps {
  std::uint64_t from = 0;
  std::vector<IntentStep> steps;
  const IntentStep* of(std::uint64_t index) const {
    return index >= from && index - from < steps.size() ? &steps[index - from] : nullptr;
  }
};

/// Intents that have no outcome yet. An outcome belongs to the intent with the same request_id and attempt.
class OpenIntents {
 public:
  enum class Step { kNone, kOpened, kClosed, kOutcomeWithoutIntent };
  Step see(const IntentStep& step, std::uint64_t index);
  Step see(const EntryFacts& facts, std::uint64_t index) {
    return see(intent_step(facts.kind, facts.request_id, facts.attempt), index);
  }
  std::vector<WaitingIntent> waiting() const;  // by index
  void wait_for(const WaitingIntent& intent) { open_.emplace(intent.key, intent.index); }
  std::size_t count() const { return open_.size(); }

 private:
  std::unordered_map<std::uint64_t, std::uint64_t> open_;  // hash of request and attempt -> index of the intent
};

class Follower {
 public:
  Follower(FileSystem& system, const SegmentList& segments);

  /// Begins at `size`, a multiple of 256, with the tree as the tiles have it, or where they are missing from the
  /// entries. 0 begins anew. Nothing is verified yet.
  Result<void> begin(std::uint64_t size);
  /// Takes in the entries up to `end`, which must be durable. Writes the tiles and bundles that become full. Entries of
  /// which no step was told are read for it.
  Result<void> follow(std::uint64_t end, const ToldSteps& told = {});
  /// Writes the partial tiles and bundle of the present size.
  Result<void> write_partials();

  /// Whether each full bundle is written out before the next one is made. Left to the page cache, a second's worth goes
  /// to the disk at once and appends wait behind it: of 50,000 a second one in a hundred took 7 ms, paced 2.7. Where
  /// much waits to be published, the pauses between cost more than that.
  void pace(bool paced) { paced_ = paced; }

  const Tree& tree() const { return tree_; }
  const OpenIntents& intents() const { return intents_; }
  OpenIntents& intents() { return intents_; }
  /// Entries below this are not looked at for intents. 0 by default.
  void track_intents_from(std::uint64_t index) { intents_from_ = index; }
  /// Looks at entries for intents only.
  Result<void> scan_intents(std::uint64_t from, std::uint64_t end);

  /// The time of the last entry that was followed, as text; empty when there was none, or its step was told.
  const std::string& last_time() const { return last_time_; }

  /// Makes the tiles and bundles that follow() could not write.
  Result<void> complete_tiles();
  /// Looks after the files of before begin(), at most `budget` tiles in one call, or an equal amount of work: makes
  /// what is missing, and compares what was written from entry `recheck_from` on, because a power cut may have emptied
  /// it. True when all were looked at.
  Result<bool> audit_tiles(std::size_t budget);
  void recheck_from(std::uint64_t index) { recheck_from_ = index / kTileWidth; }

 private:
  Result<std::vector<Sha256>> derive_hashes(std::size_t level, std::uint64_t number, std::size_t width);
  Result<void> write_full_tile(std::size_t level, std::uint64_t number, std::span<const Sha256> hashes);
  Result<void> complete_tile(std::uint64_t number, bool compare);
  Result<void> write_leaf_tile(std::uint64_t number);
  Result<void> recheck_partials();

  FileSystem& system_;
  const SegmentList& segments_;
  TileFiles files_;
  FrameCursor cursor_;
  Tree tree_;
  bool paced_ = false;
  std::string bundle_;  // entries of the partial bundle
  OpenIntents intents_;
  std::uint64_t intents_from_ = 0;
  std::string last_time_;
  // Numbers of level-0 tiles; each stands for its bundle and for the tiles above that it completes, too.
  std::uint64_t audited_below_ = 0;  // seen to be there
  std::uint64_t recheck_from_ = 0;
  bool partials_rechecked_ = false;
  std::uint64_t audit_end_ = 0;       // where begin() began
  std::uint64_t complete_below_ = 0;  // from audit_end_ on: written
};

}  // namespace reeve::ledger
