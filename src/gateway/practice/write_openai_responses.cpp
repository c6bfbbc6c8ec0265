// OpenAI Responses, as documented by the vendor: every event carries its type and a sequence number.

#include "gateway/practice/practice.h"

namespace reeve::gateway::practice {

namespace {

constexpr std::int64_t kCreated = 1'735'689'600;

std::string message_id(const Answer& answer) { return "msg_practice_" + answer.id; }
std::string call_item_id(const Answer& answer) { return "fc_practice_" + answer.id; }

void write_message_item(JsonWriter& json, const Answer& answer, bool done) {
  json.begin_object().member("id", message_id(answer)).member("type", "message");
  json.member("status", done ? "completed" : "in_progress").member("role", "assistant").key("content").begin_array();
  if (done) {
    json.begin_object()
        .member("type", "output_text")
        .member("text", answer.text)
        .key("annotations")
        .begin_array()
        .end_array();
    json.end_object();
  }
  json.end_array().end_object();
}

void write_call_item(JsonWriter& json, const Answer& answer, bool done) {
  json.begin_object().member("id", call_item_id(answer)).member("type", "function_call");
  json.member("status", done ? "completed" : "in_progress").member("call_id", "call_practice_" + answer.id);
  json.member("name", answer.tool_call->name)
      .member("arguments", done ? answer.tool_call->arguments_json : std::string());
  json.end_object();
}

void write_response(JsonWriter& json, const Request& request, const Answer& answer, bool done) {
  json.begin_object()
      .member("id", "resp_practice_" + answer.id)
      .member("object", "response")
      .member("created_at", kCreated);
  json.member("status", done ? "completed" : "in_progress").key("error").null().key("incomplete_details").null();
  json.member("model", request.model).key("output").begin_array();
  if (done) {
    write_message_item(json, answer, true);
    if (answer.tool_call) write_call_item(json, answer, true);
  }
  json.end_array().key("usage");
  if (done) {
    json.begin_object().member("input_tokens", request.input_tokens);
    json.key("input_tokens_details").begin_object().member("cached_tokens", 0).end_object();
    json.member("output_tokens", answer.output_tokens);
    json.key("output_tokens_details").begin_object().member("reasoning_tokens", 0).end_object();
    json.member("total_tokens", request.input_tokens + answer.output_tokens).end_object();
  } else {
    json.null();
  }
  json.end_object();
}

/// Numbers the events of one stream.
class Events {
 public:
  JsonWriter begin(std::string_view type) {
    type_ = type;
    JsonWriter json;
    json.begin_object().member("type", type).member("sequence_number", static_cast<std::int64_t>(events_.size()));
    return json;
  }
  void end(JsonWriter& json) {
    json.end_object();
    events_.push_back("event: " + type_ + "\ndata: " + json.text() + "\n\n");
  }
  std::vector<std::string> take() { return std::move(events_); }

 private:
  std::string type_;
  std::vector<std::string> events_;
};

void add_text(Events& events, const Answer& answer) {
  JsonWriter added = events.begin("response.output_item.added");
  added.member("output_index", 0).key("item");
  write_message_item(added, answer, false);
  events.end(added);
  const auto part = [&](std::string_view type, std::string_view text) {
    JsonWriter json = events.begin(type);
    json.member("item_id", message_id(answer))
        .member("output_index", 0)
        .member("content_index", 0)
        .key("part")
        .begin_object();
    json.member("type", "output_text").member("text", text).key("annotations").begin_array().end_array().end_object();
    events.end(json);
  };
  const auto text_event = [&](std::string_view type, std::string_view member, std::string_view text) {
    JsonWriter json = events.begin(type);
    json.member("item_id", message_id(answer))
        .member("output_index", 0)
        .member("content_index", 0)
        .member(member, text);
    events.end(json);
  };
  part("response.content_part.added", "");
  for (const std::string_view piece : pieces_of(answer.text)) text_event("response.output_text.delta", "delta", piece);
  text_event("response.output_text.done", "text", answer.text);
  part("response.content_part.done", answer.text);
  JsonWriter done = events.begin("response.output_item.done");
  done.member("output_index", 0).key("item");
  write_message_item(done, answer, true);
  events.end(done);
}

void add_tool_call(Events& events, const Answer& answer) {
  JsonWriter added = events.begin("response.output_item.added");
  added.member("output_index", 1).key("item");
  write_call_item(added, answer, false);
  events.end(added);
  const auto arguments = [&](std::string_view type, std::string_view member, std::string_view text) {
    JsonWriter json = events.begin(type);
    json.member("item_id", call_item_id(answer)).member("output_index", 1).member(member, text);
    events.end(json);
  };
  for (const std::string_view piece : pieces_of(answer.tool_call->arguments_json)) {
    arguments("response.function_call_arguments.delta", "delta", piece);
  }
  arguments("response.function_call_arguments.done", "arguments", answer.tool_call->arguments_json);
  JsonWriter done = events.begin("response.output_item.done");
  done.member("output_index", 1).key("item");
  write_call_item(done, answer, true);
  events.end(done);
}

}  // namespace

std::string write_openai_responses(const Request& request, const Answer& answer) {
  JsonWriter json;
  write_response(json, request, answer, true);
  return json.take();
}

std::vector<std::string> stream_openai_responses(const Request& request, const Answer& answer) {
  Events events;
  for (const std::string_view type : {"response.created", "response.in_progress"}) {
    JsonWriter json = events.begin(type);
    json.key("response");
    write_response(json, request, answer, false);
    events.end(json);
  }
  add_text(events, answer);
  if (answer.tool_call) add_tool_call(events, answer);
  JsonWriter completed = events.begin("response.completed");
  completed.key("response");
  write_response(completed, request, answer, true);
  events.end(completed);
  return events.take();
}

}  // namespace reeve::gateway::practice
