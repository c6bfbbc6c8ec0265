// What Claude Code sends beside its calls when it is signed in here: a label of the request, and which managed settings
// it runs with. docs/claude-code.md has both.

#include <algorithm>

#include "core/bytes.h"
#include "gateway/model_call.h"

namespace reeve::gateway {

void ModelCall::take_tags() {
  if (!is_of_claude_code() || route_.dialect != wire::Dialect::kAnthropic) return;
  tagged_ = wire::take_request_tags(body_, identity::kWorkItemTag);
  if (!tagged_) return;
  body_ = tagged_->body();
  if (hints_.work_item.empty()) hints_.work_item = tagged_->value;
}

/// Whatever a swap of the model wants of the field stays; without one it goes as it came.
void ModelCall::leave_out_tags_beta() {
  constexpr std::string_view kName = "anthropic-beta";
  const auto swapped = std::find_if(request_headers_.begin(), request_headers_.end(),
                                    [&](const auto& field) { return equal_ignoring_case(field.first, kName); });
  if (swapped != request_headers_.end()) {
    swapped->second = wire::betas_without_request_tags(swapped->second);
    return;
  }
  const net::Headers& headers = exchange_.head().headers;
  if (headers.count(kName) != 1) return;  // nobody sends it twice
  const std::string_view sent = headers.get(kName);
  if (sent.find("request-tags-") == std::string_view::npos) return;
  request_headers_.emplace_back(kName, wire::betas_without_request_tags(sent));
}

void ModelCall::tell_settings() {
  if (!worker_.tell_settings || !is_of_claude_code() || route_.operation != wire::Operation::kGenerate) return;
  if (!worker_.settings_told.admit(hints_.session_id, hints_.settings_checksum)) return;
  worker_.tell_settings({principal_, std::string(bounded(hints_.session_id)), std::string(bounded(hints_.version)),
                         std::string(bounded(hints_.settings_checksum))});
}

}  // namespace reeve::gateway
