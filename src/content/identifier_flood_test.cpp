// Hostile floods: text made so that the finders have as much to do as possible. They must stay linear, and fast.

#include <gtest/gtest.h>

#include <chrono>

#include "content/finders.h"
#include "content/normalise.h"
#include "core/yaml.h"

namespace reeve::content {
namespace {

class IdentifierFloods : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::vector<Diagnostic> complaints;
    documents_ = read_yaml_directory(REEVE_SOURCE_DIR "/governance/detectors/identifiers", complaints);
    for (const YamlValue& document : documents_) {
      if (auto detector = read_detector(document, complaints)) detectors_.push_back(*std::move(detector));
    }
  }

  static std::string repeated(std::string_view piece) {
    std::string text;
    while (text.size() < (1U << 20U)) text += piece;
    return text;
  }

  /// MB/s of all finders together over a megabyte of `piece`.
  static double speed(std::string_view name, std::string_view piece) {
    const std::string text = repeated(piece);
    const std::string padded = text + std::string(64, '\0');
    TextMasks masks;
    masks.compute(text);
    std::vector<Candidate> found;
    double all = 0;
    for (const NamedFinder& finder : identifier_finders()) {
      std::vector<std::uint32_t> mine;
      for (std::uint32_t i = 0; i < detectors_.size(); ++i) {
        if (detectors_[i].finder == finder.name) mine.push_back(i);
      }
      const auto prepared = finder.prepare(detectors_, mine);
      const auto begin = std::chrono::steady_clock::now();
      prepared->find({{padded.data(), text.size()}, masks, TextOrigin::kUser}, found);
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      std::printf("  %-12s %-12s %8.1f MB/s\n", std::string(name).c_str(), std::string(finder.name).c_str(),
                  1.048576 / seconds);
      all += seconds;
    }
    std::printf("  %-12s %-12s %8.1f MB/s, %zu candidates\n", std::string(name).c_str(), "together", 1.048576 / all,
                found.size());
    return 1.048576 / all;
  }

  static std::vector<YamlValue> documents_;
  static std::vector<Detector> detectors_;
};

std::vector<YamlValue> IdentifierFloods::documents_;
std::vector<Detector> IdentifierFloods::detectors_;

#if defined(__SANITIZE_ADDRESS__) || (defined(__has_feature) && __has_feature(address_sanitizer))
constexpr double kFloor = 0.05;
#else
constexpr double kFloor = 0.3;  // a busy machine takes many times what a free one does
#endif

TEST_F(IdentifierFloods, StayFast) {
  for (const auto& [name, piece] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"prose", "The quick brown fox jumps over the lazy dog, and then it does so again tomorrow.\n"},
           {"code", "  if (value.size() > 12 && at != end) { total += weights[i] * digits[i]; }  // sums: by place\n"},
           {"digits", "1234567890123456789"},
           {"numbers", "4716 2839 1047 5521 "},
           {"cards", "4111111111111111 "},
           {"single", "1 2 3 4 5 6 7 8 9 0 "},
           {"dotted", "12.34.56.78.90-12/34 "},
           {"at", "@@@@a@b@"},
           {"mail", "a.b@c.de "},
           {"colons", ":::a:b::c:"},
           {"pairs", "name:x,name=y "},
           {"names", "name: Anna Smith\n"},
           {"tokens", "A1B2C3D4E5F6G7H8 "},
           {"iban", "DE89 3704 0044 0532 0130 00 "},
           {"commas", "name,name,name,name\n"},
           {"values", "values ) values ) "}}) {
    EXPECT_GT(speed(name, piece), kFloor) << name;
  }
}

}  // namespace
}  // namespace reeve::content
