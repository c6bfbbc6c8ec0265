#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "content/json_text.h"
#include "content/placeholder.h"
#include "content/redaction_test_support.h"
#include "core/json.h"

namespace reeve::content {
namespace {

using ::testing::HasSubstr;

/// A JSON document with every string restored; to compare by meaning.
std::string meaning(const JsonValue& value, const Vault::Session* session) {
  const auto text = [&](std::string_view inside) {
    return session == nullptr ? std::string(inside) : restore(*session, inside);
  };
  std::string out;
  if (value.is_object()) {
    for (const auto& [key, member] : value.members()) out += text(key) + "\x01" + meaning(member, session) + "\x02";
    return "{" + out;
  }
  if (value.is_array()) {
    for (const JsonValue& item : value.items()) out += meaning(item, session) + "\x03";
    return "[" + out;
  }
  if (const auto inside = value.as_string()) return text(*inside);
  return value.to_json();
}

class Redact : public ::testing::Test {
 protected:
  static BodyText text_of(std::string_view body, std::string_view inside, TextForm form,
                          TextOrigin origin = TextOrigin::kUser) {
    return {body.find(inside), inside.size(), form, origin};
  }
  static Replacement replacement_of(std::string_view body, std::string_view value,
                                    RedactWith with = RedactWith::kToken) {
    const std::size_t start = body.find(value);
    return {start, start + value.size(), with, "secret", "github-personal-token"};
  }
  std::string name_of(std::string_view value, std::string_view class_name = "secret") const {
    return session_.placeholder(class_name, value).value();
  }
  std::string redacted(std::string_view body, const std::vector<BodyText>& texts,
                       const std::vector<Replacement>& replacements) const {
    auto out = redact(body, texts, replacements, session_);
    return out ? *out : "error: " + out.error().message;
  }
  std::string redacted_plain(std::string_view body, std::string_view value,
                             RedactWith with = RedactWith::kToken) const {
    return redacted(body, {{0, body.size(), TextForm::kPlain, TextOrigin::kUser}}, {replacement_of(body, value, with)});
  }
  std::string restored(std::string_view text) const { return restore(session_, text); }

  Vault vault_{test_vault()};
  Vault::Session session_ = vault_.session("dev@example.com", "s1");
};

TEST_F(Redact, TokensMasksAndRemoves) {
  const std::string_view body = "key = hunter2; more";
  EXPECT_EQ(redacted_plain(body, "hunter2"), "key = " + name_of("hunter2") + "; more");
  EXPECT_EQ(redacted_plain(body, "hunter2", RedactWith::kMask), "key = REDACTED_GITHUB_PERSONAL_TOKEN; more");
  EXPECT_EQ(redacted_plain(body, "hunter2", RedactWith::kRemove), "key = ; more");
  EXPECT_EQ(redacted(body, {{0, body.size(), TextForm::kPlain, TextOrigin::kUser}}, {}), body);
}

TEST_F(Redact, KeepsValuesDecodedAndTheRestByteForByte) {
  const std::string_view body = R"({"a": 1.50 ,"text":"x\u00e9 pa\"ss\\w\u006frd\n y\/","signature":"pa\"ss"})";
  const std::string_view inside = R"(x\u00e9 pa\"ss\\w\u006frd\n y\/)";
  const std::string out =
      redacted(body, {text_of(body, inside, TextForm::kJsonString)}, {replacement_of(body, R"(pa\"ss\\w\u006frd)")});
  EXPECT_EQ(out, R"({"a": 1.50 ,"text":"x\u00e9 )" + name_of("pa\"ss\\word") + R"(\n y\/","signature":"pa\"ss"})");
}

TEST_F(Redact, AnEncodedRunComesBackAsItStood) {
  const std::string_view body = R"({"text":"data:aHVudGVyMg\u003d= end"})";
  const std::string out = redacted(body, {text_of(body, R"(data:aHVudGVyMg\u003d= end)", TextForm::kJsonString)},
                                   {replacement_of(body, R"(aHVudGVyMg\u003d=)")});
  EXPECT_EQ(restored(out), R"({"text":"data:aHVudGVyMg== end"})");
}

TEST_F(Redact, WidensToWholeCharacters) {
  const std::string_view body = R"({"t":"ab\ud83d\ude00cdé\\"})";
  const std::string_view inside = R"(ab\ud83d\ude00cdé\\)";
  const BodyText text = text_of(body, inside, TextForm::kJsonString);
  for (std::size_t start = text.offset; start < text.offset + text.length; ++start) {
    for (std::size_t end = start + 1; end <= text.offset + text.length; ++end) {
      for (const RedactWith with : {RedactWith::kToken, RedactWith::kMask, RedactWith::kRemove}) {
        const std::string out = redacted(body, {text}, {{start, end, with, "pii", "t"}});
        ASSERT_TRUE(JsonDocument::parse(out).ok()) << out;
        if (with == RedactWith::kToken) {
          EXPECT_EQ(meaning(JsonDocument::parse(out)->root(), &session_),
                    meaning(JsonDocument::parse(body)->root(), nullptr));
        }
      }
    }
  }
  const std::string out = redacted(body, {text}, {{text.offset + 6, text.offset + 12, RedactWith::kToken, "pii", "t"}});
  EXPECT_EQ(out, R"({"t":"ab)" + name_of("😀", "pii") + R"(cdé\\"})");
}

TEST_F(Redact, InsideAJsonValueStructureStays) {
  const std::string_view body = R"({"input":{"user":"ann","card":4111111111111111 ,"ok":true,"sec\"ret":["x"]}})";
  const std::string_view value = R"({"user":"ann","card":4111111111111111 ,"ok":true,"sec\"ret":["x"]})";
  const BodyText text = text_of(body, value, TextForm::kJsonValue, TextOrigin::kToolArguments);
  EXPECT_EQ(redacted(body, {text}, {replacement_of(body, "1111111")}),
            R"({"input":{"user":"ann","card":")" + name_of("4111111111111111") + R"(" ,"ok":true,"sec\"ret":["x"]}})")
      << "a number becomes a string";
  EXPECT_EQ(redacted(body, {text}, {replacement_of(body, "41111", RedactWith::kMask)}),
            R"({"input":{"user":"ann","card":"REDACTED_GITHUB_PERSONAL_TOKEN" ,"ok":true,"sec\"ret":["x"]}})");
  EXPECT_EQ(redacted(body, {text}, {replacement_of(body, "41111", RedactWith::kRemove)}),
            R"({"input":{"user":"ann","card":"" ,"ok":true,"sec\"ret":["x"]}})");
  EXPECT_EQ(redacted(body, {text}, {replacement_of(body, R"(sec\"ret)")}),
            R"({"input":{"user":"ann","card":4111111111111111 ,"ok":true,")" + name_of("sec\"ret") + R"(":["x"]}})")
      << "a key is a text";
  EXPECT_EQ(redacted(body, {text}, {replacement_of(body, R"(nn","card":41)")}),
            R"({"input":{"user":"a)" + name_of("nn") + R"(",")" + name_of("card") + R"(":")" +
                name_of("4111111111111111") + R"(" ,"ok":true,"sec\"ret":["x"]}})")
      << "what reaches over several is cut";
}

TEST_F(Redact, ToolArgumentsInsideAStringAreTheValueThatTheyAre) {
  const std::string_view body = R"({"arguments":"{\"pass\":\"a\\\"b\\\\c\\n\",\"card\": 4111111111111111}"})";
  const std::string_view inside = R"({\"pass\":\"a\\\"b\\\\c\\n\",\"card\": 4111111111111111})";
  const BodyText text = text_of(body, inside, TextForm::kJsonString, TextOrigin::kToolArguments);
  const std::string out =
      redacted(body, {text}, {replacement_of(body, R"(a\\\"b\\\\c\\n)"), replacement_of(body, "4111111111111111")});
  // The same names as where a tool's result holds the values: a model may carry them from one to the other.
  EXPECT_EQ(out, R"({"arguments":"{\"pass\":\")" + name_of("a\"b\\c\n") + R"(\",\"card\": \")" +
                     name_of("4111111111111111") + R"(\"}"})");
  const auto document = JsonDocument::parse(out);
  ASSERT_TRUE(document.ok());
  const std::string source =
      restore(session_, *document->root()["arguments"].as_string(), Restorer::Writing::kInsideJson);
  EXPECT_EQ(source, R"({"pass":"a\"b\\c\n","card": "4111111111111111"})");
}

TEST_F(Redact, ToolArgumentsThatAreNoJsonAreText) {
  const std::string_view body = R"({"input":"{ not \"json\" pa\nss"})";
  const std::string_view inside = R"({ not \"json\" pa\nss)";
  const BodyText text = text_of(body, inside, TextForm::kJsonString, TextOrigin::kToolArguments);
  EXPECT_EQ(redacted(body, {text}, {replacement_of(body, R"(json\" pa\nss)")}),
            R"({"input":"{ not \")" + name_of("json\" pa\nss") + R"("})");
}

TEST_F(Redact, TheNextTurnCarriesTheSameBytes) {
  const std::string first = R"({"m":["my key is hunter2, mail ann@example.com)";
  const std::string second = first + R"(","Noted.","now use hunter2 with swordfish)";
  const auto turn = [&](std::string_view body, const std::vector<std::string_view>& values) {
    std::vector<Replacement> replacements;
    std::size_t at = 0;
    for (const std::string_view value : values) {
      at = body.find(value, at);
      replacements.push_back({at, at + value.size(), RedactWith::kToken, "secret", "t"});
      at += value.size();
    }
    const std::string whole = std::string(body) + "\"]}";
    return redacted(whole, {{7, body.size() - 7, TextForm::kPlain, TextOrigin::kUser}}, replacements);
  };
  const std::string one = turn(first, {"hunter2", "ann@example.com"});
  const std::string two = turn(second, {"hunter2", "ann@example.com", "hunter2", "swordfish"});
  EXPECT_EQ(two.substr(0, one.size() - 3), one.substr(0, one.size() - 3));
}

TEST_F(Redact, WhatLooksLikeAPlaceholderSurvivesTheWayThereAndBack) {
  const std::string own = name_of("hunter2");
  const std::string foreign = vault_.session("eve", "s").placeholder("secret", "hers").value();
  const std::string texts[] = {own,
                               foreign,
                               "RVSE0000000000000000",
                               "xRVSE0000000000000000y",
                               own.substr(0, 13) + " cut",
                               own + own,
                               "RVSE" + own,
                               "RVSE12" + foreign + "1",
                               "rvse" + own.substr(4),
                               own.substr(0, 19),
                               "RVSERVSERVSERVSERVSERVSE"};
  for (const std::string& text : texts) {
    const std::string out = redacted(text, {{0, text.size(), TextForm::kPlain, TextOrigin::kUser}}, {});
    EXPECT_EQ(restored(out), text) << out;
    EXPECT_EQ(out.find(own), std::string::npos) << "or it would come back as the value";
  }
}

TEST_F(Redact, LookalikesAreFoundInEscapesToo) {
  const std::string inside = R"(a\u0052VSE\u0030000000000000000 b \rVSE)";
  const std::string body = "\"" + inside + "\"";
  const std::string out = redacted(body, {{1, inside.size(), TextForm::kJsonString, TextOrigin::kUser}}, {});
  const auto document = JsonDocument::parse(out);
  ASSERT_TRUE(document.ok()) << out;
  EXPECT_EQ(restored(*document->root().as_string()), "aRVSE0000000000000000 b \rVSE");
}

TEST_F(Redact, AValueBetweenThePartsOfALookalikeMakesNone) {
  for (const RedactWith with : {RedactWith::kToken, RedactWith::kMask, RedactWith::kRemove}) {
    for (std::size_t cut = 0; cut <= 20; ++cut) {
      const std::string lookalike = "RVSE0000000000000000";
      const std::string body = lookalike.substr(0, cut) + "<>" + lookalike.substr(cut);
      const std::string out = redacted_plain(body, "<>", with);
      EXPECT_THAT(restored(out), Not(HasSubstr("error"))) << cut << " " << out;
    }
  }
}

TEST_F(Redact, RefusesWhatItCannotPlace) {
  const std::string_view body = "0123456789";
  const std::vector<BodyText> texts = {{2, 3, TextForm::kPlain, TextOrigin::kUser},
                                       {7, 2, TextForm::kPlain, TextOrigin::kUser}};
  const auto is_refused = [&](const std::vector<Replacement>& replacements) {
    const auto out = redact(body, texts, replacements, session_);
    return !out.ok() && out.error().code == ErrorCode::kInternal;
  };
  const auto span = [](std::size_t start, std::size_t end) {
    return Replacement{start, end, RedactWith::kMask, "pii", "t"};
  };
  EXPECT_TRUE(is_refused({span(0, 1)}));
  EXPECT_TRUE(is_refused({span(5, 7)}));
  EXPECT_TRUE(is_refused({span(9, 10)}));
  EXPECT_TRUE(is_refused({span(3, 4), span(2, 3)}));
  EXPECT_TRUE(is_refused({span(4, 3)}));
  EXPECT_FALSE(is_refused({span(2, 3), span(3, 3), span(8, 9)}));
  EXPECT_EQ(redacted(body, texts, {span(4, 8)}), "0123REDACTED_T56REDACTED_T89") << "what lies between texts stays";
  EXPECT_EQ(redacted(body, texts, {span(4, 6)}), "0123REDACTED_T56789");
  EXPECT_TRUE(is_refused({span(4, 6), span(6, 7)}));
  const auto beyond = redact(body, {{8, 5, TextForm::kPlain, TextOrigin::kUser}}, {}, session_);
  EXPECT_FALSE(beyond.ok());
}

// ---- Any body, any spans ----

class AnyBody {
 public:
  explicit AnyBody(unsigned seed) : random_(seed) {}

  void make(const std::string& own_placeholder) {
    body_ = "{\"system\":\"";
    texts_.clear();
    own_ = own_placeholder;
    text(TextForm::kJsonString, TextOrigin::kUser, [this] { string_inside(); });
    body_ += "\",\"input\":";
    text(TextForm::kJsonValue, TextOrigin::kToolArguments, [this] { value(3); });
    body_ += ",\"arguments\":\"";
    text(TextForm::kJsonString, TextOrigin::kToolArguments, [this] { source(); });
    body_ += "\",\"n\":-1.5e3}";
  }
  std::vector<Replacement> spans(bool only_tokens) {
    std::vector<Replacement> spans;
    std::size_t at = 0;
    for (std::size_t count = random_() % 5; count > 0; --count) {
      const BodyText& text = texts_[random_() % texts_.size()];
      const std::size_t start = text.offset + random_() % (text.length + 1);
      const std::size_t end = std::min(start + 1 + random_() % 12, text.offset + text.length);
      if (start < at || start >= end) continue;
      const auto with = only_tokens ? RedactWith::kToken : static_cast<RedactWith>(random_() % 3);
      spans.push_back({start, end, with, "pii", "e-mail"});
      at = end;
    }
    return spans;
  }
  const std::string& body() const { return body_; }
  const std::vector<BodyText>& texts() const { return texts_; }

 private:
  template <typename Make>
  void text(TextForm form, TextOrigin origin, Make make) {
    const std::size_t start = body_.size();
    make();
    texts_.push_back({start, body_.size() - start, form, origin});
  }
  void string_inside() {
    static const std::string_view kPieces[] = {
        "a",         " ",         "RV",    "RVSE", "0000000000000000", R"(\")", R"(\\)", R"(\n)",
        R"(\u0052)", R"(\u20ac)", "é",     "😀",   R"(\ud83d\ude00)",  "rv",    "0",     R"(\r)",
        R"(\ud83d)", "VSE",       "server"};
    for (std::size_t count = random_() % 12; count > 0; --count) {
      const std::size_t which = random_() % (std::size(kPieces) + 1);
      body_ += which < std::size(kPieces) ? kPieces[which] : std::string_view(own_).substr(0, 12 + random_() % 9);
    }
  }
  void value(int depth) {
    switch (random_() % (depth > 0 ? 6U : 4U)) {
      case 0: body_ += random_() % 2 == 0 ? "true" : "null"; return;
      case 1: body_ += "-12.50e+3"; return;
      case 2: body_ += "4111111111111111"; return;
      case 3: quoted(); return;
      case 4:
        body_ += "[ ";
        for (std::size_t count = random_() % 4; count > 0; --count) {
          value(depth - 1);
          if (count > 1) body_ += " ,";
        }
        body_ += "]";
        return;
      default:
        body_ += "{";
        for (std::size_t count = random_() % 4; count > 0; --count) {
          quoted();
          body_ += ": ";
          value(depth - 1);
          if (count > 1) body_ += ",";
        }
        body_ += " }";
    }
  }
  void quoted() {
    body_ += '"';
    string_inside();
    body_ += '"';
  }
  /// A JSON value as source text inside a string; now and then cut, so that it is none.
  void source() {
    std::string outer = std::exchange(body_, "");
    value(3);
    std::string inner = std::exchange(body_, std::move(outer));
    if (random_() % 4 == 0)
      inner.resize(inner.find_first_of("\\\xC3\xF0") == std::string::npos ? inner.size() / 2 : inner.size());
    append_json_inside(body_, inner);
  }

  std::mt19937 random_;
  std::string body_, own_;
  std::vector<BodyText> texts_;
};

TEST_F(Redact, AnySpansLeaveValidJson) {
  AnyBody any(7);
  const std::string own = name_of("hunter2");
  int parsed = 0;
  for (int round = 0; round < 20'000; ++round) {
    any.make(own);
    if (!JsonDocument::parse(any.body()).ok()) continue;  // half a character, which the reader refuses
    ++parsed;
    const std::string out = redacted(any.body(), any.texts(), any.spans(false));
    ASSERT_TRUE(JsonDocument::parse(out).ok()) << any.body() << "\n" << out;
  }
  EXPECT_GT(parsed, 5'000);
}

TEST_F(Redact, AnySpansComeBack) {
  AnyBody any(8);
  const std::string own = name_of("hunter2");
  int compared = 0;
  for (int round = 0; round < 20'000; ++round) {
    any.make(own);
    const auto before = JsonDocument::parse(any.body());
    if (!before.ok()) continue;
    // Values that stood outside of quotes come back as strings: compared apart from this.
    auto spans = any.spans(true);
    std::erase_if(spans, [&](const Replacement& span) { return span.start >= any.texts()[1].offset; });
    const std::string out = redacted(any.body(), any.texts(), spans);
    const auto after = JsonDocument::parse(out);
    ASSERT_TRUE(after.ok()) << out;
    ASSERT_EQ(meaning(before->root(), nullptr), meaning(after->root(), &session_)) << any.body() << "\n" << out;
    ++compared;
  }
  EXPECT_GT(compared, 5'000);
}

TEST_F(Redact, ManyValuesInOneLongTextTakeLinearTime) {
  std::string body;
  std::vector<Replacement> replacements;
  for (int i = 0; i < 20'000; ++i) {
    body += "some words before the value ";
    replacements.push_back({body.size(), body.size() + 5, RedactWith::kToken, "pii", "t"});
    body += "12345 rv \\\\ ";
  }
  const auto started = std::chrono::steady_clock::now();
  const std::string out = redacted(body, {{0, body.size(), TextForm::kJsonString, TextOrigin::kUser}}, replacements);
  const auto took = std::chrono::steady_clock::now() - started;
  EXPECT_EQ(out.size(), body.size() + 20'000 * 15);
  EXPECT_LT(took, std::chrono::seconds(2)) << "about 50 ms without a sanitizer";
}

}  // namespace
}  // namespace reeve::content
