#include <algorithm>

#include "core/bytes.h"
#include "ledger/log.h"
#include "ledger/note.h"
#include "ledger/publisher.h"
#include "ledger/segment.h"

namespace reeve::ledger {

namespace {

/// Reads beside a writer that it cannot ask what is durable. An entry is shown once the files prove it: a checkpoint
/// that the log signed covers it, or a later group was written, which only happens after the one before is on disk.
class LogOfFiles final : public LogReader {
 public:
  explicit LogOfFiles(std::string directory)
      : directory_(std::move(directory)),
        segments_(directory_),
        scan_(real_file_system(), segments_),
        cursor_(real_file_system(), segments_) {}

  Result<void> refresh() {
    // Before looking for the end, which can then only be further on.
    const std::uint64_t signed_size = read_signed_size();
    if (auto found = segments_.discover(real_file_system()); !found) return found;
    if (!segments_.last()) return {};
    if (!scanning_) {
      if (auto sought = scan_.seek(segments_.last()->first_index); !sought) return sought;
      durable_ = segments_.last()->first_index;
      scanning_ = true;
    }
    // After a failed write the writer goes on in a new segment; frames behind its first index are void.
    const auto following = segments_.after(scan_.ordinal());
    if (following && following->first_index < scan_.index()) {
      if (auto sought = scan_.seek(following->first_index); !sought) return sought;
    }
    scan_.forget();
    while (true) {
      auto parsed = scan_.peek();
      if (!parsed) return std::move(parsed).error();
      if (parsed->kind != ParsedFrame::Kind::kEntry) break;
      durable_ = std::max(durable_, parsed->frame.durable_below());
      scan_.skip(parsed->frame);
    }
    // What is signed must be there; if it is not, read() names the entry.
    durable_ = std::max(durable_, signed_size);
    return {};
  }

  Result<void> read(std::uint64_t from, const std::function<bool(const StoredEntry&)>& visit) override {
    if (auto refreshed = refresh(); !refreshed) return refreshed;
    if (from >= durable_) return {};
    if (auto sought = cursor_.seek(from); !sought) return sought;
    return visit_entries(visit);
  }

  Result<void> read_at(std::uint64_t from, std::uint64_t placed, EntryPlace place,
                       const std::function<bool(const StoredEntry&)>& visit) override {
    // The end is looked for only where it may have moved: this is for the quick look at one entry.
    if (from >= durable_) {
      if (auto refreshed = refresh(); !refreshed) return refreshed;
      if (from >= durable_) return {};
    }
    if (auto sought = cursor_.seek_near(from, placed, place.segment, place.offset); !sought) return sought;
    return visit_entries(visit);
  }

  std::uint64_t size() override {
    // What cannot be read now does not grow the log; read() says why.
    static_cast<void>(refresh().ok());
    return durable_;
  }

  std::uint64_t first_at(Instant time) override {
    if (auto refreshed = refresh(); !refreshed) return 0;
    const auto segment = segments_.before(time);
    return segment ? segment->first_index : 0;
  }

  Result<std::string> checkpoint() override { return read_file(real_file_system(), checkpoint_path(directory_)); }
  Result<std::string> verifier_key() override {
    auto line = read_file(real_file_system(), verifier_key_path(directory_));
    if (!line) return line;
    return std::string(trim(*line));
  }

 private:
  Result<void> visit_entries(const std::function<bool(const StoredEntry&)>& visit) {
    while (true) {
      auto frame = cursor_.next(durable_);
      if (!frame) return std::move(frame).error();
      if (!*frame) return {};
      const EntryPlace place{cursor_.ordinal(), cursor_.offset() - (*frame)->size()};
      if (!visit({(*frame)->index, (*frame)->entry, place})) return {};
    }
  }

  std::uint64_t read_signed_size() {
    const auto note = checkpoint();
    const auto vkey = verifier_key();
    if (!note || !vkey) return 0;
    const auto signed_tree = open_checkpoint(*note, *vkey);
    return signed_tree ? signed_tree->size : 0;
  }

  const std::string directory_;
  SegmentList segments_;
  FrameCursor scan_;    // looks for the end
  FrameCursor cursor_;  // reads for visitors
  bool scanning_ = false;
  std::uint64_t durable_ = 0;
};

}  // namespace

Result<std::unique_ptr<LogReader>> LogReader::open(const std::filesystem::path& directory) {
  const std::string path = std::filesystem::absolute(directory).lexically_normal().string();
  struct stat status{};
  if (real_file_system().stat(segments_directory(path), &status) != 0) {
    return Error{ErrorCode::kNotFound, "there is no ledger in " + path + "; `reeve serve` makes it on its first start"};
  }
  auto reader = std::make_unique<LogOfFiles>(path);
  if (auto refreshed = reader->refresh(); !refreshed) return std::move(refreshed).error();
  return std::unique_ptr<LogReader>(std::move(reader));
}

}  // namespace reeve::ledger
