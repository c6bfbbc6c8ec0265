#include "ledger/export_mapping.h"

#include <gmock/gmock.h>

#include "ledger/test_support.h"

namespace reeve::ledger {
namespace {

using testing::HasSubstr;

constexpr std::string_view kOutcome =
    R"({"attempt":1,"kind":"model.outcome","model":{"asked":"m|1"},"outcome":{"reason":"a=b\nc","status":"ok"},)"
    R"("principal":{"groups":["x","y"],"id":"ann@example.com"},"request_id":"r1","seq":7,"session_id":"s1",)"
    R"("time":"2026-11-21T10:55:03.123456Z","timing":{"total_us":1500000},"usage":{"input":3,"output":4},"v":1})";
constexpr std::string_view kIntent =
    R"({"attempt":1,"decision":{"bundle":"b1"},"kind":"model.intent","request_id":"r1","seq":5,)"
    R"("time":"2026-11-21T10:55:01.000000Z","v":1})";

struct Made {
  std::shared_ptr<const ExportMappings> mappings;
  std::vector<Diagnostic> complaints;
  std::string complaint() const { return complaints.empty() ? "" : complaints.front().to_string(); }
};

Made build(const std::string& rest) {
  Made made;
  const auto documents = parse_yaml("kind: ExportMapping\nname: t\n" + rest, "t.yaml", made.complaints);
  made.mappings = ExportMappings::build(documents, made.complaints);
  return made;
}

std::string record_of(const std::string& rest, std::string_view entry = kOutcome) {
  const Made made = build(rest);
  EXPECT_EQ(made.complaint(), "");
  ExportRecords records(*made.mappings->find("t"), {"log.example/1", "9.9"}, nullptr);
  const auto record = records.record({7, entry});
  return record ? record->text : "none";
}

std::string member(const std::string& rule) { return record_of("members:\n  - {to: x, " + rule + "}\n"); }

TEST(ExportMapping, TakesValuesOverWithTheirTypes) {
  EXPECT_EQ(member("from: principal.id"), R"({"x":"ann@example.com"})");
  EXPECT_EQ(member("from: usage.output"), R"({"x":4})");
  EXPECT_EQ(member("from: usage.output, as: text"), R"({"x":"4"})");
  EXPECT_EQ(member("from: principal.groups"), R"({"x":["x","y"]})");
  EXPECT_EQ(member("from: principal.groups, wrap: name"), R"({"x":[{"name":"x"},{"name":"y"}]})");
  EXPECT_EQ(member("from: usage, as: json_text"), R"({"x":"{\"input\":3,\"output\":4}"})");
}

TEST(ExportMapping, LeavesOutWhatIsNotThere) {
  EXPECT_EQ(member("from: work_item"), "{}");
  EXPECT_EQ(member("from: [work_item, principal.id]"), R"({"x":"ann@example.com"})");
  EXPECT_EQ(member("from: work_item, otherwise: 5"), R"({"x":5})");
  EXPECT_EQ(record_of("members:\n  - {to: a.b.c, from: repo}\n  - {to: a.d, value: true}\n"), R"({"a":{"d":true}})");
}

TEST(ExportMapping, ConvertsTimesAndNumbers) {
  EXPECT_EQ(member("from: time, as: milliseconds"), R"({"x":1795258503123})");
  EXPECT_EQ(member("from: time, as: nanoseconds"), R"({"x":1795258503123456000})");
  EXPECT_EQ(member("from: timing.total_us, divide: 1000000"), R"({"x":1.5})");
  EXPECT_EQ(member("from: timing.total_us, divide: 1000000, as: integer"), R"({"x":1})");
  EXPECT_EQ(member("from: timing.total_us, multiply: 1000"), R"({"x":1500000000})");
  EXPECT_EQ(member("sum: [usage.input, usage.output, usage.reasoning]"), R"({"x":7})");
  EXPECT_EQ(member("sum: [usage.reasoning]"), "{}");
}

TEST(ExportMapping, KnowsWhatEntriesDoNotSay) {
  EXPECT_EQ(member("from: $uid"), R"({"x":"log.example/1/7"})");
  EXPECT_EQ(member("from: $version"), R"({"x":"9.9"})");
  EXPECT_EQ(member("from: $leaf_hash"), R"({"x":")" + to_hex(as_bytes(leaf_hash(kOutcome))) + "\"}");
  EXPECT_EQ(member("from: $entry"), "{\"x\":" + std::string(kOutcome) + "}");
}

TEST(ExportMapping, ChoosesByValueAndKind) {
  EXPECT_EQ(member("from: outcome.status, values: {ok: 1, refused: 2}"), R"({"x":1})");
  EXPECT_EQ(member("from: outcome.status, values: {refused: 2}"), "{}");
  EXPECT_EQ(member("from: outcome.status, values: {refused: 2}, otherwise: other"), R"({"x":"other"})");
  EXPECT_EQ(member("value: 1, kinds: [model.*]"), R"({"x":1})");
  EXPECT_EQ(member("value: 1, kinds: [policy.*]"), "{}");
  EXPECT_EQ(member("join: [kind, repo, model.asked], prefix: 'p '"), R"({"x":"p model.outcome m|1"})");
  EXPECT_EQ(record_of("kinds: [policy.changed]\n"), "none");
}

TEST(ExportMapping, CutsTextsAtACharacter) {
  EXPECT_EQ(
      record_of("members:\n  - {to: x, value: 1}\n  - {to: y, from: repo, max: 4}\n", R"({"kind":"k","repo":"abcüü"})"),
      R"({"x":1,"y":"abc"})");
}

TEST(ExportMapping, EscapesWhatCefWants) {
  EXPECT_EQ(record_of("record: cef\nfields: {signature: {from: model.asked}, name: {value: n}, severity: {value: 3}}\n"
                      "members:\n  - {to: reason, from: outcome.reason}\n  - {to: cs1, from: repo}\n"
                      "  - {to: cs1Label, value: repo}\n"),
            R"(CEF:0|Reeve|Reeve|9.9|m\|1|n|3|reason=a\=b\nc)");
}

TEST(ExportMapping, ASpanBeginsWithItsIntent) {
  const Made made = build("record: span\nkinds: [model.outcome]\nmembers:\n  - {to: a.b, from: decision.bundle}\n");
  ExportRecords records(*made.mappings->find("t"), {"log", "1"}, nullptr);
  EXPECT_FALSE(records.record({5, kIntent}).has_value());
  EXPECT_EQ(records.needed_from(7), 5U);
  const auto span = records.record({7, kOutcome});
  ASSERT_TRUE(span);
  EXPECT_THAT(span->text, HasSubstr(R"("startTimeUnixNano":"1795258501000000000")"));
  EXPECT_THAT(span->text, HasSubstr(R"([{"key":"a.b","value":{"stringValue":"b1"}}])"));
  EXPECT_EQ(records.needed_from(8), 8U);
  // Without its intent it is as long as the outcome says.
  const auto alone = records.record({7, kOutcome});
  ASSERT_TRUE(alone);
  EXPECT_THAT(alone->text, HasSubstr(R"("startTimeUnixNano":"1795258501623456000")"));
}

TEST(ExportMapping, SaysWhatIsWrong) {
  EXPECT_THAT(build("members:\n  - {to: x, from: principle.id}\n").complaint(), HasSubstr("t.yaml:4"));
  EXPECT_THAT(build("members:\n  - {to: x, from: $nothing}\n").complaint(), HasSubstr("there is no $nothing"));
  EXPECT_THAT(build("members:\n  - {to: x}\n").complaint(), HasSubstr("one of 'from', 'sum', 'join' and 'value'"));
  EXPECT_THAT(build("members:\n  - {to: x, value: 1}\n  - {to: x.y, value: 1}\n").complaint(), HasSubstr("'x.y'"));
  EXPECT_THAT(build("members:\n  - {to: x, value: 1, divide: 0}\n").complaint(), HasSubstr("'divide'"));
  EXPECT_THAT(build("record: csv\n").complaint(), HasSubstr("entry, object, cef, span"));
  EXPECT_THAT(build("colour: red\n").complaint(), HasSubstr("colour"));
}

TEST(ExportMapping, ThoseThatShipAreSound) {
  std::vector<Diagnostic> complaints;
  const auto documents = read_yaml_directory(std::string(REEVE_SOURCE_DIR) + "/governance/exports", complaints);
  const auto mappings = ExportMappings::build(documents, complaints);
  EXPECT_TRUE(complaints.empty()) << complaints.front().to_string();
  EXPECT_EQ(mappings->names(), "cef, cloudevents, ecs, jsonl, ocsf, otlp");
}

TEST(ExportMapping, ThoseThatShipMakeTheKillSwitchLoud) {
  std::vector<Diagnostic> complaints;
  const auto documents = read_yaml_directory(std::string(REEVE_SOURCE_DIR) + "/governance/exports", complaints);
  const auto mappings = ExportMappings::build(documents, complaints);
  const std::string switched =
      R"({"detail":{"by":"sec","reason":"a leak","scope":"all"},"kind":"kill.switched","node":"n","seq":1,)"
      R"("time":"2026-11-21T10:55:01.000000Z","v":1})";
  const std::string killed =
      R"({"kind":"model.outcome","node":"n","outcome":{"reason":"cut_1: a leak","status":"killed"},"seq":2,)"
      R"("time":"2026-11-21T10:55:01.000000Z","v":1})";
  const auto text_of = [&](const char* name, const std::string& entry) {
    ExportRecords records(*mappings->find(name), {"log", "1"}, nullptr);
    const auto record = records.record({1, entry});
    return record ? record->text : std::string();
  };
  EXPECT_THAT(text_of("ocsf", switched), HasSubstr(R"("severity_id":4,"severity":"High")"));
  EXPECT_THAT(text_of("ocsf", switched), HasSubstr(R"("type_uid":600303)"));
  EXPECT_THAT(text_of("ocsf", killed), HasSubstr(R"("severity_id":3,"severity":"Medium")"));
  EXPECT_THAT(text_of("ocsf", killed), HasSubstr(R"("status_id":2)"));
  EXPECT_THAT(text_of("cef", switched), HasSubstr("|kill.switched|Kill switch thrown|8|"));
  EXPECT_THAT(text_of("cef", killed), HasSubstr("|Model call ended by the kill switch|6|"));
  EXPECT_THAT(text_of("ecs", switched), HasSubstr(R"("severity":8)"));
  EXPECT_THAT(text_of("ecs", killed), HasSubstr(R"("outcome":"failure")"));
}

}  // namespace
}  // namespace reeve::ledger
