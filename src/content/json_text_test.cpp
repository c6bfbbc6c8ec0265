#include "content/json_text.h"

#include <gtest/gtest.h>

#include "core/json.h"

namespace reeve::content {
namespace {

std::string decoded(std::string_view text) {
  std::string out;
  decode_json_inside(text, out);
  return out;
}
std::string encoded(std::string_view text) {
  std::string out;
  append_json_inside(out, text);
  return out;
}

TEST(JsonText, DecodesEveryEscape) {
  EXPECT_EQ(decoded(R"(a\"b\\c\/d\b\f\n\r\t\u0041)"), "a\"b\\c/d\b\f\n\r\tA");
  EXPECT_EQ(decoded("\\u00e9\\u20AC\\ud83d\\ude00"), "é€😀");
  EXPECT_EQ(decoded("plain é"), "plain é");
  EXPECT_EQ(decoded("\\u0000"), std::string(1, '\0'));
}

TEST(JsonText, KeepsHalvesOfCharacters) {
  for (const std::string_view text : {"\\ud83d", "\\ude00", "\\ud83dx", "\\ud83d\\ud83d", "\\ude00\\ud83d"}) {
    EXPECT_EQ(encoded(decoded(text)), text);
  }
  std::string plain;
  append_plain(plain, decoded("a\\ud83db"));
  EXPECT_EQ(plain,
            "a\xEF\xBF\xBD"
            "b");
  plain.clear();
  append_plain(plain, "a한b");  // begins with the same byte as a half
  EXPECT_EQ(plain, "a한b");
}

TEST(JsonText, SurvivesWhatIsCutOff) {
  for (const std::string_view text : {"\\", "\\u", "\\u00", "\\ud83d\\", "\\ud83d\\u", "\\ud83d\\ude0"}) {
    std::string out;
    std::vector<std::size_t> places;
    decode_json_inside(text, out, &places);
    EXPECT_EQ(out.size(), places.size());
  }
}

TEST(JsonText, SaysWhereEachByteCameFrom) {
  std::string out;
  std::vector<std::size_t> places;
  decode_json_inside("a\\u20acb\\nc", out, &places);
  EXPECT_EQ(out, "a€b\nc");
  EXPECT_EQ(places, (std::vector<std::size_t>{0, 1, 1, 1, 7, 8, 10}));
}

TEST(JsonText, WritesValidJsonForEveryByte) {
  std::string all;
  for (int c = 0; c < 128; ++c) all += static_cast<char>(c);
  const auto document = JsonDocument::parse("\"" + encoded(all) + "\"");
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->root().as_string(), all);
}

TEST(JsonText, FindsScalars) {
  const std::string_view text = R"( {"k\"1": ["", 12.5e3, true ,"x"] , "z":null})";
  std::vector<std::string> seen;
  for (std::size_t from = 0;;) {
    const JsonScalar scalar = next_json_scalar(text, from);
    if (scalar.start == text.size()) break;
    seen.push_back((scalar.is_string ? "s:" : "b:") +
                   std::string(text.substr(scalar.start, scalar.end - scalar.start)));
    from = scalar.end;
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"s:k\\\"1", "s:", "b:12.5e3", "b:true", "s:x", "s:z", "b:null"}));
}

}  // namespace
}  // namespace reeve::content
