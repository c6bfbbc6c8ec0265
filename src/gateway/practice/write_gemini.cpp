// Gemini generateContent and streamGenerateContent (alt=sse), as documented by the vendor.

#include "gateway/practice/practice.h"

namespace reeve::gateway::practice {

namespace {

void write_text_part(JsonWriter& json, std::string_view text) { json.begin_object().member("text", text).end_object(); }

void write_call_part(JsonWriter& json, const Answer& answer) {
  json.begin_object().key("functionCall").begin_object().member("id", "call_practice_" + answer.id);
  json.member("name", answer.tool_call->name)
      .key("args")
      .raw(answer.tool_call->arguments_json)
      .end_object()
      .end_object();
}

enum class Parts { kText, kCall, kAll, kNone };

std::string response(const Request& request, const Answer& answer, Parts parts, std::string_view text, bool last) {
  JsonWriter json;
  json.begin_object()
      .key("candidates")
      .begin_array()
      .begin_object()
      .key("content")
      .begin_object()
      .key("parts")
      .begin_array();
  if (parts == Parts::kText || parts == Parts::kAll || parts == Parts::kNone) write_text_part(json, text);
  if (parts == Parts::kCall || (parts == Parts::kAll && answer.tool_call)) write_call_part(json, answer);
  json.end_array().member("role", "model").end_object();
  if (last) json.member("finishReason", "STOP");
  json.member("index", 0).end_object().end_array();
  json.key("usageMetadata").begin_object().member("promptTokenCount", request.input_tokens);
  if (last) json.member("candidatesTokenCount", answer.output_tokens);
  json.member("totalTokenCount", request.input_tokens + (last ? answer.output_tokens : 0)).end_object();
  json.member("modelVersion", request.model).member("responseId", "practice-" + answer.id).end_object();
  return json.take();
}

}  // namespace

std::string write_gemini(const Request& request, const Answer& answer) {
  return response(request, answer, Parts::kAll, answer.text, true);
}

std::vector<std::string> stream_gemini(const Request& request, const Answer& answer) {
  std::vector<std::string> events;
  const auto add = [&](Parts parts, std::string_view text, bool last) {
    events.push_back("data: " + response(request, answer, parts, text, last) + "\r\n\r\n");
  };
  for (const std::string_view piece : pieces_of(answer.text)) add(Parts::kText, piece, false);
  if (answer.tool_call) add(Parts::kCall, "", false);
  add(Parts::kNone, "", true);
  return events;
}

}  // namespace reeve::gateway::practice
