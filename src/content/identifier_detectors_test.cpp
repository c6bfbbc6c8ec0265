// The detectors of identifiers that ship, with their finders: every example is found, no counter-example is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "content/content.h"
#include "content/finders.h"
#include "content/normalise.h"

namespace reeve::content {
namespace {

/// Detectors as they ship, prepared the way the engine does it.
class ShippedIdentifiers {
 public:
  static const ShippedIdentifiers& get() {
    static const ShippedIdentifiers kShipped;
    return kShipped;
  }

  ShippedIdentifiers() {
    std::vector<Diagnostic> complaints;
    documents_ = read_yaml_directory(REEVE_SOURCE_DIR "/governance/detectors/identifiers", complaints);
    for (const YamlValue& document : documents_) {
      if (auto detector = read_detector(document, complaints)) detectors_.push_back(*std::move(detector));
    }
    for (const Diagnostic& complaint : complaints) ADD_FAILURE() << complaint.to_string();
    for (const NamedFinder& finder : identifier_finders()) {
      std::vector<std::uint32_t> mine;
      for (std::uint32_t i = 0; i < detectors_.size(); ++i) {
        if (detectors_[i].finder == finder.name) mine.push_back(i);
      }
      if (!mine.empty()) finders_.push_back(finder.prepare(detectors_, mine));
    }
  }

  const std::vector<Detector>& detectors() const { return detectors_; }

  /// Ids of what is found in a text, those of 0.5 and more.
  std::set<std::string> find(const std::string& as_written) const {
    const std::string text = normalised(as_written);
    std::string padded = text + std::string(64, '\0');
    TextMasks masks;
    masks.compute(text);
    std::vector<Candidate> found;
    for (const auto& finder : finders_) finder->find({{padded.data(), text.size()}, masks, TextOrigin::kUser}, found);
    std::set<std::string> ids;
    for (const Candidate& candidate : found) {
      EXPECT_LT(candidate.start, candidate.end);
      EXPECT_LE(candidate.end, text.size());
      if (candidate.confidence >= 0.5F) ids.insert(detectors_[candidate.detector].info.id);
    }
    return ids;
  }

 private:
  std::vector<YamlValue> documents_;
  std::vector<Detector> detectors_;
  std::vector<std::unique_ptr<PreparedFinder>> finders_;
};

TEST(IdentifierDetectors, EveryExampleIsFound) {
  for (const Detector& detector : ShippedIdentifiers::get().detectors()) {
    if (detector.finder.empty()) continue;
    EXPECT_FALSE(detector.examples.empty()) << detector.info.id;
    for (const std::string& example : detector.examples) {
      EXPECT_TRUE(ShippedIdentifiers::get().find(example).contains(detector.info.id))
          << detector.info.id << " in: " << example;
    }
  }
}

TEST(IdentifierDetectors, NoCounterExampleIsFound) {
  for (const Detector& detector : ShippedIdentifiers::get().detectors()) {
    if (detector.finder.empty()) continue;
    EXPECT_FALSE(detector.counter_examples.empty()) << detector.info.id;
    for (const std::string& example : detector.counter_examples) {
      EXPECT_FALSE(ShippedIdentifiers::get().find(example).contains(detector.info.id))
          << detector.info.id << " in: " << example;
    }
  }
}

TEST(IdentifierDetectors, TellPrivateAddressesFromEverybodysOnes) {
  for (const char* text : {"ping 10.47.58.158", "host: fd3a:93fa:41c2::11", "X-Forwarded-For: 172.20.31.7"}) {
    EXPECT_TRUE(ShippedIdentifiers::get().find(text).contains("ip-address")) << text;
  }
  for (const char* text : {"host 127.0.0.1", "bind 0.0.0.0", "mask 255.255.252.0", "from 192.0.2.7", "gateway 10.0.0.1",
                           "allow 10.20.0.0/16", "version 10.4.12.3", "host ::1", "section 5.4.3.1", "oid 1.3.101.112",
                           "a110 1.5.75.75 0 110"}) {
    EXPECT_FALSE(ShippedIdentifiers::get().find(text).contains("ip-address")) << text;
  }
}

TEST(IdentifierDetectors, TakeAnAuthorsAddressOutsideCommentsOnly) {
  const auto& shipped = ShippedIdentifiers::get();
  EXPECT_TRUE(shipped.find("Author: P. Garcia <p.garcia@bjhxuz.net>").contains("email"));
  EXPECT_FALSE(shipped.find("# Author: P. Garcia <p.garcia@bjhxuz.net>").contains("email"));
  EXPECT_FALSE(shipped.find("\"author\": \"P. Garcia <p.garcia@bjhxuz.net>\"").contains("email"));
  EXPECT_FALSE(shipped.find("Copyright\nAuthor: P. Garcia <p.garcia@bjhxuz.net>").contains("email"));
}

TEST(IdentifierDetectors, FindNothingInRowsOfIntegersAndDumps) {
  for (const char* text :
       {"4812729,4479,40492545705019\n4002140779093081,867320590582,747845", "36688331265116", "ee 09 35 52 55 68 a1",
        "0046 0046 0049", "on (2026-11-21, in", "ee 79 ef e4 ac 8c 66 9d b8 47 10 22"}) {
    EXPECT_THAT(ShippedIdentifiers::get().find(text), testing::IsEmpty()) << text;
  }
  EXPECT_TRUE(ShippedIdentifiers::get().find("card 4002140779093081").contains("credit-card"));
}

TEST(IdentifierDetectors, AreAHundredAndMore) { EXPECT_GE(ShippedIdentifiers::get().detectors().size(), 130U); }

}  // namespace
}  // namespace reeve::content
