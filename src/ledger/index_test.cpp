#include <fstream>
#include <random>

#include "core/id.h"
#include "ledger/duckdb_library.h"
#include "ledger/index_fields.h"
#include "ledger/index_filter.h"
#include "ledger/test_support.h"

namespace reeve::ledger {

namespace {

/// Calls of a few people and models, so that conditions match some: whole ones, refused ones, ones under way, ones
/// whose outcome tells something else than their intent; and other kinds.
class Traffic {
 public:
  explicit Traffic(Log& log, unsigned seed) : log_(log), random_(seed) {}

  void calls(int count) {
    for (int i = 0; i < count; ++i) call();
    for (const std::string& id : waiting_) outcome(id, true);
    waiting_.clear();
  }
  /// Waits until all of it is durable. Returns how many entries there are.
  std::uint64_t finish() {
    Entry entry;
    entry.kind = "policy.changed";
    const auto placed = log_.append_and_wait(entry);
    EXPECT_TRUE(placed.ok());
    return placed->index + 1;
  }
  void leave_open(int count) {
    for (int i = 0; i < count; ++i) intent(make_id("req"));
  }

 private:
  std::size_t one_of(std::size_t count) { return random_() % count; }
  void call() {
    const std::string id = one_of(20) == 0 ? "id-" + std::to_string(random_()) : make_id("req");
    if (one_of(15) == 0) return other();
    if (one_of(10) == 0) return outcome(id, false);
    intent(id);
    waiting_.push_back(id);
    if (one_of(3) == 0) return;
    outcome(waiting_.front(), one_of(25) != 0);
    waiting_.erase(waiting_.begin());
  }
  Entry base(std::string_view kind, const std::string& id) {
    // Of one call, the same whenever it is asked.
    std::mt19937 of_call(static_cast<unsigned>(std::hash<std::string>()(id)));
    const auto pick = [&](auto const& list) { return list[of_call() % list.size()]; };
    static const std::vector<std::string_view> people{"dev@example.com", "zoë@example.com", "o'brien@example.com", ""};
    static const std::vector<std::string_view> models{"claude-opus-4-6", "gpt-5.2", "say \"hi\"\n", ""};
    static const std::vector<std::vector<std::string>> groups{{}, {"eng"}, {"eng", "pay\"ments"}, {"a,b", "x"}};
    static const std::vector<std::string_view> effects{"allow", "deny", "degrade"};
    Entry entry = test_entry(kind, id);
    if (one_of(4) != 0) entry.producer = &log_.producer(one_of(2) == 0 ? "worker-1" : "worker-2");
    entry.session_id = pick(std::vector<std::string_view>{"s-1", "s-2", ""});
    entry.principal = {pick(people),
                       "person",
                       pick(std::vector<std::string_view>{"payments", "search"}),
                       {},
                       groups[of_call() % groups.size()]};
    entry.model.asked = pick(models);
    entry.model.served = kind == "model.intent" ? "sent" : "served";
    entry.decision.effect = entry.decision.enforced = pick(effects);
    entry.decision.rule = pick(std::vector<std::string_view>{"r1", "r2", ""});
    return entry;
  }
  void intent(const std::string& id) {
    Entry entry = base("model.intent", id);
    const std::vector<std::string_view> labels{"customer", "secret"};
    if (one_of(2) == 0) entry.content.labels = labels;
    ASSERT_TRUE(log_.append_later(entry));
  }
  void outcome(const std::string& id, bool alike) {
    Entry entry = base("model.outcome", id);
    if (!alike) entry.decision.rule = "another";
    entry.cost = Entry::Cost{.total = {static_cast<std::int64_t>(one_of(1000))}, .estimated = one_of(2) == 0};
    // What a price was found by is often the provider and the model themselves.
    const std::vector<std::string_view> names{"served", "served", "one", "=", "==", "=one", "say \"hi\"\n", ""};
    entry.model.provider = names[one_of(names.size())];
    entry.cost->provider = names[one_of(names.size())];
    entry.cost->model = names[one_of(names.size())];
    if (one_of(3) != 0) entry.usage = TokenUsage{.input = static_cast<std::int64_t>(one_of(50)), .output = 7};
    entry.outcome = Entry::Outcome{one_of(3) == 0 ? "refused" : "ok", one_of(2) == 0 ? "why" : "", 200, 10, 1};
    ASSERT_TRUE(log_.append_later(entry));
  }
  void other() {
    Entry entry;
    entry.kind = one_of(2) == 0 ? "policy.changed" : "check.reported";
    entry.detail = R"({"by":"someone","check":"build","green":true})";
    ASSERT_TRUE(log_.append_later(entry));
  }

  Log& log_;
  std::mt19937 random_;
  std::vector<std::string> waiting_;
};

std::unique_ptr<Index> open_index(const IndexOptions& options) {
  auto index = Index::open(options);
  if (!index) {
    ADD_FAILURE() << index.error().message;
    std::abort();
  }
  return *std::move(index);
}

void catch_up(Index& index) {
  while (true) {
    const auto more = index.refresh();
    ASSERT_TRUE(more.ok()) << more.error().message;
    if (!*more) return;
  }
}

std::vector<std::uint64_t> by_scan(const std::filesystem::path& ledger, const EntryFilter* filter) {
  std::vector<std::uint64_t> found;
  const auto reader = LogReader::open(ledger);
  EXPECT_TRUE(reader.ok());
  const auto read = (*reader)->read(0, [&](const StoredEntry& entry) {
    if (filter == nullptr || filter->matches(entry.bytes)) found.push_back(entry.index);
    return true;
  });
  EXPECT_TRUE(read.ok());
  return found;
}

std::vector<std::uint64_t> by_index(Index& index, const EntrySelection& selection) {
  std::vector<std::uint64_t> found;
  const auto read = index.find(selection, [&](const StoredEntry& entry) {
    found.push_back(entry.index);
    return true;
  });
  EXPECT_TRUE(read.ok()) << (read ? "" : read.error().message);
  return found;
}

std::int64_t number(Index& index, std::string_view sql) {
  const auto rows = index.select(sql, {}, 10, std::chrono::seconds(20));
  if (!rows || rows->rows.empty()) {
    ADD_FAILURE() << (rows ? "no row" : rows.error().message);
    return -1;
  }
  const auto* value = std::get_if<std::int64_t>(&rows->rows[0][0]);
  return value == nullptr ? -1 : *value;
}

/// Conditions at random over members that the index has, and over some that it has not.
class Conditions {
 public:
  explicit Conditions(unsigned seed) : random_(seed) {}
  std::string any(int depth = 3) {
    const auto choice = random_() % (depth > 0 ? 7 : 3);
    if (choice == 3) return "(" + any(depth - 1) + " && " + any(depth - 1) + ")";
    if (choice == 4) return "(" + any(depth - 1) + " || " + any(depth - 1) + ")";
    if (choice >= 5) return "!(" + any(depth - 1) + ")";
    return leaf();
  }

 private:
  std::string pick(const std::vector<std::string>& list) { return list[random_() % list.size()]; }
  std::string leaf() {
    static const std::vector<std::string> texts{
        "kind",         "request_id",    "session_id",      "principal.id",   "principal.team", "model.asked",
        "model.served", "decision.rule", "decision.effect", "outcome.status", "outcome.reason", "node",
        "time",         "detail.by",     "producer.name",   "cost.provider",  "cost.model",     "cost.model"};
    static const std::vector<std::string> numbers{
        "seq", "attempt", "cost.nanos", "usage.input", "outcome.http_status", "content.bytes", "producer.number"};
    static const std::vector<std::string> values{"'model.intent'",
                                                 "'model.outcome'",
                                                 "'policy.changed'",
                                                 "'dev@example.com'",
                                                 "\"o'brien@example.com\"",
                                                 "'zo\u00eb@example.com'",
                                                 "'claude-opus-4-6'",
                                                 "'r1'",
                                                 "'deny'",
                                                 "'refused'",
                                                 "'ok'",
                                                 "''",
                                                 "'s'",
                                                 "'served'",
                                                 "'='",
                                                 "'=='",
                                                 "'=one'",
                                                 "'say \\\"hi\\\"\\n'",
                                                 "5",
                                                 "true",
                                                 "'someone'"};
    static const std::vector<std::string> relations{"==", "!=", "<", "<=", ">", ">="};
    switch (random_() % 8) {
      case 0: return pick(numbers) + " " + pick(relations) + " " + std::to_string(random_() % 600);
      case 1: return "has(" + pick(texts) + ")";
      case 2: return "has(" + pick(numbers) + ")";
      case 3:
        return pick(texts) + pick({".contains(", ".startsWith(", ".endsWith("}) + pick({"'e'", "'s'", "'4'", "''"}) +
               ")";
      case 4:
        return pick({"'eng'", "'x'", "'b'", "'pay\"ments'", "''", "'customer'"}) + " in " +
               pick({"principal.groups", "content.labels", "decision.rules"});
      case 5: return pick(texts) + " in [" + pick(values) + ", " + pick(values) + "]";
      case 6: return pick({"cost.estimated", "cost.price_known", "usage.input_reported", "truncated"});
      default: return pick(texts) + " " + pick(relations) + " " + pick(values);
    }
  }
  std::mt19937 random_;
};

void expect_same_as_scan(Index& index, const TemporaryDirectory& directory, unsigned seed, int conditions) {
  EXPECT_EQ(by_index(index, {}), by_scan(directory.ledger(), nullptr));
  Conditions generator(seed);
  for (int i = 0; i < conditions; ++i) {
    const std::string condition = generator.any();
    const auto filter = EntryFilter::compile(condition);
    ASSERT_TRUE(filter.ok()) << condition << ": " << filter.error().message;
    const auto wanted = by_scan(directory.ledger(), &*filter);
    ASSERT_EQ(by_index(index, {.filter = &*filter}), wanted) << condition;
    auto newest = by_index(index, {.filter = &*filter, .newest_first = true, .limit = 5});
    std::vector<std::uint64_t> newest_wanted(wanted.rbegin(), wanted.rbegin() + std::min<long>(5, std::ssize(wanted)));
    ASSERT_EQ(newest, newest_wanted) << condition;
    const std::uint64_t from = 37 * static_cast<std::uint64_t>(i) % 900;
    const std::uint64_t to = from + static_cast<std::uint64_t>(i) * 11;
    std::vector<std::uint64_t> part;
    std::ranges::copy_if(wanted, std::back_inserter(part), [&](auto seq) { return seq >= from && seq < to; });
    ASSERT_EQ(by_index(index, {.filter = &*filter, .from = from, .to = to}), part) << condition;
    std::ranges::reverse(part);
    ASSERT_EQ(by_index(index, {.filter = &*filter, .from = from, .to = to, .newest_first = true}), part) << condition;
  }
}

}  // namespace

TEST(Index, FindsWhatAScanFindsFromMemoryAndFromTheFile) {
  for (const bool in_file : {false, true}) {
    const TemporaryDirectory directory;
    auto log = open_or_die(test_options(directory.ledger()));
    Traffic traffic(*log, in_file ? 7 : 8);
    traffic.calls(600);
    traffic.leave_open(5);
    log->close();
    IndexOptions options = index_options_in(directory);
    if (in_file) options.direct_entries = 1;
    const auto index = open_index(options);
    catch_up(*index);
    EXPECT_EQ(index->progress().in_file > 0, in_file);
    expect_same_as_scan(*index, directory, in_file ? 1 : 2, 150);
  }
}

TEST(Index, FollowsWhileEntriesComeAndGoesOnWhereItEnded) {
  const TemporaryDirectory directory;
  auto log = open_or_die(test_options(directory.ledger()));
  Traffic traffic(*log, 3);
  IndexOptions options = index_options_in(directory);
  options.flush_entries = 100;
  for (int round = 0; round < 4; ++round) {
    const auto index = open_index(options);
    for (int i = 0; i < 4; ++i) {
      traffic.calls(60);
      traffic.leave_open(2);
      for (const std::uint64_t entries = traffic.finish(); index->progress().indexed < entries;) catch_up(*index);
    }
    EXPECT_GT(index->progress().in_file, 0U);
    expect_same_as_scan(*index, directory, static_cast<unsigned>(round), 20);
  }
}

TEST(Index, OneRowStandsForIntentAndOutcome) {
  const TemporaryDirectory directory;
  auto log = open_or_die(test_options(directory.ledger()));
  const std::string id = make_id("req");
  Entry entry = test_entry("model.intent", id);
  entry.model.served = "sent";
  ASSERT_TRUE(log->append_and_wait(entry).ok());
  const auto index = open_index(index_options_in(directory));
  log->close();
  catch_up(*index);
  EXPECT_EQ(number(*index, "SELECT count(*) FROM calls WHERE status IS NULL AND seq = intent"), 1);
  log = open_or_die(test_options(directory.ledger()));
  entry.kind = "model.outcome";
  entry.model.served = "served";
  entry.cost = Entry::Cost{.total = {5}};
  entry.outcome = Entry::Outcome{"ok", "", 200, 10, 1};
  ASSERT_TRUE(log->append_and_wait(entry).ok());
  log->close();
  catch_up(*index);
  EXPECT_EQ(number(*index, "SELECT count(*) FROM calls"), 1);
  EXPECT_EQ(number(*index, "SELECT seq FROM calls WHERE status = 'ok' AND intent = 0 AND cost_nanos = 5"), 1);
  EXPECT_EQ(number(*index, "SELECT count(*) FROM entries WHERE request = '" + id + "'"), 2);
  const auto rows = index->select("SELECT request, model_served FROM calls", {}, 10, std::chrono::seconds(5));
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  EXPECT_EQ(rows->rows[0][0], IndexCell(id));
  EXPECT_EQ(rows->rows[0][1], IndexCell(std::string("served")));
}

TEST(Index, IsMadeAnewWhenItIsBrokenOrAnotherLogs) {
  const TemporaryDirectory directory;
  const TemporaryDirectory other;
  for (const TemporaryDirectory* one : {&directory, &other}) {
    auto log = open_or_die(test_options(one->ledger()));
    Traffic(*log, one == &other ? 5 : 6).calls(100);
    log->close();
  }
  IndexOptions options = index_options_in(directory);
  options.direct_entries = 1;
  const std::filesystem::path file = options.directory / "ledger.duckdb";
  catch_up(*open_index(options));
  const auto whole = std::filesystem::file_size(file);
  for (int damage = 0; damage < 4; ++damage) {
    if (damage == 0) std::filesystem::resize_file(file, whole / 2);
    if (damage == 1) std::ofstream(file) << "not a database";
    if (damage == 2) std::filesystem::remove(file);
    if (damage == 3) {
      // The same name, another history.
      std::filesystem::remove_all(directory.ledger());
      std::filesystem::copy(other.ledger(), directory.ledger(), std::filesystem::copy_options::recursive);
    }
    const auto index = open_index(options);
    catch_up(*index);
    EXPECT_EQ(by_index(*index, {}), by_scan(directory.ledger(), nullptr)) << damage;
  }
}

TEST(Index, TakesOneSelectAndNothingElse) {
  const TemporaryDirectory directory;
  auto log = open_or_die(test_options(directory.ledger()));
  log->close();
  const auto index = open_index(index_options_in(directory));
  catch_up(*index);
  ASSERT_TRUE(index->lock_down().ok());
  const auto ask = [&](std::string_view sql) { return index->select(sql, {}, 3, std::chrono::seconds(5)); };
  EXPECT_TRUE(ask("SELECT 1;").ok());
  EXPECT_TRUE(ask("WITH a AS (SELECT 1 AS b) SELECT b FROM a -- end").ok());
  for (const std::string_view sql :
       {"", "SELECT 1; SELECT 2", "DELETE FROM new_calls", "DROP VIEW calls", "PRAGMA version", "SET threads = 1",
        "COPY calls TO '/dev/null'", "ATTACH ':memory:' AS x", "INSTALL json", "CREATE TABLE t (a INT)", "SELECT (",
        "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "EXPLAIN SELECT 1",
        "CALL version()"}) {
    EXPECT_EQ(ask(sql).error().code, ErrorCode::kInvalid) << sql;
  }
  const auto many = ask("SELECT * FROM range(10)");
  ASSERT_TRUE(many.ok());
  EXPECT_TRUE(many->is_cut);
  EXPECT_EQ(many->rows.size(), 3U);
  EXPECT_EQ(index
                ->select("SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE hash(a.range + b.range) = 1",
                         {}, 3, std::chrono::milliseconds(100))
                .error()
                .code,
            ErrorCode::kTimeout);
}

TEST(Index, SaysWhatIsMissingWithoutItsLibrary) {
  const TemporaryDirectory directory;
  const auto missing = duckdb::open_library(directory.path() / "libduckdb.so");
  // Where another test opened the real one, that one stays.
  if (!missing) EXPECT_NE(missing.error().message.find("libduckdb.so"), std::string::npos);
}

TEST(IndexFields, RequestIdsComeBack) {
  for (int i = 0; i < 1000; ++i) {
    const std::string id = make_id("req");
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    ASSERT_TRUE(read_request_id(id, high, low));
    ASSERT_EQ(request_id_text(high, low), id);
  }
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  EXPECT_FALSE(read_request_id("req_81JD7Q3Z5X8K2M4N6P7R9S1T3V", high, low));
  EXPECT_FALSE(read_request_id("req_01jd7q3z5x8k2m4n6p7r9s1t3v", high, low));
}

TEST(IndexFields, TimesAreThoseOfTheLedger) {
  std::int64_t microseconds = 0;
  for (const std::int64_t at : {0L, 1'763'722'503'123'456L, 4'102'444'799'999'999L}) {
    const std::string text = format_time({at * 1000});
    ASSERT_TRUE(read_ledger_time(text.size() == 27 ? text : "1970-01-01T00:00:00.000000Z", microseconds));
    EXPECT_EQ(microseconds, at);
  }
  EXPECT_FALSE(read_ledger_time("2026-02-30T00:00:00.000000Z", microseconds));
  EXPECT_FALSE(read_ledger_time("2026-02-20T00:00:00Z", microseconds));
}

TEST(IndexFields, WhatReeveDoesNotWriteIsIrregular) {
  EntryFields fields;
  read_entry_fields(R"({"kind":"a","seq":1,"time":"t"})", fields);
  EXPECT_TRUE(fields.regular);
  for (const std::string_view entry :
       {R"({"seq":1,"kind":"a","time":"t"})", R"({"kind":"a","kind":"b","seq":1,"time":"t"})",
        R"({"kind":"a","seq":1.5,"time":"t"})", R"({"kind":5,"seq":1,"time":"t"})", R"({"kind":"a","seq":1})",
        R"({"kind":"a","seq":1,"time":"t"} )", R"({"cost":5,"kind":"a","seq":1,"time":"t"})",
        R"({"kind":"","seq":1,"time":"t"})", R"({"kind":"a)", ""}) {
    read_entry_fields(entry, fields);
    EXPECT_FALSE(fields.regular) << entry;
  }
}

}  // namespace reeve::ledger
