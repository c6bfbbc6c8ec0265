#pragma once

// The control API's routes on the ledger: entries and sessions, through the index. Every reading is recorded before the
// answer leaves.

#include "reeve/api_request.h"
#include "reeve/control_api.h"

namespace reeve::app {

/// The answer, once it is recorded who got it.
ApiAnswer recorded(const LedgerSources& sources, Reading reading, std::string body);

ApiAnswer list_ledger_entries(const ControlApi::Sources& all, const ApiRequest& request);
ApiAnswer show_ledger_entry(const ControlApi::Sources& all, const ApiRequest& request);
ApiAnswer list_sessions(const ControlApi::Sources& all, const ApiRequest& request);
ApiAnswer show_session(const ControlApi::Sources& all, const ApiRequest& request);

}  // namespace reeve::app
