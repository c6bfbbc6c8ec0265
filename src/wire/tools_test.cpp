// Which tools a call names, in every dialect that carries tools.

#include <gmock/gmock.h>

#include "wire/wire.h"

namespace reeve::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Route route_of(std::string_view path) { return find_route(path, false).value(); }
const Route& anthropic() {
  static const Route route = route_of("/v1/messages");
  return route;
}
const Route& chat() {
  static const Route route = route_of("/v1/chat/completions");
  return route;
}
const Route& responses() {
  static const Route route = route_of("/v1/responses");
  return route;
}
const Route& gemini() {
  static const Route route = route_of("/v1beta/models/gemini-2.5-pro:generateContent");
  return route;
}

/// As a body is, with room behind it.
std::string padded(std::string_view text) {
  std::string body(text);
  body.reserve(body.size() + 64);
  return body;
}

std::vector<std::string> offered(const Route& route, std::string_view text) {
  std::vector<std::string> names;
  const auto judged = judge_tools(route, padded(text), [&](std::string_view tool) -> Result<void> {
    names.emplace_back(tool);
    return {};
  });
  EXPECT_TRUE(judged.ok()) << judged.error().message;
  return names;
}

Result<void> not_bash(std::string_view tool) {
  if (tool != "Bash") return {};
  return Error{ErrorCode::kDenied, "not Bash"};
}

TEST(ToolsOfARequest, AnthropicNamesWhatIsOfferedDemandedAndWasCalled) {
  EXPECT_THAT(offered(anthropic(), R"({"tools":[{"name":"Read","input_schema":{}},
      {"type":"web_search_20250305","name":"web_search"},{"type":"mcp_toolset","mcp_server_name":"tickets"}],
      "tool_choice":{"type":"tool","name":"Edit"},"mcp_servers":[{"name":"tickets","url":"https://x"}],
      "messages":[{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"Bash","input":{"name":"no"}},
      {"type":"server_tool_use","name":"web_fetch"},{"type":"mcp_tool_use","name":"open","server_name":"tickets"}]},
      {"role":"user","content":"text"}]})"),
              ElementsAre("Read", "web_search", "tickets", "tickets", "Edit", "Bash", "web_fetch", "open"));
}

TEST(ToolsOfARequest, ChatNamesFunctionsOfBothKindsAndTheOldOnes) {
  EXPECT_THAT(offered(chat(), R"({"tools":[{"type":"function","function":{"name":"read"}},
      {"type":"custom","custom":{"name":"patch"}},{"type":"web_search"}],"functions":[{"name":"old"}],
      "tool_choice":{"type":"function","function":{"name":"read"}},"web_search_options":{},
      "messages":[{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"bash",
      "arguments":"{}"}}]},{"role":"assistant","function_call":{"name":"older"}}]})"),
              ElementsAre("read", "patch", "web_search", "old", "read", "web_search", "bash", "older"));
}

TEST(ToolsOfARequest, ResponsesNamesToolsOfTheProviderByTheirType) {
  EXPECT_THAT(offered(responses(), R"({"tools":[{"type":"function","name":"shell"},{"type":"custom","name":"apply"},
      {"type":"web_search"},{"type":"namespace","name":"files","tools":[{"type":"function","name":"open"}]}],
      "tool_choice":{"type":"function","name":"shell"},"input":[{"type":"message","role":"user","content":[]},
      {"type":"function_call","name":"ls"},{"type":"custom_tool_call","name":"apply"},
      {"type":"local_shell_call"},{"type":"function_call_output","call_id":"1"}]})"),
              ElementsAre("shell", "apply", "web_search", "open", "shell", "ls", "apply", "local_shell"));
}

TEST(ToolsOfARequest, GeminiNamesDeclaredFunctionsAndItsOwnToolsInBothSpellings) {
  EXPECT_THAT(offered(gemini(), R"({"tools":[{"functionDeclarations":[{"name":"read"}]},{"google_search":{}},
      {"function_declarations":[{"name":"write"}]}],"contents":[{"role":"model",
      "parts":[{"functionCall":{"name":"run"}},
      {"executable_code":{"code":"1"}},{"text":"t"}]}]})"),
              ElementsAre("read", "googleSearch", "write", "run", "codeExecution"));
  EXPECT_THAT(offered(route_of("/v1beta/models/gemini-2.5-pro:countTokens"),
                      R"({"generateContentRequest":{"tools":[{"functionDeclarations":[{"name":"read"}]}]}})"),
              ElementsAre("read"));
}

TEST(ToolsOfARequest, ACallWithoutToolsNamesNone) {
  EXPECT_THAT(offered(anthropic(), R"({"messages":[{"role":"user","content":"run Bash"}]})"), IsEmpty());
  EXPECT_THAT(offered(chat(), R"({"tools":[],"tool_choice":"auto","messages":[]})"), IsEmpty());
  EXPECT_THAT(offered(responses(), R"({"input":"hi","tool_choice":"none"})"), IsEmpty());
  EXPECT_THAT(offered(route_of("/v1/embeddings"), R"({"input":"hi","tools":[{"name":"Bash"}]})"), IsEmpty());
}

// Whoever reads the body next may read it more leniently.
TEST(ToolsOfARequest, NoSpellingHidesATool) {
  for (const char* body : {
           R"({"tools":[{"n\u0061me":"Bash"}]})",
           R"({"tools":[{"Name":"Bash"}]})",
           R"({"tools":[{"name":"Read","name":"Bash"}]})",
           R"({"tools":[{"name":"Bash","name":"Read"}]})",
           R"({"tools":[{"name":"B\u0061sh"}]})",
           R"({"tools":{"name":"Bash"}})",
           R"({"Tools":[{"name":"Bash"}]})",
           R"({"tools":[{"name":"Read"}],"tools":[{"name":"Bash"}]})",
           R"({"messages":[{"content":[{"ty\u0070e":"tool_use","name":"Bash"}]}]})",
       }) {
    const auto judged = judge_tools(anthropic(), padded(body), not_bash);
    ASSERT_FALSE(judged.ok()) << body;
    EXPECT_EQ(judged.error().code, ErrorCode::kDenied) << body;
  }
}

TEST(ToolsOfARequest, AToolWithoutANameIsRefused) {
  for (const auto& [route, body] :
       {std::pair(&anthropic(), R"({"tools":[{"input_schema":{}}]})"),
        std::pair(&anthropic(), R"({"tools":[{"name":7}]})"), std::pair(&anthropic(), R"({"tools":[{"name":""}]})"),
        std::pair(&chat(), R"({"tools":[{"type":"function","function":{}}]})"), std::pair(&chat(), R"({"tools":[{}]})"),
        std::pair(&chat(), R"({"tools":[{"type":"function"}]})"),
        std::pair(&responses(), R"({"tools":[{"type":"function","name":"a","type":"b"}]})"),
        std::pair(&responses(), R"({"tools":[{"type":"function"}]})"),
        std::pair(&gemini(), R"({"tools":[{"functionDeclarations":[{}]}]})")}) {
    const auto judged = judge_tools(*route, padded(body), not_bash);
    ASSERT_FALSE(judged.ok()) << body;
    EXPECT_EQ(judged.error().code, ErrorCode::kInvalid) << body;
  }
}

TEST(ToolsOfARequest, WhatTheProviderKeepsMayHoldToolsThatNobodySees) {
  for (const auto& [route, body] : {std::pair(&responses(), R"({"prompt":{"id":"pmpt_1"},"input":"hi"})"),
                                    std::pair(&gemini(), R"({"cachedContent":"cachedContents/1"})"),
                                    std::pair(&gemini(), R"({"cached_content":"cachedContents/1"})")}) {
    const auto judged = judge_tools(*route, padded(body), not_bash);
    ASSERT_FALSE(judged.ok()) << body;
    EXPECT_EQ(judged.error().code, ErrorCode::kDenied) << body;
  }
  EXPECT_TRUE(judge_tools(responses(), padded(R"({"prompt":null,"input":"hi"})"), not_bash).ok());
}

// ---- Answers

struct Passed {
  std::string out;
  Result<void> done;
};

/// The answer in pieces of so many bytes.
Passed pass(const Route& route, std::string_view content_type, std::string_view answer, std::size_t piece) {
  const auto tools = make_answer_tools(route, 200, content_type, "", not_bash);
  Passed passed;
  for (std::size_t at = 0; at < answer.size() && passed.done.ok(); at += piece) {
    passed.done = tools->feed(answer.substr(at, piece), passed.out);
  }
  if (passed.done.ok()) passed.done = tools->finish(passed.out);
  return passed;
}

struct StreamCase {
  const char* name;
  const Route& route;
  std::string before, call, after;
};

std::vector<StreamCase> streams() {
  const auto event = [](std::string_view data) { return "data: " + std::string(data) + "\n\n"; };
  return {
      {"anthropic", anthropic(), event(R"({"type":"message_start","message":{"content":[]}})"),
       event(R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"TOOL"}})"),
       event(R"({"type":"message_stop"})")},
      {"chat", chat(), event(R"({"choices":[{"delta":{"content":"a"}}]})"),
       event(R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"TOOL","arguments":""}}]}}]})") +
           event(R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]})"),
       event("[DONE]")},
      {"responses", responses(), event(R"({"type":"response.created","response":{"output":[]}})"),
       event(R"({"type":"response.output_item.added","item":{"type":"function_call","name":"TOOL"}})"),
       event(R"({"type":"response.completed","response":{"output":[{"type":"message"}]}})")},
      {"gemini", gemini(), event(R"({"candidates":[{"content":{"parts":[{"text":"a"}]}}]})"),
       event(R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"TOOL","args":{}}}]}}]})"),
       event(R"({"usageMetadata":{}})")},
  };
}

std::string with_tool(std::string text, std::string_view tool) {
  const std::size_t at = text.find("TOOL");
  return text.replace(at, 4, tool);
}

TEST(ToolsOfAnAnswer, AStreamStopsBeforeTheCallAndElsePassesByteForByte) {
  for (const StreamCase& stream : streams()) {
    for (const std::size_t piece : {1UL, 7UL, 100'000UL}) {
      const std::string right = stream.before + with_tool(stream.call, "Read") + stream.after;
      const Passed passed = pass(stream.route, "text/event-stream; charset=utf-8", right, piece);
      EXPECT_TRUE(passed.done.ok()) << stream.name;
      EXPECT_EQ(passed.out, right) << stream.name;
      const std::string wrong = stream.before + with_tool(stream.call, "Bash") + stream.after;
      const Passed stopped = pass(stream.route, "text/event-stream", wrong, piece);
      ASSERT_FALSE(stopped.done.ok()) << stream.name;
      EXPECT_EQ(stopped.done.error().code, ErrorCode::kDenied) << stream.name;
      EXPECT_EQ(stopped.out, stream.before) << stream.name;
    }
  }
}

TEST(ToolsOfAnAnswer, OfAPlainAnswerNothingPassesBeforeItsEnd) {
  const std::vector<std::pair<const Route*, std::string>> answers = {
      {&anthropic(), R"({"content":[{"type":"text","text":"a"},{"type":"tool_use","name":"TOOL","input":{}}]})"},
      {&chat(), R"({"choices":[{"message":{"tool_calls":[{"function":{"name":"TOOL"}}]}}]})"},
      {&chat(), R"({"choices":[{"message":{"function_call":{"name":"TOOL"}}}]})"},
      {&responses(), R"({"output":[{"type":"custom_tool_call","name":"TOOL"}]})"},
      {&gemini(), R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"TOOL"}}]}}]})"}};
  for (const auto& [route, answer] : answers) {
    const std::string right = with_tool(answer, "Read");
    const Passed passed = pass(*route, "application/json", right, 5);
    EXPECT_TRUE(passed.done.ok()) << answer;
    EXPECT_EQ(passed.out, right);
    const Passed stopped = pass(*route, "application/json", with_tool(answer, "Bash"), 5);
    EXPECT_FALSE(stopped.done.ok()) << answer;
    EXPECT_EQ(stopped.out, "");
  }
}

TEST(ToolsOfAnAnswer, WhatCannotBeLookedIntoIsSaidAndErrorsOfTheProviderPass) {
  EXPECT_EQ(make_answer_tools(anthropic(), 200, "application/json", "gzip", not_bash), nullptr);
  EXPECT_EQ(make_answer_tools(anthropic(), 200, "text/html", "", not_bash), nullptr);
  EXPECT_FALSE(pass(anthropic(), "application/json", "{\"content\":", 100).done.ok());
  EXPECT_FALSE(pass(anthropic(), "text/event-stream", "data: {\"a\":\n\n", 100).done.ok());
  const auto passing = make_answer_tools(anthropic(), 429, "text/html", "gzip", not_bash);
  ASSERT_NE(passing, nullptr);
  std::string out;
  EXPECT_TRUE(passing->feed("Bash", out).ok());
  EXPECT_EQ(out, "Bash");
}

}  // namespace
}  // namespace reeve::wire
