// The scan against simdjson's own parser: they must agree on what is JSON and on every value in it.

#include "wire/json_scan.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <random>

namespace reeve::wire {
namespace {

bool same(JsonNode node, simdjson::dom::element element);

bool same_members(JsonNode node, simdjson::dom::object object) {
  auto wanted = object.begin();
  for (const JsonMember member : node.members()) {
    if (wanted == object.end() || member.key.as_string() != std::string((*wanted).key)) return false;
    if (!same(member.value, (*wanted).value)) return false;
    ++wanted;
  }
  return !(wanted != object.end());
}

bool same_elements(JsonNode node, simdjson::dom::array array) {
  auto wanted = array.begin();
  for (const JsonNode element : node.elements()) {
    if (!(wanted != array.end()) || !same(element, *wanted)) return false;
    ++wanted;
  }
  return !(wanted != array.end()) && node.count() == array.size();
}

bool same(JsonNode node, simdjson::dom::element element) {
  switch (element.type()) {
    case simdjson::dom::element_type::OBJECT: return node.is_object() && same_members(node, element.get_object());
    case simdjson::dom::element_type::ARRAY: return node.is_array() && same_elements(node, element.get_array());
    case simdjson::dom::element_type::STRING: {
      const std::string_view text = element.get_string();
      return node.as_string() == std::string(text) && node.decoded_size() == text.size();
    }
    case simdjson::dom::element_type::INT64: return node.as_int() == element.get_int64().value();
    case simdjson::dom::element_type::BOOL: return node.as_bool() == element.get_bool().value();
    case simdjson::dom::element_type::NULL_VALUE: return node.is_null();
    default: return node.present();
  }
}

// A random document, then, half of the time, with some bytes changed.
std::string random_text(std::mt19937& random) {
  static const std::vector<std::string> kParts = {"{",
                                                  "}",
                                                  "[",
                                                  "]",
                                                  ",",
                                                  ":",
                                                  "\"a\"",
                                                  "\"\"",
                                                  "1",
                                                  "-0",
                                                  "1.5e3",
                                                  "true",
                                                  "null",
                                                  " ",
                                                  "\n",
                                                  "\"\\n\"",
                                                  "\"\\u00e9\"",
                                                  "\"\\ud83d\\ude00\"",
                                                  "\"\xC3\xA9\"",
                                                  "false",
                                                  "12345678901234567890",
                                                  "\"\\\\\"",
                                                  "{\"k\":",
                                                  "\"x\":",
                                                  "[1,",
                                                  "\"\\\"\"",
                                                  "\"\x7f\"",
                                                  "0.0",
                                                  "1E-2",
                                                  "{}",
                                                  "[]"};
  std::string out;
  if (random() % 2 == 0) {
    for (std::size_t i = 0; i < 1 + random() % 12; ++i) out += kParts[random() % kParts.size()];
    return out;
  }
  out = R"({"model":"m","n":[1,2.5,{"t":true,"u":null}],"s":"a\"b\\c\u0041\n","e":{},"l":[[],[[]],"x"]})";
  out.insert(random() % out.size(), random() % 150, ' ');
  for (std::size_t i = 0; i < random() % 3; ++i) out[random() % out.size()] = static_cast<char>(random() % 256);
  return out;
}

TEST(JsonScan, AgreesWithAnotherParser) {
  std::mt19937 random(8484);
  simdjson::dom::parser parser;
  JsonScan scan;
  int valid = 0;
  for (int round = 0; round < 60'000; ++round) {
    const std::string text = random_text(random);
    const Result<JsonNode> node = scan.read(text);
    simdjson::dom::element element;
    const auto error = parser.parse(text).get(element);
    // Half characters are JSON (RFC 8259 section 8.2) though simdjson refuses them, and so are numbers that no machine
    // type holds; the random texts have neither but for the number in the list.
    if (error == simdjson::NUMBER_ERROR || error == simdjson::STRING_ERROR) continue;
    ASSERT_EQ(node.ok(), error == simdjson::SUCCESS) << text << ": " << simdjson::error_message(error);
    if (!node.ok()) continue;
    ++valid;
    ASSERT_TRUE(same(*node, element)) << text;
  }
  EXPECT_GT(valid, 3'000);
}

TEST(JsonScan, HalfCharactersAreJsonButNoText) {
  JsonScan scan;
  const std::string text = R"(["\ud83d","\ude00x","\ud83d\ud83d\ude00","\ud83d\u0041"])";
  const Result<JsonNode> root = scan.read(text);
  ASSERT_TRUE(root.ok());
  for (const JsonNode element : root->elements()) {
    EXPECT_FALSE(element.as_string());
    EXPECT_GT(element.decoded_size(), 0U);
  }
}

TEST(JsonScan, DepthIsBounded) {
  JsonScan scan;
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_TRUE(scan.read(nested(JsonScan::kDepthMax)).ok());
  const std::string deep = nested(JsonScan::kDepthMax + 1);
  const Result<JsonNode> refused = scan.read(deep);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("nested deeper than 128"), std::string::npos);
  const std::string endless(1'000'000, '[');
  EXPECT_FALSE(scan.read(endless).ok());
  const std::string objects = [] {
    std::string text;
    for (int i = 0; i < 200; ++i) text += "{\"a\":";
    return text;
  }();
  EXPECT_FALSE(scan.read(objects).ok());
}

TEST(JsonScan, InvalidUtf8AndControlCharactersAreRefused) {
  JsonScan scan;
  for (const std::string_view bad : {"\xC3\x28", "\xA0", "\xE2\x28\xA1", "\xF0\x28\x8C\xBC", "\xED\xA0\x80", "\xC0\xAF",
                                     "\xF4\x90\x80\x80", "\xFF"}) {
    const std::string text = "{\"model\":\"" + std::string(bad) + "\"}";
    EXPECT_FALSE(scan.read(text).ok());
  }
  const std::string control = std::string("{\"model\":\"a") + '\x01' + "\"}";
  EXPECT_NE(scan.read(control).error().message.find("control character"), std::string::npos);
  const std::string nul = std::string("{\"model\":\"a\"") + '\0' + "}";
  EXPECT_FALSE(scan.read(nul).ok());
}

TEST(JsonScan, PlacesAreThoseOfTheBytes) {
  JsonScan scan;
  const std::string text = " { \"a\" : [ 1 , {\"b\" : \"x y\" } ] , \"c\":-12.5e1 }";
  const Result<JsonNode> root = scan.read(text);
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(root->raw(), text.substr(1));
  EXPECT_EQ(root->find("a").raw(), "[ 1 , {\"b\" : \"x y\" } ]");
  EXPECT_EQ(root->find("c").raw(), "-12.5e1");
  EXPECT_EQ(root->find("c").offset(), text.find("-12.5"));
  EXPECT_EQ(root->find("c").as_int(), -125);
  EXPECT_FALSE(root->find("nothing").present());
  EXPECT_FALSE(root->find("c").find("deeper").present());
  EXPECT_EQ(root->find("a").find("b").raw(), "");
}

TEST(JsonScan, ForgetsLargeTexts) {
  JsonScan scan;
  const std::string large = "[" + std::string(3'000'000, ' ') + "1]";
  EXPECT_TRUE(scan.read(large).ok());
  scan.release_excess();
  EXPECT_TRUE(scan.read("[1]").ok());
  scan.release_excess();
}

}  // namespace
}  // namespace reeve::wire
