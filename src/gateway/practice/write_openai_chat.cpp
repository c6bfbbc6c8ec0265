// OpenAI Chat Completions and Embeddings, as documented by the vendor.

#include "gateway/practice/practice.h"

namespace reeve::gateway::practice {

namespace {

// A fixed time of making: the same call gets the same answer.
constexpr std::int64_t kCreated = 1'735'689'600;

void begin_completion(JsonWriter& json, std::string_view object, const Request& request, const Answer& answer) {
  json.begin_object()
      .member("id", "chatcmpl-practice-" + answer.id)
      .member("object", object)
      .member("created", kCreated);
  json.member("model", request.model).member("system_fingerprint", "reeve-practice");
}

void write_usage(JsonWriter& json, const Request& request, const Answer& answer) {
  json.key("usage").begin_object();
  json.member("prompt_tokens", request.input_tokens).member("completion_tokens", answer.output_tokens);
  json.member("total_tokens", request.input_tokens + answer.output_tokens);
  json.key("prompt_tokens_details").begin_object().member("cached_tokens", 0).end_object();
  json.key("completion_tokens_details").begin_object().member("reasoning_tokens", 0).end_object();
  json.end_object();
}

void begin_tool_call(JsonWriter& json, const Answer& answer) {
  json.begin_object()
      .member("id", "call_practice_" + answer.id)
      .member("type", "function")
      .key("function")
      .begin_object();
  json.member("name", answer.tool_call->name);
}

std::string_view finish_reason(const Answer& answer) { return answer.tool_call ? "tool_calls" : "stop"; }

enum class DeltaPart { kRole, kText, kToolStart, kToolArguments, kEnd };

std::string chunk(const Request& request, const Answer& answer, DeltaPart part, std::string_view text) {
  JsonWriter json;
  begin_completion(json, "chat.completion.chunk", request, answer);
  json.key("choices").begin_array().begin_object().member("index", 0).key("delta").begin_object();
  if (part == DeltaPart::kRole) json.member("role", "assistant").member("content", "");
  if (part == DeltaPart::kText) json.member("content", text);
  if (part == DeltaPart::kToolStart) {
    json.key("tool_calls").begin_array().begin_object().member("index", 0).member("id", "call_practice_" + answer.id);
    json.member("type", "function").key("function").begin_object().member("name", text).member("arguments", "");
    json.end_object().end_object().end_array();
  }
  if (part == DeltaPart::kToolArguments) {
    json.key("tool_calls").begin_array().begin_object().member("index", 0).key("function").begin_object();
    json.member("arguments", text).end_object().end_object().end_array();
  }
  json.end_object().key("finish_reason");
  if (part == DeltaPart::kEnd) {
    json.value(finish_reason(answer));
  } else {
    json.null();
  }
  json.end_object().end_array().end_object();
  return "data: " + json.text() + "\n\n";
}

}  // namespace

std::string write_openai_chat(const Request& request, const Answer& answer) {
  JsonWriter json;
  begin_completion(json, "chat.completion", request, answer);
  json.key("choices").begin_array().begin_object().member("index", 0).key("message").begin_object();
  json.member("role", "assistant").member("content", answer.text).key("refusal").null();
  if (answer.tool_call) {
    json.key("tool_calls").begin_array();
    begin_tool_call(json, answer);
    json.member("arguments", answer.tool_call->arguments_json).end_object().end_object().end_array();
  }
  json.end_object().key("logprobs").null().member("finish_reason", finish_reason(answer)).end_object().end_array();
  write_usage(json, request, answer);
  json.end_object();
  return json.take();
}

std::vector<std::string> stream_openai_chat(const Request& request, const Answer& answer) {
  std::vector<std::string> events;
  events.push_back(chunk(request, answer, DeltaPart::kRole, ""));
  for (const std::string_view piece : pieces_of(answer.text))
    events.push_back(chunk(request, answer, DeltaPart::kText, piece));
  if (answer.tool_call) {
    events.push_back(chunk(request, answer, DeltaPart::kToolStart, answer.tool_call->name));
    for (const std::string_view piece : pieces_of(answer.tool_call->arguments_json)) {
      events.push_back(chunk(request, answer, DeltaPart::kToolArguments, piece));
    }
  }
  events.push_back(chunk(request, answer, DeltaPart::kEnd, ""));
  if (request.wants_stream_usage) {
    JsonWriter json;
    begin_completion(json, "chat.completion.chunk", request, answer);
    json.key("choices").begin_array().end_array();
    write_usage(json, request, answer);
    json.end_object();
    events.push_back("data: " + json.text() + "\n\n");
  }
  events.push_back("data: [DONE]\n\n");
  return events;
}

std::string write_embeddings(const Request& request, const Answer& answer) {
  constexpr std::size_t kDimensions = 8;
  JsonWriter json;
  json.begin_object().member("object", "list").key("data").begin_array();
  for (std::size_t i = 0; i < request.embedding_inputs; ++i) {
    json.begin_object()
        .member("object", "embedding")
        .member("index", static_cast<std::int64_t>(i))
        .key("embedding")
        .begin_array();
    // Eight numbers from the request's digest: stable, and clearly not a real embedding.
    for (std::size_t d = 0; d < kDimensions; ++d) json.value((answer.id[(i + d) % answer.id.size()] - '0') / 64.0);
    json.end_array().end_object();
  }
  json.end_array()
      .member("model", request.model)
      .key("usage")
      .begin_object()
      .member("prompt_tokens", request.input_tokens);
  json.member("total_tokens", request.input_tokens).end_object().end_object();
  return json.take();
}

}  // namespace reeve::gateway::practice
