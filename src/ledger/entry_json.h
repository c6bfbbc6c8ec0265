#pragma once

// Entries as canonical JSON (RFC 8785): members sorted by name, no spaces, integers only, shortest escapes. A producer
// writes everything but the place; the committer fills that in.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/time.h"
#include "ledger/ledger.h"

namespace reeve::ledger {

/// Where the committer puts `seq` and `time`: offsets into the prepared text. The digits of `seq` are inserted (their
/// number is not known before); `time` has its 27 characters reserved. And where the member request_id begins, which is
/// the one before `seq`.
struct EntrySlots {
  std::uint32_t seq_at = 0;
  std::uint32_t time_at = 0;
  std::uint32_t request_at = 0;
};
/// Between its quotes, escapes as they are; empty when there is none.
inline std::string_view prepared_request_id(std::string_view prepared, EntrySlots slots) {
  constexpr std::string_view kOpening = ",\"request_id\":\"", kClosing = "\"", kSeq = ",\"seq\":";
  const std::string_view member = prepared.substr(slots.request_at, slots.seq_at - kSeq.size() - slots.request_at);
  return member.empty() ? member : member.substr(kOpening.size(), member.size() - kOpening.size() - kClosing.size());
}

inline constexpr std::size_t kTimeTextBytes = 27;
inline constexpr std::size_t kSeqDigitsMax = 20;

/// Times in the log are as precise as their text.
inline Instant whole_microseconds(Instant at) { return {at.nanoseconds - at.nanoseconds % 1000}; }

/// Appends the prepared entry to `out`; with any seq it stays within kEntryBytesMax. `number` is of entry.producer.
EntrySlots append_prepared_entry(std::string& out, const Entry& entry, std::string_view node, std::uint64_t number = 0);

/// Completes a prepared entry into `into`, which has room for its size plus kSeqDigitsMax. Returns the final length.
/// `time` is format_time()'s text.
std::size_t place_entry(std::string_view prepared, EntrySlots slots, std::uint64_t seq, std::string_view time,
                        char* into);

/// Whether entries have a member of this name at the top. The names, for messages: "agent, attempt, ...".
bool is_entry_member(std::string_view name);
std::string entry_member_names();

/// The members of an entry that recovery, verification and --since need, found without building a document.
struct EntryFacts {
  bool well_formed = false;  // an object with all of seq, time and kind where they belong
  std::uint64_t seq = 0;
  std::string_view time;
  std::string_view kind;        // escapes are not resolved
  std::string_view request_id;  // same
  std::int64_t attempt = 0;
  std::string_view producer;  // the member's JSON; empty when there is none
};
EntryFacts read_entry_facts(std::string_view entry);

}  // namespace reeve::ledger
