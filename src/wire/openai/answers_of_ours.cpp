// What Reeve itself says in OpenAI's dialects: errors and model lists.

#include "wire/openai/openai.h"

namespace reeve::wire::openai {

namespace {

struct ErrorWords {
  std::string_view type;
  std::string_view code;
};

// OpenCode asks again after "server_error" and after a code with "unavailable" in it, whatever the status.
ErrorWords words_for(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::kNoCredential:
    case RefusalReason::kBadCredential: return {"invalid_request_error", "invalid_api_key"};
    case RefusalReason::kModelUnknown: return {"invalid_request_error", "model_not_found"};
    case RefusalReason::kKilled:
    case RefusalReason::kPolicy: return {"policy_blocked", "policy_blocked"};
    case RefusalReason::kBudget: return {"insufficient_quota", "insufficient_quota"};
    case RefusalReason::kMalformed: return {"invalid_request_error", "invalid_request"};
    case RefusalReason::kTooLarge: return {"invalid_request_error", "request_too_large"};
    case RefusalReason::kUnsupported: return {"invalid_request_error", "not_supported"};
    case RefusalReason::kUpgradeRequired: return {"invalid_request_error", "upgrade_required"};
    case RefusalReason::kUnavailable: return {"not_ready", "not_ready"};
    case RefusalReason::kUpstreamUnreachable: return {"server_error", "upstream_unreachable"};
    case RefusalReason::kUpstreamTimeout: return {"server_error", "upstream_timeout"};
  }
  return {"server_error", "server_error"};
}

// Codex shows the message of a failed response at once only for this code; after any other it asks again.
std::string_view failed_response_code(RefusalReason reason) {
  const bool may_pass = reason == RefusalReason::kUpstreamUnreachable || reason == RefusalReason::kUpstreamTimeout ||
                        reason == RefusalReason::kUnavailable;
  return may_pass ? words_for(reason).code : "invalid_prompt";
}

}  // namespace

void write_error(JsonWriter& out, const ErrorText& error) {
  const auto [type, code] = words_for(error.reason);
  out.begin_object().key("error").begin_object().member("message", error.message).member("type", type);
  out.key("param").null().member("code", code).end_object().end_object();
}

std::string chat_stream_error(const ErrorText& error) {
  JsonWriter data;
  write_error(data, error);
  return "data: " + data.take() + "\n\ndata: [DONE]\n\n";
}

std::string responses_stream_error(const ErrorText& error) {
  JsonWriter data;
  data.begin_object().member("type", "response.failed").key("response").begin_object();
  data.member("id", error.request_id.empty() ? "resp_refused" : error.request_id).member("object", "response");
  data.member("status", "failed").key("error").begin_object();
  data.member("code", failed_response_code(error.reason)).member("message", error.message).end_object();
  data.key("output").begin_array().end_array().key("usage").null().end_object().end_object();
  return "event: response.failed\ndata: " + data.take() + "\n\n";
}

void write_model(JsonWriter& out, const ModelEntry& model) {
  out.begin_object().member("id", model.id).member("object", "model").member("created", model.created);
  out.member("owned_by", model.owner).end_object();
}

void write_model_list(JsonWriter& out, const std::vector<ModelEntry>& models) {
  out.begin_object().member("object", "list").key("data").begin_array();
  for (const ModelEntry& model : models) write_model(out, model);
  out.end_array().end_object();
}

}  // namespace reeve::wire::openai
