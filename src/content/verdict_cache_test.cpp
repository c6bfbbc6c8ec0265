#include "content/verdict_cache.h"

#include <gtest/gtest.h>

#include <thread>

namespace reeve::content {
namespace {

std::shared_ptr<const Detectors> build(float confidence) {
  std::vector<Diagnostic> complaints;
  const auto documents = parse_yaml(
      "kind: Detector\nid: token\ntitle: T\nclass: secret\nseverity: high\npattern: '\\bext_[a-z0-9]{20}\\b'\n"
      "confidence: " +
          std::to_string(confidence) + "\n",
      "d.yaml", complaints);
  return Detectors::build(documents, {}, complaints);
}

constexpr std::string_view kBody = "one ext_0123456789abcdefghij two|a clean one|ext_9876543210abcdefghij";
const std::vector<BodyText> kTexts{{0, 32, TextForm::kPlain, TextOrigin::kUser},
                                   {33, 11, TextForm::kPlain, TextOrigin::kUser},
                                   {45, 24, TextForm::kPlain, TextOrigin::kToolResult}};

void expect_same(const Report& left, const Report& right) {
  ASSERT_EQ(left.findings.size(), right.findings.size());
  for (std::size_t i = 0; i < left.findings.size(); ++i) {
    const Finding &a = left.findings[i], &b = right.findings[i];
    EXPECT_EQ(a.detector, b.detector);
    EXPECT_EQ(a.start, b.start);
    EXPECT_EQ(a.end, b.end);
    EXPECT_EQ(a.confidence, b.confidence);
    EXPECT_EQ(a.origin, b.origin);
    EXPECT_EQ(a.text, b.text);
    EXPECT_EQ(a.depth, b.depth);
  }
}

TEST(VerdictCache, AKnownTextGivesTheSameFindingsWithoutAScan) {
  const auto detectors = build(0.9F);
  VerdictCache cache;
  Scanner fresh, cached(&cache);
  const Report first = cached.scan(*detectors, kBody, kTexts);
  EXPECT_EQ(first.scanned_bytes, first.bytes);
  const Report second = cached.scan(*detectors, kBody, kTexts);
  EXPECT_EQ(second.scanned_bytes, 0U);
  EXPECT_EQ(second.bytes, first.bytes);
  EXPECT_EQ(second.findings.size(), 2U);
  expect_same(first, second);
  expect_same(second, fresh.scan(*detectors, kBody, kTexts));
  EXPECT_EQ(cache.stats().hits, 3U);
}

TEST(VerdictCache, OriginFormAndDetectorsAreOtherTexts) {
  const auto detectors = build(0.9F), others = build(0.5F);
  VerdictCache cache;
  Scanner scanner(&cache);
  BodyText text{0, kBody.size(), TextForm::kPlain, TextOrigin::kUser};
  scanner.scan(*detectors, kBody, std::span(&text, 1));
  text.origin = TextOrigin::kSystem;
  EXPECT_GT(scanner.scan(*detectors, kBody, std::span(&text, 1)).scanned_bytes, 0U);
  text.form = TextForm::kJsonString;
  EXPECT_GT(scanner.scan(*detectors, kBody, std::span(&text, 1)).scanned_bytes, 0U);
  const Report& report = scanner.scan(*others, kBody, std::span(&text, 1));
  EXPECT_GT(report.scanned_bytes, 0U);
  EXPECT_FLOAT_EQ(report.findings.at(0).confidence, 0.5F);
}

TEST(VerdictCache, IsBounded) {
  const auto detectors = build(0.9F);
  constexpr std::size_t kMax = 64UL << 10U;
  VerdictCache cache(kMax);
  Scanner scanner(&cache);
  for (int i = 0; i < 5000; ++i) {
    const std::string body = "text number " + std::to_string(i);
    const BodyText text{0, body.size(), TextForm::kPlain, TextOrigin::kUser};
    scanner.scan(*detectors, body, std::span(&text, 1));
    ASSERT_LE(cache.stats().bytes, kMax);
  }
  EXPECT_GT(cache.stats().evicted, 0U);
}

TEST(VerdictCache, IsSharedByThreads) {
  const auto detectors = build(0.9F);
  VerdictCache cache(32UL << 10U);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      Scanner scanner(&cache);
      for (int i = 0; i < 500; ++i) {
        const std::string body = "ext_0123456789abcdefghij " + std::to_string(i);
        const BodyText text{0, body.size(), TextForm::kPlain, TextOrigin::kUser};
        EXPECT_EQ(scanner.scan(*detectors, body, std::span(&text, 1)).findings.size(), 1U);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(cache.stats().hits + cache.stats().misses, 2000U);
}

}  // namespace
}  // namespace reeve::content
