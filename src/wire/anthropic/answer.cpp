// Usage of Anthropic Messages. Streamed: message_start has the input figures, message_delta the cumulative final ones.

#include <algorithm>

#include "wire/anthropic/anthropic.h"

namespace reeve::wire::anthropic {

namespace {

// Cache writes come as a total and, not always, split by lifetime. A total without a split belongs to the five-minute
// cache, but for what an earlier event put down to the other.
void read_cache_writes(JsonNode usage, TokenUsage& out) {
  const JsonNode split = usage.find("cache_creation");
  const JsonNode total = usage.find("cache_creation_input_tokens");
  if (split.is_object()) {
    out.cache_write_5m = token_count(split.find("ephemeral_5m_input_tokens"));
    out.cache_write_1h = token_count(split.find("ephemeral_1h_input_tokens"));
  }
  if (total.as_int()) {
    out.cache_write_1h = std::min(out.cache_write_1h, token_count(total));
    out.cache_write_5m = token_count(total) - out.cache_write_1h;
  }
}

void read_counts(JsonNode usage, TokenUsage& out) {
  if (const JsonNode input = usage.find("input_tokens"); input.as_int()) {
    out.input = token_count(input);
    out.input_reported = true;
  }
  if (const JsonNode read = usage.find("cache_read_input_tokens"); read.as_int()) out.cache_read = token_count(read);
  if (const JsonNode output = usage.find("output_tokens"); output.as_int()) out.output = token_count(output);
  if (const JsonNode details = usage.find("output_tokens_details"); details.is_object()) {
    out.reasoning = token_count(details.find("thinking_tokens"));
  }
  if (const JsonNode tools = usage.find("server_tool_use"); tools.is_object()) {
    out.web_searches = token_count(tools.find("web_search_requests"));
  }
  read_cache_writes(usage, out);
}

void read_usage(JsonNode usage, AnswerState& state) {
  if (!usage.is_object()) return;
  read_counts(usage, state.summary.usage);
  // Compaction and advisor steps are billed, but are not part of the totals; the other steps are.
  if (const JsonNode iterations = usage.find("iterations"); iterations.is_array()) {
    state.extra = {};
    for (const JsonNode step : iterations.elements()) {
      const std::string_view type = step.find("type").raw_string();
      if (type != "compaction" && type != "advisor_message") continue;
      TokenUsage counts;
      read_counts(step, counts);
      state.extra.input += counts.input;
      state.extra.cache_read += counts.cache_read;
      state.extra.cache_write_5m += counts.cache_write_5m;
      state.extra.cache_write_1h += counts.cache_write_1h;
      state.extra.output += counts.output;
    }
  }
  // The priority tier is bought ahead and has no price of its own; fast mode has one.
  const std::string_view tier = usage.find("service_tier").raw_string();
  if (tier == "standard" || tier == "priority") state.summary.service_tier = ServiceTier::kStandard;
  if (tier == "batch") state.summary.service_tier = ServiceTier::kBatch;
  if (usage.find("speed").raw_string() == "fast") state.summary.service_tier = ServiceTier::kPriority;
}

void read_message_head(JsonNode message, AnswerState& state) {
  state.set_response_id(message.find("id"));
  state.set_model(message.find("model"));
  state.set_stop_reason(message.find("stop_reason"));
  read_usage(message.find("usage"), state);
}

// Signatures and citations are not generated text.
void read_delta(JsonNode delta, AnswerState& state) {
  for (const JsonMember member : delta.members()) {
    const std::string_view name = member.key.raw_string();
    if (name == "text" || name == "thinking" || name == "partial_json") state.add_generated(member.value);
  }
}

void read_block(JsonNode block, AnswerState& state) {
  const std::string_view type = block.find("type").raw_string();
  if (type != "tool_use" && type != "server_tool_use" && type != "mcp_tool_use") return;
  state.add_tool(block.find("name").as_string().value_or(""), block.find("server_name").as_string().value_or(""));
}

}  // namespace

void read_event(AnswerState& state, JsonNode root) {
  const std::string_view type = root.find("type").raw_string();
  if (type == "content_block_delta") {
    read_delta(root.find("delta"), state);
  } else if (type == "content_block_start") {
    read_block(root.find("content_block"), state);
  } else if (type == "message_start") {
    read_message_head(root.find("message"), state);
  } else if (type == "message_delta") {
    const JsonNode usage = root.find("usage");
    state.set_stop_reason(root.find("delta").find("stop_reason"));
    read_usage(usage, state);
    state.usage_final = state.usage_final || usage.find("output_tokens").as_int().has_value();
  } else if (type == "message_stop") {
    state.summary.complete = true;
  } else if (type == "error") {
    state.set_error(root.find("error"));
  }
}

void read_answer(AnswerState& state, JsonNode root) {
  read_message_head(root, state);
  state.usage_final = root.find("usage").find("output_tokens").as_int().has_value();
  for (const JsonNode block : root.find("content").elements()) {
    read_block(block, state);
    for (const JsonMember member : block.members()) {
      const std::string_view name = member.key.raw_string();
      if (name == "text" || name == "thinking") state.add_generated(member.value);
      if (name == "input") state.summary.generated_bytes += member.value.raw().size();
    }
  }
}

}  // namespace reeve::wire::anthropic
