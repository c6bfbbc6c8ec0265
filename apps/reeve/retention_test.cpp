#include "reeve/retention.h"

#include <gmock/gmock.h>

namespace reeve::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// What is wrong with the `ledger` of a configuration, by the frameworks that ship.
std::vector<std::string> complaints_about(const std::string& ledger) {
  std::vector<Diagnostic> complaints;
  const Config config = parse_config("ledger: " + ledger + "\n", "reeve.yaml", ".", complaints);
  static const evidence::Catalogue catalogue = [&] {
    return read_evidence_catalogue(std::filesystem::path(REEVE_SOURCE_DIR) / "governance", complaints);
  }();
  check_retention(config, catalogue, complaints);
  std::vector<std::string> texts;
  texts.reserve(complaints.size());
  for (const Diagnostic& complaint : complaints) texts.push_back(complaint.to_string());
  return texts;
}

TEST(Retention, EntriesAreNeverRemovedSoOnlyContentCanBeTooShort) {
  EXPECT_THAT(complaints_about("{content: metadata, retention: {frameworks: [pci-dss, eu-ai-act, hipaa]}}"), IsEmpty());
  EXPECT_THAT(complaints_about("{content: hash, retention: {content: 1h, frameworks: [eu-ai-act]}}"), IsEmpty());
  EXPECT_THAT(complaints_about("{content: sealed, retention: {frameworks: [pci-dss, hipaa, soc2]}}"), IsEmpty());
}

TEST(Retention, ContentThatGoesTooEarlyIsAnErrorWithClauseAndWayOut) {
  const auto found = complaints_about("{content: sealed, retention: {content: 30d, frameworks: [eu-ai-act]}}");
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_THAT(found[0], AllOf(HasSubstr("reeve.yaml:1:"), HasSubstr("Art. 19(1)"), HasSubstr("six months"),
                              HasSubstr("Keep it as long"), HasSubstr("of your own")));
  EXPECT_THAT(found[1], HasSubstr("Art. 26(6)"));
  // What is kept where nothing is said is too short, too; and the older name says the same.
  EXPECT_THAT(complaints_about("{content: sealed, retention: {frameworks: [eu-ai-act]}}"), SizeIs(2));
  EXPECT_THAT(complaints_about("{content: sealed, keep: 183d, retention: {frameworks: [eu-ai-act]}}"), SizeIs(2));
  EXPECT_THAT(complaints_about("{content: sealed, keep: 184d, retention: {frameworks: [eu-ai-act]}}"), IsEmpty());
}

TEST(Retention, ClassesMayGoEarlierOnlyWhereTheDutySaysSo) {
  const std::string begin = "{content: sealed, retention: {content: 200d, frameworks: [eu-ai-act], classes: ";
  EXPECT_THAT(complaints_about(begin + "{secret: 2d, payment-card: 1h}}}"), IsEmpty());
  const auto found = complaints_about(begin + "{secret: 2d, pii: 9d}}}");
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_THAT(found[0], HasSubstr("content of class 'pii' is kept for 9d"));
}

TEST(Retention, SaysWhatMakesNoSense) {
  const auto unknown = complaints_about("{retention: {frameworks: [pci]}}");
  ASSERT_THAT(unknown, SizeIs(1));
  EXPECT_THAT(unknown[0], HasSubstr("there is no framework 'pci'"));
  EXPECT_THAT(complaints_about("{keep: 30d, retention: {content: 30d}}"), SizeIs(1));
  EXPECT_THAT(complaints_about("{keep_classes: {secret: 1d}, retention: {classes: {secret: 2d}}}"), SizeIs(1));
  EXPECT_THAT(complaints_about("{retention: 30d}"), SizeIs(1));
  EXPECT_THAT(complaints_about("{retention: {frameworks: pci-dss}}"), SizeIs(1));
  EXPECT_THAT(complaints_about("{retention: {content: 5m}}"), SizeIs(1));
  EXPECT_THAT(complaints_about("{retention: {contents: 5d}}"), SizeIs(1));
}

TEST(Retention, DutiesOfTheHouseTakeThePlaceOfThoseThatShip) {
  std::vector<Diagnostic> complaints;
  const auto documents = parse_yaml(
      "{kind: EvidenceStream, name: s, text: t, gap: g}\n---\n"
      "{kind: ControlFramework, name: house, title: t, checked_on: 2026-11-23, controls: [{id: H1, title: t, strength: "
      "direct, streams: [s]}], retention: [{control: H1, period: 40d, of: [content], what: w}]}\n",
      "house.yaml", complaints);
  const evidence::Catalogue catalogue = evidence::read_catalogue(documents, complaints);
  EXPECT_THAT(complaints, IsEmpty());
  Config config;
  config.seal_content = true;
  config.retention_frameworks = {"house"};
  check_retention(config, catalogue, complaints);
  EXPECT_THAT(complaints, SizeIs(1));
  config.keep_content = std::chrono::hours(24 * 40);
  complaints.clear();
  check_retention(config, catalogue, complaints);
  EXPECT_THAT(complaints, IsEmpty());
}

TEST(Retention, ADutyNamesAControlOfItsFramework) {
  std::vector<Diagnostic> complaints;
  const auto documents = parse_yaml(
      "{kind: EvidenceStream, name: s, text: t, gap: g}\n---\n"
      "{kind: ControlFramework, name: house, title: t, checked_on: 2026-11-23, controls: [{id: H1, title: t, strength: "
      "direct, streams: [s]}], retention: [{control: H2, period: forever, of: [everything], what: w}]}\n",
      "house.yaml", complaints);
  evidence::read_catalogue(documents, complaints);
  EXPECT_GE(complaints.size(), 2U);
}

TEST(RoomOfAYear, IsSaidWithoutALedgerToo) {
  const std::string text = room_of_a_year("/nowhere", system_clock().now());
  EXPECT_THAT(text, AllOf(HasSubstr("never removed"), HasSubstr("10000 calls a day"), HasSubstr("GiB a year")));
}

}  // namespace
}  // namespace reeve::app
