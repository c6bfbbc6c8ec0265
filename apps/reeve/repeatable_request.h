#pragma once

// What routes that write have in common: requests that may be sent again under an Idempotency-Key, preconditions by
// ETag, and bodies whose faults are named by JSON Pointer.

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "core/yaml.h"
#include "reeve/api_request.h"
#include "spend/spend.h"

namespace reeve::app {

/// "#" and a JSON Pointer name a member of the body, as RFC 9457 has it.
inline constexpr const char* kBodyPlace = "#";

/// What the same request was answered before, when it has a key; what is wrong with the key; or nothing: it is to be
/// carried out. `kept` looks the key up.
using KeptLookUp = std::function<Result<std::optional<spend::KeptAnswer>>(std::string_view key)>;
std::optional<ApiAnswer> repeated_answer(const ApiRequest& request, const KeptLookUp& kept);
/// What is kept with the change; nothing when the request has no key.
std::optional<spend::KeptAnswer> answer_to_keep(const ApiRequest& request, const ApiAnswer& answer, Instant at);

/// Whether If-Match names the tag, or whatever is there.
bool names_tag(std::string_view header, std::string_view etag);

/// 400, with each fault and the member that it is about: file() of a complaint is "#/MEMBER".
ApiAnswer invalid_body(const std::vector<Diagnostic>& complaints);

}  // namespace reeve::app
