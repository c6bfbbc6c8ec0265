// Reading a request of any dialect down to what decides the practice answer.

#include <array>

#include "core/bytes.h"
#include "gateway/practice/practice.h"

namespace reeve::gateway::practice {

namespace {

// The names under which the measured clients offer a shell.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kShellTools{{{"Bash", "command"},
                                                                                    {"bash", "command"},
                                                                                    {"exec_command", "cmd"},
                                                                                    {"run_shell_command", "command"},
                                                                                    {"shell_command", "command"},
                                                                                    {"run_terminal_cmd", "command"}}};

void offer(Request& request, std::string_view name) {
  for (const auto& [tool, argument] : kShellTools) {
    if (name == tool && !request.shell) request.shell = ShellTool{std::string(tool), std::string(argument)};
  }
}

/// The text of a content value: a string, or an array of blocks with `text` members.
std::string text_of(const JsonValue& content) {
  if (const auto text = content.as_string()) return std::string(*text);
  std::string joined;
  for (const JsonValue& block : content.items()) {
    const auto text = block["text"].as_string();
    if (!text) continue;
    if (!joined.empty()) joined += '\n';
    joined += *text;
  }
  return joined;
}

void read_messages(Request& request, const JsonValue& messages) {
  // Anthropic and OpenAI Chat: what follows the newest assistant message decides.
  for (const JsonValue& message : messages.items()) {
    const std::string_view role = message["role"].string_or("");
    const JsonValue content = message["content"];
    if (role == "assistant") {
      request.tool_result.reset();
    } else if (role == "tool") {
      request.tool_result = text_of(content);
    } else if (role == "user") {
      const std::string text = text_of(content);
      if (!text.empty()) request.prompt = text;
      for (const JsonValue& block : content.items()) {
        if (block["type"].string_or("") == "tool_result") request.tool_result = text_of(block["content"]);
      }
    }
  }
}

void read_responses_input(Request& request, const JsonValue& input) {
  if (const auto text = input.as_string()) request.prompt = *text;
  for (const JsonValue& item : input.items()) {
    const std::string_view type = item["type"].string_or("message");
    const std::string_view role = item["role"].string_or("");
    if (type == "function_call_output" || type == "custom_tool_call_output") {
      request.tool_result = text_of(item["output"]);
    } else if (role == "assistant" || type == "function_call") {
      request.tool_result.reset();
    } else if (role == "user") {
      request.prompt = text_of(item["content"]);
      request.tool_result.reset();
    }
  }
}

void read_gemini_contents(Request& request, const JsonValue& contents) {
  for (const JsonValue& content : contents.items()) {
    if (content["role"].string_or("user") == "model") {
      request.tool_result.reset();
      continue;
    }
    const std::string text = text_of(content["parts"]);
    if (!text.empty()) request.prompt = text;
    for (const JsonValue& part : content["parts"].items()) {
      const JsonValue response = part["functionResponse"]["response"];
      if (response.present()) request.tool_result = std::string(response["output"].string_or(response.to_json()));
    }
  }
}

std::string schema_text(const JsonValue& schema) { return schema.is_object() ? schema.to_json() : std::string(); }

void read_anthropic(Request& request, const JsonValue& body) {
  read_messages(request, body["messages"]);
  for (const JsonValue& tool : body["tools"].items()) offer(request, tool["name"].string_or(""));
  request.schema_json = schema_text(body.at("output_config.format.schema"));
  if (request.schema_json.empty()) request.schema_json = schema_text(body.at("output_format.schema"));
}

void read_openai_chat(Request& request, const JsonValue& body) {
  read_messages(request, body["messages"]);
  for (const JsonValue& tool : body["tools"].items()) offer(request, tool["function"]["name"].string_or(""));
  request.schema_json = schema_text(body.at("response_format.json_schema.schema"));
  request.wants_stream_usage = body.at("stream_options.include_usage").as_bool().value_or(false);
}

void read_openai_responses(Request& request, const JsonValue& body) {
  read_responses_input(request, body["input"]);
  for (const JsonValue& tool : body["tools"].items()) {
    if (tool["type"].string_or("") == "function") offer(request, tool["name"].string_or(""));
  }
  request.schema_json = schema_text(body.at("text.format.schema"));
}

void read_gemini(Request& request, const JsonValue& body) {
  read_gemini_contents(request, body["contents"]);
  for (const JsonValue& tool : body["tools"].items()) {
    for (const JsonValue& function : tool["functionDeclarations"].items())
      offer(request, function["name"].string_or(""));
  }
  request.schema_json = schema_text(body.at("generationConfig.responseJsonSchema"));
  if (request.schema_json.empty()) request.schema_json = schema_text(body.at("generationConfig.responseSchema"));
}

}  // namespace

Result<Request> understand(const wire::Route& route, std::string_view body) {
  constexpr std::size_t kDepthMax = 128;
  auto document = JsonDocument::parse(body, kDepthMax);
  if (!document) return document.error();
  const JsonValue root = document->root();
  if (!root.is_object()) return Error{ErrorCode::kInvalid, "the body must be a JSON object"};
  // Claude Code asks again without it, and judges by itself.
  if (root["safeguards"].present()) return Error{ErrorCode::kInvalid, "safeguards is not supported"};

  constexpr std::size_t kBytesPerToken = 4;
  Request request;
  request.route = route;
  request.model = route.model.empty() ? std::string(root["model"].string_or("")) : route.model;
  request.stream = route.stream_in_path || root["stream"].as_bool().value_or(false);
  request.input_tokens = static_cast<std::int64_t>((body.size() + kBytesPerToken - 1) / kBytesPerToken);
  switch (route.dialect) {
    case wire::Dialect::kAnthropic: read_anthropic(request, root); break;
    case wire::Dialect::kOpenAiChat: read_openai_chat(request, root); break;
    case wire::Dialect::kOpenAiResponses: read_openai_responses(request, root); break;
    case wire::Dialect::kGemini: read_gemini(request, root); break;
    case wire::Dialect::kOpenAiEmbeddings:
      request.embedding_inputs = root["input"].is_array() ? root["input"].items().size() : 1;
      break;
  }
  return request;
}

}  // namespace reeve::gateway::practice
