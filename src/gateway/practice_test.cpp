#include <gtest/gtest.h>

#include "core/json.h"
#include "gateway/practice/practice.h"

namespace reeve::gateway::practice {
namespace {

wire::Route route(wire::Dialect dialect) {
  wire::Route made;
  made.dialect = dialect;
  return made;
}

Request read(wire::Dialect dialect, const std::string& body) {
  auto request = understand(route(dialect), body);
  EXPECT_TRUE(request.ok()) << (request.ok() ? "" : request.error().message);
  return request.ok() ? *std::move(request) : Request{};
}

/// The data of each event, parsed; the test fails on an event that is not JSON.
std::vector<JsonDocument> data_of(const std::vector<std::string>& events) {
  std::vector<JsonDocument> parsed;
  for (const std::string& event : events) {
    const std::size_t at = event.find("data: ");
    EXPECT_NE(at, std::string::npos);
    const std::string data = event.substr(at + 6, event.find_first_of("\r\n", at) - at - 6);
    if (data == "[DONE]") continue;
    auto document = JsonDocument::parse(data);
    EXPECT_TRUE(document.ok()) << event;
    if (document.ok()) parsed.push_back(*std::move(document));
  }
  return parsed;
}

constexpr const char* kAnthropicTool =
    R"({"model":"m","stream":true,"tools":[{"name":"Bash","input_schema":{}}],"messages":[)"
    R"({"role":"user","content":[{"type":"text","text":"context"},{"type":"text","text":"Run `echo hi`"}]}]})";

TEST(Practice, RunsTheCommandThatThePersonWroteWithTheToolThatTheClientOffers) {
  const Request request = read(wire::Dialect::kAnthropic, kAnthropicTool);
  const Answer answer = think(request, kAnthropicTool);
  ASSERT_TRUE(answer.tool_call.has_value());
  EXPECT_EQ(answer.tool_call->name, "Bash");
  const auto arguments = JsonDocument::parse(answer.tool_call->arguments_json);
  ASSERT_TRUE(arguments.ok());
  EXPECT_EQ(arguments->root()["command"].string_or(""), "echo hi");
}

TEST(Practice, SaysThatItJudgesNoTools) {
  const auto request = understand(route(wire::Dialect::kAnthropic), R"({"model":"m","messages":[],"safeguards":{}})");
  ASSERT_FALSE(request.ok());
  EXPECT_NE(request.error().message.find("safeguards"), std::string::npos) << "the word that Claude Code looks for";
}

TEST(Practice, QuotesTheToolResultInsteadOfCallingAgain) {
  const std::string body =
      R"({"model":"m","tools":[{"name":"Bash"}],"messages":[{"role":"user","content":"Run `echo hi`"},)"
      R"({"role":"assistant","content":[{"type":"tool_use","id":"t","name":"Bash","input":{}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"hi there"}]},)"
      R"({"role":"system","content":"later context"}]})";
  const Answer answer = think(read(wire::Dialect::kAnthropic, body), body);
  EXPECT_FALSE(answer.tool_call.has_value());
  EXPECT_NE(answer.text.find("hi there"), std::string::npos);
  EXPECT_NE(answer.text.find("Simulated"), std::string::npos);
}

TEST(Practice, NeverCallsAToolThatWasNotOffered) {
  const std::string body = R"({"model":"m","messages":[{"role":"user","content":"Run `echo hi`"}]})";
  EXPECT_FALSE(think(read(wire::Dialect::kOpenAiChat, body), body).tool_call.has_value());
}

TEST(Practice, IsDeterministic) {
  const Request request = read(wire::Dialect::kAnthropic, kAnthropicTool);
  EXPECT_EQ(stream_anthropic(request, think(request, kAnthropicTool)),
            stream_anthropic(request, think(request, kAnthropicTool)));
}

TEST(Practice, StreamsAnthropicInTheDocumentedOrder) {
  const Request request = read(wire::Dialect::kAnthropic, kAnthropicTool);
  const auto events = data_of(stream_anthropic(request, think(request, kAnthropicTool)));
  ASSERT_GE(events.size(), 8U);
  EXPECT_EQ(events.front().root()["type"].string_or(""), "message_start");
  EXPECT_EQ(events.back().root()["type"].string_or(""), "message_stop");
  std::string arguments;
  for (const JsonDocument& event : events) arguments += event.root().at("delta.partial_json").string_or("");
  EXPECT_TRUE(JsonDocument::parse(arguments).ok()) << arguments;
}

TEST(Practice, NumbersTheEventsOfAResponsesStream) {
  const std::string body =
      R"({"model":"m","stream":true,"tools":[{"type":"function","name":"exec_command"}],"input":[)"
      R"({"type":"message","role":"user","content":[{"type":"input_text","text":"Run `true`"}]}]})";
  const Request request = read(wire::Dialect::kOpenAiResponses, body);
  const Answer answer = think(request, body);
  ASSERT_TRUE(answer.tool_call.has_value());
  EXPECT_EQ(answer.tool_call->arguments_json, R"({"cmd":"true"})");
  const auto events = data_of(stream_openai_responses(request, answer));
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].root()["sequence_number"].int_or(-1), static_cast<std::int64_t>(i));
  }
  EXPECT_EQ(events.back().root()["type"].string_or(""), "response.completed");
  EXPECT_GT(events.back().root().at("response.usage.output_tokens").int_or(0), 0);
}

TEST(Practice, ChatStreamsUsageOnlyWhenAsked) {
  const std::string plain = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hello"}]})";
  const std::string asked =
      R"({"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hello"}]})";
  const auto has_usage = [](const std::string& body) {
    const Request request = read(wire::Dialect::kOpenAiChat, body);
    const auto events = data_of(stream_openai_chat(request, think(request, body)));
    return events.back().root()["usage"].is_object();
  };
  EXPECT_FALSE(has_usage(plain));
  EXPECT_TRUE(has_usage(asked));
}

TEST(Practice, AnswersASchemaWithItsSmallestValue) {
  const std::string body =
      R"({"contents":[{"role":"user","parts":[{"text":"route this"}]}],"generationConfig":{"responseMimeType":"application/json",)"
      R"("responseJsonSchema":{"type":"object","properties":{"reason":{"type":"string"},"score":{"type":"integer","minimum":3},)"
      R"("extra":{"type":"string"}},"required":["reason","score"]}}})";
  const Answer answer = think(read(wire::Dialect::kGemini, body), body);
  EXPECT_EQ(answer.text, R"({"reason":"Simulated","score":3})");
}

TEST(Practice, RefusesWhatIsNotJson) {
  EXPECT_FALSE(understand(route(wire::Dialect::kAnthropic), "{\"model\":").ok());
  EXPECT_FALSE(understand(route(wire::Dialect::kAnthropic), "[]").ok());
}

}  // namespace
}  // namespace reeve::gateway::practice
