#pragma once

// The control API's routes on decisions: which were made, why one was, and what other rules would have decided.

#include "reeve/api_request.h"
#include "reeve/control_api.h"
#include "reeve/index_question.h"

namespace reeve::app {

/// {"decisions": [...], "next"}: the newest first. `conditions` are over the index's calls.
Result<std::pair<std::string, std::size_t>> decisions_json(ledger::Index& index, IndexConditions conditions,
                                                           const ListPage& page, std::string_view outcome);

ApiAnswer list_decisions(const ControlApi::Sources& sources, const ApiRequest& request);
/// By the number of the entry that holds the decision. With `bundle=current` by the rules of now.
ApiAnswer explain_decision(const ControlApi::Sources& sources, const ApiRequest& request);
/// Recorded decisions made once more by another bundle: {"bundle": "sha256:…"}, one that is kept here, or a file of
/// `reeve policy bundle`. With people and the calls that differ.
ApiAnswer replay_decisions(const ControlApi::Sources& sources, const ApiRequest& request);
/// The same without anybody's name: for whoever writes rules and may not read what people did.
ApiAnswer replay_policy(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
