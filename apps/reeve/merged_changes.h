#pragma once

// Telling of merged changes: what the commands and the control API share. A change is noted in the store once, by its
// repository and id; the running server, or the next start, writes the note to the ledger as `change.merged`.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ledger.h"
#include "reeve/api_request.h"
#include "reeve/control_api.h"
#include "spend/spend.h"
#include "store/store.h"

namespace reeve::app {

/// Which of them are new; what was told before is left as it was. They are checked already. `by`: who tells.
Result<std::vector<bool>> tell_of_changes(store::Store& store, std::span<const spend::MergedChange> changes,
                                          std::string_view by);

/// `POST /api/v1/changes`: one change, or {"changes": [...]} of at most 1,000. 201 when any was new, else 200.
ApiAnswer answer_told_changes(const ControlApi::Sources& sources, const ApiRequest& request);

/// The changes that the ledger knows, from those told at `since` on.
Result<std::vector<spend::MergedChange>> recorded_changes(ledger::LogReader& reader, Instant since);

}  // namespace reeve::app
