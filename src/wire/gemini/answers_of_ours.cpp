// What Reeve itself says in this dialect: errors (google.rpc.Status) and model lists.

#include "wire/gemini/gemini.h"

namespace reeve::wire::gemini {

namespace {

// Canonical codes: https://cloud.google.com/apis/design/errors
std::string_view canonical_code(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::kNoCredential:
    case RefusalReason::kBadCredential: return "UNAUTHENTICATED";
    case RefusalReason::kModelUnknown:
    case RefusalReason::kKilled:
    case RefusalReason::kPolicy: return "FAILED_PRECONDITION";
    case RefusalReason::kBudget: return "RESOURCE_EXHAUSTED";
    case RefusalReason::kMalformed:
    case RefusalReason::kTooLarge: return "INVALID_ARGUMENT";
    case RefusalReason::kUnsupported: return "NOT_FOUND";
    case RefusalReason::kUpgradeRequired: return "UNIMPLEMENTED";
    case RefusalReason::kUnavailable:
    case RefusalReason::kUpstreamUnreachable: return "UNAVAILABLE";
    case RefusalReason::kUpstreamTimeout: return "DEADLINE_EXCEEDED";
  }
  return "INTERNAL";
}

}  // namespace

void write_error(JsonWriter& out, const ErrorText& error) {
  out.begin_object().key("error").begin_object().member("code", error.status).member("message", error.message);
  out.member("status", canonical_code(error.reason)).key("details").begin_array().begin_object();
  out.member("@type", "type.googleapis.com/google.rpc.ErrorInfo").member("reason", refusal_reason_name(error.reason));
  out.member("domain", "reeve").key("metadata").begin_object();
  out.member_if("rule", error.rule).member_if("request_id", error.request_id).end_object();
  out.end_object().end_array().end_object().end_object();
}

// Bare, as Google ends a stream with an error: its SDKs pass over an error in a data field.
std::string stream_error(const ErrorText& error) {
  JsonWriter body;
  write_error(body, error);
  return body.take() + "\r\n\r\n";
}

void write_model(JsonWriter& out, const ModelEntry& model) {
  out.begin_object().member("name", "models/" + model.id);
  out.member("displayName", model.display_name.empty() ? model.id : model.display_name);
  out.key("supportedGenerationMethods").begin_array();
  out.value("generateContent").value("streamGenerateContent").value("countTokens").end_array().end_object();
}

void write_model_list(JsonWriter& out, const std::vector<ModelEntry>& models) {
  out.begin_object().key("models").begin_array();
  for (const ModelEntry& model : models) write_model(out, model);
  out.end_array().end_object();
}

}  // namespace reeve::wire::gemini
