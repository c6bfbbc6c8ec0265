#include "ledger/resume_point.h"

#include <gtest/gtest.h>

#include "core/bytes.h"
#include "ledger/test_support.h"

namespace reeve::ledger {

namespace {

class ResumePointTest : public testing::Test {
 protected:
  std::string folder() const { return directory_.path().string(); }
  std::string text() const { return *read_file(real_file_system(), resume_path(folder())); }
  void put(const std::string& text) const {
    ASSERT_TRUE(replace_file(real_file_system(), resume_path(folder()), text, Writing::kCached, 0600).ok());
  }
  Result<ResumePoint> read() const { return read_resume_point(real_file_system(), folder()); }
  void write(const ResumePoint& point) const {
    ASSERT_TRUE(write_resume_point(real_file_system(), folder(), point).ok());
  }

 private:
  const TemporaryDirectory directory_;
};

TEST_F(ResumePointTest, IsReadAsItWasWritten) {
  EXPECT_EQ(read().error().code, ErrorCode::kNotFound);
  for (const ResumePoint& point :
       {ResumePoint{}, ResumePoint{7, {}}, ResumePoint{1'000, {{0, 1}, {1, ~0ULL}, {999, 0x0123456789abcdefULL}}}}) {
    write(point);
    EXPECT_EQ(*read(), point);
  }
  EXPECT_TRUE(text().starts_with("open-intents-from 1000 0:0000000000000001 1:ffffffffffffffff 999:0123456789abcdef "));
}

TEST_F(ResumePointTest, AnyChangedByteIsDamage) {
  write({1'000, {{3, 0xabcdef}, {999, 5}}});
  const std::string good = text();
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char byte : {' ', '0', '\n', ':', 'f', '\0'}) {
      std::string bent = good;
      if (bent[at] == byte) continue;
      bent[at] = byte;
      put(bent);
      EXPECT_EQ(read().error().code, ErrorCode::kCorrupt) << bent;
    }
    put(good.substr(0, at));
    EXPECT_EQ(read().error().code, ErrorCode::kCorrupt) << at;
  }
  put(good);
  EXPECT_TRUE(read().ok());
}

TEST_F(ResumePointTest, RefusesIndexesOutOfOrderOrBeyondItsSize) {
  for (const ResumePoint& point :
       {ResumePoint{10, {{10, 1}}}, ResumePoint{10, {{4, 1}, {4, 2}}}, ResumePoint{10, {{5, 1}, {4, 2}}}}) {
    write(point);
    EXPECT_EQ(read().error().code, ErrorCode::kCorrupt);
  }
}

/// Calls that stay under way for long are found through the hint, and without it by reading further back.
TEST_F(ResumePointTest, FindsCallsThatWaitForLong) {
  const auto options = test_options(folder());
  {
    const auto log = open_or_die(options);
    ASSERT_TRUE(log->append_and_wait(test_entry("model.intent", "long")).ok());
    for (int call = 0; call < 600; ++call) {
      const std::string id = "short-" + std::to_string(call);
      ASSERT_TRUE(log->append_later(test_entry("model.intent", id)));
      ASSERT_TRUE(log->append_later(test_entry("model.outcome", id)));
    }
    ASSERT_TRUE(log->append_and_wait(test_entry("model.intent", "last")).ok());
  }
  const auto expect_waiting = [&](std::vector<std::uint64_t> indexes) {
    const auto log = open_or_die(options);
    std::vector<std::uint64_t> found;
    for (const OpenIntent& intent : log->open_intents()) found.push_back(intent.index);
    EXPECT_EQ(found, indexes);
  };
  const auto point = read();
  ASSERT_TRUE(point.ok());
  EXPECT_EQ(point->size, 1'202U);
  ASSERT_EQ(point->waiting.size(), 2U);
  EXPECT_EQ(point->waiting[0].index, 0U);
  EXPECT_EQ(point->waiting[1].index, 1'201U);
  expect_waiting({0, 1'201});
  put("open-intents-from 1202 of something else");
  expect_waiting({0, 1'201});
  // What the hint says is believed, so its outcome must be told from it, too.
  {
    const auto log = open_or_die(options);
    ASSERT_TRUE(log->append_and_wait(test_entry("model.outcome", "long")).ok());
  }
  expect_waiting({1'201});
  // Of another history: longer than this one.
  write({5'000, {{4'000, 1}}});
  expect_waiting({1'201});
}

}  // namespace

}  // namespace reeve::ledger
