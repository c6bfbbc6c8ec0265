#pragma once

// What recorded calls tell beyond sums: whether their costs come out again, why a month cost more than the one before,
// what this month will come to, what is unlike what was usual, what a unit of work costs, which calls a cheaper model
// would have served, and the bill in the columns of FOCUS. Part of the spend room's face.
//
// All are fed with rows in any order, can be filled by several threads and merged, and then give the same result for
// the same rows. Money is exact: parts add up to their whole to the nano-dollar. Days and months are UTC.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/yaml.h"
#include "spend/rows.h"

namespace reeve::spend {

class Catalogue;

// ---- Rating again ----

/// Why a cost comes out differently.
enum class RerateCause {
  kListVersion,  // another version of the price list or of our billing rules
  kOwnPrice,     // an own price, or the price of unknown models, that came, went or changed
  kAdjustment,   // a discount, surcharge or commitment likewise
  kServiceTier,  // the entry does not tell the tier of service; with the one named it comes out
  kRounding,     // one nano-dollar under the same prices
  kUnexplained,  // the same prices, the same usage and another amount: the entry or this program is wrong
};
std::string_view rerate_cause_name(RerateCause cause);  // "list version", "own price", ...

/// Prices every row once more. Not thread-safe; one for each thread, merged at the end.
class Rerate {
 public:
  explicit Rerate(const Catalogue& catalogue) : catalogue_(&catalogue) {}
  void add(const SpendRow& row);
  void merge(const Rerate& other);

  struct Part {
    std::uint64_t calls = 0;
    std::int64_t difference = 0;  // nano-dollars, now minus recorded
    std::uint64_t first_row = 0;  // the lowest index of a call that differs so
  };
  std::uint64_t rated = 0;       // rows with a cost
  std::uint64_t reproduced = 0;  // to the nano-dollar
  std::uint64_t renamed = 0;     // of these, under prices of another version
  Money recorded, now;
  std::map<std::pair<std::string, RerateCause>, Part> parts;  // by model and cause; sums to `now` minus `recorded`
  bool same() const { return rated == reproduced; }

  std::string to_table() const;
  std::string to_json() const;

 private:
  void note(const SpendRow& row, RerateCause cause, std::int64_t difference);
  const Catalogue* catalogue_;
};

// ---- Months ----

/// A month of UTC, or the part of it before `end`.
struct MonthSpan {
  std::string name;  // "2026-11"
  Instant begin, end;
};
/// "2026-11". kInvalid for anything else.
Result<MonthSpan> parse_month(std::string_view text);
MonthSpan month_of(Instant when);
MonthSpan month_before(const MonthSpan& month);

/// Why a month's spend differs from the month before. For each group (one for all calls without a dimension):
///   volume  what the earlier spend would have become, had only the number of tokens changed;
///   mix     the same tokens spread over other models, at each model's earlier cost per token;
///   shape   more output for the same input, longer contexts, other tiers of service, within each model;
///   cache   other shares of input read from and written to caches, at the month's rates;
///   price   other prices: each call of the later month rated as it would have been a month earlier, against its cost.
/// They add up exactly to the difference. Totals are the sums of the groups.
class MonthComparison {
 public:
  enum Effect : std::size_t { kVolume, kMix, kShape, kCache, kPrice, kEffects };
  static constexpr std::array<std::string_view, kEffects> kEffectNames{"volume", "mix", "shape", "cache", "price"};

  /// `dimension` is one of parse_dimensions(), or empty. `until` cuts both months after the same time of the month, so
  /// that a month that is not over is compared with as much of the one before.
  MonthComparison(const Catalogue& catalogue, MonthSpan after, Instant until, std::string dimension);
  void add(const SpendRow& row);
  void merge(const MonthComparison& other);

  struct Group {
    std::string name;
    Money before, after;
    std::int64_t tokens_before = 0, tokens_after = 0;
    std::int64_t input_before = 0, input_after = 0, cached_before = 0, cached_after = 0;
    std::array<std::int64_t, kEffects> effects{};  // nano-dollars
  };
  struct Comparison {
    MonthSpan before, after;
    bool part_of_month = false;
    Group total;
    std::vector<Group> groups;  // by descending change, upwards or downwards
    /// Models by tokens in each month: name, tokens before, tokens after, cost before, cost after.
    std::vector<std::tuple<std::string, std::int64_t, std::int64_t, Money, Money>> models;
    std::string in_words() const;
    std::string to_table() const;
    std::string to_json() const;
  };
  Comparison result() const;

 private:
  struct Cell {  // a model of a group, in the two months
    std::array<Money, 2> cost;
    std::array<Money, 2> rated;  // at the prices of the earlier month
    std::array<TokenUsage, 2> usage;
    std::array<std::int64_t, 4> rates{};  // of the later month's calls: nano-dollars per million of each input kind
  };
  Group explain(const std::string& name, const std::vector<const Cell*>& cells) const;
  const Catalogue* catalogue_;
  MonthSpan before_, after_;
  bool part_ = false;
  std::string dimension_;
  std::map<std::pair<std::string, std::string>, Cell> cells_;  // by group and model
};

// ---- Forecast ----

/// Spend by day and hour of UTC: what a forecast rests on.
class DailySpend {
 public:
  void add(const SpendRow& row);
  void merge(const DailySpend& other);
  /// Day number since 1970 and its cost by the hour.
  std::map<std::int64_t, std::array<std::int64_t, 24>> days;
};

struct Forecast {
  MonthSpan month;
  Money spent;  // so far
  bool possible = false;
  std::string basis;                   // in words: what it rests on, or why there is none
  Money expected;                      // to the end of the month
  Money low80, high80, low95, high95;  // four of five, and nineteen of twenty, months should end in between
  std::string to_table() const;
  std::string to_json() const;
};
/// Each day that is left is expected to cost the mean of the same day of the week in the last eight weeks, drawn
/// towards the mean of all workdays or weekend days as if two such days more had been seen. The interval is Student's t
/// over the days' scatter about those means and the uncertainty of the level, taken from how weeks differ. No forecast
/// below three full days; below fourteen it says that it rests on little.
Forecast forecast(const DailySpend& spend, Instant now);

// ---- Anomalies ----

/// `kind: SpendAlert`.
struct SpendAlert {
  std::string name;
  std::string over;                     // "person", "team", "repo", "session", ...: a dimension that is not a time
  Money minimum{20'000'000'000};        // less is never told
  std::int64_t times_hundredths = 300;  // at least so many times what is usual
  std::int64_t score_hundredths = 400;  // and so many scaled deviations away from it
  std::int64_t history_days = 28;
  std::string team;                 // only calls of this team; empty: all
  std::vector<std::string> notify;  // Notification documents by name; empty: all that tell of anomalies
  bool operator==(const SpendAlert&) const = default;
};
/// Those that hold when no document gives any: person and repo by day, session as a whole.
std::vector<SpendAlert> default_alerts();
std::vector<SpendAlert> read_alerts(const std::vector<YamlValue>& documents, std::vector<Diagnostic>& complaints);

struct Anomaly {
  std::string alert, over, subject, day;  // "2026-11-22"; of a session its last day
  Instant begin;                          // of the first day that counts
  Money cost, usual;                      // usual: the median
  double score = 0;                       // scaled deviations on the log scale
  std::size_t compared_with = 0;          // days or sessions
  bool by_peers = false;                  // too little of its own past: compared with all others
};

/// A subject's day (a session: its whole) is told when x >= minimum, x >= times * m and
///   (ln x - ln m) / max(1.4826 * MAD, 0.25) >= score,
/// where m is the median and MAD the median absolute deviation of ln x over the subject's own active days before it in
/// the last `history` days. With fewer than seven of those, all subjects' days in that time are compared with and the
/// score must be half as high again; with fewer than twenty of those nothing is told.
class AnomalyFinder {
 public:
  explicit AnomalyFinder(std::vector<SpendAlert> alerts);
  void add(const SpendRow& row);
  void merge(const AnomalyFinder& other);
  /// In the days from `since` on, dearest first.
  std::vector<Anomaly> find(Instant since) const;
  /// Days that end before `when` are dropped: for one that goes on being fed.
  void forget_before(Instant when);

 private:
  struct Subject {
    std::map<std::int64_t, std::int64_t> days;  // day number to nano-dollars
  };
  std::vector<Anomaly> find_of(const SpendAlert& alert, const std::map<std::string, Subject>& subjects,
                               std::int64_t since_day) const;
  std::vector<SpendAlert> alerts_;
  std::vector<std::map<std::string, Subject>> subjects_;  // one for each alert
};
std::string anomalies_table(const std::vector<Anomaly>& anomalies);
std::string anomalies_json(const std::vector<Anomaly>& anomalies);

// ---- Unit costs ----

class UnitCosts {
 public:
  void add(const SpendRow& row);
  void merge(const UnitCosts& other);
  struct Unit {
    std::string name;  // "session", "work item", "person and day", "call"
    std::uint64_t count = 0;
    Money total, mean, median, p90;
    Money without;  // spent by calls that name none
  };
  std::vector<Unit> units() const;
  std::string to_table() const;
  std::string to_json() const;

 private:
  std::array<std::map<std::string, std::int64_t>, 4> sums_;
  std::array<std::int64_t, 4> without_{};
  std::uint64_t calls_ = 0;
};

// ---- Advice ----

/// `kind: AdviceRule`: calls of this shape are served as well by a cheaper model.
struct AdviceRule {
  std::string name;
  std::string from, to;                           // a glob over model names, and a model
  std::int64_t input_max = 20'000;                // tokens, all kinds of input
  std::int64_t output_max = 500;                  // tokens
  bool tools = false, thinking = false;           // whether calls that offered tools, or asked for thinking, count
  std::int64_t more_tokens_millionths = 200'000;  // so many more tokens the cheaper model is taken to need
  Money minimum{10'000};                          // saved by one call; less is not counted
};
std::vector<AdviceRule> default_advice_rules();
std::vector<AdviceRule> read_advice_rules(const std::vector<YamlValue>& documents, std::vector<Diagnostic>& complaints);

/// A call counts when it ended well, was priced by a known price and fits the first rule that names its model; and when
/// no cache is lost by moving it: it read and wrote none, or all calls of its session to that model fit. Cached input
/// is priced as cached for those.
class SavingsAdvice {
 public:
  SavingsAdvice(const Catalogue& catalogue, std::vector<AdviceRule> rules);
  void add(const SpendRow& row);
  void merge(const SavingsAdvice& other);

  struct Advice {
    std::string rule, team, person, from, to;
    std::uint64_t calls = 0;
    Money cost, cheaper;  // as recorded, and on the cheaper model
    Money saving() const { return cost - cheaper; }
    std::vector<std::uint64_t> rows;  // indexes of the ledger entries, ascending
  };
  std::vector<Advice> advice() const;  // by descending saving
  /// Of all calls to models that a rule names.
  Money looked_at;
  std::string to_table() const;
  std::string to_json() const;

 private:
  struct Fit {
    std::size_t rule;
    std::string team, person;
    std::uint64_t row;
    Money cost, cheaper;
  };
  struct Session {
    bool all_fit = true;
    std::vector<Fit> cached;  // fit, but only together
  };
  void give(std::vector<Advice>& list, std::map<std::vector<std::string>, std::size_t>& places, const Fit& fit,
            const std::string& from) const;
  const Catalogue* catalogue_;
  std::vector<AdviceRule> rules_;
  std::map<std::string, std::vector<Fit>> alone_;                    // by model
  std::map<std::pair<std::string, std::string>, Session> sessions_;  // by model and session
};

// ---- Commitments ----

/// How much of each commitment a month's calls drew down.
class CommitmentUse {
 public:
  explicit CommitmentUse(const Catalogue& catalogue) : catalogue_(&catalogue) {}
  void add(const SpendRow& row);
  void merge(const CommitmentUse& other);
  struct Month {
    std::string contract, month;
    Money owed, drawn;
    Money unused() const { return drawn < owed ? owed - drawn : Money{}; }
  };
  std::vector<Month> months(Instant since, Instant until) const;
  std::string to_table(Instant since, Instant until) const;
  std::string to_json(Instant since, Instant until) const;

 private:
  const Catalogue* catalogue_;
  std::map<std::pair<std::string, std::string>, std::int64_t> drawn_;  // by contract and month
};

// ---- The bill in FOCUS columns ----

/// Rows of FOCUS 1.2: a row for each day, person, team, repository, feature, work item, model, tier and kind of token,
/// with the list's unit price and the one that was charged. Calls that do not come out under the catalogue's prices are
/// rows by the call, without unit prices. Committed money that was not drawn down is a row for each month that is over.
class FocusExport {
 public:
  /// `account`: whose bill it is.
  FocusExport(const Catalogue& catalogue, std::string account);
  void add(const SpendRow& row);
  void merge(const FocusExport& other);
  /// With a header line. `since` and `until`: what was asked for, for the commitments.
  std::string to_csv(Instant since, Instant until) const;
  Money billed() const;  // by calls: the same as the report's total
  std::size_t lines() const { return lines_.size(); }

 private:
  struct Line {
    std::int64_t quantity = 0;        // tokens, pieces or calls
    std::int64_t billed = 0;          // nano-dollars
    std::int64_t per = 1;             // unit prices are for so many; 0: there are none
    std::string list_unit, own_unit;  // in 10^-18 dollars
  };
  std::string unused_commitments(Instant since, Instant until) const;
  void add_line(const std::string& row_key, std::string_view meter, const Line& line);
  const Catalogue* catalogue_;
  std::string account_;
  std::unordered_map<std::string, Line> lines_;
  CommitmentUse use_;
};

// ---- The page ----

/// What the HTML report shows; texts may hold anything.
struct SpendPage {
  std::string title, period;
  SpendGroup total;
  std::vector<std::pair<std::string, std::vector<SpendGroup>>> tables;  // "By person": groups of one dimension
  std::vector<SpendGroup> days_by_model;                                // keys: day, model
  std::optional<Forecast> forecast;
  std::optional<MonthComparison::Comparison> comparison;
  std::vector<Anomaly> anomalies;
  std::vector<UnitCosts::Unit> units;
  std::vector<SavingsAdvice::Advice> advice;
};
/// One file that asks for nothing else: charts as SVG, light and dark, printable.
std::string spend_page_html(const SpendPage& page);

}  // namespace reeve::spend
