// Usage of Chat Completions. Streamed: one chunk near the end, if the client asked for it; some servers repeat a
// running total in every chunk.

#include <algorithm>

#include "wire/openai/openai.h"

namespace reeve::wire::openai {

namespace {

// Reasoning is part of completion_tokens at OpenAI. Some servers count it beside them, which their total gives away.
std::int64_t output_tokens(JsonNode usage, std::int64_t input, std::int64_t reasoning) {
  const std::int64_t completion = token_count(usage.find("completion_tokens"));
  const bool beside = reasoning > 0 && token_count(usage.find("total_tokens")) == input + completion + reasoning;
  return beside ? completion + reasoning : completion;
}

void read_usage(JsonNode usage, AnswerState& state) {
  TokenUsage& out = state.summary.usage;
  if (const JsonNode prompt = usage.find("prompt_tokens"); prompt.as_int()) {
    const std::int64_t total = token_count(prompt);
    const JsonNode details = usage.find("prompt_tokens_details");
    JsonNode cached = details.find("cached_tokens");
    if (!cached.present()) cached = usage.find("prompt_cache_hit_tokens");  // DeepSeek
    out.cache_read = std::min(token_count(cached), total);
    out.cache_write_5m = std::min(token_count(details.find("cache_write_tokens")), total - out.cache_read);
    out.input = total - out.cache_read - out.cache_write_5m;
    out.input_audio = std::min(token_count(details.find("audio_tokens")), out.input);
    out.input_reported = true;
    const JsonNode parts = usage.find("completion_tokens_details");
    out.reasoning = token_count(parts.find("reasoning_tokens"));
    out.output = output_tokens(usage, total, out.reasoning);
    out.output_audio = std::min(token_count(parts.find("audio_tokens")), out.output);
  }
}

void read_tool_calls(JsonNode calls, AnswerState& state) {
  for (const JsonNode call : calls.elements()) {
    const JsonNode function = call.find("function");
    state.add_generated(function.find("name"));
    state.add_generated(function.find("arguments"));
    state.add_generated(call.find("custom").find("input"));
    // The pieces of a streamed call have no name but the first.
    state.add_tool(function.find("name").as_string().value_or(""));
    state.add_tool(call.find("custom").find("name").as_string().value_or(""));
  }
}

// A delta or a whole message. The two names for reasoning text are those of servers that show it.
void read_message(JsonNode message, AnswerState& state) {
  for (const JsonMember member : message.members()) {
    const std::string_view name = member.key.raw_string();
    if (name == "content" || name == "refusal" || name == "reasoning_content" || name == "reasoning") {
      state.add_generated(member.value);
      for (const JsonNode part : member.value.elements()) state.add_generated(part.find("text"));
    } else if (name == "tool_calls") {
      read_tool_calls(member.value, state);
    } else if (name == "function_call") {
      state.add_generated(member.value.find("arguments"));
      state.add_tool(member.value.find("name").as_string().value_or(""));
    }
  }
}

void read_body(AnswerState& state, JsonNode root, std::string_view message_name) {
  for (const JsonMember member : root.members()) {
    const std::string_view name = member.key.raw_string();
    if (name == "choices") {
      for (const JsonNode choice : member.value.elements()) {
        read_message(choice.find(message_name), state);
        state.set_stop_reason(choice.find("finish_reason"));
      }
    } else if (name == "usage" && member.value.is_object()) {
      read_usage(member.value, state);
    } else if (name == "model") {
      state.set_model(member.value);
    } else if (name == "id") {
      state.set_response_id(member.value);
    } else if (name == "service_tier") {
      read_answer_service_tier(member.value, state);
    } else if (name == "error" && member.value.is_object()) {
      state.set_error(member.value);
    }
  }
}

}  // namespace

void read_answer_service_tier(JsonNode tier, AnswerState& state) {
  const std::string_view name = tier.raw_string();
  if (name == "default") state.summary.service_tier = ServiceTier::kStandard;
  if (name == "flex") state.summary.service_tier = ServiceTier::kFlex;
  if (name == "priority") state.summary.service_tier = ServiceTier::kPriority;
}

// A total is the last word once the model has stopped: with the reason in the same chunk or in one before.
void read_chat_event(AnswerState& state, JsonNode root) {
  read_body(state, root, "delta");
  const bool reported = root.find("usage").find("completion_tokens").as_int().has_value();
  state.usage_final = reported && !state.summary.stop_reason.empty();
}

void read_chat_answer(AnswerState& state, JsonNode root) {
  read_body(state, root, "message");
  state.usage_final = root.find("usage").find("completion_tokens").as_int().has_value();
}

void read_embeddings_answer(AnswerState& state, JsonNode root) {
  state.set_model(root.find("model"));
  const JsonNode prompt = root.find("usage").find("prompt_tokens");
  if (!prompt.as_int()) return;
  state.summary.usage.input = token_count(prompt);
  state.summary.usage.input_reported = true;
}

void read_embeddings_event(AnswerState&, JsonNode) {}

}  // namespace reeve::wire::openai
