// Usage of Gemini. Every chunk of a stream repeats the figures so far; without ?alt=sse a stream is one JSON array.

#include <algorithm>

#include "wire/gemini/gemini.h"

namespace reeve::wire::gemini {

namespace {

std::int64_t audio_tokens(JsonNode details) {
  std::int64_t tokens = 0;
  for (const JsonNode detail : details.elements()) {
    if (detail.find("modality").raw_string() == "AUDIO") tokens += token_count(detail.find("tokenCount"));
  }
  return tokens;
}

// promptTokenCount includes what was read from a cache; what a tool put into the prompt is beside it, and so are
// thoughts beside the candidates.
void read_usage(JsonNode usage, AnswerState& state) {
  if (!usage.is_object()) return;
  TokenUsage& out = state.summary.usage;
  if (const JsonNode prompt = usage.find("promptTokenCount"); prompt.as_int()) {
    out.cache_read = std::min(token_count(usage.find("cachedContentTokenCount")), token_count(prompt));
    out.input = token_count(prompt) - out.cache_read + token_count(usage.find("toolUsePromptTokenCount"));
    out.input_audio = std::min(audio_tokens(usage.find("promptTokensDetails")), out.input);
    out.input_reported = true;
  }
  out.reasoning = token_count(usage.find("thoughtsTokenCount"));
  out.output = token_count(usage.find("candidatesTokenCount")) + out.reasoning;
  out.output_audio = std::min(audio_tokens(usage.find("candidatesTokensDetails")), out.output);
  const std::string_view tier = usage.find("serviceTier").raw_string();
  if (tier == "standard" || tier == "STANDARD") state.summary.service_tier = ServiceTier::kStandard;
  if (tier == "flex" || tier == "FLEX") state.summary.service_tier = ServiceTier::kFlex;
  if (tier == "priority" || tier == "PRIORITY") state.summary.service_tier = ServiceTier::kPriority;
}

void read_candidate(JsonNode candidate, AnswerState& state) {
  for (const JsonNode part : candidate.find("content").find("parts").elements()) {
    state.add_generated(part.find("text"));
    if (const JsonNode call = part.find("functionCall"); call.is_object()) {
      state.add_generated(call.find("name"));
      state.summary.generated_bytes += call.find("args").raw().size();
      state.add_tool(call.find("name").as_string().value_or(""));
    }
    if (const JsonNode code = part.find("executableCode"); code.is_object()) {
      state.add_generated(code.find("code"));
      state.add_tool("codeExecution");
    }
  }
  if (const JsonNode reason = candidate.find("finishReason"); reason.is_string()) {
    state.set_stop_reason(reason);
    state.summary.complete = true;
  }
  const auto searches = static_cast<std::int64_t>(candidate.find("groundingMetadata").find("webSearchQueries").count());
  state.summary.usage.web_searches = std::max(state.summary.usage.web_searches, searches);
}

}  // namespace

void read_event(AnswerState& state, JsonNode root) {
  state.set_response_id(root.find("responseId"));
  state.set_model(root.find("modelVersion"));
  for (const JsonNode candidate : root.find("candidates").elements()) read_candidate(candidate, state);
  if (const JsonNode reason = root.find("promptFeedback").find("blockReason"); reason.is_string()) {
    state.set_stop_reason(reason);
    state.summary.complete = true;
  }
  const JsonNode usage = root.find("usageMetadata");
  read_usage(usage, state);
  // The figures are the last word when they come with, or after, the reason to stop.
  if (usage.is_object()) state.usage_final = state.summary.complete;
  if (const JsonNode error = root.find("error"); error.is_object()) state.set_error(error);
}

void read_answer(AnswerState& state, JsonNode root) {
  if (root.is_array()) {
    for (const JsonNode chunk : root.elements()) read_event(state, chunk);
    return;
  }
  read_event(state, root);
}

}  // namespace reeve::wire::gemini
