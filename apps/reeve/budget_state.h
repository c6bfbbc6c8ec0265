#pragma once

// How full budgets are and what is held for calls under way, as commands and the API tell it.

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "ledger/ledger.h"
#include "spend/spend.h"

namespace reeve::app {

/// Of what is allowed; 100 where that is nothing.
int percent_of(const spend::CounterView::Line& line);
/// An object; amounts of money in nano-dollars.
void write_counter(JsonWriter& json, const spend::CounterView& counter);

struct OpenReservation {
  std::uint64_t entry = 0;  // of the ledger: the intent
  std::string time, request_id, person, model;
  std::int64_t held_nanos = 0, held_tokens = 0;
};
/// Intents with something held whose outcome is not there, oldest first.
Result<std::vector<OpenReservation>> open_reservations(ledger::LogReader& reader, Instant now);
void write_reservation(JsonWriter& json, const OpenReservation& held);

}  // namespace reeve::app
