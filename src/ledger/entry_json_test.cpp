#include "ledger/entry_json.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "core/bytes.h"
#include "core/json.h"

namespace reeve::ledger {
namespace {

constexpr std::string_view kTime = "2026-11-21T10:55:03.123456Z";

std::string placed(const Entry& entry, std::uint64_t seq = 7, std::string_view node = "n1") {
  std::string prepared = "unrelated";
  const std::size_t start = prepared.size();
  const EntrySlots slots = append_prepared_entry(prepared, entry, node);
  std::string result(prepared.size() - start + kSeqDigitsMax, '\0');
  result.resize(place_entry(std::string_view(prepared).substr(start), slots, seq, kTime, result.data()));
  return result;
}

/// RFC 8785 for values without fractions, written from the parsed document: what an entry must equal byte for byte.
std::string canonical(JsonValue value) {
  if (value.is_object()) {
    auto members = value.members();
    std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::string out = "{";
    for (const auto& [name, member] : members) {
      if (out.size() > 1) out += ',';
      append_json_string(out, name);
      out += ':' + canonical(member);
    }
    return out + "}";
  }
  if (value.is_array()) {
    std::string out = "[";
    for (const JsonValue item : value.items()) out += (out.size() > 1 ? "," : "") + canonical(item);
    return out + "]";
  }
  if (const auto text = value.as_string()) {
    std::string out;
    append_json_string(out, *text);
    return out;
  }
  if (const auto flag = value.as_bool()) return *flag ? "true" : "false";
  return std::to_string(value.as_int().value());
}

/// An entry with every part, from random texts that are kept alive beside it.
struct RandomEntry {
  std::vector<std::string> texts;
  std::vector<std::vector<std::string>> lists;
  std::vector<std::vector<std::string_view>> view_lists;
  SealedContent sealed{"hmac-sha256:00", "answer", 17, 64};
  Entry entry;

  explicit RandomEntry(std::mt19937& random, std::size_t text_bytes_max, std::size_t list_items_max) {
    texts.reserve(64);
    lists.reserve(8);
    view_lists.reserve(4);
    const auto text = [&]() -> std::string_view {
      std::string bytes(random() % 3 == 0 ? 0 : random() % text_bytes_max, '\0');
      for (char& c : bytes) c = static_cast<char>(random() % 4 == 0 ? random() : 'a' + random() % 26);
      return texts.emplace_back(std::move(bytes));
    };
    const auto number = [&] { return static_cast<std::int64_t>(random()); };
    const auto list = [&]() -> std::span<const std::string> {
      std::vector<std::string> items(random() % (list_items_max + 1));
      for (std::string& item : items) item = text();
      texts.clear();
      return lists.emplace_back(std::move(items));
    };
    const auto views = [&]() -> std::span<const std::string_view> {
      const auto strings = list();
      return view_lists.emplace_back(strings.begin(), strings.end());
    };
    entry.principal.groups = list();
    entry.decision.ended = list();
    entry.decision.errors = list();
    entry.decision.rules = views();
    entry.decision.shadow = views();
    entry.decision.exceptions = views();
    const std::span<const std::string> tools = list();  // before the texts, which lists throw away
    for (std::string_view* field :
         {&entry.kind,           &entry.request_id,      &entry.session_id,       &entry.principal.id,
          &entry.principal.type, &entry.principal.team,  &entry.principal.key_id, &entry.agent.id,
          &entry.agent.parent,   &entry.client,          &entry.client_version,   &entry.work_item,
          &entry.repo,           &entry.feature,         &entry.model.asked,      &entry.model.served,
          &entry.model.provider, &entry.model.region,    &entry.model.dialect,    &entry.model.operation,
          &entry.model.tier,     &entry.model.retention, &entry.decision.rule,    &entry.decision.shadow_effect,
          &entry.decision.input, &entry.decision.time,   &entry.decision.effect,  &entry.decision.enforced,
          &entry.decision.mode,  &entry.decision.bundle, &entry.decision.reason,  &entry.request_digest}) {
      *field = text();
    }
    entry.attempt = static_cast<std::int64_t>(random() % 3);
    if (random() % 2 == 0) entry.request_bytes = number();
    if (random() % 2 == 0) entry.content.sealed = &sealed;
    if (random() % 2 == 0) entry.request_tokens = number();
    if (random() % 2 == 0) entry.request_stream = random() % 2 == 0;
    if (random() % 2 == 0) entry.decision.evaluation_ns = number();
    if (random() % 2 == 0) entry.decision.checks = R"({"a":true})";
    if (random() % 2 == 0) entry.decision.inventory = R"({"model":"denied"})";
    if (random() % 2 == 0) entry.decision.approvals = R"([{"by":"b"}])";
    if (random() % 2 == 0) entry.usage = TokenUsage{.input = number(), .reasoning = 5, .web_searches = number() % 2};
    if (random() % 2 == 0) entry.cost = Entry::Cost{Money{-5}, text(), true, false};
    if (random() % 2 == 0) entry.timing = Entry::Timing{1, 2, 3};
    if (random() % 2 == 0)
      entry.outcome = Entry::Outcome{text(), text(), static_cast<std::int64_t>(random() % 600), 5, 6, tools};
    if (random() % 2 == 0) entry.detail = R"({"a":1,"b":["x"]})";
  }
};

TEST(EntryJson, IsCanonical) {
  std::mt19937 random(5);
  for (int i = 0; i < 400; ++i) {
    const RandomEntry random_entry(random, 60, 4);
    const std::string json = placed(random_entry.entry, random());
    const auto document = JsonDocument::parse(json);
    ASSERT_TRUE(document.ok()) << document.error().message << printable(json, 2000);
    EXPECT_EQ(canonical(document->root()), json);
    for (const auto& [name, value] : document->root().members()) EXPECT_TRUE(is_entry_member(name)) << name;
  }
}

TEST(EntryJson, HasEveryField) {
  const std::vector<std::string> groups{"dev", "ops"};
  const std::vector<std::string_view> rules{"r1"};
  const std::vector<std::string> ended{"e1 expired"};
  Entry entry{.kind = "model.outcome",
              .request_id = "req_1",
              .attempt = 2,
              .session_id = "s",
              .client = "c",
              .client_version = "1.2",
              .work_item = "W-1",
              .repo = "r",
              .feature = "f"};
  entry.principal = {"dev@example.com", "person", "payments", "key_1", groups};
  entry.agent = {"a", "b"};
  entry.model = {"asked", "served", "provider", "region", "dialect", "operation", "tier", "retention"};
  entry.decision = {.effect = "allow",
                    .enforced = "allow",
                    .mode = "enforce",
                    .rule = "r1",
                    .rules = rules,
                    .shadow = rules,
                    .shadow_effect = "deny",
                    .exceptions = rules,
                    .ended = ended,
                    .errors = ended,
                    .checks = R"({"audited":true})",
                    .inventory = R"({"model":"in_use"})",
                    .bundle = "sha256:x",
                    .input = "sha256:i",
                    .time = "2026-11-20T09:30:00.000000Z",
                    .evaluation_ns = 900,
                    .reason = "because",
                    .approvals = R"([{"by":"lead"}])"};
  entry.request_tokens = 25;
  entry.request_stream = true;
  entry.request_bytes = 100;
  entry.request_digest = "hmac-sha256:y";
  const SealedContent sealed{"hmac-sha256:z", "request", 1'790'000'000'123, 64};
  entry.content.sealed = &sealed;
  entry.usage = TokenUsage{1, 2, 3, 4, 5, 6, 7, 8, 9, true, false};
  entry.cost = Entry::Cost{Money{1'500}, "v1", false, true, "vendor", "m-1", "batch", Instant{0}, Money{3'000}};
  entry.request_shape = Entry::Shape{true, false, 7};
  entry.timing = Entry::Timing{10, 20, 30};
  entry.outcome = Entry::Outcome{"ok", "done", 200, 300, 4, groups};
  entry.detail = R"({"x":true})";
  EXPECT_EQ(
      placed(entry, 18'446'744'073'709'551'615U),
      R"({"agent":{"id":"a","parent":"b"},"attempt":2,"client":"c","client_version":"1.2",)"
      R"("content":{"bytes":100,"commitment":"hmac-sha256:y","sealed":{"commitment":"hmac-sha256:z",)"
      R"("kind":"request","offset":64,"segment":1790000000123}},)"
      R"("cost":{"currency":"USD","estimated":false,"list_nanos":3000,"model":"m-1","nanos":1500,)"
      R"("price_known":true,"price_version":"v1","provider":"vendor","service_tier":"batch",)"
      R"("time":"1970-01-01T00:00:00.000000Z"},)"
      R"("decision":{"approvals":[{"by":"lead"}],"bundle":"sha256:x","checks":{"audited":true},)"
      R"("effect":"allow","ended":["e1 expired"],"enforced":"allow","errors":["e1 expired"],"evaluation_ns":900,)"
      R"("exceptions":["r1"],"input":"sha256:i","inventory":{"model":"in_use"},)"
      R"("mode":"enforce","reason":"because","rule":"r1","rules":["r1"],"shadow":["r1"],"shadow_effect":"deny",)"
      R"("time":"2026-11-20T09:30:00.000000Z"},"detail":{"x":true},"feature":"f","kind":"model.outcome",)"
      R"("model":{"asked":"asked","dialect":"dialect","operation":"operation","provider":"provider",)"
      R"("region":"region","retention":"retention","served":"served","tier":"tier"},"node":"n1",)"
      R"("outcome":{"events":4,"http_status":200,"reason":"done","response_bytes":300,"status":"ok",)"
      R"("tools":["dev","ops"]},"principal":{"groups":["dev","ops"],"id":"dev@example.com","key_id":"key_1","team":"payments",)"
      R"("type":"person"},"repo":"r","request":{"messages":7,"stream":true,"thinking":false,"tokens":25,"tools":true},)"
      R"("request_id":"req_1","seq":18446744073709551615,"session_id":"s",)"
      R"("time":"2026-11-21T10:55:03.123456Z","timing":{"decision_us":30,"first_byte_us":10,"total_us":20},)"
      R"("usage":{"cache_read":2,"cache_write_1h":4,"cache_write_5m":3,"input":1,"input_audio":7,)"
      R"("input_reported":true,"output":5,"output_audio":8,"output_reported":false,"reasoning":6,)"
      R"("web_searches":9},"v":1,"work_item":"W-1"})");
}

TEST(EntryJson, SaysWhatBudgetsHadToDoWithIt) {
  Entry intent{.kind = "model.intent"};
  const std::vector<std::string> reached{"payments-monthly 80"};
  intent.budget.held_nanos = 17'000'000;
  intent.budget.held_tokens = 0;
  intent.budget.reached = reached;
  intent.budget.degraded_by = "payments-monthly";
  intent.budget.admitted = Instant{};
  EXPECT_EQ(
      placed(intent, 0),
      R"({"budget":{"admitted":"1970-01-01T00:00:00.000000Z","degraded_by":"payments-monthly","held_nanos":17000000,"held_tokens":0,)"
      R"("reached":["payments-monthly 80"]},"kind":"model.intent","node":"n1","seq":0,)"
      R"("time":"2026-11-21T10:55:03.123456Z","v":1})");
  Entry refused{.kind = "model.outcome"};
  refused.budget.name = "payments-monthly";
  refused.budget.scope = "team payments";
  refused.budget.quantity = "money";
  refused.budget.limit = 100;
  refused.budget.reserved = 30;
  refused.budget.asked = 80;
  EXPECT_EQ(placed(refused, 1),
            R"({"budget":{"asked":80,"limit":100,"name":"payments-monthly","quantity":"money","reserved":30,)"
            R"("scope":"team payments","spent":0},"kind":"model.outcome","node":"n1","seq":1,)"
            R"("time":"2026-11-21T10:55:03.123456Z","v":1})");
  EXPECT_TRUE(is_entry_member("budget"));
}

TEST(EntryJson, LeavesOutWhatIsEmpty) {
  EXPECT_EQ(placed(Entry{.kind = "policy.changed"}, 0),
            R"({"kind":"policy.changed","node":"n1","seq":0,"time":"2026-11-21T10:55:03.123456Z","v":1})");
}

TEST(EntryJson, NeverExceedsTheLimit) {
  std::mt19937 random(6);
  std::size_t truncated = 0;
  for (int i = 0; i < 40; ++i) {
    const RandomEntry random_entry(random, 1 + random() % 5'000, random() % 100);
    const std::string json = placed(random_entry.entry, ~0UL >> 1U, std::string(300, 'n'));
    ASSERT_LE(json.size(), kEntryBytesMax);
    const auto document = JsonDocument::parse(json);
    ASSERT_TRUE(document.ok());
    EXPECT_EQ(canonical(document->root()), json);
    if (document->root()["truncated"].as_bool().value_or(false)) ++truncated;
  }
  EXPECT_GT(truncated, 10U);
}

TEST(EntryJson, TheWorstEntryStillFits) {
  const std::string text(70'000, '\x01');  // six bytes each when escaped
  const std::vector<std::string> list(1000, text);
  std::string detail = "\"" + std::string(9'000, 'd') + "\"";
  RandomEntry made = [] {
    std::mt19937 random(1);
    return RandomEntry(random, 2, 1);
  }();
  Entry& entry = made.entry;
  entry.principal = {text, text, text, text, list};
  entry.agent = {text, text};
  entry.kind = entry.request_id = entry.session_id = entry.client = entry.client_version = text;
  entry.work_item = entry.repo = entry.feature = entry.request_digest = text;
  const std::vector<std::string_view> views(list.begin(), list.end());
  entry.model = {text, text, text, text, text, text, text, text};
  entry.decision = {text, text,   text,   text, views, views, text, views, list,
                    list, detail, detail, text, text,  text,  -1,   text};
  entry.outcome = Entry::Outcome{text, text, -1, -1, ~0UL};
  entry.cost = Entry::Cost{Money{-1}, text, true, true};
  entry.detail = detail;
  const std::string json = placed(entry, ~0UL, text);
  EXPECT_LE(json.size(), kEntryBytesMax);
  EXPECT_TRUE(JsonDocument::parse(json)->root()["truncated"].as_bool().value());
}

TEST(EntryJson, CutsAtCharacterBorders) {
  std::string text;
  while (text.size() < 70'000) text += "\xE2\x82\xAC";
  Entry entry{.kind = "k"};
  entry.decision.reason = text;
  const std::string json = placed(entry);
  EXPECT_TRUE(is_utf8(json));
  EXPECT_EQ(json.find("\xEF\xBF\xBD"), std::string::npos);
}

TEST(EntryFacts, AreFound) {
  Entry entry{.kind = "model.intent", .request_id = "req_\"1\\", .attempt = 3};
  entry.detail = R"({"seq":1,"kind":"x","deep":[{"time":"]}\""}]})";
  const std::string json = placed(entry, 12);
  const EntryFacts facts = read_entry_facts(json);
  EXPECT_TRUE(facts.well_formed);
  EXPECT_EQ(facts.seq, 12U);
  EXPECT_EQ(facts.time, kTime);
  EXPECT_EQ(facts.kind, "model.intent");
  EXPECT_EQ(facts.request_id, R"(req_\"1\\)");
  EXPECT_EQ(facts.attempt, 3);
}

TEST(EntryFacts, TakeAnything) {
  const std::string json = placed(Entry{.kind = "model.intent", .request_id = "r", .attempt = 1});
  for (std::size_t size = 0; size < json.size(); ++size) {
    EXPECT_FALSE(read_entry_facts(std::string_view(json).substr(0, size)).well_formed) << size;
  }
  for (const std::string_view bad :
       {"", "{", "}", "{}", "[]", R"({"seq")", R"({"seq":})", R"({"seq":1,})", R"({,})", R"({"a":"\"})", R"({"a":[}})",
        R"({"a":]})", R"({"seq":1x,"time":"","kind":""})"}) {
    EXPECT_FALSE(read_entry_facts(bad).well_formed) << bad;
  }
  std::mt19937 random(9);
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = json;
    for (int flips = 0; flips < 3; ++flips) changed[random() % changed.size()] = static_cast<char>(random());
    read_entry_facts(changed);
  }
}

}  // namespace
}  // namespace reeve::ledger
