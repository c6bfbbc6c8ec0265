// The texts of Gemini: parts of each candidate, in pieces that a client strings together, and the arguments of function
// calls, which come whole or, where a client asked for it, string by string in pieces. Thoughts stay as they are.

#include <functional>

#include "wire/gemini/gemini.h"

namespace reeve::wire::gemini {

namespace {

using Kind = AnswerFilter::Kind;

enum Family : std::uint32_t { kParts, kPartialArguments };

JsonNode find_either(JsonNode object, std::string_view name, std::string_view other) {
  const JsonNode found = object.find(name);
  return found.present() ? found : object.find(other);
}

// One string of the arguments, decoded, named by its path and going on for as long as it says so.
void rewrite_partial_argument(TextFlow& flow, std::int64_t candidate, JsonNode argument) {
  const JsonNode path = find_either(argument, "jsonPath", "json_path");
  const JsonNode text = find_either(argument, "stringValue", "string_value");
  const auto number = static_cast<std::int64_t>(std::hash<std::string_view>()(path.raw_string()));
  const ChannelKey key{kPartialArguments, candidate, number};
  if (!text.raw_string().empty()) {
    Channel& channel = flow.channel(key, Kind::kText);
    if (channel.label.empty()) channel.label = "\"jsonPath\":" + std::string(path.raw()) + ",";
    flow.piece(channel, text);
  }
  if (!find_either(argument, "willContinue", "will_continue").as_bool().value_or(false)) flow.end(key);
}

// What a part holds besides text.
void rewrite_others(TextFlow& flow, std::int64_t candidate, JsonNode part) {
  const JsonNode call = find_either(part, "functionCall", "function_call");
  flow.values(call.find("args"));
  for (const JsonNode argument : find_either(call, "partialArgs", "partial_args").elements()) {
    rewrite_partial_argument(flow, candidate, argument);
  }
  flow.whole(Kind::kText, find_either(part, "executableCode", "executable_code").find("code"));
  flow.whole(Kind::kText, find_either(part, "codeExecutionResult", "code_execution_result").find("output"));
}

void rewrite_part(TextFlow& flow, std::int64_t candidate, JsonNode part) {
  const JsonNode text = part.find("text");
  const bool thought = part.find("thought").as_bool().value_or(false);
  // A part of another kind stands between the texts before it and after it.
  if (!text.present() || thought) flow.end({kParts, candidate});
  if (thought) return;
  if (!text.raw_string().empty()) flow.piece(flow.channel({kParts, candidate}, Kind::kText), text);
  rewrite_others(flow, candidate, part);
}

}  // namespace

void rewrite_event(TextFlow& flow, JsonNode root) {
  if (flow.head.empty()) flow.head = copy_members(root, {"modelVersion", "responseId"});
  std::int64_t position = 0;
  for (const JsonNode candidate : root.find("candidates").elements()) {
    const std::int64_t number = candidate.find("index").as_int().value_or(position++);
    const JsonNode parts = candidate.find("content").find("parts");
    for (const JsonNode part : parts.elements()) rewrite_part(flow, number, part);
    if (parts.is_object()) rewrite_part(flow, number, parts);
    if (find_either(candidate, "finishReason", "finish_reason").is_string()) flow.end_index(number);
  }
  if (root.find("error").is_object()) flow.end_all();
}

void rewrite_answer(TextFlow& flow, JsonNode root) {
  for (const JsonNode chunk : root.elements()) rewrite_event(flow, chunk);
  if (root.is_object()) rewrite_event(flow, root);
}

OwnEvent write_held(TextFlow& flow, const Channel& channel, std::string_view text) {
  JsonWriter candidate;
  candidate.begin_object().key("content").begin_object().key("parts").begin_array();
  if (channel.key.family == kPartialArguments) {
    candidate.raw("{\"functionCall\":{\"partialArgs\":[{" + channel.label + "\"stringValue\":" + std::string(text) +
                  ",\"willContinue\":true}],\"willContinue\":true}}");
  } else {
    candidate.begin_object().key("text").raw(text).end_object();
  }
  candidate.end_array().member("role", "model").end_object();
  candidate.member("index", channel.key.index).end_object();
  return {"", "{" + flow.head + "\"candidates\":[" + candidate.text() + "]}"};
}

}  // namespace reeve::wire::gemini
