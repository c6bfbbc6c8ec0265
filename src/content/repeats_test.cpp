#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "content/redaction_test_support.h"

namespace reeve::content {
namespace {

class Repeats : public ::testing::Test {
 protected:
  /// A body of texts, one after the other, and what was found: the first place of `value`.
  std::string body_;
  std::vector<BodyText> texts_;
  void text(std::string_view inside, TextForm form = TextForm::kJsonString,
            TextOrigin origin = TextOrigin::kAssistant) {
    body_ += '"';
    texts_.push_back({body_.size(), inside.size(), form, origin});
    body_ += inside;
    body_ += '"';
  }
  std::vector<std::string> added(std::string_view value, std::string_view class_name = "secret") const {
    const std::size_t start = body_.find(value);
    std::vector<Replacement> replacements = {{start, start + value.size(), RedactWith::kToken, class_name, "t"}};
    add_repeats(body_, texts_, replacements);
    std::vector<std::string> found;
    for (const Replacement& each : replacements) {
      if (each.start != start) found.push_back(body_.substr(each.start, each.end - each.start));
    }
    return found;
  }
};

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(Repeats, AreFoundBehindTheFirstPlaceAndNotBeforeIt) {
  text("once Qx7mRt2k was said");
  text("password: Qx7mRt2k, twice: Qx7mRt2k");
  text("the password is Qx7mRt2k.");
  const std::size_t start = body_.find("Qx7mRt2k,");
  std::vector<Replacement> replacements = {{start, start + 8, RedactWith::kMask, "secret", "assigned-password"}};
  add_repeats(body_, texts_, replacements);
  ASSERT_EQ(replacements.size(), 3U);
  EXPECT_EQ(replacements[0].start, start);
  EXPECT_EQ(replacements[1].start, body_.find("Qx7mRt2k\""));
  EXPECT_EQ(replacements[2].start, body_.rfind("Qx7mRt2k"));
  EXPECT_EQ(replacements[2].with, RedactWith::kMask);
  EXPECT_EQ(replacements[2].type, "assigned-password");
}

TEST_F(Repeats, AreFoundHoweverOftenTheyWereWrittenAsJson) {
  text(R"(pw = Zw9\"kT\\4vQ)");
  text(R"({\"cmd\":\"echo\\nZw9\\\"kT\\\\4vQ\"})", TextForm::kJsonString, TextOrigin::kToolArguments);
  text(R"(it is Zw9\"kT\\4vQ)");
  EXPECT_THAT(added(R"(Zw9\"kT\\4vQ)"), ElementsAre(R"(Zw9\\\"kT\\\\4vQ)", R"(Zw9\"kT\\4vQ)"));
}

TEST_F(Repeats, AreFoundInProseWhenTheFirstStoodInToolArguments) {
  text(R"({\"pw\":\"Zw9\\\"kT\\\\4vQ\"})", TextForm::kJsonString, TextOrigin::kToolArguments);
  text(R"(it is Zw9\"kT\\4vQ)");
  EXPECT_THAT(added(R"(Zw9\\\"kT\\\\4vQ)"), ElementsAre(R"(Zw9\"kT\\4vQ)"));
}

TEST_F(Repeats, AreNotPartsOfLongerWordsNorShortNorOfOtherClasses) {
  text("password: summer; summers, midsummer, summer_time");
  EXPECT_THAT(added("summer"), IsEmpty());
  text("then\\nsummer!");
  EXPECT_THAT(added("summer"), ElementsAre("summer"));
  EXPECT_THAT(added("summer", "pii"), IsEmpty());
  text("x: abc12 abc12");
  EXPECT_THAT(added("abc12"), IsEmpty());
}

TEST_F(Repeats, OfValuesThatHoldEachOtherAreReplacedOnceAndInOrder) {
  text("a=Qx7mRt2k b=Qx7mRt2k-9Lw3");
  text("both: Qx7mRt2k-9Lw3 Qx7mRt2k");
  std::vector<Replacement> replacements;
  for (const std::string_view value : {"Qx7mRt2k ", "Qx7mRt2k-9Lw3"}) {
    const std::size_t start = body_.find(value);
    replacements.push_back(
        {start, start + value.size() - (value.back() == ' ' ? 1 : 0), RedactWith::kToken, "secret", "t"});
  }
  add_repeats(body_, texts_, replacements);
  ASSERT_EQ(replacements.size(), 4U);
  for (std::size_t i = 1; i < replacements.size(); ++i) EXPECT_LE(replacements[i - 1].end, replacements[i].start);
  EXPECT_EQ(replacements[2].end - replacements[2].start, 13U);
  Vault vault{test_vault()};
  EXPECT_TRUE(redact(body_, texts_, replacements, vault.session("a", "b")).ok());
}

}  // namespace
}  // namespace reeve::content
