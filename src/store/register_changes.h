#pragma once

// What every storage of the registers with workflow checks of a change, and what rows of theirs have in common.

#include <algorithm>
#include <map>

#include "core/bytes.h"
#include "store/store.h"

namespace reeve::store {

inline Result<void> check_change(const control::RegisterChange& change) {
  constexpr std::size_t kDocumentBytesMax = 64UL << 10U;
  constexpr std::size_t kHistoryBytesMax = 128UL << 10U;
  const bool good = !change.rows.empty() && std::all_of(change.rows.begin(), change.rows.end(), [](const auto& one) {
    return !one.row.id.empty() && !one.row.register_name.empty() && one.row.version > 0 &&
           one.row.document.size() <= kDocumentBytesMax && one.history.size() <= kHistoryBytesMax;
  });
  if (good) return {};
  return Error{ErrorCode::kInvalid, "a change of a register needs a row with its id, at most 64 KiB"};
}

inline Error changed_meanwhile(const control::RegisterRow& row) {
  return {ErrorCode::kConflict,
          row.version == 1 ? printable(row.id, 60) + " is there already"
                           : printable(row.id, 60) + " was changed by somebody else meanwhile; look at it again"};
}

/// The event of a step for notifications; nothing where it interests nobody.
inline std::optional<control::Event> event_of(const control::RowChange& change) {
  const std::string_view kind = control::event_kind_of_step(change.step.kind);
  if (kind.empty()) return std::nullopt;
  return control::Event{.key = change.row.id + ":" + std::to_string(change.row.version),
                        .kind = std::string(kind),
                        .time = change.at,
                        .detail = change.step.detail};
}

inline constexpr std::size_t kHashDigits = 16;

inline std::string people_text(const std::set<std::uint64_t>& people) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint64_t hash : people) {
    for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(hash >> static_cast<unsigned>(shift)) & 15U];
  }
  return text;
}

inline std::set<std::uint64_t> people_of_text(std::string_view text) {
  std::set<std::uint64_t> people;
  for (std::size_t at = 0; at + kHashDigits <= text.size(); at += kHashDigits) {
    std::uint64_t hash = 0;
    for (const char digit : text.substr(at, kHashDigits)) {
      hash = hash << 4U | static_cast<std::uint64_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    people.insert(hash);
  }
  return people;
}

/// One line for each thing, whichever nodes saw it.
inline std::vector<control::Traffic> summed(const std::vector<control::Traffic>& rows) {
  std::map<std::string, control::Traffic> sums;
  for (const control::Traffic& row : rows) {
    const auto [place, is_new] = sums.emplace(row.what, row);
    if (is_new) continue;
    control::Traffic& sum = place->second;
    sum.first = std::min(sum.first, row.first);
    sum.last = std::max(sum.last, row.last);
    sum.calls += row.calls;
    sum.cost = Money{sum.cost.nanos + row.cost.nanos};
    sum.people.insert(row.people.begin(), row.people.end());
  }
  std::vector<control::Traffic> list;
  list.reserve(sums.size());
  for (auto& [what, sum] : sums) list.push_back(std::move(sum));
  return list;
}

}  // namespace reeve::store
