// What Reeve itself says in this dialect: errors and model lists.

#include "core/time.h"
#include "wire/anthropic/anthropic.h"

namespace reeve::wire::anthropic {

namespace {

// Claude Code asks again five times with fewer features after a 400 of any type but policy_blocked, and endlessly after
// overloaded_error.
std::string_view error_type(const ErrorText& error) {
  if (error.client == ClientKind::kClaudeCode && error.status == 400) return "policy_blocked";
  switch (error.reason) {
    case RefusalReason::kNoCredential:
    case RefusalReason::kBadCredential: return "authentication_error";
    case RefusalReason::kModelUnknown:
    case RefusalReason::kKilled:
    case RefusalReason::kPolicy: return "policy_blocked";
    case RefusalReason::kBudget: return "billing_error";
    case RefusalReason::kMalformed: return "invalid_request_error";
    case RefusalReason::kTooLarge: return "request_too_large";
    case RefusalReason::kUnsupported:
    case RefusalReason::kUpgradeRequired: return "not_supported";
    case RefusalReason::kUnavailable:
    case RefusalReason::kUpstreamUnreachable: return "api_error";
    case RefusalReason::kUpstreamTimeout: return "timeout_error";
  }
  return "api_error";
}

}  // namespace

void write_error(JsonWriter& out, const ErrorText& error) {
  out.begin_object().member("type", "error").key("error").begin_object();
  out.member("type", error_type(error)).member("message", error.message).end_object();
  out.member_if("request_id", error.request_id).end_object();
}

std::string stream_error(const ErrorText& error) {
  JsonWriter data;
  write_error(data, error);
  return "event: error\ndata: " + data.take() + "\n\n";
}

void write_model(JsonWriter& out, const ModelEntry& model) {
  const std::string created = format_time(from_unix_seconds(model.created)).substr(0, 19) + "Z";
  out.begin_object().member("type", "model").member("id", model.id);
  out.member("display_name", model.display_name.empty() ? model.id : model.display_name);
  out.member("created_at", created).end_object();
}

void write_model_list(JsonWriter& out, const std::vector<ModelEntry>& models) {
  out.begin_object().key("data").begin_array();
  for (const ModelEntry& model : models) write_model(out, model);
  out.end_array().member("has_more", false);
  if (models.empty()) {
    out.key("first_id").null().key("last_id").null();
  } else {
    out.member("first_id", models.front().id).member("last_id", models.back().id);
  }
  out.end_object();
}

}  // namespace reeve::wire::anthropic
