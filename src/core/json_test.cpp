#include "core/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "core/bytes.h"

namespace reeve {
namespace {

using ::testing::HasSubstr;

JsonDocument parse(std::string_view text) {
  auto document = JsonDocument::parse(text);
  EXPECT_TRUE(document.ok()) << text << ": " << (document.ok() ? "" : document.error().message);
  return *std::move(document);
}

TEST(Json, ReadsEveryKindOfValue) {
  const auto document = parse(R"({"s":"tëxt\n\u00e9\ud83d\udc4d","i":-7,"d":1.5,"whole":3.0,"big":9223372036854775807,
                                  "huge":18446744073709551615,"t":true,"n":null,"a":[1,"x",{}],"o":{"p":{"q":"deep"}}})");
  const JsonValue root = document.root();
  EXPECT_EQ(root["s"].as_string(), "tëxt\né👍");
  EXPECT_EQ(root["i"].as_int(), -7);
  EXPECT_EQ(root["d"].as_double(), 1.5);
  EXPECT_EQ(root["d"].as_int(), std::nullopt);
  EXPECT_EQ(root["whole"].as_int(), 3);
  EXPECT_EQ(root["big"].as_int(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(root["huge"].as_int(), std::nullopt);
  EXPECT_EQ(root["t"].as_bool(), true);
  EXPECT_TRUE(root["n"].is_null());
  EXPECT_EQ(root["a"].items().size(), 3U);
  EXPECT_TRUE(root["a"].items()[2].is_object());
  EXPECT_EQ(root.at("o.p.q").as_string(), "deep");
  EXPECT_EQ(root.members().size(), 10U);
  EXPECT_EQ(root.members()[1].first, "i");
}

TEST(Json, AbsentValuesChain) {
  const auto document = parse(R"({"a":{"b":1},"l":[1]})");
  const JsonValue root = document.root();
  const JsonValue missing = root["x"]["y"].at("z.w");
  EXPECT_FALSE(missing.present());
  EXPECT_FALSE(missing.is_null());
  EXPECT_FALSE(root["a"]["b"]["c"].present());
  EXPECT_FALSE(root["l"]["a"].present());
  EXPECT_EQ(missing.as_string(), std::nullopt);
  EXPECT_EQ(missing.int_or(5), 5);
  EXPECT_EQ(missing.string_or("none"), "none");
  EXPECT_TRUE(missing.items().empty());
  EXPECT_TRUE(missing.members().empty());
  EXPECT_EQ(missing.to_json(), "null");
  EXPECT_EQ(root["a"].as_int(), std::nullopt) << "kinds are not converted";
  EXPECT_EQ(JsonValue().as_bool(), std::nullopt);
}

TEST(Json, RefusesWhatRfc8259Forbids) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[1,]",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{'a':1}",
                           "[01]",
                           "[+1]",
                           "[.5]",
                           "[1.]",
                           "[1e]",
                           "[NaN]",
                           "[Infinity]",
                           "[0x1]",
                           "\"a\nb\"",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"unclosed",
                           "tru",
                           "nulll",
                           "1 2",
                           "{} []",
                           "// c\n1",
                           "[1] x",
                           "\"\x01\"",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{1:2}",
                           "\xff",
                           "[\"\xc3\"]",
                           "[\"\xed\xa0\x80\"]",
                           "[123456789012345678901234567890]",
                           "[1e999]"}) {
    EXPECT_FALSE(JsonDocument::parse(text).ok()) << text;
  }
  EXPECT_THAT(JsonDocument::parse("{").error().message, HasSubstr("not valid JSON"));
  EXPECT_FALSE(JsonDocument::parse(std::string("[1]\0", 4)).ok());
  EXPECT_TRUE(JsonDocument::parse(" \r\n\t[1] ").ok());
  EXPECT_TRUE(JsonDocument::parse("7").ok());
}

TEST(Json, DepthIsBounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(JsonDocument::parse(nested(60)).ok());
  EXPECT_FALSE(JsonDocument::parse(nested(70)).ok());
  EXPECT_FALSE(JsonDocument::parse(nested(1'000'000)).ok());
  EXPECT_FALSE(JsonDocument::parse(std::string(1'000'000, '[')).ok());
  EXPECT_TRUE(JsonDocument::parse(nested(200), 256).ok());
  EXPECT_FALSE(JsonDocument::parse(nested(5), 3).ok());
}

TEST(Json, DocumentsThatLiveAtOnceAndOneAfterTheOtherKeepApart) {
  for (const std::size_t size : {10UL, 5'000UL, 200'000UL, 20UL}) {
    const auto first = JsonDocument::parse("[\"" + std::string(size, 'a') + "\"]");
    const auto second = JsonDocument::parse("[\"" + std::string(size, 'b') + "\"]");
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(first->root().items()[0].string_or(""), std::string(size, 'a'));
    EXPECT_EQ(second->root().items()[0].string_or(""), std::string(size, 'b'));
    EXPECT_FALSE(JsonDocument::parse("[1,").ok());
  }
  // A bound on depth holds for its own document, whatever was allowed before.
  EXPECT_TRUE(JsonDocument::parse("[[[[1]]]]", 64).ok());
  EXPECT_FALSE(JsonDocument::parse("[[[[1]]]]", 3).ok());
  EXPECT_TRUE(JsonDocument::parse("[[[[1]]]]", 64).ok());
}

TEST(Json, TheDocumentOwnsItsText) {
  std::optional<JsonDocument> kept;
  {
    std::string text = R"({"key":"value that is long enough to live on the heap"})";
    kept.emplace(parse(text));
    text.assign(text.size(), 'x');
  }
  JsonDocument moved = std::move(*kept);
  kept.reset();
  EXPECT_EQ(moved.root()["key"].as_string(), "value that is long enough to live on the heap");
}

TEST(Json, TheFirstOfTwoMembersCounts) { EXPECT_EQ(parse(R"({"a":1,"a":2})").root()["a"].as_int(), 1); }

TEST(Json, WritesValuesBack) {
  const char* text = R"({"z":[1,-2,true,null,"q\"\\\né"],"a":{"b":{}},"e":[]})";
  EXPECT_EQ(parse(text).root().to_json(), text);
}

TEST(JsonWriter, LooksAfterCommas) {
  JsonWriter json;
  json.begin_object().member("a", 1).key("l").begin_array().value("x").value(true).null().end_array();
  json.key("o").begin_object().end_object().member_if("empty", "").member_if("full", "f");
  json.key("raw").raw("[1]").member("u", std::uint64_t{18446744073709551615ULL}).member("d", 0.1).end_object();
  EXPECT_EQ(json.text(), R"({"a":1,"l":["x",true,null],"o":{},"full":"f","raw":[1],"u":18446744073709551615,"d":0.1})");
  json.clear();
  EXPECT_EQ(json.begin_array().value(std::int64_t{-1}).end_array().take(), "[-1]");
}

TEST(JsonWriter, NumbersThatJsonLacksBecomeNull) {
  JsonWriter json;
  json.begin_array().value(std::nan("")).value(HUGE_VAL).value(-0.0).value(1e300).end_array();
  EXPECT_EQ(json.text(), "[null,null,-0,1e+300]");
}

std::string written(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonStrings, EscapeWhatMustBe) {
  EXPECT_EQ(written("a\"b\\c/\b\f\n\r\t\x01\x1f\x7f é"), "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f é\"");
  EXPECT_EQ(written(std::string_view("\0", 1)), "\"\\u0000\"");
  EXPECT_EQ(written(""), "\"\"");
}

TEST(JsonStrings, ReplaceInvalidBytes) {
  EXPECT_EQ(written("a\xff"
                    "é\xc3"),
            "\"a\xEF\xBF\xBD"
            "é\xEF\xBF\xBD\"");
  EXPECT_EQ(written("\xed\xa0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(written("\xf0\x9f\x91"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonStrings, AlwaysReadBack) {
  std::mt19937 random(6);
  for (int i = 0; i < 5000; ++i) {
    std::string text(random() % 40, '\0');
    for (char& c : text) c = static_cast<char>(random() % 3 == 0 ? random() : ' ' + random() % 96);
    const auto document = JsonDocument::parse(written(text));
    ASSERT_TRUE(document.ok()) << to_hex(text);
    if (is_utf8(text)) {
      EXPECT_EQ(document->root().as_string(), text);
    } else {
      EXPECT_THAT(std::string(*document->root().as_string()), HasSubstr("\xEF\xBF\xBD"));
    }
  }
}

}  // namespace
}  // namespace reeve
