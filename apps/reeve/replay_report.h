#pragma once

// Recorded decisions made once more, for the commands that ask what rules change.

#include <string>

#include "policy/policy.h"
#include "reeve/call_stream.h"
#include "reeve/commands.h"

namespace reeve::app {

/// Runs a replay over the calls of a window, on all cores. `question` needs only its bundles; the window's end, the
/// bundles of recorded digests and the counters are filled in. An error says what could not be read. Without
/// `common.through` whoever calls records the reading.
Result<policy::ReplayReport> replay_calls(const Common& common, const CallWindow& window,
                                          policy::ReplayQuestion question);

/// What came of it. `same_rules`: each decision was made again under its own bundle and should be what it was.
void print_replay(const policy::ReplayReport& report, const CallWindow& window, bool same_rules);
/// The same as members of the JSON object that is open.
void append_replay(JsonWriter& json, const policy::ReplayReport& report, const CallWindow& window);

/// "12,431"
std::string grouped(std::uint64_t number);
/// "1.7 %"; "0 %" of nothing
std::string percent(std::uint64_t part, std::uint64_t whole);
/// "1 person", "2,000 people"
std::string counted(std::uint64_t number, const char* one, const char* many);

}  // namespace reeve::app
