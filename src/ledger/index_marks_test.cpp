#include "ledger/index_marks.h"

#include "ledger/test_support.h"

namespace reeve::ledger {

namespace {

/// Stands still, so that the same entries have the same bytes in every log.
class StillClock final : public Clock {
 public:
  Instant now() const override { return {1'795'000'000'000'000'000}; }
  Moment steady() const override { return std::chrono::steady_clock::now(); }
};

constexpr int kEntries = 600;

/// A log of entries that tell their number, and `odd` another one.
void make_log(const std::filesystem::path& directory, int odd) {
  const StillClock clock;
  LogOptions options = test_options(directory);
  options.clock = &clock;
  auto log = open_or_die(options);
  for (int i = 0; i < kEntries; ++i) {
    const std::string detail = R"({"check":"number )" + std::to_string(i == odd ? -1 : i) + R"("})";
    Entry entry;
    entry.kind = "check.reported";
    entry.detail = detail;
    if (i + 1 < kEntries) {
      ASSERT_TRUE(log->append_later(entry));
    } else {
      ASSERT_TRUE(log->append_and_wait(entry).ok());
    }
  }
  log->close();
}

/// How many entries the file is taken to have when it is opened.
std::uint64_t in_file_at_first(const TemporaryDirectory& directory) {
  IndexOptions options;
  options.ledger = directory.ledger();
  options.directory = directory.path() / "index";
  options.library = index_library();
  options.flush_entries = 100;
  const auto index = Index::open(options);
  EXPECT_TRUE(index.ok()) << (index ? "" : index.error().message);
  const std::uint64_t at_first = (*index)->progress().in_file;
  while (true) {
    const auto more = (*index)->refresh();
    EXPECT_TRUE(more.ok());
    if (!more || !*more) break;
  }
  EXPECT_EQ((*index)->progress().in_file, static_cast<std::uint64_t>(kEntries));
  return at_first;
}

void replace_ledger(const TemporaryDirectory& directory, const TemporaryDirectory& by) {
  std::filesystem::remove_all(directory.ledger());
  std::filesystem::copy(by.ledger(), directory.ledger(), std::filesystem::copy_options::recursive);
}

}  // namespace

TEST(IndexMarks, ShowAnotherHistoryThatBeginsAndEndsAlike) {
  const TemporaryDirectory directory;
  const TemporaryDirectory same;
  const TemporaryDirectory other;
  make_log(directory.ledger(), -1);
  make_log(same.ledger(), -1);
  make_log(other.ledger(), kEntries / 2);
  EXPECT_EQ(in_file_at_first(directory), 0U);
  EXPECT_EQ(in_file_at_first(directory), static_cast<std::uint64_t>(kEntries));
  replace_ledger(directory, same);
  EXPECT_EQ(in_file_at_first(directory), static_cast<std::uint64_t>(kEntries)) << "the same entries, another key";
  replace_ledger(directory, other);
  EXPECT_EQ(in_file_at_first(directory), 0U);
  EXPECT_EQ(in_file_at_first(directory), static_cast<std::uint64_t>(kEntries));
}

TEST(IndexMarks, DoWithoutTiles) {
  const TemporaryDirectory directory;
  const TemporaryDirectory other;
  make_log(directory.ledger(), -1);
  make_log(other.ledger(), kEntries - 1);
  EXPECT_EQ(in_file_at_first(directory), 0U);
  std::filesystem::remove_all(directory.ledger() / "public" / "tile");
  EXPECT_EQ(in_file_at_first(directory), static_cast<std::uint64_t>(kEntries));
  replace_ledger(directory, other);
  std::filesystem::remove_all(directory.ledger() / "public" / "tile");
  EXPECT_EQ(in_file_at_first(directory), 0U) << "the last entry is another";
}

}  // namespace reeve::ledger
