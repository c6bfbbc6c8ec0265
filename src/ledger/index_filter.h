#pragma once

// A condition over entries as SQL over the index's tables. The SQL may take entries that the condition does not match,
// never the other way round: whoever asks reads each entry that it names and holds it to the condition.

#include <optional>
#include <string>

#include "ledger/ledger.h"

namespace reeve::ledger {

/// One condition per table and side; "TRUE" takes all.
struct NarrowingSql {
  std::string intents;   // over tables of calls, of rows whose intent is there
  std::string outcomes;  // over tables of calls, of rows whose outcome is there
  std::string events;    // over tables of events
  bool narrows() const { return intents != "TRUE" || outcomes != "TRUE" || events != "TRUE"; }
};

NarrowingSql narrowing_sql(const EntryFilter& filter);

/// In single quotes; nothing where SQL cannot say it (a zero byte, broken UTF-8).
std::optional<std::string> sql_text(std::string_view text);

}  // namespace reeve::ledger
