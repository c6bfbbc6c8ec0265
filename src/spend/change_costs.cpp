// Which calls belong to which merged change, and what those cost.

#include <algorithm>
#include <numeric>
#include <set>

#include "core/bytes.h"
#include "spend/changes.h"
#include "spend/report_text.h"

namespace reeve::spend {

namespace {

/// Merges are known to the second: what was called in that second was called before.
constexpr Duration kSecond = std::chrono::seconds(1);

void count(ChangeCosts::Part& part, Money cost) {
  ++part.calls;
  part.cost.nanos = saturated_sum(part.cost.nanos, cost.nanos);
}
void add_part(ChangeCosts::Part& part, const ChangeCosts::Part& other) {
  part.calls += other.calls;
  part.cost.nanos = saturated_sum(part.cost.nanos, other.cost.nanos);
}

ChangeCosts::Way way_of(const MergedChange& change) {
  if (!change.work_item.empty()) return ChangeCosts::Way::kWorkItem;
  return change.author.empty() ? ChangeCosts::Way::kNone : ChangeCosts::Way::kRepoAndAuthor;
}

/// By time, each change once: the one that was told first.
std::vector<MergedChange> in_order(std::vector<MergedChange> changes) {
  std::set<std::string> known;
  std::erase_if(changes, [&](const MergedChange& change) { return !known.insert(merged_change_key(change)).second; });
  std::stable_sort(changes.begin(), changes.end(),
                   [](const MergedChange& left, const MergedChange& right) { return left.at < right.at; });
  return changes;
}

void sum_up(ChangeCosts::Costs& costs) {
  std::vector<std::int64_t> amounts;
  for (const auto& change : costs.changes) {
    if (change.calls == 0) continue;
    amounts.push_back(change.cost.nanos);
    costs.total.nanos = saturated_sum(costs.total.nanos, change.cost.nanos);
  }
  costs.with_calls = amounts.size();
  if (amounts.empty()) return;
  std::sort(amounts.begin(), amounts.end());
  costs.mean = Money{costs.total.nanos / static_cast<std::int64_t>(amounts.size())};
  costs.median = Money{amounts[(amounts.size() - 1) / 2]};
  costs.p90 = Money{amounts[(amounts.size() * 9 + 9) / 10 - 1]};
}

}  // namespace

ChangeCosts::ChangeCosts(std::vector<MergedChange> changes, Instant since, Instant until, bool trace)
    : changes_(in_order(std::move(changes))),
      since_(since),
      until_(until),
      trace_(trace),
      sums_(changes_.size()),
      rows_(trace ? changes_.size() : 0) {
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const MergedChange& change = changes_[i];
    if (!change.work_item.empty()) by_work_item_[change.work_item].push_back(i);
    if (!change.author.empty()) by_author_[{change.repo, to_lower(change.author)}].push_back(i);
  }
}

std::optional<std::size_t> ChangeCosts::next_merge(const Places& places, Instant call) const {
  const auto next = std::partition_point(places.begin(), places.end(),
                                         [&](std::size_t place) { return changes_[place].at + kSecond <= call; });
  return next == places.end() ? std::nullopt : std::optional(*next);
}

/// Those of the repository; none where that is not known.
ChangeCosts::Places ChangeCosts::of_repo(const Places& places, const std::string& repo) const {
  Places some;
  if (repo.empty()) return some;
  std::copy_if(places.begin(), places.end(), std::back_inserter(some),
               [&](std::size_t place) { return changes_[place].repo == repo; });
  return some;
}

std::pair<std::optional<std::size_t>, ChangeCosts::Reason> ChangeCosts::change_of(const SpendRow& row) const {
  const auto item = row.work_item.empty() ? by_work_item_.end() : by_work_item_.find(row.work_item);
  if (item != by_work_item_.end()) {
    const Places some = of_repo(item->second, row.repo);
    const Places& places = some.empty() ? item->second : some;
    return {next_merge(places, row.time).value_or(places.back()), kNamesNothing};
  }
  const Reason reason = !row.work_item.empty()                   ? kWorkItemNotMerged
                        : row.repo.empty() || row.person.empty() ? kNamesNothing
                                                                 : kNoMergeOfPerson;
  const auto author = by_author_.find({row.repo, to_lower(row.person)});
  if (row.repo.empty() || author == by_author_.end()) return {std::nullopt, reason};
  const auto next = next_merge(author->second, row.time);
  if (!next || !changes_[*next].work_item.empty() || changes_[*next].at - row.time > kAuthorLookBack) {
    return {std::nullopt, reason};
  }
  return {next, reason};
}

void ChangeCosts::add(const SpendRow& row) {
  if (row.refused) return;
  const bool in_window = row.time >= since_ && row.time <= until_;
  if (in_window) count(window_, row.cost);
  const auto [place, reason] = change_of(row);
  if (!place) {
    if (in_window) count(untied_[reason], row.cost);
    return;
  }
  const bool told = is_told(changes_[*place]);
  if (in_window) count(told ? of_these_ : of_others_, row.cost);
  if (!told) return;
  if (!in_window) count(before_, row.cost);
  count(sums_[*place], row.cost);
  if (trace_) rows_[*place].push_back(row.index);
}

void ChangeCosts::merge(const ChangeCosts& other) {
  for (std::size_t i = 0; i < sums_.size(); ++i) add_part(sums_[i], other.sums_[i]);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    rows_[i].insert(rows_[i].end(), other.rows_[i].begin(), other.rows_[i].end());
  }
  add_part(window_, other.window_);
  add_part(of_these_, other.of_these_);
  add_part(of_others_, other.of_others_);
  add_part(before_, other.before_);
  for (std::size_t i = 0; i < kReasons; ++i) add_part(untied_[i], other.untied_[i]);
}

ChangeCosts::Part ChangeCosts::Costs::untied_in_all() const {
  Part all;
  for (const Part& part : untied) add_part(all, part);
  return all;
}

ChangeCosts::Costs ChangeCosts::costs() const {
  Costs costs;
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    if (!is_told(changes_[i])) continue;
    Change change{changes_[i], way_of(changes_[i]), sums_[i].calls, sums_[i].cost, {}};
    if (trace_) change.rows = rows_[i];
    std::sort(change.rows.begin(), change.rows.end());
    costs.changes.push_back(std::move(change));
  }
  std::stable_sort(costs.changes.begin(), costs.changes.end(),
                   [](const Change& left, const Change& right) { return left.cost > right.cost; });
  sum_up(costs);
  costs.window = window_;
  costs.of_these = of_these_;
  costs.of_others = of_others_;
  costs.before = before_;
  costs.untied = untied_;
  return costs;
}

}  // namespace reeve::spend
