#include <fcntl.h>
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "ledger/entry_json.h"
#include "ledger/fault_file_system.h"
#include "ledger/log.h"
#include "ledger/note.h"
#include "ledger/publisher.h"
#include "ledger/segment.h"
#include "ledger/test_support.h"

namespace reeve::ledger {
namespace {

std::vector<std::string> read_all(LogReader& reader, std::uint64_t from = 0) {
  std::vector<std::string> entries;
  const auto read = reader.read(from, [&](const StoredEntry& entry) {
    EXPECT_EQ(entry.index, from + entries.size());
    entries.emplace_back(entry.bytes);
    return true;
  });
  EXPECT_TRUE(read.ok()) << read.error().message;
  return entries;
}

TEST(LogReader, NeedsALedger) {
  const TemporaryDirectory directory;
  EXPECT_EQ(LogReader::open(directory.ledger()).error().code, ErrorCode::kNotFound);
}

TEST(LogReader, SeesWhatBecomesDurableBesideALiveWriter) {
  const TemporaryDirectory directory;
  const auto log = open_or_die(test_options(directory.ledger()));
  auto reader = LogReader::open(directory.ledger());
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ((*reader)->size(), 0U);
  EXPECT_TRUE(read_all(**reader).empty());
  std::vector<std::string> entries;
  for (int round = 0; round < 20; ++round) {
    const std::string reason(static_cast<std::size_t>(round) * 500, 'r');
    for (int i = 0; i < 50; ++i) {
      Entry entry = test_entry("policy.changed", "");
      entry.decision.reason = reason;
      ASSERT_TRUE(log->append_and_wait(entry).ok());
    }
    // The last group shows once the checkpoint covers it.
    while ((*reader)->size() < log->size()) std::this_thread::yield();
    entries = read_all(**reader);
    EXPECT_EQ(entries, all_entries(*log));
    EXPECT_EQ(read_all(**reader, 37 + static_cast<std::uint64_t>(round)),
              std::vector<std::string>(entries.begin() + 37 + round, entries.end()));
  }
  EXPECT_TRUE(read_all(**reader, 1000).empty());
  EXPECT_TRUE(read_all(**reader, 5000).empty());
  const auto checkpoint = (*reader)->checkpoint();
  const auto key = (*reader)->verifier_key();
  ASSERT_TRUE(checkpoint.ok() && key.ok());
  EXPECT_EQ(*key, log->verifier_key());
  EXPECT_EQ(open_checkpoint(*checkpoint, *key)->size, 1000U);
}

TEST(LogReader, NeverShowsWhatTheWriterHasNotSynced) {
  const TemporaryDirectory directory;
  const auto log = open_or_die(test_options(directory.ledger()));
  auto reader = LogReader::open(directory.ledger());
  ASSERT_TRUE(reader.ok());
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) log->append_later(test_entry("policy.changed", "req_" + std::to_string(i)));
  });
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t seen = (*reader)->size();
    // size() of the log is what was acknowledged; it can only have grown since.
    EXPECT_LE(seen, log->size());
  }
  stop = true;
  writer.join();
}

TEST(LogReader, StopsWhenTheVisitorHasEnough) {
  const TemporaryDirectory directory;
  const auto log = open_or_die(test_options(directory.ledger()));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(log->append_and_wait(test_entry("a", "")).ok());
  log->close();
  const auto reader = LogReader::open(directory.ledger());
  int visited = 0;
  EXPECT_TRUE((*reader)->read(2, [&](const StoredEntry&) { return ++visited < 3; }).ok());
  EXPECT_EQ(visited, 3);
}

TEST(LogReader, SkipsOlderSegments) {
  const TemporaryDirectory directory;
  ManualClock clock(from_unix_seconds(1'000'000));
  LogOptions options = test_options(directory.ledger());
  options.clock = &clock;
  const std::string reason(60'000, 'r');
  {
    const auto log = open_or_die(options);
    for (int i = 0; i < 100; ++i) {
      Entry entry = test_entry("policy.changed", "");
      entry.decision.reason = reason;
      ASSERT_TRUE(log->append_and_wait(entry).ok());
      clock.advance(std::chrono::seconds(10));
    }
  }
  const auto reader = LogReader::open(directory.ledger());
  EXPECT_EQ((*reader)->first_at(from_unix_seconds(0)), 0U);
  EXPECT_EQ((*reader)->first_at(from_unix_seconds(1'000'000)), 0U);
  for (int i = 1; i < 100; ++i) {
    const std::uint64_t first = (*reader)->first_at(from_unix_seconds(1'000'000 + 10 * i));
    EXPECT_LE(first, static_cast<std::uint64_t>(i));
    EXPECT_GE(first + 5, static_cast<std::uint64_t>(i));
  }
}

TEST(LogReader, SaysWhichEntryIsDamaged) {
  const TemporaryDirectory directory;
  const auto log = open_or_die(test_options(directory.ledger()));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(log->append_and_wait(test_entry("a", "req_" + std::to_string(i))).ok());
  log->close();
  const std::string path = segment_path(directory.ledger(), 0);
  std::string content = *read_file(real_file_system(), path);
  content[content.find("req_4")] = 'R';
  ASSERT_TRUE(replace_file(real_file_system(), path, content, Writing::kCached).ok());
  const auto reader = LogReader::open(directory.ledger());
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ((*reader)->size(), 10U);
  std::uint64_t visited = 0;
  const auto read = (*reader)->read(0, [&](const StoredEntry&) { return ++visited > 0; });
  EXPECT_EQ(visited, 4U);
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(read.error().message, ::testing::HasSubstr("entry 4 is damaged"));
}

TEST(Anchor, RefusesALogThatWasRestoredFromAnOlderCopy) {
  const TemporaryDirectory directory;
  LogOptions options = test_options(directory.ledger());
  options.anchor = directory.path() / "anchor";
  {
    ASSERT_TRUE(open_or_die(options)->append_and_wait(test_entry("a", "")).ok());
  }
  std::filesystem::copy(directory.ledger(), directory.path() / "copy", std::filesystem::copy_options::recursive);
  {
    ASSERT_TRUE(open_or_die(options)->append_and_wait(test_entry("b", "")).ok());
  }
  {
    EXPECT_TRUE(open_or_die(options)->append_and_wait(test_entry("c", "")).ok());
  }
  std::filesystem::remove_all(directory.ledger());
  std::filesystem::rename(directory.path() / "copy", directory.ledger());
  const auto restored = Log::open(options);
  ASSERT_FALSE(restored.ok());
  EXPECT_EQ(restored.error().code, ErrorCode::kConflict);
  EXPECT_THAT(restored.error().message, ::testing::HasSubstr("restored from an older copy"));
  // For reading it is as good as it was.
  options.read_only = true;
  EXPECT_EQ(all_entries(*open_or_die(options)).size(), 1U);
}

TEST(Anchor, IsNoObstacleWhenTheProcessEndedBeforeTheCheckpointFollowed) {
  const TemporaryDirectory directory;
  LogOptions options = test_options(directory.ledger());
  options.anchor = directory.path() / "anchor";
  const std::filesystem::path copy = directory.path() / "copy";
  const std::string checkpoint = checkpoint_path(options.directory.string());
  FaultFileSystem system;
  {
    auto log = open_log(options, system, std::chrono::milliseconds(2));
    ASSERT_TRUE(log.ok());
    ASSERT_TRUE((*log)->append_and_wait(test_entry("a", "")).ok());
    (*log)->close();
    std::filesystem::copy(directory.ledger(), copy, std::filesystem::copy_options::recursive);
  }
  {
    auto log = open_log(options, system, std::chrono::milliseconds(2));
    ASSERT_TRUE(log.ok());
    system.set_fault(
        [&](FaultFileSystem::Call, const std::string& path) { return path.starts_with(checkpoint) ? EIO : 0; });
    ASSERT_TRUE((*log)->append_and_wait(test_entry("b", "")).ok());
    (*log)->close();
    system.restart();
  }
  const auto stored = [&](const std::filesystem::path& path) {
    return parse_checkpoint(split_note(*read_file(real_file_system(), path.string()))->text)->size;
  };
  ASSERT_EQ(stored(checkpoint), 1U);
  ASSERT_EQ(stored(options.anchor), 2U);
  {
    const auto log = open_or_die(options);
    EXPECT_EQ(log->size(), 2U);
    log->close();
    EXPECT_EQ(stored(checkpoint), 2U);
  }
  // Where the entries that were signed are not there, it is an older copy all the same; also with others in their
  // place.
  options.directory = copy;
  EXPECT_EQ(Log::open(options).error().code, ErrorCode::kConflict);
  LogOptions unaware = options;
  unaware.anchor.clear();
  ASSERT_TRUE(open_or_die(unaware)->append_and_wait(test_entry("c", "")).ok());
  const auto another = Log::open(options);
  ASSERT_FALSE(another.ok());
  EXPECT_EQ(another.error().code, ErrorCode::kConflict);
}

TEST(Anchor, OfBeforeAPowerCutIsWholeAndOneOfTheLogsKeysSignedIt) {
  for (unsigned seed = 1; seed < 30; ++seed) {
    const TemporaryDirectory directory;
    LogOptions options = test_options(directory.ledger());
    options.anchor = directory.path() / "anchor";
    FaultFileSystem system(seed);
    auto log = open_log(options, system, std::chrono::milliseconds(2));
    ASSERT_TRUE(log.ok());
    for (unsigned i = 0; i <= seed % 4; ++i) {
      ASSERT_TRUE((*log)->append_and_wait(test_entry("a", "")).ok());
      ASSERT_TRUE((*log)->rotate_key({"yearly", "ann", {}, {}}).ok());
    }
    if (seed % 2 == 0) (*log)->close();
    system.cut_power();
    (*log)->close();
    const auto again = Log::open(options);
    EXPECT_TRUE(again.ok()) << "seed " << seed << ": " << again.error().message;
  }
}

TEST(Recovery, RefusesWhatContradictsTheSignedTree) {
  const TemporaryDirectory directory;
  const LogOptions options = test_options(directory.ledger());
  {
    const auto log = open_or_die(options);
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(log->append_and_wait(test_entry("a", "req_" + std::to_string(i))).ok());
  }
  const auto expect_refused = [&](const std::string& message) {
    const auto log = Log::open(options);
    ASSERT_FALSE(log.ok());
    EXPECT_EQ(log.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(log.error().message, ::testing::HasSubstr(message));
  };
  const std::string segment = segment_path(directory.ledger(), 0);
  const std::string content = *read_file(real_file_system(), segment);
  std::string changed = content;
  changed[changed.find("req_17")] = 'R';
  ASSERT_TRUE(replace_file(real_file_system(), segment, changed, Writing::kCached).ok());
  expect_refused("entry 17 is damaged");
  // A forged checksum does not help.
  const std::size_t frame = content.rfind('{', content.find("req_17")) - kFrameHeaderBytes;
  std::size_t begin = frame;
  while (content.compare(begin + kFrameHeaderBytes, 9, "{\"attempt") != 0) --begin;
  const ParsedFrame parsed = parse_frame(std::string_view(content).substr(begin));
  ASSERT_EQ(parsed.frame.index, 17U);
  seal_frame(changed.data() + begin, parsed.frame.entry.size(), parsed.frame.position, 17);
  ASSERT_TRUE(replace_file(real_file_system(), segment, changed, Writing::kCached).ok());
  expect_refused("do not give the signed root");
  // Cut to an earlier state.
  std::string cut = content;
  std::fill(cut.begin() + static_cast<std::ptrdiff_t>(begin), cut.end(), '\0');
  ASSERT_TRUE(replace_file(real_file_system(), segment, cut, Writing::kCached).ok());
  expect_refused("entry 17 is damaged");
  ASSERT_TRUE(replace_file(real_file_system(), segment, content, Writing::kCached).ok());
  const std::string checkpoint = *read_file(real_file_system(), checkpoint_path(directory.ledger()));
  std::filesystem::remove(checkpoint_path(directory.ledger()));
  expect_refused("checkpoint is missing although there are entries");
  ASSERT_TRUE(replace_file(real_file_system(), checkpoint_path(directory.ledger()), checkpoint, Writing::kCached).ok());
  std::filesystem::remove(segment);
  expect_refused("entry 0 is missing");
  ASSERT_TRUE(replace_file(real_file_system(), segment, content, Writing::kCached).ok());
  std::filesystem::remove(directory.ledger() / "private-key");
  expect_refused("private-key is missing although the log has begun");
}

/// A log of 10 signed entries whose segment goes on, as after a crash: entries 10 and 11 in groups of their own, 12 to
/// 31 in one group.
class UnsignedTail : public ::testing::Test {
 protected:
  void SetUp() override {
    {
      const auto log = open_or_die(options_);
      for (int i = 0; i < 10; ++i) ASSERT_TRUE(log->append_and_wait(test_entry("signed", "")).ok());
    }
    content_ = *read_file(real_file_system(), path());
    std::size_t offset = kSegmentHeaderBytes;
    for (std::uint64_t index = 0; index < 32; ++index) {
      offsets_.push_back(offset);
      if (index >= 10) make_frame(offset, index);
      const ParsedFrame parsed = parse_frame(std::string_view(content_).substr(offset));
      ASSERT_EQ(parsed.frame.index, index);
      offset += parsed.frame.size();
    }
    offsets_.push_back(offset);
    std::filesystem::copy(directory_.ledger(), directory_.path() / "signed", std::filesystem::copy_options::recursive);
  }

  void make_frame(std::size_t offset, std::uint64_t index) {
    std::string prepared;
    const EntrySlots slots =
        append_prepared_entry(prepared, test_entry("tail", "req_" + std::to_string(index)), "test");
    const std::size_t length = place_entry(prepared, slots, index, format_time(system_clock().now()),
                                           content_.data() + offset + kFrameHeaderBytes);
    seal_frame(content_.data() + offset, length, static_cast<std::uint16_t>(index < 12 ? 0 : index - 12), index);
  }

  void start_over() {
    std::filesystem::remove_all(directory_.ledger());
    constexpr auto kOver = std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing;
    std::filesystem::copy(directory_.path() / "signed", directory_.ledger(), kOver);
  }

  std::string path() const { return segment_path(directory_.ledger(), 0); }
  Result<std::unique_ptr<Log>> open_with(const std::string& content) {
    EXPECT_TRUE(replace_file(real_file_system(), path(), content, Writing::kCached).ok());
    return Log::open(options_);
  }

  TemporaryDirectory directory_;
  LogOptions options_ = test_options(directory_.ledger());
  std::string content_;
  std::vector<std::size_t> offsets_;  // of each frame, and the end
};

TEST_F(UnsignedTail, IsTakenWhole) {
  const auto log = open_with(content_);
  ASSERT_TRUE(log.ok()) << log.error().message;
  EXPECT_EQ((*log)->size(), 32U);
}

TEST_F(UnsignedTail, LosesATornGroupFromItsFirstBadFrameOn) {
  std::string torn = content_;
  // The sector in which frame 20 begins was not written.
  const std::size_t sector = offsets_[20] / kSectorBytes * kSectorBytes;
  std::fill_n(torn.begin() + static_cast<std::ptrdiff_t>(std::max(sector, offsets_[12])), kSectorBytes, '\0');
  std::uint64_t kept = 0;
  {
    const auto log = open_with(torn);
    ASSERT_TRUE(log.ok()) << log.error().message;
    kept = (*log)->size();
    EXPECT_GE(kept, 17U);
    EXPECT_LE(kept, 20U);
    // What comes next is as long as what was torn away; nothing of the old group may come back behind it.
    ASSERT_TRUE((*log)->append_and_wait(test_entry("tail", "req_" + std::to_string(kept))).ok());
  }
  {
    EXPECT_EQ(open_or_die(options_)->size(), kept + 1);
  }
  EXPECT_TRUE(verify(directory_.ledger())->ok);
}

TEST_F(UnsignedTail, IsRefusedWhenAnAcknowledgedEntryIsDamaged) {
  // Entry 11 was acknowledged before the group of 12 was written, whatever its damage looks like.
  std::string damaged = content_;
  damaged[offsets_[11] + 40] = static_cast<char>(damaged[offsets_[11] + 40] ^ 4);
  auto log = open_with(damaged);
  ASSERT_FALSE(log.ok());
  EXPECT_EQ(log.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(log.error().message, ::testing::HasSubstr("entry 11 is damaged"));
  std::fill(damaged.begin() + static_cast<std::ptrdiff_t>(offsets_[11]),
            damaged.begin() + static_cast<std::ptrdiff_t>(offsets_[12]), '\0');
  EXPECT_THAT(open_with(damaged).error().message, ::testing::HasSubstr("entry 11 is damaged"));
}

TEST_F(UnsignedTail, IsRefusedWhenItsLastEntryIsCompleteButFlipped) {
  std::string damaged = content_;
  damaged[offsets_[31] + 40] = static_cast<char>(damaged[offsets_[31] + 40] ^ 4);
  const auto log = open_with(damaged);
  ASSERT_FALSE(log.ok());
  EXPECT_THAT(log.error().message, ::testing::HasSubstr("entry 31 is damaged"));
  // And the way out that the message names works.
  EXPECT_THAT(log.error().message, ::testing::HasSubstr("truncate -s " + std::to_string(offsets_[31])));
  std::filesystem::resize_file(path(), offsets_[31]);
  const auto cut = open_or_die(options_);
  EXPECT_EQ(cut->size(), 31U);
  EXPECT_TRUE(cut->append_and_wait(test_entry("a", "")).ok());
}

TEST_F(UnsignedTail, MayBeCutAtAnyByteAndGrowAgain) {
  for (std::size_t size = offsets_[12]; size < offsets_.back(); size += 97) {
    std::string cut = content_;
    std::fill(cut.begin() + static_cast<std::ptrdiff_t>(size), cut.end(), '\0');
    const auto log = open_with(cut);
    ASSERT_TRUE(log.ok()) << size << ": " << log.error().message;
    const auto whole = std::upper_bound(offsets_.begin(), offsets_.end(), size) - offsets_.begin() - 1;
    EXPECT_EQ((*log)->size(), static_cast<std::uint64_t>(whole));
    (*log)->close();
    EXPECT_TRUE(verify(directory_.ledger())->ok);
    start_over();
  }
}

}  // namespace
}  // namespace reeve::ledger
