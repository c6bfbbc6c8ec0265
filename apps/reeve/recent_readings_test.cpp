#include "reeve/recent_readings.h"

#include <gtest/gtest.h>

#include "core/json.h"

namespace reeve::app {
namespace {

Reading reading_at(int seconds) {
  return {"ann",
          "attempt == 1",
          "reeve ledger query",
          7,
          "",
          Instant{1'700'000'000'000'000'000} + std::chrono::seconds(seconds)};
}

TEST(RecentReadings, OneEntrySpeaksForTheSameReadingForAMinute) {
  RecentReadings readings;
  EXPECT_FALSE(readings.find(reading_at(0)).has_value());
  readings.remember(reading_at(0), 42);
  EXPECT_EQ(readings.find(reading_at(0)), 42U);
  EXPECT_EQ(readings.find(reading_at(59)), 42U);
  EXPECT_FALSE(readings.find(reading_at(60)).has_value());
  EXPECT_FALSE(readings.find(reading_at(-1)).has_value()) << "the entry came later";
  readings.remember(reading_at(60), 43);
  EXPECT_EQ(readings.find(reading_at(100)), 43U);
}

TEST(RecentReadings, NothingElseIsTheSameReading) {
  RecentReadings readings;
  readings.remember(reading_at(0), 42);
  Reading other = reading_at(1);
  other.by = "bob";
  EXPECT_FALSE(readings.find(other).has_value());
  other = reading_at(1);
  other.filter = "attempt == 2";
  EXPECT_FALSE(readings.find(other).has_value());
  other = reading_at(1);
  other.through = "GET /api/v1/ledger/entries";
  EXPECT_FALSE(readings.find(other).has_value());
  other = reading_at(1);
  other.page = "2";
  EXPECT_FALSE(readings.find(other).has_value());
}

// A command's reading comes back from its note, where a long filter is cut; the API has the whole one.
TEST(RecentReadings, ALongFilterIsTheSameCutOrNot) {
  for (const std::string& piece : {std::string("x"), std::string("\n"), std::string("\x01"), std::string("\xC3\xA9")}) {
    Reading whole = reading_at(0);
    whole.filter.clear();
    while (whole.filter.size() < 16'000) whole.filter += piece;
    RecentReadings readings;
    readings.remember(whole, 42);
    const auto noted = read_reading(detail_of(whole));
    ASSERT_TRUE(noted.has_value());
    EXPECT_LT(noted->filter.size(), 5'000U);
    EXPECT_EQ(readings.find(*noted), 42U);
    Reading other = whole;
    other.filter += "!";
    EXPECT_FALSE(readings.find(other).has_value());
  }
}

TEST(Reading, ComesBackFromItsDetail) {
  const Reading reading = reading_at(5);
  const auto back = read_reading(detail_of(reading));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->by, reading.by);
  EXPECT_EQ(back->filter, reading.filter);
  EXPECT_EQ(back->through, reading.through);
  EXPECT_EQ(back->count, reading.count);
  EXPECT_EQ(back->at, reading.at);
  // Of kept content, and of a pack: each is one of its own.
  EXPECT_FALSE(read_reading(R"({"at":"2026-11-23T00:00:00Z","by":"ann","request_id":"r"})").has_value());
  EXPECT_FALSE(read_reading("no JSON").has_value());
}

TEST(Reading, WithALongFilterIsCutAndSaysSo) {
  for (const std::string& piece : {std::string("x"), std::string("\n"), std::string("\xC3\xA9")}) {
    Reading reading = reading_at(0);
    reading.filter.clear();
    while (reading.filter.size() < 20'000) reading.filter += piece;
    const std::string detail = detail_of(reading);
    EXPECT_LE(detail.size(), 8'192U);
    const auto document = JsonDocument::parse(detail);
    ASSERT_TRUE(document.ok());
    const std::string filter(document->root()["filter"].string_or(""));
    EXPECT_NE(filter.find("its SHA-256 is "), std::string::npos);
    EXPECT_EQ(reading.filter.compare(0, 100, filter, 0, 100), 0);
  }
}

}  // namespace
}  // namespace reeve::app
