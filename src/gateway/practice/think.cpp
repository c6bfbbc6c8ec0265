// What the practice model says.

#include "core/bytes.h"
#include "core/crypto.h"
#include "gateway/practice/practice.h"

namespace reeve::gateway::practice {

namespace {

constexpr std::string_view kLabel = "[Simulated by Reeve's practice model; no real model was called.] ";
constexpr std::size_t kQuotedBytesMax = 300;

/// The command in the last line of the prompt that reads "Run `command`", or nothing. Only the person's own words can
/// make the practice model use a tool, and only with the command they wrote.
std::optional<std::string> command_asked_for(std::string_view prompt) {
  std::optional<std::string> command;
  for (const std::string_view raw : split(prompt, '\n')) {
    const std::string_view line = trim(raw);
    if (line.size() < 6 || !equal_ignoring_case(line.substr(0, 5), "run `")) continue;
    const std::size_t end = line.find('`', 5);
    if (end != std::string_view::npos && end > 5) command = std::string(line.substr(5, end - 5));
  }
  return command;
}

Answer::ToolCall shell_call(const ShellTool& tool, std::string_view command) {
  JsonWriter arguments;
  arguments.begin_object().member(tool.command_argument, command);
  if (tool.command_argument == "command") arguments.member("description", "Run the command that was asked for");
  arguments.end_object();
  return {tool.name, arguments.take()};
}

std::string spoken_answer(const Request& request) {
  std::string text(kLabel);
  if (request.tool_result) {
    return text + "The tool returned: " + printable(trim(*request.tool_result), kQuotedBytesMax);
  }
  text += "The call went through the gateway: it was checked, priced and recorded. Its newest message has " +
          std::to_string(request.prompt.size()) + " bytes.";
  if (request.shell) text += " To see a tool call, write: Run `echo hello`";
  return text;
}

}  // namespace

Answer think(const Request& request, std::string_view body) {
  Answer answer;
  answer.id = to_hex(as_bytes(sha256(body)).substr(0, 12));
  const auto command = request.tool_result ? std::nullopt : command_asked_for(request.prompt);
  if (!request.schema_json.empty()) {
    if (const auto schema = JsonDocument::parse(request.schema_json, 128)) answer.text = smallest_value(schema->root());
  } else if (command && request.shell) {
    answer.text = std::string(kLabel) + "Running the command.";
    answer.tool_call = shell_call(*request.shell, *command);
  } else {
    answer.text = spoken_answer(request);
  }
  const std::size_t bytes = answer.text.size() + (answer.tool_call ? answer.tool_call->arguments_json.size() : 0);
  answer.output_tokens = static_cast<std::int64_t>((bytes + 3) / 4);
  return answer;
}

std::vector<std::string_view> pieces_of(std::string_view text) {
  constexpr std::size_t kPieceBytes = 24;
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    std::size_t length = text.size() <= kPieceBytes ? text.size() : text.find(' ', kPieceBytes);
    if (length == std::string_view::npos) length = text.size();
    pieces.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return pieces;
}

std::string smallest_value(const JsonValue& schema) {
  if (const JsonValue constant = schema["const"]; constant.present()) return constant.to_json();
  if (const auto choices = schema["enum"].items(); !choices.empty()) return choices.front().to_json();
  for (const std::string_view any : {"anyOf", "oneOf", "allOf"}) {
    if (const auto choices = schema[any].items(); !choices.empty()) return smallest_value(choices.front());
  }
  std::string type = to_lower(schema["type"].string_or(""));
  if (const auto types = schema["type"].items(); !types.empty()) type = to_lower(types.front().string_or(""));
  if (type == "string") return "\"Simulated\"";
  if (type == "integer" || type == "number") {
    const JsonValue minimum = schema["minimum"];
    return minimum.present() ? minimum.to_json() : "1";
  }
  if (type == "boolean") return "false";
  if (type == "array") return "[]";
  if (type == "null") return "null";
  std::string object = "{";
  for (const auto& [name, member] : schema["properties"].members()) {
    bool required = !schema["required"].is_array();
    for (const JsonValue& wanted : schema["required"].items()) required = required || wanted.string_or("") == name;
    if (!required) continue;
    if (object.size() > 1) object += ',';
    append_json_string(object, name);
    object += ':' + smallest_value(member);
  }
  return object + "}";
}

}  // namespace reeve::gateway::practice
