#pragma once

// The control API's routes on the inventory. docs/registers.md describes them.

#include <optional>

#include "reeve/api_request.h"
#include "reeve/control_api.h"
#include "reeve/register_desk.h"

namespace reeve::app {

// What the routes on intakes and approvals do alike.

Result<RegisterDesk> register_desk_of(const ControlApi::Sources& sources);
/// A person has the groups that vouch for it now, and those of its keys.
Result<control::Actor> actor_of(const RegisterDesk& desk, const ApiRequest& request, Instant now);
/// 403 for kDenied, else as problem_of().
ApiAnswer refusal_of(const Error& error);
std::string etag_of_version(std::uint64_t version);
/// Why If-Match does not hold; nothing where it does. `needed`: 428 without it.
std::optional<ApiAnswer> check_if_match(const ApiRequest& request, std::uint64_t version, bool needed);
/// What the same request was answered before, or nothing.
std::optional<ApiAnswer> repeated_answer(const RegisterDesk& desk, const ApiRequest& request);
/// Writes the change with the answer, and gives that, or why not.
ApiAnswer carry_out(const RegisterDesk& desk, const ApiRequest& request, control::RegisterChange change,
                    ApiAnswer answer);
/// A number from 1 to 200 of the query, 100 without it.
Result<std::size_t> limit_of(const ApiRequest& request);
/// What an earlier answer gave as `next`; 0 without it.
Result<std::int64_t> cursor_of(const ApiRequest& request);
std::string parameter_of(const ApiRequest& request, std::string_view name);

/// What the gateway saw against what is registered: an object.
Result<std::string> drift_json(control::RegisterStore& rows, Instant now);

ApiAnswer list_inventory(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer register_inventory_item(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer show_drift(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer show_inventory_item(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer show_inventory_history(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer replace_inventory_item(const ControlApi::Sources& sources, const ApiRequest& request);
/// {"action": "use", "reason": "…"}.
ApiAnswer act_on_inventory_item(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
