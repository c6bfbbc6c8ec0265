#include "ledger/recovery.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "core/bytes.h"
#include "core/json.h"
#include "core/log.h"
#include "ledger/entry_json.h"

namespace reeve::ledger {

namespace {

constexpr std::size_t kChunkBytes = 1UL << 20U;
constexpr std::size_t kOpenIntentsReturnedMax = 100'000;
// What was written without a sync is on disk after this time, power cut or not: the kernel writes back after half a
// minute unless it was told otherwise.
constexpr auto kWrittenBackAfter = std::chrono::minutes(10);
// Between two segments no more than this counts towards it: the clock may have been set forward, a few times.
constexpr auto kBetweenSegmentsMax = std::chrono::seconds(200);

Error damaged(std::uint64_t index, const std::string& place, const std::string& why) {
  return {ErrorCode::kCorrupt, "entry " + std::to_string(index) + " is damaged (" + place + "): " + why +
                                   "; restore the segment from a copy"};
}

/// The part of the last segment that no checkpoint vouches for.
struct Tail {
  std::string path;
  File file;
  std::uint64_t begin = 0;  // from here on nothing is signed
  std::uint64_t end = 0;    // frames end here
  std::uint64_t dirty = 0;  // behind this there are only zeros
  std::uint64_t next_index = 0;
};

/// Decides whether what follows the last good frame is a torn write, which is dropped, or damage.
Result<void> judge_tail(FileSystem& system, const Tail& tail, const FrameCursor& cursor, std::uint64_t signed_size) {
  if (tail.next_index < signed_size) {
    return damaged(tail.next_index, cursor.place(),
                   "the signed checkpoint has " + std::to_string(signed_size) + " entries");
  }
  if (tail.dirty == tail.end) return {};
  std::string bytes(tail.dirty - tail.end, '\0');
  auto have = read_fully(system, tail.file, tail.path, bytes.data(), bytes.size(), tail.end);
  if (!have) return std::move(have).error();
  const TailFindings findings = examine_tail(bytes, tail.end, tail.next_index);
  if (findings.durable_below > tail.next_index) {
    return damaged(tail.next_index, cursor.place(), "entries were written after it, so it was acknowledged");
  }
  if (!findings.torn) {
    return damaged(tail.next_index, cursor.place(),
                   "it is complete but its checksum fails, so it may have been acknowledged. If there is no copy, "
                   "cutting the file there (truncate -s " +
                       std::to_string(tail.end) + ") gives up this entry and what follows it");
  }
  log_warning("ledger drops a torn write that nobody was promised",
              {{"entry", tail.next_index}, {"place", cursor.place()}, {"bytes", bytes.size()}});
  return {};
}

/// Finds the last good frame. The cursor stands at or before the first unsigned entry.
Result<Tail> find_tail(FileSystem& system, const SegmentList& segments, std::uint64_t signed_size) {
  FrameCursor cursor(system, segments);
  const auto last = segments.last();
  const auto holding = segments.holding(signed_size == 0 ? 0 : signed_size - 1);
  if (auto sought = cursor.seek(holding->first_index); !sought) return std::move(sought).error();
  std::uint64_t unsigned_from = 0;  // offset in the last segment
  while (true) {
    auto parsed = cursor.peek();
    if (!parsed) return std::move(parsed).error();
    if (cursor.index() == signed_size && cursor.ordinal() == last->ordinal && cursor.offset() > kSegmentHeaderBytes) {
      unsigned_from = cursor.offset();
    }
    if (parsed->kind != ParsedFrame::Kind::kEntry) break;
    cursor.skip(parsed->frame);
  }
  if (cursor.ordinal() != last->ordinal) {
    return damaged(cursor.index(), cursor.place(), "later segments exist, so it was acknowledged");
  }
  Tail tail{.path = segment_path(segments.directory(), last->ordinal)};
  auto file = open_file(system, tail.path, O_RDWR);
  if (!file) return std::move(file).error();
  tail.file = *std::move(file);
  tail.begin = unsigned_from;
  tail.end = cursor.offset();
  tail.next_index = cursor.index();
  auto dirty = dirty_end(system, tail.file, tail.path, tail.end);
  if (!dirty) return std::move(dirty).error();
  tail.dirty = *dirty;
  if (auto judged = judge_tail(system, tail, cursor, signed_size); !judged) return std::move(judged).error();
  return tail;
}

/// Writes the unsigned part of the last segment once more, and zeros over the torn rest. What is read back after a
/// failed sync may be in memory only, marked clean; a new write and sync make sure that it is on disk before it is
/// signed.
Result<void> make_durable(FileSystem& system, const Tail& tail) {
  std::string chunk(kChunkBytes, '\0');
  const std::uint64_t end = std::max(tail.end, tail.dirty);
  for (std::uint64_t at = tail.begin; at < end;) {
    const std::uint64_t stop = at < tail.end ? tail.end : end;
    const std::size_t size = std::min<std::uint64_t>(kChunkBytes, stop - at);
    if (at < tail.end) {
      auto have = read_fully(system, tail.file, tail.path, chunk.data(), size, at);
      if (!have) return std::move(have).error();
    } else {
      std::fill_n(chunk.begin(), size, '\0');
    }
    if (auto written = write_fully(system, tail.file, tail.path, {chunk.data(), size}, at); !written) return written;
    at += size;
  }
  return sync_data(system, tail.file, tail.path);
}

/// The root of the first `size` entries, from the entries alone. On the way compares with the tiles: `differs` becomes
/// the first entry that is not what its tile says.
Result<Sha256> root_of_entries(FileSystem& system, const SegmentList& segments, std::uint64_t size,
                               std::optional<std::uint64_t>& differs) {
  FrameCursor cursor(system, segments);
  if (auto sought = cursor.seek(0); !sought) return std::move(sought).error();
  const TileFiles files(system, segments.directory());
  Tree tree;
  const auto compare = [&](std::size_t level, std::uint64_t number, std::span<const Sha256> hashes) {
    if (level > 0 || differs) return;
    const auto stored = files.hashes(0, number, kTileWidth);
    if (!stored) return;
    const auto pair = std::mismatch(hashes.begin(), hashes.end(), stored->begin());
    if (pair.first != hashes.end()) {
      differs = number * kTileWidth + static_cast<std::uint64_t>(pair.first - hashes.begin());
    }
  };
  while (tree.size() < size) {
    auto frame = cursor.next(size);
    if (!frame) return std::move(frame).error();
    tree.append(leaf_hash((*frame)->entry), compare);
  }
  return tree.root();
}

/// A follower that stands at the signed size, with the signed root.
Result<std::unique_ptr<Follower>> follow_signed(FileSystem& system, const SegmentList& segments,
                                                const CheckpointStore& checkpoints) {
  const std::uint64_t size = checkpoints.size();
  const auto hint = read_resume_point(system, segments.directory());
  // A hint past the signed size is of another history.
  const ResumePoint resume = hint && hint->size <= size ? *hint : ResumePoint();
  const auto holding = segments.holding(size == 0 ? 0 : size - 1);
  const std::uint64_t begin = holding->first_index - holding->first_index % kTileWidth;
  auto follower = std::make_unique<Follower>(system, segments);
  for (const WaitingIntent& intent : resume.waiting) follower->intents().wait_for(intent);
  if (resume.size < begin) {
    if (auto scanned = follower->scan_intents(resume.size, begin); !scanned) return std::move(scanned).error();
  }
  follower->track_intents_from(std::max(resume.size, begin));
  auto followed = follower->begin(begin);
  if (followed) followed = follower->follow(size);
  if (!followed) return std::move(followed).error();
  if (!checkpoints.any() || follower->tree().root() == checkpoints.root()) return follower;

  log_warning("ledger tiles do not give the signed root; reading every entry", {{"entries", size}});
  std::optional<std::uint64_t> differs;
  auto root = root_of_entries(system, segments, size, differs);
  if (!root) return std::move(root).error();
  if (*root != checkpoints.root()) {
    return Error{ErrorCode::kCorrupt,
                 (differs ? "entry " + std::to_string(*differs) + " is not what was signed"
                          : "the entries below " + std::to_string(size) + " do not give the signed root") +
                     "; run `reeve ledger verify` and restore the segments from a copy"};
  }
  follower = std::make_unique<Follower>(system, segments);
  for (const WaitingIntent& intent : resume.waiting) follower->intents().wait_for(intent);
  follower->track_intents_from(resume.size);
  followed = follower->begin(0);
  if (followed) followed = follower->follow(size);
  if (!followed) return std::move(followed).error();
  return follower;
}

Result<std::vector<OpenIntent>> read_open_intents(FileSystem& system, const SegmentList& segments,
                                                  const Follower& follower) {
  std::vector<OpenIntent> intents;
  FrameCursor cursor(system, segments);
  for (const WaitingIntent& waiting : follower.intents().waiting()) {
    if (intents.size() == kOpenIntentsReturnedMax) break;
    if (auto sought = cursor.seek(waiting.index); !sought) return std::move(sought).error();
    auto frame = cursor.next(waiting.index + 1);
    if (!frame) return std::move(frame).error();
    intents.push_back({waiting.index, std::string((*frame)->entry)});
  }
  return intents;
}

bool has_begun(FileSystem& system, const std::string& directory, std::uint32_t ordinal) {
  const std::string path = segment_path(directory, ordinal);
  const auto file = open_file(system, path, O_RDONLY);
  std::string bytes(kSegmentHeaderBytes, '\0');
  if (!file || !read_fully(system, *file, path, bytes.data(), bytes.size(), 0)) return false;
  const auto header = decode_segment_header(bytes);
  return header && header->ordinal == ordinal;
}

/// The first entry of which tile and bundle may not be on disk yet.
std::uint64_t written_back_below(const SegmentList& segments, Instant last_time) {
  auto segment = segments.last();
  Duration passed{};
  for (Instant later = last_time; segment && segment->ordinal > 0; segment = segments.at(segment->ordinal - 1)) {
    passed += std::min<Duration>(later - segment->first_time, kBetweenSegmentsMax);
    if (passed >= kWrittenBackAfter) break;
    later = segment->first_time;
  }
  return segment ? segment->first_index : 0;
}

}  // namespace

Result<void> check_unbegun(FileSystem& system, const SegmentList& segments) {
  const auto last = segments.last();
  const std::uint32_t begun = last ? last->ordinal + 1 : 0;
  std::vector<std::string> names;
  if (system.list(segments_directory(segments.directory()), &names) != 0) return {};
  for (const std::string& name : names) {
    const auto ordinal = parse_int(std::string_view(name).substr(0, name.find('.')));
    if (!name.ends_with(".seg") || !ordinal || *ordinal < begun) continue;
    const std::string path = segments_directory(segments.directory()) + "/" + name;
    auto file = open_file(system, path, O_RDONLY);
    if (!file) return std::move(file).error();
    // The header of the next one may have been cut short; of those behind it not even that.
    auto blank = begins_blank(system, *file, path, *ordinal == begun ? kSegmentHeaderBytes : 0);
    if (!blank) return std::move(blank).error();
    if (!*blank) {
      // Beside a writer: it began the next segment since the list was made.
      if (has_begun(system, segments.directory(), begun)) return {};
      return Error{ErrorCode::kCorrupt, path +
                                            " has content although its header, or a segment before it, is missing; "
                                            "restore the segments from a copy"};
    }
  }
  return {};
}

Result<std::uint64_t> dirty_end(FileSystem& system, const File& file, const std::string& path, std::uint64_t offset) {
  struct stat status{};
  if (system.stat(path, &status) != 0) return file_error("examine", path, errno);
  std::string chunk(kChunkBytes, '\0');
  for (std::uint64_t end = static_cast<std::uint64_t>(status.st_size); end > offset;) {
    const std::uint64_t begin = end - offset > kChunkBytes ? end - kChunkBytes : offset;
    auto have = read_fully(system, file, path, chunk.data(), end - begin, begin);
    if (!have) return std::move(have).error();
    const std::string_view bytes(chunk.data(), *have);
    const std::size_t last = bytes.find_last_not_of('\0');
    if (last != std::string_view::npos) return begin + last + 1;
    end = begin;
  }
  return offset;
}

Result<Recovered> recover(FileSystem& system, const SegmentList& segments, const CheckpointStore& checkpoints) {
  if (auto checked = check_unbegun(system, segments); !checked) return std::move(checked).error();
  Recovered recovered;
  if (!segments.last()) {
    if (checkpoints.size() > 0) {
      return Error{ErrorCode::kCorrupt, "entry 0 is missing: the signed checkpoint has " +
                                            std::to_string(checkpoints.size()) +
                                            " entries and there are no segments; restore them from a copy"};
    }
    recovered.follower = std::make_unique<Follower>(system, segments);
    return recovered;
  }
  if (!checkpoints.any()) {
    return Error{ErrorCode::kCorrupt, checkpoint_path(segments.directory()) +
                                          " is missing although there are entries; restore it from a copy, because "
                                          "what was signed must not be contradicted"};
  }
  auto tail = find_tail(system, segments, checkpoints.size());
  if (!tail) return std::move(tail).error();
  auto follower = follow_signed(system, segments, checkpoints);
  if (!follower) return std::move(follower).error();
  recovered.follower = *std::move(follower);
  if (auto durable = make_durable(system, *tail); !durable) return std::move(durable).error();
  if (auto followed = recovered.follower->follow(tail->next_index); !followed) return std::move(followed).error();
  auto intents = read_open_intents(system, segments, *recovered.follower);
  if (!intents) return std::move(intents).error();
  recovered.open_intents = *std::move(intents);
  recovered.tail_offset = tail->end;
  recovered.last_time = segments.last()->first_time;
  if (auto time = parse_time(recovered.follower->last_time()))
    recovered.last_time = std::max(recovered.last_time, *time);
  recovered.follower->recheck_from(written_back_below(segments, recovered.last_time));
  return recovered;
}

}  // namespace reeve::ledger
