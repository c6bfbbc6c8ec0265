#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "ledger/frame.h"
#include "ledger/publisher.h"
#include "ledger/segment.h"
#include "ledger/test_support.h"

namespace reeve::ledger {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string load(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void store(const std::filesystem::path& path, std::string_view content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

/// A closed log of several segments, and where each entry's frame lies.
class Verify : public ::testing::Test {
 protected:
  static constexpr int kEntries = 1000;
  struct Place {
    std::filesystem::path file;
    std::size_t offset = 0;
    std::size_t size = 0;
  };

  void SetUp() override {
    const auto log = open_or_die(test_options(directory_.ledger()));
    for (int i = 0; i < kEntries; ++i) {
      const std::string request = "req_" + std::to_string(i / 2);
      Entry entry = test_entry(i % 2 == 0 ? "model.intent" : "model.outcome", request);
      const std::string reason(static_cast<std::size_t>(i % 350), 'r');
      entry.decision.reason = reason;
      log->append_later(entry);
    }
    ASSERT_TRUE(log->append_and_wait(test_entry("model.intent", "req_last")).ok());
    log->close();
    SegmentList segments(directory_.ledger());
    ASSERT_TRUE(segments.discover(real_file_system()).ok());
    FrameCursor cursor(real_file_system(), segments);
    ASSERT_TRUE(cursor.seek(0).ok());
    while (places_.size() <= kEntries) {
      const auto parsed = cursor.peek();
      ASSERT_EQ(parsed->kind, ParsedFrame::Kind::kEntry);
      places_.push_back({segment_path(directory_.ledger(), cursor.ordinal()), cursor.offset(), parsed->frame.size()});
      cursor.skip(parsed->frame);
    }
    ASSERT_EQ(cursor.ordinal(), 1U);
  }

  VerifyReport run() const {
    auto report = verify(directory_.ledger());
    EXPECT_TRUE(report.ok()) << report.error().message;
    EXPECT_EQ(report->ok, report->problems.empty());
    return *std::move(report);
  }
  std::filesystem::path published(const std::string& name) const { return directory_.ledger() / "public" / name; }

  /// Changes one byte for the length of a call.
  template <typename Call>
  void with_flipped(const std::filesystem::path& path, std::size_t offset, Call call) {
    const int file = ::open(path.c_str(), O_RDWR);
    ASSERT_GE(file, 0);
    char byte = 0;
    ASSERT_EQ(::pread(file, &byte, 1, static_cast<off_t>(offset)), 1);
    const char flipped = static_cast<char>(byte ^ (1 << (offset % 8)));
    ASSERT_EQ(::pwrite(file, &flipped, 1, static_cast<off_t>(offset)), 1);
    call();
    ASSERT_EQ(::pwrite(file, &byte, 1, static_cast<off_t>(offset)), 1);
    ::close(file);
  }

  TemporaryDirectory directory_;
  std::vector<Place> places_;
};

TEST_F(Verify, FindsNothingInAGoodLog) {
  std::uint64_t done = 0;
  const auto report = verify(directory_.ledger(), [&](std::uint64_t now, std::uint64_t total) {
    EXPECT_GT(now, done);
    EXPECT_EQ(total, 1001U);
    done = now;
  });
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->ok);
  EXPECT_THAT(report->problems, IsEmpty());
  EXPECT_EQ(done, 1001U);
  EXPECT_EQ(report->entries, 1001U);
  EXPECT_EQ(report->signed_size, 1001U);
  EXPECT_EQ(report->intents_without_outcome, 1U);
}

TEST_F(Verify, NamesTheEntryOfAnyFlippedByte) {
  std::mt19937 random(7);
  for (int i = 0; i < 60; ++i) {
    const std::size_t index = random() % places_.size();
    const Place& place = places_[index];
    const std::size_t offset = place.offset + (i < 20 ? static_cast<std::size_t>(i) : random()) % place.size;
    with_flipped(place.file, offset, [&] {
      const auto report = run();
      ASSERT_FALSE(report.problems.empty()) << index << " at " << offset;
      EXPECT_THAT(report.problems[0], HasSubstr("entry " + std::to_string(index) + " is damaged"));
      EXPECT_THAT(report.problems[0], HasSubstr("a copy is in public/tile/entries/00" + std::to_string(index / 256)));
      EXPECT_EQ(report.problems.size(), 1U) << report.problems[1];
    });
  }
}

TEST_F(Verify, NamesTheDerivedFileOfAnyFlippedByte) {
  std::mt19937 random(7);
  for (const std::string name :
       {"tile/0/000", "tile/0/003.p/233", "tile/1/000.p/3", "tile/entries/002", "tile/entries/003.p/233"}) {
    const auto size = std::filesystem::file_size(published(name));
    for (int i = 0; i < 4; ++i) {
      with_flipped(published(name), random() % size, [&] {
        const auto report = run();
        ASSERT_EQ(report.problems.size(), 1U) << name;
        EXPECT_THAT(report.problems[0], HasSubstr("public/" + name + " differs from the entries"));
        EXPECT_THAT(report.problems[0], HasSubstr("derived"));
      });
    }
  }
}

TEST_F(Verify, NamesSignedFiles) {
  for (const std::string name : {"public/checkpoint", "public/key", "private-key", "resume"}) {
    const std::filesystem::path path = directory_.ledger() / name;
    for (std::size_t offset = 0; offset < std::filesystem::file_size(path); offset += 3) {
      with_flipped(path, offset, [&] {
        const auto report = run();
        // Space at the end of the key's line has no meaning.
        if (report.ok && offset + 1 == std::filesystem::file_size(path)) return;
        ASSERT_FALSE(report.ok) << name << " at " << offset;
        EXPECT_THAT(report.problems, Contains(HasSubstr(name))) << offset;
      });
    }
  }
}

TEST_F(Verify, NamesSegmentsWithDamagedHeaders) {
  for (std::size_t offset = 0; offset < kSegmentHeaderBytes; offset += 5) {
    with_flipped(segment_path(directory_.ledger(), 1), offset, [&] {
      const auto report = run();
      ASSERT_FALSE(report.ok) << offset;
      EXPECT_THAT(report.problems[0], HasSubstr("00000001.seg has a damaged header"));
    });
  }
}

TEST_F(Verify, FindsCutAndLostSegments) {
  std::mt19937 random(7);
  const std::filesystem::path last = segment_path(directory_.ledger(), 1);
  const std::string content = load(last);
  for (int i = 0; i < 20; ++i) {
    const std::size_t index = 700 + random() % 300;
    ASSERT_EQ(places_[index].file, last);
    store(last, std::string_view(content).substr(0, places_[index].offset + random() % places_[index].size));
    const auto report = run();
    ASSERT_FALSE(report.ok);
    EXPECT_THAT(report.problems[0], HasSubstr("entry " + std::to_string(index) + " is "));
  }
  std::filesystem::remove(last);
  EXPECT_THAT(run().problems, Contains(HasSubstr("the signed checkpoint has 1001 entries")));
  store(last, content);
  std::filesystem::remove(segment_path(directory_.ledger(), 0));
  EXPECT_THAT(run().problems, Contains(HasSubstr("00000001.seg has content although")));
}

TEST_F(Verify, FindsSwappedAndForgedEntries) {
  // Two entries of one length, so that the frames can change places.
  const Place& a = places_[250];
  const Place& b = places_[950];
  ASSERT_EQ(a.size, b.size);
  const std::string first = load(a.file);
  const std::string second = load(b.file);
  std::string first_changed = first;
  std::string second_changed = second;
  first_changed.replace(a.offset, a.size, second, b.offset, b.size);
  second_changed.replace(b.offset, b.size, first, a.offset, a.size);
  store(a.file, first_changed);
  store(b.file, second_changed);
  EXPECT_THAT(run().problems[0], HasSubstr("entry 250 is damaged"));
  EXPECT_THAT(run().problems[1], HasSubstr("entry 950 is damaged"));
  // With places and checksums made good the tree still tells.
  seal_frame(first_changed.data() + a.offset, a.size - kFrameHeaderBytes, 0, 250);
  seal_frame(second_changed.data() + b.offset, b.size - kFrameHeaderBytes, 0, 950);
  store(a.file, first_changed);
  store(b.file, second_changed);
  const auto report = run();
  EXPECT_THAT(report.problems, Contains(HasSubstr("entry 250 is not what was signed")));
  EXPECT_THAT(report.problems, Contains(HasSubstr("entry 950 is not what was signed")));
  EXPECT_THAT(report.problems, Contains("entry 250 says it is 950"));
}

TEST_F(Verify, FindsForgeryInEntriesAndTilesAlike) {
  const Place& place = places_[300];
  std::string content = load(place.file);
  const std::size_t at = content.find("dev@example.com", place.offset);
  content.replace(at, 3, "eve");
  seal_frame(content.data() + place.offset, place.size - kFrameHeaderBytes, 0, 300);
  store(place.file, content);
  std::string tile = load(published("tile/0/001"));
  const Sha256 hash =
      leaf_hash(std::string_view(content).substr(place.offset + kFrameHeaderBytes, place.size - kFrameHeaderBytes));
  tile.replace((300 - 256) * hash.size(), hash.size(), as_bytes(hash));
  store(published("tile/0/001"), tile);
  EXPECT_THAT(run().problems, Contains(HasSubstr("do not give the signed root")));
  EXPECT_EQ(Log::open(test_options(directory_.ledger())).ok(), true) << "the last segment and its tiles are sound";
}

TEST_F(Verify, NamesMissingDerivedFiles) {
  for (const std::string name : {"tile/0/001", "tile/1/000.p/3", "tile/entries/000", "tile/entries/003.p/233"}) {
    const std::string content = load(published(name));
    std::filesystem::remove(published(name));
    const auto report = run();
    ASSERT_EQ(report.problems.size(), 1U);
    EXPECT_THAT(report.problems[0], HasSubstr("public/" + name + " is missing"));
    store(published(name), content);
  }
}

TEST_F(Verify, OpeningMakesDerivedFilesAgain) {
  std::filesystem::remove_all(published("tile"));
  EXPECT_FALSE(run().ok);
  {
    const auto log = open_or_die(test_options(directory_.ledger()));
  }
  EXPECT_THAT(run().problems, IsEmpty());
  // A wrong tile at the right edge gives another root; then every entry is read.
  for (const std::string name : {"tile/0/002", "tile/1/000.p/3"}) {
    std::string content = load(published(name));
    content[40] = static_cast<char>(content[40] ^ 1);
    store(published(name), content);
    {
      const auto log = open_or_die(test_options(directory_.ledger()));
    }
    EXPECT_THAT(run().problems, IsEmpty()) << name;
  }
}

TEST_F(Verify, FindsOutcomesWithoutIntents) {
  {
    const auto log = open_or_die(test_options(directory_.ledger()));
    ASSERT_TRUE(log->append_and_wait(test_entry("model.outcome", "req_unknown")).ok());
    ASSERT_TRUE(log->append_and_wait(test_entry("model.outcome", "req_refused", 0)).ok());
    ASSERT_TRUE(log->append_and_wait(test_entry("model.outcome", "req_last")).ok());
    ASSERT_TRUE(log->append_and_wait(test_entry("model.outcome", "req_last")).ok());
  }
  const auto report = run();
  EXPECT_THAT(report.problems, ::testing::ElementsAre(HasSubstr("entry 1001 is an outcome without its intent"),
                                                      HasSubstr("entry 1004 is an outcome without its intent")));
  EXPECT_EQ(report.intents_without_outcome, 0U);
}

TEST_F(Verify, WorksBesideAWriter) {
  const auto log = open_or_die(test_options(directory_.ledger()));
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 100; ++i) log->append_later(test_entry("policy.changed", ""));
    EXPECT_THAT(run().problems, IsEmpty());
  }
}

}  // namespace
}  // namespace reeve::ledger
