#pragma once

// Parts of the practice model, private to this folder: a request read down to what decides the answer, the answer
// itself, and one writer per dialect.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "wire/wire.h"

namespace reeve::gateway::practice {

/// A tool the client offers that runs a shell command, and how that client names its argument.
struct ShellTool {
  std::string name;
  std::string command_argument;  // "command" or "cmd"
};

struct Request {
  wire::Route route;
  std::string model;
  bool stream = false;
  bool wants_stream_usage = true;          // OpenAI Chat sends usage only when asked
  std::string prompt;                      // text of the newest user message, its blocks joined by newlines
  std::optional<std::string> tool_result;  // text of a tool result that came after the newest assistant message
  std::optional<ShellTool> shell;
  std::string schema_json;  // the JSON schema that the answer must satisfy, if the client asked for one
  std::int64_t input_tokens = 0;
  std::size_t embedding_inputs = 0;
};

Result<Request> understand(const wire::Route& route, std::string_view body);

struct Answer {
  std::string id;  // 24 hex digits, from the request's bytes: the same call gets the same answer
  std::string text;
  struct ToolCall {
    std::string name;
    std::string arguments_json;
  };
  std::optional<ToolCall> tool_call;
  std::int64_t output_tokens = 0;
};

/// What the practice model says. Deterministic: depends on the request only.
Answer think(const Request& request, std::string_view body);

/// A whole answer, or the events of a streamed one in order, each with its blank line.
std::string write_anthropic(const Request& request, const Answer& answer);
std::vector<std::string> stream_anthropic(const Request& request, const Answer& answer);
std::string write_openai_chat(const Request& request, const Answer& answer);
std::vector<std::string> stream_openai_chat(const Request& request, const Answer& answer);
std::string write_openai_responses(const Request& request, const Answer& answer);
std::vector<std::string> stream_openai_responses(const Request& request, const Answer& answer);
std::string write_gemini(const Request& request, const Answer& answer);
std::vector<std::string> stream_gemini(const Request& request, const Answer& answer);
std::string write_embeddings(const Request& request, const Answer& answer);
std::string write_token_count(const Request& request);

/// The text in pieces of a few words, as a model would stream it.
std::vector<std::string_view> pieces_of(std::string_view text);
/// The smallest JSON value that satisfies a JSON schema of the plain kinds.
std::string smallest_value(const JsonValue& schema);

}  // namespace reeve::gateway::practice
