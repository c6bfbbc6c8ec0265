#include "content/verdict_cache.h"

#include <gtest/gtest.h>

#include <random>
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

VerdictKey drawn_key(std::mt19937_64& random) {
  return {.low = random(), .high = random(), .detectors = random() % 3, .origin = TextOrigin::kUser};
}

TEST(KeySet, KnowsWhatWasPutIntoItWhileItGrows) {
  std::mt19937_64 random(5);
  KeySet keys(1UL << 20U);
  std::vector<VerdictKey> put;
  for (int i = 0; i < 8000; ++i) {
    put.push_back(drawn_key(random));
    keys.insert(put.back(), i % 5 == 0);
  }
  int lost = 0;
  for (int i = 0; i < 8000; ++i) {
    const auto known = keys.find(put[static_cast<std::size_t>(i)]);
    lost += known == KeySet::Known::kNo ? 1 : 0;
    if (known != KeySet::Known::kNo) EXPECT_EQ(known == KeySet::Known::kWithFindings, i % 5 == 0);
    VerdictKey other = put[static_cast<std::size_t>(i)];
    other.detectors += 1;
    EXPECT_EQ(keys.find(other), KeySet::Known::kNo);
    other = put[static_cast<std::size_t>(i)];
    other.origin = TextOrigin::kSystem;
    EXPECT_EQ(keys.find(other), KeySet::Known::kNo);
  }
  EXPECT_LT(lost, 800);  // lines fill unevenly
}

TEST(KeySet, KeepsWhatIsAskedForAndStaysWithinItsBound) {
  std::mt19937_64 random(6);
  constexpr std::size_t kMax = 4096;
  KeySet keys(kMax);
  const VerdictKey kept = drawn_key(random);
  keys.insert(kept, false);
  std::size_t gone = 0;
  for (int i = 0; i < 5000; ++i) {
    gone += keys.insert(drawn_key(random), false) ? 1 : 0;
    ASSERT_EQ(keys.find(kept), KeySet::Known::kClean);
    ASSERT_LE(keys.bytes(), kMax);
  }
  EXPECT_GT(gone, 4000U);
}

TEST(KeySet, TheSameKeyAgainTakesItsOwnPlace) {
  std::mt19937_64 random(7);
  KeySet keys(64);
  const VerdictKey key = drawn_key(random);
  EXPECT_FALSE(keys.insert(key, false));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(keys.insert(key, true));
  EXPECT_EQ(keys.find(key), KeySet::Known::kWithFindings);
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
