#include <fcntl.h>

#include <cerrno>
#include <optional>
#include <thread>

#include "core/bytes.h"
#include "ledger/follower.h"
#include "ledger/key_rotation.h"
#include "ledger/log.h"
#include "ledger/note.h"
#include "ledger/publisher.h"
#include "ledger/segment.h"

namespace reeve::ledger {

namespace {

constexpr std::size_t kChunkBytes = 1UL << 20U;
constexpr std::uint64_t kProgressEvery = 4096;

/// Writes frames into segments of the same numbers and borders as where they come from, without the room behind them.
class SegmentCopy {
 public:
  SegmentCopy(FileSystem& system, const SegmentList& source, std::string to)
      : system_(system), source_(source), to_(std::move(to)) {}

  /// `ordinal` is the frame's segment. Those before it may be empty: the log gave them up after a failed write.
  Result<void> append(std::uint32_t ordinal, const Frame& frame) {
    while (next_ordinal_ <= ordinal) {
      if (auto begun = begin(*source_.at(next_ordinal_)); !begun) return begun;
    }
    const std::size_t at = chunk_.size();
    chunk_.resize(at + kFrameHeaderBytes);
    chunk_ += frame.entry;
    seal_frame(chunk_.data() + at, frame.entry.size(), frame.position, frame.index);
    return chunk_.size() < kChunkBytes ? Result<void>() : flush();
  }

  Result<void> flush() {
    if (chunk_.empty()) return {};
    if (auto written = write_fully(system_, file_, path_, chunk_, offset_); !written) return written;
    offset_ += chunk_.size();
    chunk_.clear();
    return {};
  }

 private:
  Result<void> begin(const SegmentHeader& header) {
    if (auto flushed = flush(); !flushed) return flushed;
    path_ = segment_path(to_, header.ordinal);
    auto file = open_file(system_, path_, O_WRONLY | O_CREAT | O_EXCL, 0640);
    if (!file) return std::move(file).error();
    file_ = *std::move(file);
    offset_ = 0;
    chunk_.resize(kSegmentHeaderBytes);
    encode_segment_header(header, chunk_.data());
    ++next_ordinal_;
    return {};
  }

  FileSystem& system_;
  const SegmentList& source_;
  const std::string to_;
  File file_;
  std::string path_;
  std::uint64_t offset_ = 0;
  std::uint32_t next_ordinal_ = 0;
  std::string chunk_;
};

Result<void> copy_entries(FileSystem& system, const std::string& from, const std::string& to, std::uint64_t size,
                          const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  SegmentList source(from);
  if (auto found = source.discover(system); !found) return found;
  FrameCursor cursor(system, source);
  if (auto sought = cursor.seek(0); !sought) return sought;
  SegmentCopy copy(system, source, to);
  while (cursor.index() < size) {
    const auto frame = cursor.next(size);
    if (!frame) return frame.error();
    if (auto appended = copy.append(cursor.ordinal(), **frame); !appended) return appended;
    if (progress && (cursor.index() % kProgressEvery == 0 || cursor.index() == size)) progress(cursor.index(), size);
  }
  return copy.flush();
}

/// The signed checkpoint and the keys, as they belong together.
struct Head {
  std::string note, verifier_key, private_key;
  std::optional<std::string> previous_key, rotations;
  Checkpoint checkpoint;
};

Result<Head> read_head_once(FileSystem& system, const std::string& source) {
  const auto read = [&](const std::string& path, std::string& into) -> Result<void> {
    auto text = read_file(system, path);
    if (!text) return std::move(text).error();
    into = *std::move(text);
    return {};
  };
  const auto read_if_there = [&](const std::string& path, std::optional<std::string>& into) -> Result<void> {
    auto text = read_file(system, path);
    if (!text && text.error().code != ErrorCode::kNotFound) return std::move(text).error();
    if (text) into = *std::move(text);
    return {};
  };
  Head head;
  // Before the segments: what it signs is in them.
  auto done = read(checkpoint_path(source), head.note);
  if (done) done = read(verifier_key_path(source), head.verifier_key);
  if (done) done = read(private_key_path(source), head.private_key);
  if (done) done = read_if_there(previous_key_path(source), head.previous_key);
  if (done) done = read_if_there(key_rotations_path(source), head.rotations);
  if (!done) return std::move(done).error();
  auto checkpoint = open_checkpoint(head.note, trim(head.verifier_key));
  if (!checkpoint) return with_context(std::move(checkpoint).error(), checkpoint_path(source));
  head.checkpoint = *std::move(checkpoint);
  const auto signer = load_signer(system, private_key_path(source), head.checkpoint.origin, false);
  if (!signer) return signer.error();
  const auto prepared = prepared_rotation(system, source);
  if (!prepared) return prepared.error();
  if (*prepared || signer->verifier_key() != trim(head.verifier_key)) {
    return Error{ErrorCode::kConflict, "the ledger's key is being rotated; try again, or start the server first"};
  }
  return head;
}

/// Beside a server that rotates its key the parts may not fit, for a moment.
Result<Head> read_head(FileSystem& system, const std::string& source) {
  constexpr int kTries = 20;
  auto head = read_head_once(system, source);
  for (int i = 1; i < kTries && !head && head.error().code != ErrorCode::kNotFound; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    head = read_head_once(system, source);
  }
  return head;
}

/// The tree of the entries that were copied, with its tiles and bundles.
Result<Sha256> publish_copy(FileSystem& system, const std::string& to, std::uint64_t size) {
  SegmentList segments(to);
  if (auto found = segments.discover(system); !found) return std::move(found).error();
  Follower follower(system, segments);
  auto done = follower.begin(0);
  if (done) done = follower.follow(size);
  if (done) done = follower.complete_tiles();
  if (done) done = follower.write_partials();
  if (!done) return std::move(done).error();
  return follower.tree().root();
}

}  // namespace

Result<Checkpoint> copy_signed(const std::filesystem::path& from, const std::filesystem::path& to,
                               const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  FileSystem& system = real_file_system();
  const std::string source = std::filesystem::absolute(from).lexically_normal().string();
  const std::string target = std::filesystem::absolute(to).lexically_normal().string();
  const auto head = read_head(system, source);
  if (!head) return head.error();
  const Checkpoint& checkpoint = head->checkpoint;

  if (system.mkdir(target, 0750) != 0) return file_error("make", target, errno);
  for (const std::string& path : {segments_directory(target), public_directory(target)}) {
    if (auto made = make_directory(system, path, 0750); !made) return std::move(made).error();
  }
  if (auto copied = copy_entries(system, source, target, checkpoint.size, progress); !copied) {
    return std::move(copied).error();
  }
  const auto root = publish_copy(system, target, checkpoint.size);
  if (!root) return root.error();
  if (*root != checkpoint.root) {
    return Error{ErrorCode::kCorrupt, "the entries in " + source +
                                          " are not what was signed; 'reeve ledger verify' says which one is wrong"};
  }
  auto kept = replace_file(system, private_key_path(target), head->private_key, Writing::kCached, 0600);
  if (kept && head->previous_key) {
    kept = replace_file(system, previous_key_path(target), *head->previous_key, Writing::kCached, 0600);
  }
  if (kept && head->rotations)
    kept = replace_file(system, key_rotations_path(target), *head->rotations, Writing::kCached);
  if (kept) kept = replace_file(system, verifier_key_path(target), head->verifier_key, Writing::kCached);
  if (kept) kept = replace_file(system, checkpoint_path(target), head->note, Writing::kCached);
  if (!kept) return std::move(kept).error();
  return checkpoint;
}

}  // namespace reeve::ledger
