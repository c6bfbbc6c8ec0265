#include "evidence/test_support.h"

namespace reeve::evidence {
namespace {

/// What is complained of in such documents.
std::string complaints_of(const std::string& text) {
  std::vector<Diagnostic> complaints;
  const auto documents = parse_yaml(text, "test.yaml", complaints);
  read_catalogue(documents, complaints);
  std::string all;
  for (const Diagnostic& complaint : complaints) all += complaint.to_string() + "\n";
  return all;
}

const std::string kStream = "kind: EvidenceStream\nname: s\ntext: t\n";
const std::string kFramework = "kind: ControlFramework\nname: f\ntitle: t\nchecked_on: 2026-11-22\n";

TEST(Catalogue, ReadsFrameworksAndTheirStreams) {
  const Catalogue catalogue = catalogue_of(kTestCatalogue);
  EXPECT_EQ(catalogue.frameworks.size(), 2U);
  EXPECT_EQ(catalogue.streams.size(), 5U);
  ASSERT_NE(catalogue.find("house-profile"), nullptr);
  EXPECT_EQ(catalogue.find("house-profile")->part_of, "house");
  EXPECT_EQ(catalogue.find("nobody"), nullptr);
}

TEST(Catalogue, PassesOverOtherKinds) { EXPECT_EQ(complaints_of("kind: Policy\nname: p\n"), ""); }

TEST(Catalogue, PointsAtWhatIsWrong) {
  const std::pair<std::string, const char*> wrong[] = {
      {kStream, "a stream has either 'entries', or a 'gap', or 'proofs: true'"},
      {kStream + "gap: none\nproofs: true\n", "a stream has either"},
      {kStream + "entries: ['kind ==']\n", "condition: "},
      {kStream + "entries: 'true'\n", "'entries' must be a list"},
      {kStream + "gap: none\nextra: 1\n", "extra"},
      {kStream + "entries: ['has(kind)']\ncounts: [{name: a, text: b}]\n", "a count needs 'when'"},
      {kStream + "gap: none\n---\n" + kStream + "gap: none\n", "there is already a stream 's'"},
      {kFramework, "at least one of 'controls'"},
      {kFramework + "controls: [{id: A, title: t, strength: direct, streams: [s]}]\n", "no EvidenceStream 's'"},
      {kFramework + "controls: [{id: A, title: t, strength: direct}]\n", "a control needs 'streams'"},
      {kStream + "gap: none\n---\n" + kFramework + "controls: [{id: A, title: t, strength: much, streams: [s]}]\n",
       "'strength' is direct, supporting or partial"},
      {kStream + "gap: none\n---\n" + kFramework +
           "dates: [{from: soon, what: w}]\ncontrols: [{id: A, title: t, strength: direct, streams: [s]}]\n",
       "'from': "},
  };
  for (const auto& [text, expected] : wrong) {
    EXPECT_NE(complaints_of(text).find(expected), std::string::npos) << text << "\ngives: " << complaints_of(text);
  }
}

}  // namespace
}  // namespace reeve::evidence
