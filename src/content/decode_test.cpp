#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "content/content.h"
#include "core/bytes.h"

namespace reeve::content {
namespace {

constexpr std::string_view kToken = "ext_0123456789abcdefghij";

std::shared_ptr<const Detectors> detectors() {
  static const auto kBuilt = [] {
    std::vector<Diagnostic> complaints;
    const auto documents = parse_yaml(
        "kind: Detector\nid: token\ntitle: T\nclass: secret\nseverity: high\nconfidence: 0.95\n"
        "pattern: '\\bext_[a-z0-9]{20}\\b'\n",
        "d.yaml", complaints);
    return Detectors::build(documents, {}, complaints);
  }();
  return kBuilt;
}

/// The raw bytes of each finding.
std::vector<std::string> found(std::string_view body, TextForm form = TextForm::kPlain) {
  Scanner scanner;
  const BodyText text{0, body.size(), form, TextOrigin::kUser};
  std::vector<std::string> values;
  const Report& report = scanner.scan(*detectors(), body, std::span(&text, 1));
  EXPECT_TRUE(report.complete) << report.incomplete_reason;
  for (const Finding& finding : report.findings) {
    values.emplace_back(body.substr(finding.start, finding.end - finding.start));
  }
  return values;
}

std::string deflated(std::string_view text, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(text.size() + 200, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string utf16(std::string_view text, bool little) {
  std::string out;
  for (const char c : text) out += little ? std::string{c, '\0'} : std::string{'\0', c};
  return out;
}

std::string each(std::string_view text, const std::function<std::string(unsigned char)>& write) {
  std::string out;
  for (const char c : text) out += write(static_cast<unsigned char>(c));
  return out;
}

std::string number(const char* format, unsigned value) {
  char out[32];
  std::snprintf(out, sizeof out, format, value);
  return out;
}

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The encoded run in a sentence is found, with exactly its bytes.
void expect_run(const std::string& run, const char* what) {
  EXPECT_THAT(found("the value is " + run + " and more"), ElementsAre(run)) << what;
  EXPECT_THAT(found("key: \"" + run + "\"\n"), ElementsAre(run)) << what;
  EXPECT_THAT(found(run), ElementsAre(run)) << what;
}

TEST(Decode, RunsOfBase64AndHex) {
  const std::string sentence = "password " + std::string(kToken) + " ok";
  expect_run(to_base64(kToken), "base64");
  expect_run(to_base64(sentence), "base64 of a sentence");
  expect_run(to_base64url("?\?>" + sentence), "base64url");
  expect_run(to_hex(kToken), "hex");
  expect_run(to_base64(to_base64(kToken)), "base64 twice");
  expect_run(to_hex(to_base64(kToken)), "base64 in hex");
  expect_run(to_base64(to_base64(to_base64(to_base64(kToken)))), "four times");
  EXPECT_THAT(found(to_base64(to_base64(to_base64(to_base64(to_base64(kToken)))))), IsEmpty()) << "five times";
  expect_run(to_base64("caf\xc3\xa9 " + sentence), "not only ASCII");
}

TEST(Decode, CompressedAndWideTextInBase64) {
  const std::string sentence = "the token is " + std::string(kToken) + ", keep it";
  expect_run(to_base64(deflated(sentence, 15 + 16)), "gzip");
  expect_run(to_base64(deflated(sentence, 15)), "zlib");
  expect_run(to_base64(deflated(sentence, -15)), "deflate, fixed codes");
  std::string longer;
  for (int i = 0; i < 40; ++i) longer += "line " + std::to_string(i * 7919) + " of many words\n";
  expect_run(to_base64(deflated(longer + sentence, -15)), "deflate, dynamic codes");
  expect_run(to_base64(utf16(sentence, true)), "UTF-16, little endian");
  expect_run(to_base64(utf16(sentence, false)), "UTF-16, big endian");
  expect_run(to_base64("\xff\xfe" + utf16(sentence, true)), "with its mark");
}

TEST(Decode, WrappedBase64) {
  std::string sentence;
  for (int i = 0; i < 10; ++i) sentence += "some words before it, ";
  const std::string run = to_base64(sentence + std::string(kToken));
  std::string wrapped;
  for (std::size_t i = 0; i < run.size(); i += 76) wrapped += (i > 0 ? "\n" : "") + run.substr(i, 76);
  expect_run(wrapped, "wrapped at 76");
}

std::string in_lines(const std::string& run, std::size_t columns, std::string_view between) {
  std::string lines;
  for (std::size_t i = 0; i < run.size(); i += columns) {
    lines += (i > 0 ? std::string(between) : std::string()) + run.substr(i, columns);
  }
  return lines;
}

TEST(Decode, LinesOfBase64) {
  const std::string run = to_base64("some words that stand before, and some more of them: " + std::string(kToken) +
                                    " and words that stand behind it so that it ends well");
  for (const std::string_view between : {"\n", "\r\n", "\r", " ", "\n    ", "\\n"}) {
    EXPECT_THAT(found("x " + in_lines(run, 64, between) + "."), ::testing::SizeIs(1)) << between;
  }
  EXPECT_THAT(found("@@ -1 +1,3 @@\n+" + in_lines(run, 64, "\n+") + "\n"), ::testing::SizeIs(1));
  // What follows on the next line may be a word, and the value at the end all the same.
  const std::string bare = to_base64("a few words and then comes " + std::string(kToken));
  EXPECT_THAT(found("body: " + bare + "\nend\n"), ::testing::SizeIs(1));
  EXPECT_THAT(found("body: " + bare + "\nNEXT_VALUE: 1\n"), ::testing::SizeIs(1));
}

TEST(Decode, QuotedPrintable) {
  EXPECT_THAT(found("subject=3Dnone\n\nthe value is ext=5F0123456789abcdefghij and more"),
              ElementsAre("ext=5F0123456789abcdefghij"));
  expect_run("ext_01234567=\n89abcdefghij", "a soft line break");
  expect_run("ext=5F01234567=\r\n89abcdefghij", "both");
  EXPECT_THAT(found("token=3Dext_0123456789abcdefghij ok"), ElementsAre(std::string(kToken)));
  EXPECT_THAT(found("ext_01234=\n56789abcdefghij=other"), IsEmpty()) << "an empty setting, and another";
}

TEST(Decode, MarksWithinValues) {
  expect_run("ext\\_0123456789abcdefghij", "Markdown");
  expect_run("ext\\N{LOW LINE}0123456789abcdefghij", "a name");
  expect_run("ext\\x{5f}0123456789abcdefghij", "braces");
  expect_run("ext%u005F0123456789abcdefghij", "percent u");
  expect_run("ext_\x1b[1m0123456789\x1b[0mabcdefghij", "colours");
  EXPECT_THAT(found("\x1b[31m\x1b[K" + std::string(kToken) + "\x1b[0m ok"), ElementsAre(std::string(kToken)));
  expect_run(
      "ext_01234\xcc\x81"
      "56789abcdefghij",
      "a combining mark");
  EXPECT_THAT(found("// ext_8k2m9q4x7zr1a\n// w5t3p0c"), ::testing::SizeIs(1));
  EXPECT_THAT(found("- ext_8k2m9q4x7zr1a\n- w5t3p0c"), ::testing::SizeIs(1));
  EXPECT_THAT(found("\"ext_0123456789\" + 'abcdefghij'"), ::testing::SizeIs(1));
  EXPECT_THAT(found("\"ext_0123456789\" /* more */ + \"abcdefghij\""), ::testing::SizeIs(1));
  EXPECT_THAT(found("\"ext_0123456789\".concat(\"abcdefghij\")"), ::testing::SizeIs(1));
}

TEST(Decode, EscapesOfSingleCharacters) {
  expect_run(each(kToken, [](unsigned char c) { return number("%%%02X", c); }), "percent");
  expect_run(each(kToken, [](unsigned char c) { return number("&#%u;", c); }), "decimal entities");
  expect_run(each(kToken, [](unsigned char c) { return number("&#x%x;", c); }), "hex entities");
  expect_run(each(kToken, [](unsigned char c) { return number("\\u%04x", c); }), "\\u");
  expect_run(each(kToken, [](unsigned char c) { return number("\\x%02x", c); }), "\\x");
  expect_run(each(kToken, [](unsigned char c) { return number("\\u{%x}", c); }), "\\u{}");
  expect_run(each(kToken, [](unsigned char c) { return number("\\%03o", c); }), "octal");
  expect_run(each(kToken, [](unsigned char c) { return number("\\\\u%04x", c); }), "\\\\u");
  expect_run("ext%5F0123456789abcdefghij", "one character");
  expect_run("ext&lowbar;0123456789abcdefghij", "a name");
  expect_run("ex\\u0074_0123456789abcdefgh\\u0069j", "two characters");
}

TEST(Decode, AnEscapeGluedToTheFront) {
  const std::string token(kToken);
  EXPECT_THAT(found("{\"file\": \"A=1\\n" + token + "\\nB=2\"}"), ElementsAre(token));
  EXPECT_THAT(found("A=1\\\\\\\\n" + token + "\\\\\\\\nB=2", TextForm::kPlain), ElementsAre(token));
  EXPECT_THAT(found("A=1\\\\n" + token + "\\\\nB=2", TextForm::kJsonString), ElementsAre(token));
}

TEST(Decode, CutValues) {
  expect_run("ext_0123456789\" + \"abcdefghij", "plus");
  expect_run("ext_\" + \"0123456789\" +\n    \"abcdefghij", "plus, over lines");
  expect_run("ext_0123456789' . 'abcdefghij", "point");
  expect_run("ext_0123456789\" \"abcdefghij", "neighbours");
  expect_run("ext_0123456789\"\n  f\"abcdefghij", "neighbours over lines");
  expect_run("ext_0123456789\\\nabcdefghij", "backslash at the line's end");
  expect_run("ext_8k2m9q4x7zr1a\n  w5t3p0c", "wrapped");
  expect_run("ext_8k2m9q4x7zr1a\n  xkqzvwp", "wrapped, no digit");
  EXPECT_THAT(found("ext_8k2m9q4x7zr1a\n  another"), IsEmpty());
  EXPECT_THAT(found("e x t _ 0 1 2 3 4 5 6 7 8 9 a b c d e f g h i j"),
              ElementsAre("e x t _ 0 1 2 3 4 5 6 7 8 9 a b c d e f g h i j"));
}

TEST(Decode, CharactersThatDoNotShow) {
  expect_run(
      "ext_01234\xe2\x80\x8b"
      "56789abcdefghij",
      "zero width space");
  expect_run(
      "ext_01234\xc2\xad"
      "56789abcdefghij",
      "soft hyphen");
  expect_run(each(kToken,
                  [](unsigned char c) {
                    return std::string{'\xef', static_cast<char>(c >= 0x60 ? 0xbd : 0xbc),
                                       static_cast<char>(c >= 0x60 ? c - 0x60 + 0x80 : c - 0x20 + 0x80)};
                  }),
             "full width");
}

TEST(Decode, ReportsOnceWhatStandsInsideAndOutside) {
  EXPECT_THAT(found("a %41 " + std::string(kToken) + " %42"), ElementsAre(kToken));
}

TEST(Decode, ABombIsBounded) {
  const std::string run = to_base64(deflated(std::string(64 << 20, 'a'), 15 + 16));
  Scanner scanner;
  const BodyText text{0, run.size(), TextForm::kPlain, TextOrigin::kUser};
  const Report& report = scanner.scan(*detectors(), run, std::span(&text, 1));
  EXPECT_FALSE(report.complete);
  EXPECT_THAT(report.incomplete_reason, ::testing::HasSubstr("encoded"));
}

}  // namespace
}  // namespace reeve::content
