#pragma once

// Where a call may go by the `route` rules that matched.

#include <functional>

#include "gateway/gateway.h"

namespace reeve::gateway {

/// Whether the provider is one that every `route` rule of the decision takes.
bool meets_routes(const policy::Decision& decision, const Provider& provider);

/// The provider to go to: `chosen` where the rules take it, else another one of the model's that speaks the dialect, in
/// the model's order. Rules may say something else about another place, so `decide_for` is called for each before it
/// is taken and leaves the new verdict in `decision`; a refusal there ends the search. Null when none is right.
const Provider* route_call(const Settings& settings, const Model& model, wire::Dialect dialect, const Provider& chosen,
                           const policy::Decision& decision, const std::function<void(const Provider&)>& decide_for);

}  // namespace reeve::gateway
