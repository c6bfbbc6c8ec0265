// The index's sums are those of a reading of every entry: over calls that are settled late, under way, refused at once
// or told in two ways, however the index came to be.

#include <map>
#include <random>
#include <set>

#include "core/id.h"
#include "ledger/duckdb_library.h"
#include "ledger/test_support.h"

namespace reeve::ledger {

namespace {

/// Goes on by some minutes an entry, so that there are hours.
class SlowClock final : public Clock {
 public:
  Instant now() const override { return {1'795'000'000'000'000'000 + ticks_.load() * kTick.count()}; }
  Moment steady() const override { return std::chrono::steady_clock::now(); }
  void advance() { ++ticks_; }

 private:
  static constexpr Duration kTick = std::chrono::seconds(97);
  std::atomic<std::int64_t> ticks_{0};
};

/// Calls of a few people and sessions that overlap in every way.
class Calls {
 public:
  Calls(Log& log, SlowClock& clock, unsigned seed) : log_(log), clock_(clock), random_(seed) {}

  void make(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string id = make_id("req");
      if (one_of(12) == 0) {
        outcome(id, 0);
        continue;
      }
      append(base("model.intent", id, 1));
      under_way_.push_back(id);
      // Some are never settled, some long after others.
      if (one_of(40) == 0) under_way_.pop_back();
      while (under_way_.size() > 12 || (!under_way_.empty() && one_of(2) == 0)) settle(one_of(under_way_.size()));
    }
  }
  void settle_all() {
    while (!under_way_.empty()) settle(0);
  }
  /// Entries of other kinds, so that intents are given up. Their hours do not pass.
  void fill(std::uint64_t count) {
    Entry entry;
    entry.kind = "policy.changed";
    for (std::uint64_t i = 0; i + 1 < count; ++i) ASSERT_TRUE(log_.append_later(entry));
    ASSERT_TRUE(log_.append_and_wait(entry).ok());
  }

 private:
  std::size_t one_of(std::size_t count) { return random_() % count; }
  void settle(std::size_t at) {
    const std::string id = under_way_[at];
    under_way_.erase(under_way_.begin() + static_cast<std::ptrdiff_t>(at));
    outcome(id, 1);
  }
  Entry base(std::string_view kind, const std::string& id, std::int64_t attempt) {
    std::mt19937 of_call(static_cast<unsigned>(std::hash<std::string>()(id)));
    const auto pick = [&](const std::vector<std::string_view>& list) { return list[of_call() % list.size()]; };
    Entry entry = test_entry(kind, id, attempt);
    entry.session_id = pick({"s-1", "s-2", "a \"session\"\n", ""});
    entry.principal.id = pick({"ada@example.com", "zoë@example.com", ""});
    entry.principal.type = pick({"person", "agent"});
    entry.principal.team = pick({"payments", ""});
    entry.repo = pick({"shop/api", ""});
    entry.decision.effect = entry.decision.enforced = pick({"allow", "deny"});
    return entry;
  }
  void outcome(const std::string& id, std::int64_t attempt) {
    Entry entry = base("model.outcome", id, attempt);
    entry.model.served = one_of(2) == 0 ? "small" : "large";
    // One that does not repeat what its intent said has a row of its own.
    if (attempt > 0 && one_of(15) == 0) entry.decision.rule = "another";
    if (attempt > 0 && one_of(8) != 0) {
      entry.usage = TokenUsage{.input = static_cast<std::int64_t>(one_of(5'000)), .cache_read = 11, .output = 7};
      entry.cost = Entry::Cost{.total = {static_cast<std::int64_t>(one_of(1'000'000))}, .estimated = one_of(3) == 0};
    }
    entry.outcome = Entry::Outcome{attempt == 0 ? "refused" : one_of(5) == 0 ? "upstream_error" : "ok", "", 200, 10, 1};
    append(entry);
  }
  void append(const Entry& entry) {
    ASSERT_TRUE(log_.append_and_wait(entry).ok());
    clock_.advance();
  }

  Log& log_;
  SlowClock& clock_;
  std::mt19937 random_;
  std::vector<std::string> under_way_;
};

using Row = std::vector<std::int64_t>;
/// calls, refused, priced, input, output, cost; by hour, session, person and model.
using Sums = std::map<std::vector<std::string>, Row>;
/// calls, denied, not_ok, first_seq, last_seq; by session.
using Sessions = std::map<std::string, Row>;

struct Expected {
  Sums sums;
  Sessions sessions;
};

Expected by_every_entry(const std::filesystem::path& ledger) {
  Expected expected;
  const auto reader = LogReader::open(ledger);
  EXPECT_TRUE(reader.ok());
  const auto read = (*reader)->read(0, [&](const StoredEntry& stored) {
    const auto document = JsonDocument::parse(stored.bytes);
    const JsonValue entry = document->root();
    const bool is_outcome = entry["kind"].string_or("") == "model.outcome";
    if (!is_outcome && entry["kind"].string_or("") != "model.intent") return true;
    const auto text = [&](std::string_view path) { return std::string(entry.at(path).string_or("")); };
    const std::string session = text("session_id");
    const auto seq = static_cast<std::int64_t>(stored.index);
    const std::string status = text("outcome.status");
    if (!session.empty()) {
      Row& row = expected.sessions.try_emplace(session, Row{0, 0, 0, seq, seq}).first->second;
      const bool is_new = !is_outcome || entry["attempt"].int_or(0) == 0;
      row[0] += is_new ? 1 : 0;
      row[1] += is_new && text("decision.enforced") == "deny" ? 1 : 0;
      row[2] += is_outcome && status != "ok" ? 1 : 0;
      row[4] = seq;
    }
    if (!is_outcome) return true;
    Row& row = expected.sums[{text("time").substr(0, 13), session, text("principal.id"), text("model.served")}];
    row.resize(6);
    ++row[0];
    row[1] += status == "refused" ? 1 : 0;
    row[2] += entry["cost"].present() ? 1 : 0;
    row[3] += entry.at("usage.input").int_or(0);
    row[4] += entry.at("usage.output").int_or(0);
    row[5] += entry.at("cost.nanos").int_or(0);
    return true;
  });
  EXPECT_TRUE(read.ok());
  return expected;
}

std::vector<std::vector<IndexCell>> rows_of(Index& index, std::string_view sql) {
  auto rows = index.select(sql, {}, 100'000, std::chrono::seconds(30));
  EXPECT_TRUE(rows.ok()) << (rows ? "" : rows.error().message);
  return rows ? std::move(rows->rows) : std::vector<std::vector<IndexCell>>();
}

std::string text_of(const IndexCell& cell) {
  const auto* text = std::get_if<std::string>(&cell);
  return text == nullptr ? std::string() : *text;
}

Row numbers_of(const std::vector<IndexCell>& cells, std::size_t from) {
  Row row;
  for (std::size_t i = from; i < cells.size(); ++i) row.push_back(std::get<std::int64_t>(cells[i]));
  return row;
}

void expect_same(Index& index, const std::filesystem::path& ledger, const std::string& about) {
  const Expected expected = by_every_entry(ledger);
  Sums sums;
  for (const auto& cells : rows_of(index,
                                   "SELECT strftime(hour, '%Y-%m-%dT%H'), session, person, model_served, "
                                   "sum(calls)::BIGINT, sum(refused)::BIGINT, sum(priced)::BIGINT, "
                                   "sum(input_tokens)::BIGINT, sum(output_tokens)::BIGINT, sum(cost_nanos)::BIGINT "
                                   "FROM spend GROUP BY ALL HAVING sum(calls) > 0")) {
    sums[{text_of(cells[0]), text_of(cells[1]), text_of(cells[2]), text_of(cells[3])}] = numbers_of(cells, 4);
  }
  EXPECT_EQ(sums, expected.sums) << about;
  Sessions sessions;
  for (const auto& cells : rows_of(index, "SELECT session, calls, denied, not_ok, first_seq, last_seq FROM sessions")) {
    sessions[text_of(cells[0])] = numbers_of(cells, 1);
  }
  EXPECT_EQ(sessions, expected.sessions) << about;
}

std::unique_ptr<Index> caught_up(const IndexOptions& options) {
  auto index = Index::open(options);
  EXPECT_TRUE(index.ok()) << (index ? "" : index.error().message);
  while (true) {
    const auto more = (*index)->refresh();
    EXPECT_TRUE(more.ok()) << (more ? "" : more.error().message);
    if (!more || !*more) return *std::move(index);
  }
}

}  // namespace

TEST(IndexSpend, SumsAreThoseOfEveryEntryHoweverTheIndexWasMade) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    const TemporaryDirectory directory;
    SlowClock clock;
    LogOptions log_options = test_options(directory.ledger());
    log_options.clock = &clock;
    auto log = open_or_die(log_options);
    Calls calls(*log, clock, seed);
    IndexOptions in_steps = index_options_in(directory);
    in_steps.flush_entries = 60;
    for (int step = 0; step < 4; ++step) {
      calls.make(80);
      // Opened anew each time, with intents under way and entries that are in the file already.
      expect_same(*caught_up(in_steps), directory.ledger(), "step " + std::to_string(step));
    }
    calls.settle_all();
    calls.fill(10);
    expect_same(*caught_up(in_steps), directory.ledger(), "in steps");
    IndexOptions at_once = index_options_in(directory);
    at_once.directory = directory.path() / "another";
    at_once.direct_entries = 1;
    expect_same(*caught_up(at_once), directory.ledger(), "at once");
    IndexOptions in_memory = index_options_in(directory);
    in_memory.directory = directory.path() / "third";
    expect_same(*caught_up(in_memory), directory.ledger(), "in memory");
    log->close();
  }
}

TEST(IndexSpend, WhatIsSettledLateIsCountedOnce) {
  const TemporaryDirectory directory;
  SlowClock clock;
  LogOptions log_options = test_options(directory.ledger());
  log_options.clock = &clock;
  auto log = open_or_die(log_options);
  Calls calls(*log, clock, 9);
  IndexOptions options = index_options_in(directory);
  options.flush_entries = 20'000;
  calls.make(60);
  calls.fill(25'000);
  expect_same(*caught_up(options), directory.ledger(), "while they wait");
  calls.fill(30'000);
  expect_same(*caught_up(options), directory.ledger(), "given up");
  calls.settle_all();
  calls.fill(10);
  expect_same(*caught_up(options), directory.ledger(), "settled");
  options.directory = directory.path() / "another";
  options.direct_entries = 1;
  expect_same(*caught_up(options), directory.ledger(), "made anew");
  log->close();
}

}  // namespace reeve::ledger
