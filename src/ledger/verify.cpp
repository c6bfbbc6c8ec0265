#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "core/bytes.h"
#include "ledger/entry_json.h"
#include "ledger/follower.h"
#include "ledger/key_history.h"
#include "ledger/log.h"
#include "ledger/log_keys.h"
#include "ledger/note.h"
#include "ledger/publisher.h"
#include "ledger/recovery.h"

namespace reeve::ledger {

namespace {

constexpr std::size_t kProblemsMax = 100;
constexpr std::string_view kDerived =
    "; the file is derived from the segments: remove it and open the ledger to have it made again";

std::string entry_name(std::uint64_t index) { return "entry " + std::to_string(index); }

/// Checks one ledger. Each finding becomes a sentence; nothing but unreadable storage stops the work.
class Verification {
 public:
  Verification(FileSystem& system, const std::string& directory,
               const std::function<void(std::uint64_t, std::uint64_t)>& progress, const std::string& trusted_key)
      : system_(system),
        directory_(directory),
        segments_(directory),
        files_(system, directory),
        cursor_(system, segments_),
        progress_(progress),
        keys_(system, directory, trusted_key) {}

  Result<VerifyReport> run() {
    read_checkpoint();
    check_resume_point();
    if (auto found = segments_.discover(system_); !found) add(found.error().message);
    if (auto unbegun = check_unbegun(system_, segments_); !unbegun) add(unbegun.error().message);
    if (auto sought = cursor_.seek(0); !sought) return std::move(sought).error();
    if (auto read = read_signed_entries(); !read) return std::move(read).error();
    if (complete_) check_partials();
    judge_tree();
    if (complete_) {
      if (auto read = read_unsigned_entries(); !read) return std::move(read).error();
    }
    report_.intents_without_outcome = intents_.count();
    for (std::string& problem : keys_.finish()) add(std::move(problem));
    report_.completeness = completeness_.finish();
    for (const CompletenessRow& row : report_.completeness.rows) {
      // Where entries cannot be read, their numbers are missing with them.
      if (row.kind == CompletenessRow::Kind::kHole && resync_index_ == 0) add(row.text);
    }
    report_.ok = report_.problems.empty();
    if (problems_dropped_ > 0) add_last("and " + std::to_string(problems_dropped_) + " further problems");
    return std::move(report_);
  }

 private:
  void add(std::string problem) {
    if (report_.problems.size() < kProblemsMax) {
      report_.problems.push_back(std::move(problem));
    } else {
      ++problems_dropped_;
    }
  }
  void add_last(std::string problem) { report_.problems.push_back(std::move(problem)); }

  // ---- The signed part

  void read_checkpoint() {
    const auto note = read_file(system_, checkpoint_path(directory_));
    const auto vkey = read_file(system_, verifier_key_path(directory_));
    if (!note) return add("the checkpoint cannot be read: " + note.error().message);
    if (!vkey) return add("the verifier key cannot be read: " + vkey.error().message);
    if (*vkey != std::string(trim(*vkey)) + "\n") {
      add(verifier_key_path(directory_) + " is not one line with the verifier key and nothing else");
    }
    auto checkpoint = open_checkpoint(*note, trim(*vkey));
    if (!checkpoint) {
      return add(checkpoint_path(directory_) + " does not check out against " + verifier_key_path(directory_) + ": " +
                 checkpoint.error().message);
    }
    checkpoint_ = *checkpoint;
    report_.signed_size = checkpoint->size;
    report_.root = to_base64(as_bytes(checkpoint->root));
    const auto own = load_signer(system_, private_key_path(directory_), checkpoint->origin, false);
    if (own && own->verifier_key() != trim(*vkey) && !keys_.changing_to(own->verifier_key())) {
      add(verifier_key_path(directory_) + " does not belong to the private key beside it");
    } else if (!own && own.error().code != ErrorCode::kNotFound && own.error().code != ErrorCode::kDenied) {
      add(private_key_path(directory_) + ": " + own.error().message);
    }
  }

  void check_resume_point() {
    const auto hint = read_resume_point(system_, directory_);
    if (!hint && hint.error().code == ErrorCode::kCorrupt) add(hint.error().message + std::string(kDerived));
  }

  /// The hashes of the tile that is being read, as entries give them, with the bundle.
  struct Block {
    std::vector<Sha256> hashes;
    std::string bundle;
    std::vector<std::pair<std::uint32_t, std::uint64_t>> places;  // segment and offset, for messages
    bool damaged = false;  // some hashes are the tile's, because their entries cannot be read
  };

  Result<void> read_signed_entries() {
    const std::uint64_t end = checkpoint_.size;
    while (tree_.size() < end) {
      const std::uint64_t number = tree_.size() / kTileWidth;
      const std::size_t width = std::min<std::uint64_t>(kTileWidth, end - tree_.size());
      const auto stored = files_.hashes(0, number, width);
      Block block;
      while (block.hashes.size() < width) {
        const std::pair place(cursor_.ordinal(), cursor_.offset());
        const auto entry = read_entry(number * kTileWidth + block.hashes.size());
        block.places.push_back(place);
        if (!entry) return entry.error();
        if (*entry) {
          block.hashes.push_back(leaf_hash(**entry));
          append_to_bundle(block.bundle, **entry);
          continue;
        }
        if (ended_ || !stored) {
          complete_ = false;
          return {};
        }
        block.damaged = true;
        block.hashes.push_back((*stored)[block.hashes.size()]);
      }
      check_block(number, block, stored);
      for (const Sha256& hash : block.hashes) {
        tree_.append(hash, [this](std::size_t level, std::uint64_t tile, std::span<const Sha256> hashes) {
          if (level > 0) compare_tile(tile_path(level, tile), hashes);
        });
      }
      if (progress_) progress_(tree_.size(), end);
    }
    return {};
  }

  /// The next entry; nothing when it is damaged, which is then noted. The view lives until the next call.
  Result<std::optional<std::string_view>> read_entry(std::uint64_t index) {
    if (index < resync_index_) return std::optional<std::string_view>();
    auto parsed = cursor_.peek();
    if (!parsed) return std::move(parsed).error();
    if (parsed->kind != ParsedFrame::Kind::kEntry) {
      note_damage(index, parsed->kind);
      if (auto found = resynchronise(index); !found) return std::move(found).error();
      return std::optional<std::string_view>();
    }
    const std::string_view bytes = parsed->frame.entry;
    cursor_.skip(parsed->frame);
    check_entry(index, bytes);
    ++report_.entries;
    return std::optional<std::string_view>(bytes);
  }

  void note_damage(std::uint64_t index, ParsedFrame::Kind kind) {
    std::string problem = entry_name(index) + (kind == ParsedFrame::Kind::kBad ? " is damaged (" : " is missing (") +
                          cursor_.place() + ")";
    const std::uint64_t number = index / kTileWidth;
    const std::string bundle_name =
        bundle_path(number, std::min<std::uint64_t>(kTileWidth, checkpoint_.size - number * kTileWidth));
    const auto bundle = files_.read(bundle_name);
    const auto entries = bundle ? split_bundle(*bundle) : std::nullopt;
    const auto hashes = files_.hashes(0, number, index % kTileWidth + 1);
    if (entries && hashes && entries->size() > index % kTileWidth &&
        leaf_hash((*entries)[index % kTileWidth]) == hashes->back()) {
      problem += "; a copy is in public/" + bundle_name;
    }
    add(std::move(problem));
  }

  /// After a damaged frame: moves the cursor to the next good one, here or in a later segment.
  Result<void> resynchronise(std::uint64_t index) {
    auto next = cursor_.find_good_frame();
    if (!next) return std::move(next).error();
    if (!*next) {
      ended_ = true;
      add("nothing can be read from " + entry_name(index) + " on, but the signed checkpoint has " +
          std::to_string(checkpoint_.size) + " entries");
      return {};
    }
    resync_index_ = cursor_.index();
    if (resync_index_ > index + 1) {
      add("entries " + std::to_string(index + 1) + " to " + std::to_string(resync_index_ - 1) +
          " cannot be read either");
    }
    return {};
  }

  void check_entry(std::uint64_t index, std::string_view bytes) {
    const EntryFacts facts = read_entry_facts(bytes);
    if (!facts.well_formed) return add(entry_name(index) + " is not an entry: seq, time or kind is missing");
    if (facts.seq != index) add(entry_name(index) + " says it is " + std::to_string(facts.seq));
    if (facts.time < last_time_) add(entry_name(index) + " is older than the one before it");
    last_time_ = facts.time;
    completeness_.see(index, bytes, facts);
    if (facts.kind == kKeyRotatedKind) keys_.see(index, bytes);
    // An entry that could not be read may have been the intent.
    if (intents_.see(facts, index) == OpenIntents::Step::kOutcomeWithoutIntent && resync_index_ == 0) {
      add(entry_name(index) + " is an outcome without its intent (request " + printable(facts.request_id, 80) +
          ", attempt " + std::to_string(facts.attempt) + ")");
    }
  }

  // ---- Tiles and bundles

  /// Compares a derived file with what the entries give.
  void compare_file(const std::string& path, std::string_view expected) {
    const auto bytes = files_.read(path);
    if (!bytes && completed_since(path, expected)) return;
    if (!bytes) {
      derived_.push_back("public/" + path + " is missing or cannot be read" + std::string(kDerived));
    } else if (*bytes != expected) {
      derived_.push_back("public/" + path + " differs from the entries" + std::string(kDerived));
    }
  }
  /// Beside a writer: a partial file goes once its tile or bundle is full, which then begins with the same bytes.
  bool completed_since(const std::string& path, std::string_view expected) {
    const std::size_t partial = path.find(".p/");
    if (partial == std::string::npos) return false;
    const auto full = files_.read(path.substr(0, partial));
    return full && std::string_view(*full).starts_with(expected);
  }
  void compare_tile(const std::string& path, std::span<const Sha256> hashes) {
    compare_file(path, encode_tile(hashes));
  }

  void check_block(std::uint64_t number, const Block& block, const Result<std::vector<Sha256>>& stored) {
    const bool full = block.hashes.size() == kTileWidth;
    if (stored) {
      for (std::size_t i = 0; i < block.hashes.size(); ++i) {
        if (block.hashes[i] == (*stored)[i] || differing_.size() >= kProblemsMax) continue;
        differing_.emplace(number * kTileWidth + i, frame_place(block.places[i].first, block.places[i].second));
      }
    }
    if (!full) {
      if (!block.damaged) last_bundle_ = block.bundle;
      return;
    }
    compare_tile(tile_path(0, number), block.hashes);
    if (!block.damaged) compare_file(bundle_path(number), block.bundle);
  }

  /// The partial files at the right edge: all that are there must be prefixes, and those of the signed size must be
  /// there.
  void check_partials() {
    std::uint64_t count = tree_.size();
    for (std::size_t level = 0; level < kTileLevels && count > 0; ++level, count /= kTileWidth) {
      check_partial_files(tile_path(level, count / kTileWidth), encode_tile(tree_.edge(level)),
                          tree_.edge(level).size(), [](std::size_t width) { return width * sizeof(Sha256); });
    }
    const auto entries = split_bundle(last_bundle_);
    std::vector<std::size_t> ends{0};
    for (const std::string_view entry : *entries) ends.push_back(ends.back() + 2 + entry.size());
    check_partial_files(bundle_path(tree_.size() / kTileWidth), last_bundle_, entries->size(),
                        [&ends](std::size_t width) { return ends[width]; });
  }

  void check_partial_files(const std::string& full_path, const std::string& expected, std::size_t width,
                           const std::function<std::size_t(std::size_t)>& size_of) {
    if (width == 0) return;
    for (const std::size_t partial : files_.partial_widths(full_path)) {
      // Wider ones belong to a checkpoint that is being made.
      if (partial >= width) break;
      compare_file(full_path + ".p/" + std::to_string(partial), std::string_view(expected).substr(0, size_of(partial)));
    }
    const std::string path = full_path + ".p/" + std::to_string(width);
    if (!files_.present(path, 0)) {
      // A live log replaces partial files by the full one.
      const auto full = files_.read(full_path);
      if (full && full->starts_with(expected)) return;
    }
    compare_file(path, expected);
  }

  // ---- Verdict

  /// Whose fault it is when entries and tiles differ: the signature tells.
  void judge_tree() {
    if (complete_ && tree_.root() == checkpoint_.root) {
      for (std::string& problem : derived_) add(std::move(problem));
      return;
    }
    if (tiles_give_signed_root()) {
      for (const auto& [index, place] : differing_) {
        add(entry_name(index) + " is not what was signed (" + place + ")");
      }
      return;
    }
    if (complete_ && checkpoint_.size > 0) {
      add("the entries below " + std::to_string(checkpoint_.size) +
          " do not give the signed root, and neither do the " +
          (differing_.empty() ? "tiles" : "tiles; they differ first at " + entry_name(differing_.begin()->first)));
    }
    for (std::string& problem : derived_) add(std::move(problem));
  }

  bool tiles_give_signed_root() const {
    Tree tree;
    while (tree.size() < checkpoint_.size) {
      const std::size_t width = std::min<std::uint64_t>(kTileWidth, checkpoint_.size - tree.size());
      const auto hashes = files_.hashes(0, tree.size() / kTileWidth, width);
      if (!hashes) return false;
      for (const Sha256& hash : *hashes) tree.append(hash, [](auto...) {});
    }
    return tree.root() == checkpoint_.root;
  }

  // ---- Behind the checkpoint

  /// What was written since the checkpoint, up to the end or to a write that was cut short.
  Result<void> read_unsigned_entries() {
    while (true) {
      auto parsed = cursor_.peek();
      if (!parsed) return std::move(parsed).error();
      if (parsed->kind != ParsedFrame::Kind::kEntry) {
        auto damaged = damaged_here();
        if (!damaged) return std::move(damaged).error();
        if (!*damaged) return {};
        // A live writer may have written this in the meantime, and then more.
        cursor_.forget();
        parsed = cursor_.peek();
        if (!parsed) return std::move(parsed).error();
        if (parsed->kind != ParsedFrame::Kind::kEntry) {
          add(entry_name(cursor_.index()) + " is damaged or missing (" + cursor_.place() +
              "), and entries behind it were acknowledged");
          return {};
        }
      }
      check_entry(parsed->frame.index, parsed->frame.entry);
      ++report_.entries;
      cursor_.skip(parsed->frame);
    }
  }

  /// Whether what stands at the cursor, which is no good frame, was once acknowledged; otherwise it is the end.
  Result<bool> damaged_here() {
    const auto last = segments_.last();
    if (!last) return false;
    if (cursor_.ordinal() != last->ordinal) return true;
    const std::string path = segment_path(directory_, last->ordinal);
    auto file = open_file(system_, path, O_RDONLY);
    if (!file) return std::move(file).error();
    const auto dirty = dirty_end(system_, *file, path, cursor_.offset());
    if (!dirty) return dirty.error();
    std::string bytes(*dirty - cursor_.offset(), '\0');
    const auto have = read_fully(system_, *file, path, bytes.data(), bytes.size(), cursor_.offset());
    if (!have) return have.error();
    return examine_tail(bytes, cursor_.offset(), cursor_.index()).durable_below > cursor_.index();
  }

  FileSystem& system_;
  const std::string directory_;
  SegmentList segments_;
  TileFiles files_;
  FrameCursor cursor_;
  const std::function<void(std::uint64_t, std::uint64_t)>& progress_;
  KeyHistory keys_;

  VerifyReport report_;
  std::size_t problems_dropped_ = 0;
  Checkpoint checkpoint_;
  Tree tree_;
  OpenIntents intents_;
  Completeness completeness_;
  std::string last_time_;
  std::uint64_t resync_index_ = 0;                  // entries below it cannot be read
  bool ended_ = false;                              // nothing more can be read
  bool complete_ = true;                            // tree_ has every signed entry
  std::string last_bundle_;                         // of the partial block
  std::map<std::uint64_t, std::string> differing_;  // entries whose hash is not their tile's, with their place
  std::vector<std::string> derived_;                // problems of derived files
};

}  // namespace

Result<VerifyReport> verify(const std::filesystem::path& directory,
                            const std::function<void(std::uint64_t, std::uint64_t)>& progress,
                            const std::string& trusted_key) {
  const std::string path = std::filesystem::absolute(directory).lexically_normal().string();
  struct stat status{};
  if (real_file_system().stat(segments_directory(path), &status) != 0) {
    return Error{ErrorCode::kNotFound, "there is no ledger in " + path};
  }
  return Verification(real_file_system(), path, progress, trusted_key).run();
}

}  // namespace reeve::ledger
