#include "store/note_detail.h"

#include <gtest/gtest.h>

#include "core/json.h"
#include "store/store.h"
#include "store/temporary_directory.h"

namespace reeve::store {
namespace {

constexpr std::size_t kMax = 8'192;

std::string detail_with(std::size_t destinations, const std::string& sentence) {
  JsonWriter json;
  json.begin_object().member("alert", "daily").key("notify").begin_array();
  for (std::size_t i = 0; i < destinations; ++i) json.value("destination-" + std::to_string(i));
  return json.end_array().member("sentence", sentence).member("usual_nanos", std::int64_t{7}).end_object().take();
}

TEST(ShortenedDetail, LeavesWhatFitsAsItIs) {
  const std::string detail = detail_with(3, "a sentence");
  EXPECT_EQ(shortened_detail(detail, kMax), detail);
  const std::string exact = detail_with(0, std::string(kMax - detail_with(0, "").size(), 'x'));
  ASSERT_EQ(exact.size(), kMax);
  EXPECT_EQ(shortened_detail(exact, kMax), exact);
}

TEST(ShortenedDetail, EndsLongListsEarlyAndSaysSo) {
  const std::string shorter = shortened_detail(detail_with(2'000, "a sentence"), kMax);
  EXPECT_LE(shorter.size(), kMax);
  const auto document = JsonDocument::parse(shorter);
  ASSERT_TRUE(document.ok()) << shorter;
  const JsonValue root = document->root();
  EXPECT_EQ(root["alert"].string_or(""), "daily");
  EXPECT_EQ(root["sentence"].string_or(""), "a sentence");
  EXPECT_EQ(root["usual_nanos"].int_or(0), 7);
  const auto names = root["notify"].items();
  ASSERT_GT(names.size(), 100U);
  EXPECT_EQ(names.front().string_or(""), "destination-0");
  ASSERT_EQ(root["cut"].items().size(), 1U);
  EXPECT_EQ(root["cut"].items().front().string_or(""), "notify");
  // Canonical: names in order.
  EXPECT_LT(shorter.find("\"alert\""), shorter.find("\"cut\""));
  EXPECT_LT(shorter.find("\"cut\""), shorter.find("\"notify\""));
}

TEST(ShortenedDetail, CutsTextsBetweenCharacters) {
  for (const std::string& piece : {std::string("x"), std::string("\n"), std::string("\xC3\xA9")}) {
    std::string sentence;
    while (sentence.size() < 30'000) sentence += piece;
    const std::string shorter = shortened_detail(detail_with(1, sentence), kMax);
    EXPECT_LE(shorter.size(), kMax);
    const auto document = JsonDocument::parse(shorter);
    ASSERT_TRUE(document.ok()) << shorter;
    const std::string cut(document->root()["sentence"].string_or(""));
    EXPECT_TRUE(cut.ends_with(" ..."));
    EXPECT_EQ(sentence.compare(0, cut.size() - 4, cut, 0, cut.size() - 4), 0);
    EXPECT_GT(cut.size(), 500U);
  }
}

TEST(ShortenedDetail, LetsEveryEventBeTold) {
  const TemporaryDirectory directory;
  const auto store = Store::open_embedded(directory.path()).value();
  const std::string detail = detail_with(2'000, "a sentence");
  const std::vector<control::Event> events{
      {.key = "1", .kind = "anomaly", .time = {1}, .detail = detail, .entry = "spend.anomaly"},
      {.key = "2", .kind = "budget.threshold", .time = {2}, .detail = "{}"}};
  const auto announced = store->notifications().announce_and_note(events);
  ASSERT_TRUE(announced.ok()) << announced.error().message;
  const auto notes = store->unrecorded_notes().value();
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_EQ(notes[0].kind, "spend.anomaly");
  EXPECT_EQ(notes[0].detail, shortened_detail(detail, kMax));
  EXPECT_EQ(notes[1].kind, "budget.threshold");
  // Who is told is in the event, and that is whole.
  const auto events_kept = store->notifications().unrouted().value();
  ASSERT_EQ(events_kept.size(), 2U);
  EXPECT_EQ(events_kept[0].detail, detail);
}

TEST(ShortenedDetail, AlwaysFits) {
  JsonWriter json;
  json.begin_object();
  for (int i = 100; i < 400; ++i) json.member("member_" + std::to_string(i), std::string(100, 'x'));
  const std::string many = json.end_object().take();
  EXPECT_LE(shortened_detail(many, kMax).size(), kMax);
  EXPECT_EQ(shortened_detail(std::string(9'000, 'x'), kMax), R"({"cut":["detail"]})");
}

}  // namespace
}  // namespace reeve::store
