// Anthropic Messages, as documented by the vendor: whole answers and event streams.

#include "gateway/practice/practice.h"

namespace reeve::gateway::practice {

namespace {

std::string tool_use_id(const Answer& answer) { return "toolu_practice_" + answer.id; }
std::string_view stop_reason(const Answer& answer) { return answer.tool_call ? "tool_use" : "end_turn"; }

void write_usage(JsonWriter& json, const Request& request, std::int64_t output_tokens) {
  json.key("usage").begin_object();
  json.member("input_tokens", request.input_tokens).member("cache_creation_input_tokens", 0);
  json.member("cache_read_input_tokens", 0).member("output_tokens", output_tokens).member("service_tier", "standard");
  json.end_object();
}

/// The message object up to its content, which the caller writes.
void begin_message(JsonWriter& json, const Request& request, const Answer& answer) {
  json.begin_object().member("id", "msg_practice_" + answer.id).member("type", "message").member("role", "assistant");
  json.member("model", request.model);
}

std::string event(std::string_view name, const JsonWriter& data) {
  return "event: " + std::string(name) + "\ndata: " + data.text() + "\n\n";
}

JsonWriter typed(std::string_view type) {
  JsonWriter json;
  json.begin_object().member("type", type);
  return json;
}

std::string block_start_text() {
  JsonWriter json = typed("content_block_start");
  json.member("index", 0).key("content_block").begin_object().member("type", "text").member("text", "").end_object();
  json.end_object();
  return event("content_block_start", json);
}

std::string delta(int index, std::string_view type, std::string_view member, std::string_view text) {
  JsonWriter json = typed("content_block_delta");
  json.member("index", index).key("delta").begin_object().member("type", type).member(member, text).end_object();
  json.end_object();
  return event("content_block_delta", json);
}

std::string block_stop(int index) {
  JsonWriter json = typed("content_block_stop");
  json.member("index", index).end_object();
  return event("content_block_stop", json);
}

void add_tool_call(std::vector<std::string>& events, const Answer& answer) {
  JsonWriter start = typed("content_block_start");
  start.member("index", 1)
      .key("content_block")
      .begin_object()
      .member("type", "tool_use")
      .member("id", tool_use_id(answer));
  start.member("name", answer.tool_call->name).key("input").begin_object().end_object().end_object().end_object();
  events.push_back(event("content_block_start", start));
  for (const std::string_view piece : pieces_of(answer.tool_call->arguments_json)) {
    events.push_back(delta(1, "input_json_delta", "partial_json", piece));
  }
  events.push_back(block_stop(1));
}

}  // namespace

std::string write_anthropic(const Request& request, const Answer& answer) {
  JsonWriter json;
  begin_message(json, request, answer);
  json.key("content").begin_array();
  json.begin_object().member("type", "text").member("text", answer.text).end_object();
  if (answer.tool_call) {
    json.begin_object()
        .member("type", "tool_use")
        .member("id", tool_use_id(answer))
        .member("name", answer.tool_call->name);
    json.key("input").raw(answer.tool_call->arguments_json).end_object();
  }
  json.end_array().member("stop_reason", stop_reason(answer)).key("stop_sequence").null();
  write_usage(json, request, answer.output_tokens);
  json.end_object();
  return json.take();
}

std::vector<std::string> stream_anthropic(const Request& request, const Answer& answer) {
  std::vector<std::string> events;
  JsonWriter start = typed("message_start");
  start.key("message");
  begin_message(start, request, answer);
  start.key("content").begin_array().end_array().key("stop_reason").null().key("stop_sequence").null();
  write_usage(start, request, 1);
  start.end_object().end_object();
  events.push_back(event("message_start", start));

  events.push_back(block_start_text());
  events.push_back("event: ping\ndata: {\"type\":\"ping\"}\n\n");
  for (const std::string_view piece : pieces_of(answer.text)) events.push_back(delta(0, "text_delta", "text", piece));
  events.push_back(block_stop(0));
  if (answer.tool_call) add_tool_call(events, answer);

  JsonWriter end = typed("message_delta");
  end.key("delta").begin_object().member("stop_reason", stop_reason(answer)).key("stop_sequence").null().end_object();
  end.key("usage").begin_object().member("output_tokens", answer.output_tokens).end_object().end_object();
  events.push_back(event("message_delta", end));
  events.push_back("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
  return events;
}

std::string write_token_count(const Request& request) {
  JsonWriter json;
  if (request.route.dialect == wire::Dialect::kGemini) {
    json.begin_object().member("totalTokens", request.input_tokens).end_object();
  } else {
    json.begin_object().member("input_tokens", request.input_tokens).end_object();
  }
  return json.take();
}

}  // namespace reeve::gateway::practice
