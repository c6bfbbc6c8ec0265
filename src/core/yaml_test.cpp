#include "core/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <map>

namespace reeve {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

struct Parsed {
  std::vector<YamlValue> documents;
  std::vector<Diagnostic> complaints;
  std::string text() const {
    std::string all;
    for (const auto& complaint : complaints) all += complaint.to_string() + "\n";
    return all;
  }
};

Parsed parse(std::string_view yaml) {
  Parsed parsed;
  parsed.documents = parse_yaml(yaml, "f.yaml", parsed.complaints);
  return parsed;
}

TEST(Yaml, KnowsThePlaceOfEveryValue) {
  const Parsed parsed = parse("# comment\na:\n  - b: c\n    d: [1, 'two']\n---\nsecond: \"x\"\n");
  ASSERT_THAT(parsed.complaints, SizeIs(0)) << parsed.text();
  ASSERT_THAT(parsed.documents, SizeIs(2));
  const YamlValue& root = parsed.documents[0];
  EXPECT_EQ(root.line(), 2U);
  EXPECT_EQ(root.column(), 1U);
  const YamlValue& list = *root.find("a");
  ASSERT_TRUE(list.is_sequence());
  const YamlValue& d = *list.items()[0].find("d");
  EXPECT_EQ(d.line(), 4U);
  EXPECT_EQ(d.column(), 8U);
  EXPECT_EQ(d.items()[0].as_int(), 1);
  EXPECT_EQ(d.items()[1].text(), "two");
  EXPECT_EQ(d.items()[1].complain("no").to_string(), "f.yaml:4:12: no");
  EXPECT_EQ(parsed.documents[1].find("second")->line(), 6U);
  EXPECT_EQ(root.find("b"), nullptr);
}

TEST(Yaml, TellsNothingFromText) {
  const Parsed parsed = parse("a: ~\nb: null\nc:\nd: '~'\ne: \"null\"\nf: ''\ng: false\nh: 'false'\ni: -7\nj: 1.0\n");
  ASSERT_THAT(parsed.complaints, SizeIs(0));
  const YamlValue& root = parsed.documents[0];
  for (const char* key : {"a", "b", "c"}) EXPECT_EQ(root.find(key)->kind(), YamlValue::Kind::kNull) << key;
  for (const char* key : {"d", "e", "f"}) EXPECT_TRUE(root.find(key)->is_scalar()) << key;
  EXPECT_EQ(root.find("d")->text(), "~");
  EXPECT_EQ(root.find("g")->as_bool(), false);
  EXPECT_EQ(root.find("i")->as_int(), -7);
  EXPECT_EQ(root.find("j")->as_int(), std::nullopt);
  EXPECT_EQ(root.as_bool(), std::nullopt);
}

struct Wrong {
  const char* yaml;
  const char* complaint;
};
class YamlErrors : public ::testing::TestWithParam<Wrong> {};
TEST_P(YamlErrors, AreComplainedAboutInPlace) {
  const Parsed parsed = parse(GetParam().yaml);
  EXPECT_TRUE(has_errors(parsed.complaints));
  EXPECT_THAT(parsed.text(), HasSubstr(GetParam().complaint));
}
INSTANTIATE_TEST_SUITE_P(
    All, YamlErrors,
    ::testing::Values(Wrong{"a: 1\na: 2", "f.yaml:2:1: the key 'a' is given twice"},
                      Wrong{"a: {b: 1, b: 2}", "f.yaml:1:11: the key 'b'"},
                      Wrong{"[a, b]: c", "f.yaml:1:1: a key must be plain text"},
                      Wrong{"~: c", "a key must be plain text"}, Wrong{"a: &x 1\nb: *x", "f.yaml:2:4: aliases are not"},
                      Wrong{"a: *nobody", "f.yaml:1:4: cannot be read"},
                      Wrong{"a: !!int 1", "f.yaml:1:4: tags such as"}, Wrong{"a: !mine [1]", "tags such as"},
                      Wrong{"a: [1, 2", "cannot be read as YAML"}, Wrong{"a: 'x", "cannot be read as YAML"},
                      Wrong{"a: 1\nb: 'x\n", "f.yaml:2:4: cannot be read as YAML: this quote is not closed"},
                      Wrong{"a: \"x\\\"\nb: 1\n", "f.yaml:1:4: cannot be read as YAML: this quote is not closed"},
                      Wrong{"a: 'it''s ''\nb: 1\n", "f.yaml:1:4: cannot be read as YAML: this quote is not closed"},
                      Wrong{"a: b: c", "f.yaml:1:5: cannot be read"},
                      Wrong{"a:\n\t- b", "f.yaml:2:1: cannot be read as YAML: a tab in the indentation"},
                      Wrong{"a: \xff", "f.yaml: is not UTF-8 text"},
                      Wrong{"a: b\nc: \x04 d", "f.yaml:2:4: a control character"},
                      Wrong{"a: \x1b[31m", "f.yaml:1:4: a control character"}));

TEST(Yaml, AQuoteThatIsClosedAtTheVeryEndIsClosed) {
  for (const char* yaml : {"a: 'x'", "a: ''\n", "a: 'it''s'\n", "a: \"\\\"\"\n", "a: \"\\\\\"", "a: it's\n"}) {
    EXPECT_EQ(parse(yaml).text(), "") << yaml;
  }
}

TEST(Yaml, KeepsTheDocumentsBeforeAnError) {
  const Parsed parsed = parse("a: 1\n---\nb: 2\n---\nc: [\n");
  EXPECT_THAT(parsed.documents, SizeIs(2));
  EXPECT_TRUE(has_errors(parsed.complaints));
}

TEST(Yaml, AliasesDoNotMultiply) {
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'z'; ++c) {
    const std::string before = std::string("*") + static_cast<char>(c - 1);
    bomb += std::string(1, c) + ": &" + c + " [" + before + ", " + before + ", " + before + ", " + before + "]\n";
  }
  const Parsed parsed = parse(bomb);
  EXPECT_TRUE(has_errors(parsed.complaints));
}

TEST(Yaml, DepthAndSizeAreBounded) {
  const auto repeat = [](const char* text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  };
  for (const std::string& deep : {repeat("- ", 100'000), repeat("? ", 100'000), repeat("[", 100'000),
                                  repeat("{a: ", 100'000), repeat("- ", 65) + "x"}) {
    EXPECT_THAT(parse(deep).text(), HasSubstr("nested too deeply"));
  }
  const Parsed deepest = parse(repeat("- ", 64) + "x");
  EXPECT_FALSE(has_errors(deepest.complaints)) << deepest.text();
  EXPECT_THAT(parse(std::string((4UL << 20U) + 1, ' ')).text(), HasSubstr("larger than 4 MiB"));
  EXPECT_THAT(parse("[" + repeat("a,", 200'001) + "]").text(), HasSubstr("more than 200,000"));
}

TEST(Yaml, NothingAtAllIsNoDocument) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n---\n", "---\n...\n", "~"}) {
    const Parsed parsed = parse(text);
    EXPECT_THAT(parsed.documents, SizeIs(0)) << text;
    EXPECT_THAT(parsed.complaints, SizeIs(0)) << text;
  }
}

TEST(Yaml, ReadsWindowsLinesAndAByteOrderMark) {
  const Parsed parsed = parse(
      "\xef\xbb\xbf"
      "a: 1\r\nb:\r\n  - c\r\n");
  ASSERT_THAT(parsed.documents, SizeIs(1)) << parsed.text();
  EXPECT_EQ(parsed.documents[0].find("a")->text(), "1");
  EXPECT_EQ(parsed.documents[0].find("b")->items()[0].text(), "c");
}

TEST(Yaml, PointsIntoAScalarThroughWhateverStandsAroundIt) {
  const Parsed parsed =
      parse("a: 'it''s x'\nb: \"\\\"q\\\" x\"\nc: |\n  one\n  two x\nd: >-\n  one\n\n  two x\ne: one\n  two x\n");
  const std::map<std::string, std::string> places{{"a", "f.yaml:1:11: x"},
                                                  {"b", "f.yaml:2:11: x"},
                                                  {"c", "f.yaml:5:7: x"},
                                                  {"d", "f.yaml:9:7: x"},
                                                  {"e", "f.yaml:11:7: x"}};
  for (const auto& [key, value] : parsed.documents.at(0).members()) {
    EXPECT_EQ(value.complain_at(value.text().find('x'), "x").to_string(), places.at(key.text())) << value.text();
  }
  EXPECT_EQ(parsed.documents[0].find("b")->complain_at(0, "x").to_string(), "f.yaml:2:5: x");
  const Parsed wide = parse("{\"äöü\": 1, a: 'x y'}\n");
  const YamlValue& quoted = *wide.documents.at(0).find("a");
  EXPECT_EQ(quoted.complain_at(2, "x").column, quoted.complain("x").column + 3);
}

TEST(Yaml, UnknownKeysNameTheNearestKnownOne) {
  const Parsed parsed = parse("efect: allow\nwhatever: 1\nname: x\n" + std::string(900, 'k') + ": 1\n");
  std::vector<Diagnostic> complaints;
  parsed.documents[0].refuse_unknown_keys({"name", "effect"}, complaints);
  ASSERT_THAT(complaints, SizeIs(3));
  EXPECT_EQ(complaints[0].to_string(), "f.yaml:1:1: unknown key 'efect'; did you mean 'effect'?");
  EXPECT_EQ(complaints[1].to_string(), "f.yaml:2:1: unknown key 'whatever'");
  EXPECT_LT(complaints[2].message.size(), 200U);
}

TEST(Yaml, UnknownKeysOfSomethingElseAreNone) {
  std::vector<Diagnostic> complaints;
  parse("- a").documents[0].refuse_unknown_keys({"name"}, complaints);
  EXPECT_THAT(complaints, SizeIs(0));
}

/// Where `needle` begins in the file, as "line:column".
std::string place_of(const std::string& yaml, const std::string& needle) {
  const std::size_t at = yaml.find(needle);
  const std::size_t line_start = yaml.rfind('\n', at) + 1;
  const auto line = 1 + std::count(yaml.begin(), yaml.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  return std::to_string(line) + ":" + std::to_string(at - line_start + 1);
}

struct Scalar {
  const char* style;
  std::string yaml;     // with the value under `when`
  const char* in_text;  // begins in the value's text where it should be pointed at
  const char* in_file;  // begins in the file there
};
class YamlPlaces : public ::testing::TestWithParam<Scalar> {};
TEST_P(YamlPlaces, AComplaintFindsItsWayIntoTheScalar) {
  const std::string& yaml = GetParam().yaml;
  const Parsed parsed = parse(yaml);
  ASSERT_THAT(parsed.documents, SizeIs(1)) << parsed.text();
  const YamlValue& value = *parsed.documents[0].find("when");
  const std::size_t offset = value.text().find(GetParam().in_text);
  ASSERT_NE(offset, std::string::npos) << value.text();
  EXPECT_EQ(value.complain_at(offset, "m").to_string(), "f.yaml:" + place_of(yaml, GetParam().in_file) + ": m")
      << value.text();
}
INSTANTIATE_TEST_SUITE_P(
    Styles, YamlPlaces,
    ::testing::Values(Scalar{"plain", "a: 1\nwhen: x == 1 && bad > 2\nb: bad\n", "bad", "bad > 2"},
                      Scalar{"plain, folded", "when: x == 1\n  && y == 2\n\n  && bad > 2\n", "bad", "bad > 2"},
                      Scalar{"single quotes", "when: 'it''s == 1 && ''x'' && bad'\n", "bad", "bad'"},
                      Scalar{"single quotes, folded", "when: 'a ==\n  1 &&\n  bad'\n", "bad", "bad'"},
                      Scalar{"double quotes", "when: \"a == 1 && bad > 2\"\n", "bad", "bad >"},
                      Scalar{"the first byte", "when: \"\\\"a\\\" in b\"\n", "\"a\"", "\\\"a"},
                      Scalar{"escaped quotes", "when: \"a == \\\"small\\\" && bad > 2\"\n", "bad", "bad >"},
                      Scalar{"an escaped letter that comes again later",
                             "when: \"a == \\\"\\u0062\\\" && x == b\"\nb: b\n", "b\" &&", "\\u0062"},
                      Scalar{"after escaped letters",
                             "when: \"\\x62\\u00e4\\u20ac\\U0001F600\\n\\t\\_\\L && bad\"\nz: bad\n", "bad", "bad\""},
                      Scalar{"double quotes, folded", "when: \"a == 1\n    && b\n\n    && bad\"\n", "bad", "bad\""},
                      Scalar{"a line that goes on", "when: \"a == 1 \\\n    && bad > 2\"\n", "bad", "bad >"},
                      Scalar{"literal", "when: |\n  a == 1 &&\n    b &&\n  bad > 2\nz: 1\n", "bad", "bad >"},
                      Scalar{"literal with an indented line", "when: |\n  a &&\n      bad > 2\n", "bad", "bad >"},
                      Scalar{"literal, stripped, with a remark", "when: |-  # bad\n  a &&\n  bad > 2\n", "bad",
                             "bad >"},
                      Scalar{"folded", "when: >\n  a == 1 &&\n  b &&\n\n  bad > 2\n", "bad", "bad >"},
                      Scalar{"folded, stripped", "when: >-\n   a == 1 &&\n   bad > 2", "bad", "bad >"},
                      Scalar{"Windows lines", "x: 1\r\nwhen: |\r\n  a &&\r\n  bad > 2\r\n", "bad", "bad >"},
                      Scalar{"in a flow mapping", "{a: bad, when: a && bad, c: 1}\n", "bad", "bad, c"}),
    [](const auto& tested) { return "Case" + std::to_string(tested.index); });

TEST(Yaml, AComplaintBeyondAScalarStaysInTheFile) {
  for (const char* yaml : {"when: abc", "when: 'abc'", "when: \"a\\u0062c\"", "when: |\n  abc", "when: >\n  abc\n"}) {
    const Parsed parsed = parse(yaml);
    const Diagnostic complaint = parsed.documents[0].find("when")->complain_at(1000, "m");
    EXPECT_GE(complaint.line, 1U) << yaml;
    EXPECT_LE(complaint.line, 3U) << yaml;
  }
}

TEST(Yaml, FromJsonIsTheSameTreeWithoutPlaces) {
  const auto json = JsonDocument::parse(R"({"a":[1,true,null,"x",-2.5],"b":{"c":"d"},"e":""})");
  const YamlValue tree = yaml_from_json(json->root(), "bundle");
  ASSERT_TRUE(tree.is_mapping());
  const auto& items = tree.find("a")->items();
  ASSERT_THAT(items, SizeIs(5));
  EXPECT_EQ(items[0].as_int(), 1);
  EXPECT_EQ(items[1].as_bool(), true);
  EXPECT_EQ(items[2].kind(), YamlValue::Kind::kNull);
  EXPECT_EQ(items[3].text(), "x");
  EXPECT_EQ(items[4].text(), "-2.5");
  EXPECT_EQ(tree.find("b")->find("c")->text(), "d");
  EXPECT_TRUE(tree.find("e")->is_scalar());
  EXPECT_EQ(items[3].complain("no").to_string(), "bundle: no");
  EXPECT_EQ(items[3].complain_at(1, "no").to_string(), "bundle: no");
  std::vector<Diagnostic> complaints;
  tree.refuse_unknown_keys({"a", "b"}, complaints);
  ASSERT_THAT(complaints, SizeIs(1));
  EXPECT_EQ(complaints[0].to_string(), "bundle: unknown key 'e'");
}

class YamlFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "reeve-yaml-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  std::filesystem::path root_;
};

TEST_F(YamlFiles, ReadsADirectoryInOrderAndPassesOverHiddenNames) {
  write("b.yml", "kind: B");
  write("a/z.yaml", "kind: Z\n---\nkind: Z2");
  write("a/notes.md", "not yaml: [");
  write(".git/c.yaml", "kind: Hidden");
  write(".d.yaml", "kind: Hidden");
  std::filesystem::create_symlink(root_ / "b.yml", root_ / "linked.yaml");
  std::vector<Diagnostic> complaints;
  const auto documents = read_yaml_directory(root_, complaints);
  EXPECT_FALSE(has_errors(complaints));
  std::vector<std::string> kinds;
  kinds.reserve(documents.size());
  for (const auto& document : documents) kinds.push_back(document.find("kind")->text());
  EXPECT_THAT(kinds, ::testing::ElementsAre("Z", "Z2", "B", "B"));
  EXPECT_EQ(documents[0].file(), (root_ / "a/z.yaml").string());
}

TEST_F(YamlFiles, ADocumentWithoutAKindIsAnError) {
  for (const char* text : {"name: x", "- a", "kind: [a]", "just text"}) {
    write("x.yaml", text);
    std::vector<Diagnostic> complaints;
    EXPECT_THAT(read_yaml_directory(root_, complaints), SizeIs(0)) << text;
    EXPECT_TRUE(has_errors(complaints)) << text;
  }
}

TEST_F(YamlFiles, WhatCannotBeReadIsAnErrorAndNotEmpty) {
  std::vector<Diagnostic> complaints;
  read_yaml_file(root_ / "missing.yaml", complaints);
  read_yaml_file(root_, complaints);
  read_yaml_directory(root_ / "missing", complaints);
  EXPECT_THAT(complaints, SizeIs(3));
  write("large.yaml", std::string((4UL << 20U) + 1, '#'));
  complaints.clear();
  read_yaml_file(root_ / "large.yaml", complaints);
  ASSERT_THAT(complaints, SizeIs(1));
  EXPECT_THAT(complaints[0].message, HasSubstr("larger than 4 MiB"));
  write("whole.yaml", "kind: " + std::string(100'000, 'x'));
  complaints.clear();
  EXPECT_EQ(read_yaml_file(root_ / "whole.yaml", complaints).at(0).find("kind")->text().size(), 100'000U);
}

TEST_F(YamlFiles, ALinkToADirectoryIsAnErrorAndNotPassedOver) {
  write("elsewhere/deny.yaml", "kind: Policy");
  std::filesystem::create_directory(root_ / "rules");
  std::filesystem::create_directory_symlink(root_ / "elsewhere", root_ / "rules/shared");
  std::filesystem::create_directory_symlink(root_ / "elsewhere", root_ / "rules/..data");
  std::vector<Diagnostic> complaints;
  EXPECT_THAT(read_yaml_directory(root_ / "rules", complaints), SizeIs(0));
  ASSERT_THAT(complaints, SizeIs(1));
  EXPECT_EQ(complaints[0].file, (root_ / "rules/shared").string());
}

TEST_F(YamlFiles, TheEndOfANameMayBeInCapitals) {
  write("A.YAML", "kind: A");
  write("b.Yml", "kind: B");
  std::vector<Diagnostic> complaints;
  EXPECT_THAT(read_yaml_directory(root_, complaints), SizeIs(2));
}

TEST_F(YamlFiles, ADanglingLinkOrAPipeIsAnErrorAndNotPassedOver) {
  std::filesystem::create_symlink(root_ / "gone.yaml", root_ / "rules.yaml");
  ASSERT_EQ(::mkfifo((root_ / "pipe.yaml").c_str(), 0600), 0);
  std::filesystem::create_directory(root_ / "folder.yaml");
  std::vector<Diagnostic> complaints;
  read_yaml_directory(root_, complaints);
  EXPECT_THAT(complaints, SizeIs(2));
}

TEST(YamlFromJson, ComplaintsNameTheMemberByItsPointer) {
  std::vector<Diagnostic> complaints;
  const auto json = JsonDocument::parse(R"({"for":{"a/b~":[1,"x"]},"n":2,"n":null})");
  const YamlValue tree = yaml_from_json(json->root(), "#", complaints);
  ASSERT_THAT(complaints, SizeIs(1));
  EXPECT_EQ(complaints[0].file, "#/n");
  const YamlValue& list = tree.find("for")->members()[0].second;
  EXPECT_EQ(tree.file(), "#");
  EXPECT_EQ(tree.find("for")->members()[0].first.file(), "#/for/a~1b~0");
  EXPECT_EQ(list.items()[1].complain("m").to_string(), "#/for/a~1b~0/1: m");
  EXPECT_EQ(list.items()[0].text(), "1");
}

TEST(YamlToJson, SaysTheSameWhateverItWasReadFrom) {
  std::vector<Diagnostic> complaints;
  const auto yaml = parse_yaml("b: {y: 3, x: [a, 0.5, ~]}\na: \"q\\\"\"\n", "f", complaints);
  const auto json = JsonDocument::parse(R"({"a":"q\"","b":{"x":["a",0.5,null],"y":3}})");
  ASSERT_THAT(yaml, SizeIs(1));
  const std::string expected = R"({"a":"q\"","b":{"x":["a","0.5",null],"y":"3"}})";
  EXPECT_EQ(to_canonical_json(yaml[0]), expected);
  EXPECT_EQ(to_canonical_json(yaml_from_json(json->root(), "f")), expected);
}

TEST(Diagnostics, NameTheWholeFileOrThePlace) {
  EXPECT_EQ((Diagnostic{Diagnostic::Severity::kError, "f", 0, 0, "m"}).to_string(), "f: m");
  EXPECT_EQ((Diagnostic{Diagnostic::Severity::kWarning, "f", 3, 4, "m"}).to_string(), "f:3:4: warning: m");
  EXPECT_FALSE(has_errors({{Diagnostic::Severity::kWarning, "f", 3, 4, "m"}}));
}

}  // namespace
}  // namespace reeve
