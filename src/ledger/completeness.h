#pragma once

// What is missing in a ledger, and whether it says why: numbers of producers that were never written, times without a
// heartbeat, ends without a stop. A part of ledger.h; docs/ledger-format.md has the rules.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"

namespace reeve::ledger {

struct EntryFacts;

/// One thing that an auditor wants to know, in the order of the log.
struct CompletenessRow {
  enum class Kind {
    kStart,    // the service began
    kStop,     // it ended because somebody asked for that
    kCrash,    // it ended without a stop; `until` is when it began again
    kGap,      // records could not be written, and the ledger says which
    kHole,     // numbers are missing and nothing says why
    kSilence,  // no heartbeat for longer than there should be none
    kClock,    // the wall clock was set, or the machine slept
  };
  Kind kind = Kind::kStart;
  std::uint64_t entry = 0;  // where it shows
  std::string from, until;  // times as entries have them; `until` is empty for what took no time
  std::string text;         // one sentence
  bool explained = true;
};
std::string_view completeness_kind_name(CompletenessRow::Kind kind);  // "start", "crash", ...

struct CompletenessReport {
  std::vector<CompletenessRow> rows;  // at most 10,000; what is not explained goes first where there are more
  std::uint64_t starts = 0, stops = 0, crashes = 0, heartbeats = 0, gaps = 0, clock_steps = 0;
  std::uint64_t lost = 0, refused = 0;   // records, as gaps tell
  std::uint64_t holes = 0, missing = 0;  // unexplained, and how many numbers they have
  std::uint64_t silences = 0;            // unexplained
  std::uint64_t unexplained() const { return holes + silences; }
};

/// Reads entries in order and finds out.
class Completeness {
 public:
  /// `begins_within`: the first entry is not the log's first, so numbers need not begin at 1.
  explicit Completeness(bool begins_within = false) : begins_within_(begins_within) {}
  /// An entry's canonical JSON. What is not an entry is passed over.
  void see(std::uint64_t index, std::string_view entry);
  void see(std::uint64_t index, std::string_view entry, const EntryFacts& facts);
  /// Once, after the last.
  CompletenessReport finish();

 private:
  struct Span {
    std::uint64_t from = 0, to = 0;
    std::uint64_t left = 0;  // so many of its numbers are meant and were not met yet
  };
  struct Hole {
    std::uint64_t from = 0, to = 0, missing = 0;
    std::uint64_t entry = 0;
    std::string time;
  };
  struct Numbers {
    std::uint64_t last = 0;
    std::uint64_t announced = 0;  // by the last heartbeat: the next one must find it written
    std::vector<Hole> holes;      // not explained yet
    std::vector<Span> spans;      // of gaps, whose numbers were not met yet
  };

  void see_number(std::uint64_t index, std::string_view time, std::string_view producer);
  void see_start(std::uint64_t index, std::string_view entry);
  void see_stop(std::uint64_t index, std::string_view entry);
  void see_heartbeat(std::uint64_t index, std::string_view entry);
  void see_gap(std::uint64_t index, std::string_view entry);
  void see_clock(std::uint64_t index, std::string_view entry);
  void pulse(std::uint64_t index);
  void must_have(Numbers& numbers, std::uint64_t number, std::uint64_t index);
  static void settle(Numbers& numbers);
  void end_run();
  void add(CompletenessRow row);

  const bool begins_within_;
  CompletenessReport report_;
  std::map<std::string, Numbers, std::less<>> producers_;  // of this run
  bool start_seen_ = false;
  bool running_ = false;
  std::string time_;                        // of the entry that is being seen
  std::string last_time_;                   // of the one before
  std::optional<Instant> pulse_;            // the last sign that all is well
  Duration heartbeat_{};                    // how often there should be one; 0: none is promised
  Duration stepped_{};                      // forward, since the last pulse
  std::optional<CompletenessRow> silence_;  // waits for a gap that explains it
};

}  // namespace reeve::ledger
