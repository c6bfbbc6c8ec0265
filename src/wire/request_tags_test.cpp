#include <gtest/gtest.h>

#include "wire/wire.h"

namespace reeve::wire {
namespace {

/// What is left of the text, then the value that was under the name; "-" when there was nothing to take.
std::string taken(std::string text, std::string_view name = "work-item") {
  const std::size_t size = text.size();
  text.append(64, ' ');
  const auto found = take_request_tags(std::string_view(text).substr(0, size), name);
  if (!found) return "-";
  EXPECT_EQ(found->bytes.size(), found->size + 64);
  return std::string(found->body()) + " " + found->value;
}

TEST(RequestTags, AreTakenOutWhereverTheyStand) {
  EXPECT_EQ(taken(R"({"tags":{"work-item":"PAY-1"},"model":"m"})"), R"({"model":"m"} PAY-1)");
  EXPECT_EQ(taken(R"({"model":"m", "tags": {"work-item":"PAY-1"} , "stream":true})"),
            R"({"model":"m", "stream":true} PAY-1)");
  EXPECT_EQ(taken(R"({"model":"m","tags":{"work-item":"PAY-1"}})"), R"({"model":"m"} PAY-1)");
  EXPECT_EQ(taken(R"({ "tags" : {"work-item":"PAY-1"} })"), R"({  } PAY-1)");
  EXPECT_EQ(taken(R"({"tags":{"other":"x"},"model":"m"})"), R"({"model":"m"} )");
}

TEST(RequestTags, LeaveEverythingElseAsItIs) {
  EXPECT_EQ(taken(R"({"model":"m"})"), "-");
  EXPECT_EQ(taken(R"({"model":"m","metadata":{"tags":{"work-item":"x"}},"text":"tags"})"), "-");
  EXPECT_EQ(taken(R"({"messages":[{"tags":1}],"tags":null,"x":[1, 2]})"), R"({"messages":[{"tags":1}],"x":[1, 2]} )");
  EXPECT_EQ(taken("[1]"), "-");
  EXPECT_EQ(taken(R"({"tags")"), "-");
}

// No provider is to get one through that another parser would find.
TEST(RequestTags, AreFoundInEverySpellingAndEveryTime) {
  EXPECT_EQ(taken(R"({"\u0074ags":{"work-item":"A"},"tags":{"work-item":"B"},"model":"m"})"), R"({"model":"m"} B)");
  EXPECT_EQ(taken(R"({"model":"m","tags":1,"tags":{"work-item":"B"}})"), R"({"model":"m"} B)");
  EXPECT_EQ(taken(R"({"tags":1,"model":"m","tags":{"work-item":"B"}})"), R"({"model":"m"} B)");
}

TEST(RequestTags, AValueIsShortAndPlain) {
  EXPECT_EQ(taken(R"({"tags":{"work-item":7},"m":1})"), R"({"m":1} )");
  const std::string longer = taken(R"({"tags":{"work-item":")" + std::string(5000, 'x') + R"("},"m":1})");
  EXPECT_LT(longer.size(), 300U);
  EXPECT_EQ(taken("{\"tags\":{\"work-item\":\" PAY\\n1 \"},\"m\":1}").find('\n'), std::string::npos);
}

TEST(RequestTags, TheirBetaGoesWithThem) {
  EXPECT_EQ(betas_without_request_tags("claude-code-20250219, request-tags-2026-08-21,x-1"),
            "claude-code-20250219,x-1");
  EXPECT_EQ(betas_without_request_tags("request-tags-2026-08-21"), "");
  EXPECT_EQ(betas_without_request_tags(""), "");
}

}  // namespace
}  // namespace reeve::wire
