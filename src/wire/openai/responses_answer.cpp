// Usage of Responses. Streamed: the last event holds the whole response, usage included.

#include <algorithm>

#include "wire/openai/openai.h"

namespace reeve::wire::openai {

namespace {

void read_usage(JsonNode usage, AnswerState& state) {
  const JsonNode input = usage.find("input_tokens");
  const JsonNode output = usage.find("output_tokens");
  if (!input.as_int() || !output.as_int()) return;
  TokenUsage& out = state.summary.usage;
  const std::int64_t total = token_count(input);
  const JsonNode details = usage.find("input_tokens_details");
  out.cache_read = std::min(token_count(details.find("cached_tokens")), total);
  out.cache_write_5m = std::min(token_count(details.find("cache_write_tokens")), total - out.cache_read);
  out.input = total - out.cache_read - out.cache_write_5m;
  out.input_audio = std::min(token_count(details.find("audio_tokens")), out.input);
  const JsonNode parts = usage.find("output_tokens_details");
  out.output = token_count(output);
  out.reasoning = token_count(parts.find("reasoning_tokens"));
  out.output_audio = std::min(token_count(parts.find("audio_tokens")), out.output);
  out.input_reported = true;
  state.usage_final = true;
}

void read_head(JsonNode response, AnswerState& state) {
  state.set_response_id(response.find("id"));
  state.set_model(response.find("model"));
}

void read_texts(JsonNode parts, AnswerState& state) {
  for (const JsonNode part : parts.elements()) {
    state.add_generated(part.find("text"));
    state.add_generated(part.find("refusal"));
  }
}

// Searches are billed by the call. Opening a page that was found is not a search.
void count_searches(JsonNode response, AnswerState& state) {
  std::int64_t searches = 0;
  for (const JsonNode item : response.find("output").elements()) {
    if (item.find("type").raw_string() != "web_search_call") continue;
    const std::string_view action = item.find("action").find("type").raw_string();
    searches += action.empty() || action == "search" ? 1 : 0;
  }
  state.summary.usage.web_searches = searches;
}

// Tools of the provider's own have no name; they go by what they are.
void read_call(JsonNode item, AnswerState& state) {
  constexpr std::string_view kCall = "_call";
  const std::string_view type = item.find("type").raw_string();
  if (!type.ends_with(kCall)) return;
  if (type == "function_call" || type == "custom_tool_call" || type == "mcp_call") {
    state.add_tool(item.find("name").as_string().value_or(""), item.find("server_label").as_string().value_or(""));
  } else {
    state.add_tool(type.substr(0, type.size() - kCall.size()));
  }
}

// A response that has ended: completed, incomplete, failed or cancelled.
void read_ended(JsonNode response, AnswerState& state) {
  read_head(response, state);
  read_usage(response.find("usage"), state);
  read_answer_service_tier(response.find("service_tier"), state);
  count_searches(response, state);
  state.set_stop_reason(response.find("status"));
  state.set_stop_reason(response.find("incomplete_details").find("reason"));
  if (const JsonNode error = response.find("error"); error.is_object()) state.set_error(error);
}

}  // namespace

void read_responses_event(AnswerState& state, JsonNode root) {
  const std::string_view type = root.find("type").raw_string();
  if (type.ends_with(".delta")) {
    if (!type.ends_with("audio.delta")) state.add_generated(root.find("delta"));  // audio comes as base64
  } else if (type == "response.completed" || type == "response.incomplete" || type == "response.failed") {
    read_ended(root.find("response"), state);
    state.summary.complete = true;
  } else if (type == "response.output_item.added") {
    read_call(root.find("item"), state);
  } else if (type == "response.created") {
    read_head(root.find("response"), state);
  } else if (type == "error") {
    const JsonNode nested = root.find("error");
    state.set_error(nested.is_object() ? nested : root);
  }
}

void read_responses_answer(AnswerState& state, JsonNode root) {
  read_ended(root, state);
  for (const JsonNode item : root.find("output").elements()) {
    read_texts(item.find("content"), state);
    read_texts(item.find("summary"), state);
    state.add_generated(item.find("arguments"));
    state.add_generated(item.find("input"));
    read_call(item, state);
  }
}

}  // namespace reeve::wire::openai
