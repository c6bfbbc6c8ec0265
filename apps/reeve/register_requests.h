#pragma once

// What the routes on registers with workflow do alike: who asks, preconditions, repetitions, pages.

#include <optional>

#include "reeve/api_request.h"
#include "reeve/control_api.h"
#include "reeve/register_desk.h"

namespace reeve::app {

/// With what is in force.
Result<RegisterDesk> register_desk_of(const ControlApi::Sources& sources);
/// Who asks, with the groups that vouch for them now and those of their keys; where a directory is required, only those
/// that it knows: who left a group there is out of it, whatever an older key says.
Result<control::Actor> actor_of(const ControlApi::Sources& sources, const ApiRequest& request, Instant now);
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

}  // namespace reeve::app
