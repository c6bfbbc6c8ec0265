#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "ledger/ledger.h"
#include "ledger/test_support.h"

namespace reeve::ledger {
namespace {

std::vector<std::string> entries_in(const std::filesystem::path& directory) {
  auto reader = LogReader::open(directory);
  EXPECT_TRUE(reader.ok());
  std::vector<std::string> entries;
  if (!reader) return entries;
  const auto read = (*reader)->read(0, [&](const StoredEntry& entry) {
    entries.emplace_back(entry.bytes);
    return true;
  });
  EXPECT_TRUE(read.ok());
  return entries;
}

void append_many(Log& log, int count) {
  for (int i = 0; i < count; ++i) {
    ASSERT_TRUE(log.append_and_wait(test_entry("policy.changed", "req_" + std::to_string(i))).ok());
  }
}

TEST(Copy, HoldsWhatIsSignedAndGoesOnWhereItEnds) {
  const TemporaryDirectory directory;
  const auto log = open_or_die(test_options(directory.ledger()));
  append_many(*log, 3'000);
  log->close();
  const auto copied = copy_signed(directory.ledger(), directory.path() / "copy");
  ASSERT_TRUE(copied.ok()) << copied.error().message;
  EXPECT_EQ(copied->size, 3'000U);
  const auto report = verify(directory.path() / "copy");
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->ok) << report->problems.front();
  EXPECT_EQ(report->signed_size, 3'000U);
  EXPECT_EQ(entries_in(directory.path() / "copy"), all_entries(*log));
  EXPECT_TRUE(std::filesystem::exists(directory.path() / "copy/segments/00000001.seg"));

  auto restored = open_or_die(test_options(directory.path() / "copy"));
  ASSERT_TRUE(restored->append_and_wait(test_entry("policy.changed", "req_after")).ok());
  restored->close();
  EXPECT_TRUE(verify(directory.path() / "copy")->ok);
}

TEST(Copy, IsSoundWhereverALiveWriterStands) {
  const TemporaryDirectory directory;
  const auto log = open_or_die(test_options(directory.ledger()));
  std::atomic<bool> done = false;
  std::thread writer([&] {
    while (!done) append_many(*log, 50);
  });
  for (int i = 0; i < 20; ++i) {
    const auto copy = directory.path() / ("copy" + std::to_string(i));
    const auto copied = copy_signed(directory.ledger(), copy);
    EXPECT_TRUE(copied.ok()) << (copied.ok() ? "" : copied.error().message);
    const auto report = verify(copy);
    if (!report || !report->ok || !copied || report->entries != copied->size) {
      ADD_FAILURE() << (report && !report->ok ? report->problems.front() : "the copy is not as long as it is signed");
    }
  }
  done = true;
  writer.join();
}

TEST(Copy, OfALogWithoutEntriesCanBeOpened) {
  const TemporaryDirectory directory;
  open_or_die(test_options(directory.ledger()))->close();
  ASSERT_TRUE(copy_signed(directory.ledger(), directory.path() / "copy").ok());
  EXPECT_TRUE(verify(directory.path() / "copy")->ok);
  append_many(*open_or_die(test_options(directory.path() / "copy")), 1);
}

TEST(Copy, RefusesADamagedEntryAndAnOccupiedPlace) {
  const TemporaryDirectory directory;
  {
    const auto log = open_or_die(test_options(directory.ledger()));
    append_many(*log, 10);
  }
  std::filesystem::create_directory(directory.path() / "occupied");
  const auto occupied = copy_signed(directory.ledger(), directory.path() / "occupied");
  ASSERT_FALSE(occupied.ok());
  EXPECT_NE(occupied.error().message.find("occupied"), std::string::npos);
  {
    std::fstream segment(directory.ledger() / "segments/00000000.seg", std::ios::in | std::ios::out | std::ios::binary);
    segment.seekp(64 + 16 + 20);
    segment.put('~');
  }
  const auto damaged = copy_signed(directory.ledger(), directory.path() / "copy");
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(damaged.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(damaged.error().message.find("entry 0"), std::string::npos) << damaged.error().message;
}

}  // namespace
}  // namespace reeve::ledger
