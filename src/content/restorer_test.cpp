#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "content/json_text.h"
#include "content/placeholder.h"
#include "content/redaction_test_support.h"

namespace reeve::content {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class RestorerTest : public ::testing::Test {
 protected:
  std::string name_of(std::string_view value, std::string_view class_name = "secret") {
    return session_.placeholder(class_name, value).value();
  }
  Vault vault_{test_vault()};
  Vault::Session session_ = vault_.session("dev@example.com", "s1");
};

TEST_F(RestorerTest, PutsOriginalsBackWhereverTheyStand) {
  const std::string p = name_of("hunter2");
  const std::string q = name_of("4111 1111 1111 1111", "payment-card");
  EXPECT_EQ(restore(session_, ""), "");
  EXPECT_EQ(restore(session_, "nothing to do, server"), "nothing to do, server");
  EXPECT_EQ(restore(session_, p), "hunter2");
  EXPECT_EQ(restore(session_, p + q + p), "hunter24111 1111 1111 1111hunter2");
  EXPECT_EQ(restore(session_, "A" + p + "9, RV" + p + ", RVSE RVSE1 " + q + "_x"),
            "Ahunter29, RVhunter2, RVSE RVSE1 4111 1111 1111 1111_x");
}

TEST_F(RestorerTest, DoesNotRestoreWhatItRestored) {
  const std::string p = name_of("hunter2");
  const std::string q = name_of("see " + p);
  EXPECT_EQ(restore(session_, q), "see " + p);
}

TEST_F(RestorerTest, WritesAsTheChannelNeedsIt) {
  const std::string p = name_of("a\"b\\c\nd\té\x01");
  EXPECT_EQ(restore(session_, "{\"x\":\"" + p + "\"}", Restorer::Writing::kInsideJson),
            R"({"x":"a\"b\\c\nd\té\u0001"})");
  EXPECT_EQ(restore(session_, p), "a\"b\\c\nd\té\x01");
}

TEST_F(RestorerTest, HoldsBackOnlyWhatCouldBeAPlaceholder) {
  const std::string p = name_of("hunter2");
  Restorer restorer(session_, Restorer::Writing::kPlain);
  std::string out;
  ASSERT_TRUE(restorer.feed("a word", out).ok());
  EXPECT_EQ(out, "a word");
  ASSERT_TRUE(restorer.feed(" and R", out).ok());
  EXPECT_EQ(out, "a word and ");
  ASSERT_TRUE(restorer.feed("equest", out).ok());
  EXPECT_EQ(out, "a word and Request");
  for (const char c : " " + p) {
    ASSERT_TRUE(restorer.feed(std::string_view(&c, 1), out).ok());
    EXPECT_LE(restorer.held_back(), kPlaceholderBytes);
  }
  EXPECT_EQ(out, "a word and Request hunter2") << "with the last character, not with the next one";
  EXPECT_EQ(restorer.held_back(), 0U);
  EXPECT_EQ(restorer.restored(), 1U);
  ASSERT_TRUE(restorer.feed("RVSE", out).ok());
  EXPECT_EQ(restorer.held_back(), 4U);
  ASSERT_TRUE(restorer.end(out).ok());
  EXPECT_EQ(out, "a word and Request hunter2RVSE");
}

TEST_F(RestorerTest, StopsAtEveryDamage) {
  const std::string p = name_of("hunter2");
  const std::string before = "the key is ";
  const auto stops = [&](const std::string& damaged) {
    EXPECT_THAT(restore(session_, before + damaged + " indeed"), StartsWith("error: ")) << p << " " << damaged;
    EXPECT_THAT(restore(session_, before + damaged), StartsWith("error: ")) << p << " " << damaged;
  };
  for (std::size_t at = 2; at < p.size(); ++at) {
    for (const char c : std::string_view("0A7ZILOUza")) {
      if (c == p[at]) continue;
      std::string changed = p;
      changed[at] = c;
      stops(changed);
    }
    std::string lost = p;
    lost.erase(at, 1);
    stops(lost);
    std::string gained = p;
    gained.insert(at, 1, at % 2 == 0 ? 'Q' : '4');
    if (gained.substr(0, 20) != p) stops(gained);
    std::string lower = p;
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    stops(lower);
    stops("Rv" + lower.substr(2));
  }
  for (std::size_t length = 12; length < p.size(); ++length) stops(p.substr(0, length));
}

TEST_F(RestorerTest, StopsAtWhatIsNotOfThisSession) {
  const std::string foreign = vault_.session("eve@example.com", "s1").placeholder("secret", "hers").value();
  const std::string message = restore(session_, "use " + foreign);
  EXPECT_THAT(message, HasSubstr("not known in this session"));
  EXPECT_THAT(message, Not(HasSubstr(foreign)));
  EXPECT_THAT(restore(session_, "use RVSE0000000000000000"), StartsWith("error: "));
}

TEST_F(RestorerTest, NothingGoesOnBehindAnError) {
  Restorer restorer(session_, Restorer::Writing::kPlain);
  std::string out = "sent ";
  ASSERT_TRUE(restorer.feed("some ", out).ok());
  EXPECT_FALSE(restorer.feed("text RVSE0000000000000001 and more", out).ok());
  EXPECT_EQ(out, "sent some ");
  EXPECT_FALSE(restorer.feed("more", out).ok());
  EXPECT_FALSE(restorer.end(out).ok());
  EXPECT_EQ(out, "sent some ");
}

TEST_F(RestorerTest, LetsOrdinaryWordsPass) {
  name_of("hunter2");
  for (const std::string_view text :
       {"service server curve RVSelectionTracker rvSecurityServiceWithALongName RVHEIGHT RVPI RVSE_TOKEN",
        "RVSE0123456789ABCDE", "rvse0123456789abcdef", "UlZTRQ==RVSEabc", "\xFF\xFERV\x80", "RVZZ0123456789ABCDEF"}) {
    EXPECT_EQ(restore(session_, text), text);
  }
}

/// A long text of ordinary words, names that look alike, and placeholders; and what it must become.
struct Sample {
  std::string text, restored, inside_json;
};

Sample random_sample(std::mt19937& random, const std::vector<std::pair<std::string, std::string>>& values) {
  static const std::string_view kPieces[] = {
      " ",   "R", "RV",     "r", "rv", "RVS",  "RVSE",   "SE", "server ", "-",
      "\\n", "é", "RVSE12", "x", "0",  "RVRV", "RVSEL_", "\"", "😀",      "The quick brown fox. "};
  Sample sample;
  const std::size_t pieces = 1 + random() % 30;
  for (std::size_t i = 0; i < pieces; ++i) {
    if (random() % 4 != 0) {
      // A blank before words and names, so that no two of them make a new shape.
      const std::string piece = std::string(kPieces[random() % std::size(kPieces)]) + (random() % 3 == 0 ? "." : " ");
      sample.text += piece;
      sample.restored += piece;
      sample.inside_json += piece;
    } else {
      const auto& [placeholder, value] = values[random() % values.size()];
      sample.text += placeholder;
      sample.restored += value;
      append_json_inside(sample.inside_json, value);
    }
  }
  return sample;
}

TEST_F(RestorerTest, IsExactHoweverTheTextIsCut) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const std::string_view value :
       {"hunter2", "a\"quoted\"\n\\value", "RVSE0123456789ABCDEF", "é€😀", "x", "{\"a\":1}"}) {
    values.emplace_back(name_of(value), value);
  }
  // REEVE_LONG_TESTS takes a hundred times as many.
  const int rounds = std::getenv("REEVE_LONG_TESTS") != nullptr ? 10'000'000 : 100'000;
  std::mt19937 random(4);
  for (int round = 0; round < rounds; ++round) {
    const Sample sample = random_sample(random, values);
    const bool inside_json = random() % 2 == 0;
    Restorer restorer(session_, inside_json ? Restorer::Writing::kInsideJson : Restorer::Writing::kPlain);
    const std::size_t piece_max = std::size_t{1} << random() % 7;
    std::string out;
    for (std::size_t at = 0; at < sample.text.size();) {
      const std::size_t size = std::min(1 + random() % piece_max, sample.text.size() - at);
      ASSERT_TRUE(restorer.feed(std::string_view(sample.text).substr(at, size), out).ok()) << sample.text;
      ASSERT_LE(restorer.held_back(), kPlaceholderBytes);
      at += size;
    }
    ASSERT_TRUE(restorer.end(out).ok());
    ASSERT_EQ(out, inside_json ? sample.inside_json : sample.restored) << sample.text;
  }
}

}  // namespace
}  // namespace reeve::content
