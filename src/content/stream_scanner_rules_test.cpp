// Growing texts with the detectors that ship: what is found in a whole text is found in a growing one, plain or encoded,
// and cuts do not matter.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <set>
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
  constexpr std::string_view kWords[] = {"the",  "answer", "is",     "then",  "written", "down", "so",
                                         "that", "nobody", "looks",  "for",   "it",      "and",  "we",
                                         "go",   "on",     "slowly", "with",  "other",   "lines"};
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

TEST_F(StreamScannerRules, FindTheExamplesOfAllDetectors) {
  std::size_t wanted = 0, missed = 0, more = 0;
  unsigned seed = 0;
  for (const std::string& example : examples()) {
    if (example.size() > 1500) continue;
    const std::string text = words(1000 + seed % 1500, seed) + example + "\n\n" + words(1800, seed + 1);
    ++seed;
    const auto whole = in_whole(text);
    const auto streamed = in_stream(text, 40, seed);
    for (const Finding& finding : whole) {
      if (finding.confidence < kTold) continue;
      ++wanted;
      if (is_found(finding, streamed)) continue;
      ++missed;
      ADD_FAILURE() << "not in the stream: " << told({finding}, text) << example << "\n-- streamed: "
                    << told(streamed, text);
    }
    for (const Finding& finding : streamed) {
      if (finding.confidence >= kTold && !is_found(finding, whole)) {
        ++more;
        if (std::getenv("SHOW")) std::cout << "MORE " << told({finding}, text);
      }
    }
  }
  std::cout << wanted << " " << missed << " " << more << "\n";
}

TEST_F(StreamScannerRules, Material) {
  const char* files = std::getenv("FILES");
  if (files == nullptr) return;
  std::ifstream list(files);
  std::string name;
  std::size_t bytes = 0, wanted = 0, missed = 0, more = 0;
  while (std::getline(list, name)) {
    std::ifstream file(name);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    bytes += text.size();
    const auto whole = in_whole(text);
    const auto streamed = in_stream(text, 40, 7);
    for (const Finding& finding : whole) {
      if (finding.confidence < kTold) continue;
      ++wanted;
      if (is_found(finding, streamed)) continue;
      ++missed;
      std::cout << name << ":" << finding.start << " MISSED " << finding.is_document << " " << told({finding}, text);
    }
    for (const Finding& finding : streamed) {
      if (finding.confidence >= kTold && !is_found(finding, whole)) {
        ++more;
        std::cout << name << ":" << finding.start << " MORE " << finding.is_document << " " << told({finding}, text);
      }
    }
  }
  std::cout << bytes << " bytes " << wanted << " " << missed << " " << more << "\n";
}

}  // namespace
}  // namespace reeve::content
