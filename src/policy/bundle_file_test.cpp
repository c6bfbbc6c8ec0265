// What a bundle is when it is written down: its canonical form, its digest, the signed file.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/bytes.h"
#include "core/crypto.h"
#include "policy/bundle_for_tests.h"

namespace reeve::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<std::string> kDocuments = {
    "{kind: Ladder, name: l, steps: [big, small]}\n",
    "{kind: Policy, name: a, on: [model.response, model.call], effect: allow, title: T, owner: o, controls: "
    "[SOC2:CC6.1], "
    "match: {tiers: [b, a], groups: x, people: z}, not: {repos: r}, when: 'size(principal.groups) > 1 && \"a\" != "
    "repo'}\n",
    "{kind: Policy, name: d, on: model.call, effect: deny, message: 'no \"x\"', fix: f, relaxable: true, mode: shadow, "
    "since: 2026-11-01, until: 2027-06-30T18:00:00.5Z}\n",
    "{kind: Policy, name: t, on: model.call, effect: allow, layer: {team: p}, relaxes: [d]}\n",
    "{kind: Policy, name: q, on: change.merge, effect: require, message: m, approval: {by: [x, y], within: 1500ms}}\n",
    "{kind: Policy, name: c, on: change.merge, effect: require, message: m, check: c, layer: {repo: acme/x}}\n",
    "{kind: Policy, name: r, on: model.call, effect: redact, with: token, classes: [pii]}\n",
    "{kind: Policy, name: w, on: tool.call, effect: rewrite, set: {tool.arguments.b: tool.name, tool.arguments.a: "
    "tool.server}}\n",
    "{kind: Policy, name: o, on: model.call, effect: route, to: {region: [eu], provider: x, retention: zero}}\n",
    "{kind: Policy, name: g, on: model.call, effect: degrade, ladder: l}\n",
    "{kind: Policy, name: s, on: secret.lease, effect: lease, lease: {secrets: [n], for: 1h}}\n",
    "{kind: Exception, name: e, rules: [d, r], match: {people: p}, not: {repos: r}, when: request.bytes > 3, reason: "
    "'ü', "
    "requested_by: x, approved_by: y, ends: 2027-01-01T10:00:00+02:00, uses: 18, compensating_check: c, work_item: "
    "W-1}\n"};

std::string joined(const std::vector<std::string>& documents) {
  std::string yaml;
  for (const std::string& document : documents) yaml += "---\n" + document;
  return yaml;
}

TEST(Canonical, IsTheSameFromItsOwnFormAndFromAnyOrder) {
  const auto bundle = must_build(joined(kDocuments));
  ASSERT_NE(bundle, nullptr);
  EXPECT_THAT(bundle->digest(), ::testing::MatchesRegex("sha256:[0-9a-f]{64}"));
  std::vector<std::string> shuffled = kDocuments;
  std::mt19937 random(3);
  for (int i = 0; i < 10; ++i) {
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    EXPECT_EQ(must_build("# moved\n\n" + joined(shuffled))->digest(), bundle->digest());
  }
  const auto json = JsonDocument::parse(bundle->canonical());
  ASSERT_TRUE(json.ok());
  std::vector<YamlValue> documents;
  for (const JsonValue& item : json->root().items()) documents.push_back(yaml_from_json(item, "canonical"));
  std::vector<Diagnostic> complaints;
  const auto again = Bundle::build(documents, complaints);
  ASSERT_NE(again, nullptr) << complaints[0].to_string();
  EXPECT_EQ(again->canonical(), bundle->canonical());
}

void expect_sorted(const JsonValue& value) {
  std::string_view last;
  for (const auto& [name, member] : value.members()) {
    EXPECT_LT(last, name);
    last = name;
    expect_sorted(member);
  }
  for (const JsonValue& item : value.items()) expect_sorted(item);
}

TEST(Canonical, HasItsMembersSorted) {
  const auto json = JsonDocument::parse(must_build(joined(kDocuments))->canonical());
  expect_sorted(json->root());
}

TEST(Canonical, CoversWhatDecidesAndNotHowItIsWritten) {
  const auto digest = [](const std::string& rest) {
    return must_build("{kind: Policy, name: r, on: model.call, effect: allow" + rest + "}")->digest();
  };
  EXPECT_EQ(digest(", match: {groups: [a, b]}"), digest(", match: {groups: [b, a, b]}"));
  EXPECT_EQ(digest(", match: {groups: a, tiers: b}"), digest(", match: {tiers: [b], groups: [a]}"));
  EXPECT_EQ(digest(", mode: enforce"), digest(""));
  EXPECT_EQ(digest(", since: 2026-11-01"), digest(", since: 2026-11-01T01:00:00+01:00"));
  EXPECT_EQ(digest(", tests: [{given: {}, expect: allow}]"), digest(""));
  for (const char* rest : {", match: {groups: a}", ", not: {groups: a}", ", when: repo == 'a'", ", mode: shadow",
                           ", since: 2026-11-01", ", relaxable: true", ", message: m", ", owner: o"}) {
    EXPECT_NE(digest(rest), digest("")) << rest;
  }
  const std::string rewrite = "{kind: Policy, name: w, on: tool.call, effect: rewrite, set: ";
  EXPECT_EQ(must_build(rewrite + "{tool.arguments.a: tool.name, tool.arguments.b: tool.name}}")->digest(),
            must_build(rewrite + "{tool.arguments.b: tool.name, tool.arguments.a: tool.name}}")->digest());
}

TEST(Compare, SaysWhatWasAddedRemovedAndChanged) {
  const auto before = must_build(
      "{kind: Policy, name: a, on: model.call, effect: allow}\n---\n"
      "{kind: Policy, name: b, on: model.call, effect: deny, message: m, fix: f}\n---\n"
      "{kind: Ladder, name: l, steps: [x, y]}");
  const auto after = must_build(
      "{kind: Policy, name: b, on: model.call, effect: ask, message: m, mode: shadow, owner: o}\n---\n"
      "{kind: Policy, name: c, on: model.call, effect: allow}\n---\n"
      "{kind: Ladder, name: l, steps: [x, y, z]}");
  const BundleDifference difference = compare_bundles(*before, *after);
  EXPECT_THAT(difference.added, ElementsAre("c"));
  EXPECT_THAT(difference.removed, ElementsAre("a"));
  ASSERT_EQ(difference.changed.size(), 2U);
  EXPECT_EQ(difference.changed[0].name, "b");
  std::string parts;
  for (const auto& [part, values] : difference.changed[0].parts)
    parts += part + ":" + values.first + ">" + values.second + " ";
  EXPECT_EQ(parts, R"(effect:"deny">"ask" fix:"f"> mode:"enforce">"shadow" owner:>"o" )");
  EXPECT_EQ(difference.changed[1].name, "ladder l");
  const BundleDifference none = compare_bundles(*after, *after);
  EXPECT_THAT(none.added, IsEmpty());
  EXPECT_THAT(none.removed, IsEmpty());
  EXPECT_THAT(none.changed, IsEmpty());
}

// ---- Files ----

class TestSigner final : public BundleSigner {
 public:
  explicit TestSigner(char seed) : key_(*Ed25519Key::from_seed(std::string(32, seed))) {}
  std::string public_key() const override { return std::string(key_.public_key()); }
  std::string sign(std::string_view message) const override { return key_.sign(message); }

 private:
  Ed25519Key key_;
};

class BundleFiles : public ::testing::Test {
 protected:
  static Instant at(std::string_view time) { return *parse_time(time); }
  const std::shared_ptr<const Bundle> bundle_ = must_build(joined(kDocuments));
  const TestSigner signer_{1};
  const std::string text_ = write_bundle_file(*bundle_, at("2026-11-20T10:00:00Z"), at("2026-12-20"), signer_);
};

TEST_F(BundleFiles, AreReadAsTheyWereWritten) {
  const auto file = read_bundle_file(text_, signer_.public_key(), at("2026-12-01"));
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(file->bundle->digest(), bundle_->digest());
  EXPECT_EQ(file->bundle->rules().size(), bundle_->rules().size());
  EXPECT_EQ(file->issued, at("2026-11-20T10:00:00Z"));
  EXPECT_EQ(file->valid_until, at("2026-12-20"));
  EXPECT_EQ(file->public_key, signer_.public_key());
  EXPECT_EQ(write_bundle_file(*file->bundle, file->issued, file->valid_until, signer_), text_);
}

TEST_F(BundleFiles, AreGoodUntilTheVeryInstant) {
  EXPECT_TRUE(read_bundle_file(text_, "", at("2026-12-19T23:59:59.999999Z")).ok());
  const auto stale = read_bundle_file(text_, "", at("2026-12-20T00:00:00Z"));
  ASSERT_FALSE(stale.ok());
  EXPECT_EQ(stale.error().code, ErrorCode::kDenied);
  EXPECT_THAT(stale.error().message, HasSubstr("is stale"));
  EXPECT_TRUE(read_bundle_file(text_, "", std::nullopt).ok()) << "who does not ask for the time is not told";
}

TEST_F(BundleFiles, OfAnotherKeyAreRefused) {
  const TestSigner stranger(2);
  const auto refused = read_bundle_file(text_, stranger.public_key(), std::nullopt);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kDenied);
  const std::string theirs = write_bundle_file(*bundle_, at("2026-11-20"), at("2026-12-20"), stranger);
  EXPECT_FALSE(read_bundle_file(theirs, signer_.public_key(), std::nullopt).ok());
  EXPECT_TRUE(read_bundle_file(theirs, "", std::nullopt).ok());
}

TEST_F(BundleFiles, ThatWereChangedAnywhereAreRefused) {
  // Every part, by its words.
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"\"name\":\"a\"", "\"name\":\"b2\""},
      {"\"mode\":\"shadow\"", "\"mode\":\"off\""},
      {"\"effect\":\"deny\"", "\"effect\":\"allow\""},
      {"\"uses\":18", "\"uses\":19"},
      {"\"ends\":\"2027", "\"ends\":\"2028"},
      {"\"issued\":\"2026-11-20", "\"issued\":\"2026-11-21"},
      {"\"valid_until\":\"2026", "\"valid_until\":\"2036"},
      {bundle_->digest(), must_build("")->digest()},
      {to_base64(signer_.public_key()), to_base64(TestSigner(2).public_key())}};
  for (const auto& [from, to] : changes) {
    std::string changed = text_;
    const std::size_t place = changed.find(from);
    ASSERT_NE(place, std::string::npos) << from;
    changed.replace(place, from.size(), to);
    EXPECT_FALSE(read_bundle_file(changed, "", std::nullopt).ok()) << from;
  }
}

TEST_F(BundleFiles, WithAnyByteOfTheirOwnFlippedDecideAsBeforeOrAreRefused) {
  for (std::size_t i = 0; i < text_.size(); i += 7) {
    std::string changed = text_;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto file = read_bundle_file(changed, signer_.public_key(), at("2026-12-01"));
    if (!file) continue;
    EXPECT_EQ(file->bundle->digest(), bundle_->digest()) << i;
  }
}

TEST_F(BundleFiles, ThatAreNoneSaySo) {
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), text_.substr(0, text_.size() / 2),
        std::string(R"({"bundle":[],"key":"AAAA","signature":"AAAA"})")}) {
    const auto file = read_bundle_file(text, "", std::nullopt);
    ASSERT_FALSE(file.ok());
    EXPECT_EQ(file.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(file.error().message, HasSubstr("the bundle file"));
  }
}

}  // namespace
}  // namespace reeve::policy
