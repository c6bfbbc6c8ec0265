#pragma once

// Merged changes and what the calls behind each cost: the part of the spend room's face on them.
//
// Whoever merges tells of it (a command, the control API, the history of a git repository); the ledger keeps it as an
// entry `change.merged`. A change is known by its repository and its id there.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.h"
#include "spend/rows.h"

namespace reeve::spend {

struct MergedChange {
  std::string repo, id;                           // the repository as calls name it; "142" or a commit
  Instant at;                                     // when it was merged; meant to the second
  std::string work_item, commit, author, branch;  // empty: not known; the author as calls name the person
  std::optional<std::int64_t> lines;              // added and removed
};

/// From an object with these members, `at` as a time or a duration before now; without it, now. Says which member is
/// wrong: unknown, missing, too long, of several lines, or a time to come.
Result<MergedChange> read_merged_change(const JsonValue& object, Instant now);
/// The same checks on one that was put together.
Result<void> check_merged_change(const MergedChange& change, Instant now);
/// The entry's detail, canonical JSON. `by`: who told of it.
std::string merged_change_detail(const MergedChange& change, std::string_view by);
/// What there is once: of two with the same key the first counts.
std::string merged_change_key(const MergedChange& change);

/// What each change cost. A call belongs to
///   1. the change of its work item that is merged next after it, or else to the last one of that work item; where
///      changes of several repositories have the work item and the call names one of these, only those of that one;
///   2. else to the next change of its repository and person, if that one names no work item and is merged within 30
///      days.
/// No call belongs to two changes. Not thread-safe; one for each thread, merged at the end.
class ChangeCosts {
 public:
  /// How far before a change calls are looked for.
  static constexpr Duration kLookBack = std::chrono::hours(24 * 90);
  static constexpr Duration kAuthorLookBack = std::chrono::hours(24 * 30);

  /// `changes`: all that are known, also those outside of the window, since what was merged before bounds what comes
  /// after. Told of are those merged from `since` up to `until`. `trace`: each keeps the rows it is the sum of.
  ChangeCosts(std::vector<MergedChange> changes, Instant since, Instant until, bool trace = false);
  /// Wants the rows from `since` minus kLookBack on.
  void add(const SpendRow& row);
  void merge(const ChangeCosts& other);

  enum class Way { kWorkItem, kRepoAndAuthor, kNone };  // kNone: the change names neither a work item nor an author
  struct Change {
    MergedChange merged;
    Way way = Way::kNone;
    std::uint64_t calls = 0;
    Money cost;
    std::vector<std::uint64_t> rows;  // ascending; only when traced
  };
  /// Why a call belongs to no change.
  enum Reason : std::size_t { kNamesNothing, kWorkItemNotMerged, kNoMergeOfPerson, kReasons };
  struct Part {
    std::uint64_t calls = 0;
    Money cost;
  };
  struct Costs {
    std::vector<Change> changes;   // dearest first
    std::uint64_t with_calls = 0;  // changes that any call belongs to; the next three are of these
    Money total, mean, median, p90;
    Part window;                        // all calls from `since` to `until`, but refused ones: the sum of the next
    Part of_these, of_others;           // belong to changes told of, and to changes merged at another time
    std::array<Part, kReasons> untied;  // belong to none
    Part before;                        // of changes told of, from before `since`: in `total`, not in `window`
    Part untied_in_all() const;
  };
  Costs costs() const;

  std::string to_table() const;
  std::string to_csv() const;  // a line for each change
  std::string to_json() const;
  /// One page that asks for nothing else. `period`: what the window is called.
  std::string to_html(const std::string& period) const;

 private:
  using Places = std::vector<std::size_t>;  // of changes, by the time of their merge
  /// The change, or why there is none.
  std::pair<std::optional<std::size_t>, Reason> change_of(const SpendRow& row) const;
  Places of_repo(const Places& places, const std::string& repo) const;
  std::optional<std::size_t> next_merge(const Places& places, Instant call) const;
  bool is_told(const MergedChange& change) const { return change.at >= since_ && change.at <= until_; }

  std::vector<MergedChange> changes_;  // by time
  std::map<std::string, Places> by_work_item_;
  std::map<std::pair<std::string, std::string>, Places> by_author_;  // repository, person in small letters
  Instant since_, until_;
  bool trace_;
  std::vector<Part> sums_;  // of each change
  std::vector<std::vector<std::uint64_t>> rows_;
  Part window_, of_these_, of_others_, before_;
  std::array<Part, kReasons> untied_{};
};

/// "work item", "repository and author", "nothing to go by".
std::string_view way_name(ChangeCosts::Way way);

}  // namespace reeve::spend
