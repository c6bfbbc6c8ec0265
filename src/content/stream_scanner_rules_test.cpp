// Growing texts with the detectors that ship: what is found in a whole text is found in a growing one, plain or
// encoded, and cuts do not matter.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <random>
#include <sstream>
#include <string>

#include "content/content.h"
#include "content/detector.h"
#include "core/bytes.h"

namespace reeve::content {
namespace {

constexpr float kTold = 0.5F;

class StreamScannerRules : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::vector<Diagnostic> complaints;
    const std::filesystem::path directory = std::filesystem::path(REEVE_SOURCE_DIR) / "governance/detectors";
    documents() = read_yaml_directory(directory, complaints);
    detectors() = Detectors::build(documents(), {}, complaints);
    for (const Diagnostic& complaint : complaints) ADD_FAILURE() << complaint.to_string();
  }
  static void TearDownTestSuite() { detectors().reset(); }

  static std::vector<YamlValue>& documents() {
    static std::vector<YamlValue> all;
    return all;
  }
  static std::shared_ptr<const Detectors>& detectors() {
    static std::shared_ptr<const Detectors> all;
    return all;
  }

  static std::vector<Finding> in_whole(std::string_view text, TextOrigin origin = TextOrigin::kAssistant) {
    static Scanner scanner;
    const BodyText whole{0, text.size(), TextForm::kPlain, origin};
    const Report& report = scanner.scan(*detectors(), text, {&whole, 1});
    return report.findings;
  }

  /// Fed in pieces of sizes up to `most`; 0: in one.
  static std::vector<Finding> in_stream(std::string_view text, std::size_t most, unsigned seed = 1,
                                        TextOrigin origin = TextOrigin::kAssistant) {
    std::mt19937 random(seed);
    StreamScanner scanner(detectors(), origin);
    std::vector<Finding> findings;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = most == 0 ? text.size() : 1 + random() % most;
      scanner.feed(text.substr(at, size), findings);
      at += std::min(size, text.size() - at);
    }
    scanner.end(findings);
    EXPECT_TRUE(scanner.complete()) << scanner.incomplete_reason();
    return findings;
  }

  static bool is_found(const Finding& wanted, const std::vector<Finding>& findings) {
    return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
      if (finding.detector == wanted.detector && finding.is_document) return true;
      const bool same_place = finding.start < wanted.end && wanted.start < finding.end;
      return same_place && (finding.detector == wanted.detector || finding.confidence >= wanted.confidence);
    });
  }

  static std::string told(const std::vector<Finding>& findings, std::string_view text) {
    std::ostringstream out;
    for (const Finding& one : findings) {
      out << one.detector->id << " " << one.confidence << " " << text.substr(one.start, one.end - one.start) << "\n";
    }
    return out.str();
  }

  static std::vector<std::string> examples() {
    std::vector<std::string> all;
    for (const YamlValue& document : documents()) {
      std::vector<Diagnostic> complaints;
      const auto detector = read_detector(document, complaints);
      if (!detector) continue;
      for (const std::string& example : detector->examples) all.push_back(example);
    }
    return all;
  }
};

std::string words(std::size_t bytes, unsigned seed) {
  constexpr std::string_view kWords[] = {"the",  "answer", "is",     "then", "written", "down", "so",
                                         "that", "nobody", "looks",  "for",  "it",      "and",  "we",
                                         "go",   "on",     "slowly", "with", "other",   "lines"};
  std::mt19937 random(seed);
  std::string text;
  std::size_t line = 0;
  while (text.size() < bytes) {
    text += kWords[random() % std::size(kWords)];
    const bool ends = text.size() - line > 70;
    text += ends ? '\n' : ' ';
    if (ends) line = text.size();
  }
  return text + "\n\n";
}

std::string lowered_hex(std::string_view text) { return to_hex(text); }

std::string each(std::string_view text, const char* format) {
  std::string out;
  for (const char c : text) {
    char one[16];
    std::snprintf(one, sizeof one, format, static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += one;
  }
  return out;
}

std::string between(std::string_view text, std::string_view mark) {
  std::string out;
  for (const char c : text) out += (out.empty() ? "" : std::string(mark)) + c;
  return out;
}

std::string wrapped(const std::string& text, std::size_t columns) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += columns) out += (at > 0 ? "\n" : "") + text.substr(at, columns);
  return out;
}

// Right by its check sum, and nobody's: an example of its detector.
constexpr std::string_view kToken = "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";

std::vector<std::pair<std::string, std::string>> written_otherwise(const std::string& secret) {
  const std::string sentence = "deploy with this token " + secret + " please, then report back";
  return {
      {"base64", to_base64(sentence)},
      {"base64 bare", to_base64(secret)},
      {"base64url", to_base64url("?\?>" + sentence)},
      {"base64 wrapped", wrapped(to_base64(words(400, 5) + sentence + "\n" + words(100, 6)), 76)},
      {"base64 twice", to_base64(to_base64(secret))},
      {"hex", lowered_hex(secret)},
      {"percent", each(secret, "%%%02X")},
      {"entities", each(secret, "&#%u;")},
      {"unicode", each(secret, "\\u%04x")},
      {"bytes", each(secret, "\\x%02x")},
      {"zero width", between(secret, "\xe2\x80\x8b")},
      {"soft hyphens", between(secret, "\xc2\xad")},
      {"concatenated", "\"" + secret.substr(0, 12) + "\" +\n    \"" + secret.substr(12) + "\""},
      {"json in json", "{\\\"token\\\": \\\"" + secret + "\\\", \\\"n\\\": 1}"},
  };
}

TEST_F(StreamScannerRules, FindWhatAWholeTextHolds) {
  std::size_t wanted = 0, more = 0;
  unsigned seed = 0;
  for (const std::string& example : examples()) {
    if (example.size() > 1500) continue;
    ++seed;
    const std::string text = words(1000 + seed % 1500, seed) + example + "\n\n" + words(1800, seed + 1);
    const auto whole = in_whole(text), streamed = in_stream(text, 40, seed);
    for (const Finding& finding : whole) {
      if (finding.confidence < kTold) continue;
      ++wanted;
      EXPECT_TRUE(is_found(finding, streamed)) << told({finding}, text) << "-- in the stream:\n"
                                               << told(streamed, text);
    }
    more += static_cast<std::size_t>(std::count_if(streamed.begin(), streamed.end(), [&](const Finding& finding) {
      return finding.confidence >= kTold && !is_found(finding, whole);
    }));
  }
  EXPECT_GE(wanted, 1500U);
  EXPECT_LE(more * 200, wanted);
}

TEST_F(StreamScannerRules, FindSecretsWrittenOtherwise) {
  std::size_t wanted = 0;
  unsigned seed = 0;
  for (const std::string& example : examples()) {
    // One in seven, and of those what is a single value.
    if (++seed % 7 != 0 || example.size() > 120 || example.find_first_of(" \n\"\\") != std::string::npos) continue;
    for (const auto& [name, writing] : written_otherwise(example)) {
      const std::string text = words(seed * 37 % 1500, seed) + "value: " + writing + "\n\n" + words(300, seed + 1);
      const auto whole = in_whole(text), streamed = in_stream(text, 40, seed);
      for (const Finding& finding : whole) {
        if (finding.confidence < kTold) continue;
        ++wanted;
        EXPECT_TRUE(is_found(finding, streamed)) << name << ": " << told({finding}, text);
      }
    }
  }
  EXPECT_GE(wanted, 100U);
}

TEST_F(StreamScannerRules, CutsDoNotMatter) {
  std::string text;
  unsigned seed = 0;
  for (const std::string& example : examples()) {
    ++seed;
    if (example.size() < 1500) text += words(seed % 300, seed) + example + (seed % 2 == 0 ? "\n" : " ");
  }
  for (const TextOrigin origin : {TextOrigin::kAssistant, TextOrigin::kToolArguments}) {
    const std::string whole = told(in_stream(text, 0, 1, origin), text);
    EXPECT_GE(std::count(whole.begin(), whole.end(), '\n'), 1000);
    for (const std::size_t most : {1U, 3U, 16U, 100U, 5000U}) {
      EXPECT_EQ(told(in_stream(text, most, seed, origin), text), whole) << most;
    }
  }
}

TEST_F(StreamScannerRules, NothingIsToldTwice) {
  std::string text;
  for (const std::string& example : examples()) {
    if (example.size() < 600) text += example + "\n";
  }
  const auto findings = in_stream(text, 30);
  for (std::size_t i = 0; i < findings.size(); ++i) {
    for (std::size_t j = i + 1; j < findings.size(); ++j) {
      if (findings[i].detector != findings[j].detector) continue;
      const bool again = findings[i].is_document
                             ? findings[i].label == findings[j].label
                             : findings[i].start < findings[j].end && findings[j].start < findings[i].end;
      EXPECT_FALSE(again) << told({findings[i], findings[j]}, text);
    }
  }
}

TEST_F(StreamScannerRules, LongRunsAreLookedAtThroughout) {
  const std::string inside = words(9000, 1) + "the token is " + std::string(kToken) + " and\n" + words(9000, 2);
  for (const auto& [name, run] :
       std::vector<std::pair<std::string, std::string>>{{"base64", to_base64(inside)},
                                                        {"base64 wrapped at 76", wrapped(to_base64(inside), 76)},
                                                        {"base64 wrapped at 64", wrapped(to_base64(inside), 64)},
                                                        {"hex", to_hex(inside)},
                                                        {"bytes", each(inside, "\\x%02x")},
                                                        {"percent", each(inside, "%%%02X")},
                                                        {"entities", each(inside, "&#%u;")}}) {
    for (std::size_t before = 0; before < 3; ++before) {
      const std::string text = words(2000 + before * 311, 7) + "data: " + std::string(before, ' ') + run + "\n\nend.\n";
      const auto findings = in_stream(text, 40);
      EXPECT_TRUE(std::any_of(findings.begin(), findings.end(),
                              [](const Finding& finding) { return finding.detector->id.starts_with("github"); }))
          << name << ", " << before;
    }
  }
}

TEST_F(StreamScannerRules, ToolArgumentsAreReadAsJson) {
  const std::string text = "{\"file\": \"a.env\", \"content\": \"A=1\\n" + std::string(kToken) +
                           "\\nB=\\\"x\\\"\\n\\u0067hp_aWFeOgd23eOp1ARVjVEeNJPXGyijpX1TFLh2\"}";
  const auto findings = in_stream(text, 9, 1, TextOrigin::kToolArguments);
  ASSERT_EQ(findings.size(), 2U) << told(findings, text);
  EXPECT_EQ(text.substr(findings[0].start, findings[0].end - findings[0].start), kToken);
  EXPECT_EQ(text.substr(findings[1].start, 7), "\\u0067h");
}

TEST_F(StreamScannerRules, SayWhenABoundWasMet) {
  std::string bomb(32UL << 20U, 'a'), packed(1UL << 20U, '\0');
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(bomb.data());
  stream.avail_in = static_cast<uInt>(bomb.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(std::min<std::size_t>(stream.total_out, 1500));
  deflateEnd(&stream);
  StreamScanner scanner(detectors());
  std::vector<Finding> findings;
  scanner.feed("here it is: " + to_base64(packed) + "\n", findings);
  scanner.end(findings);
  EXPECT_FALSE(scanner.complete());
  EXPECT_FALSE(scanner.incomplete_reason().empty());
}

}  // namespace
}  // namespace reeve::content
