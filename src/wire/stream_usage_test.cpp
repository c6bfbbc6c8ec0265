#include <gtest/gtest.h>

#include "wire/wire.h"

namespace reeve::wire {
namespace {

const Route kChat{Dialect::kOpenAiChat, Operation::kGenerate, "", false, "/chat/completions"};

std::string asked(const std::string& body, bool stream = true) {
  std::string padded = body;
  padded.reserve(padded.size() + 64);
  RequestView request;
  request.stream = stream;
  const auto edit = ask_for_usage(kChat, request, padded);
  return edit ? apply_edits(body, {*edit}) : body;
}

TEST(StreamUsage, IsAskedForByASplice) {
  EXPECT_EQ(asked(R"({"model":"m","stream":true})"),
            R"({"stream_options":{"include_usage":true},"model":"m","stream":true})");
  EXPECT_EQ(asked(R"({ "stream_options" : {"x":1} })"), R"({ "stream_options" : {"include_usage":true,"x":1} })");
  EXPECT_EQ(asked(R"({"stream_options":{ }})"), R"({"stream_options":{"include_usage":true }})");
  EXPECT_EQ(asked(R"({"stream_options":null})"), R"({"stream_options":{"include_usage":true}})");
  EXPECT_EQ(asked(R"({"stream_options":{"include_usage": false}})"), R"({"stream_options":{"include_usage": true}})");
}

TEST(StreamUsage, IsNotAskedForTwice) {
  for (const char* body : {R"({"stream_options":{"include_usage":true}})"}) EXPECT_EQ(asked(body), body);
  EXPECT_EQ(asked(R"({"model":"m"})", false), R"({"model":"m"})");
}

TEST(StreamUsage, OptionsThatReadersMayTakeDifferentlyAreRefused) {
  for (const std::string options :
       {R"({"include_usage":true,"include_usage":false})", R"({"Include_Usage":true})", R"([])"}) {
    std::string body = R"({"model":"m","stream":true,"stream_options":)" + options + "}";
    body.reserve(body.size() + 64);
    EXPECT_FALSE(read_request(kChat, body).ok()) << options;
  }
}

TEST(StreamUsage, TheEventIsTakenOutAndNothingElse) {
  const std::string before =
      "data: {\"choices\":[{\"delta\":{\"content\":\"\\\"usage\\\"\"}}],\"usage\":null}\r\n\r\n: ping\n\n";
  const std::string with_choice =
      "data: {\"choices\":[{\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1}}\n\n";
  const std::string usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n";
  const std::string filtered = "data: {\"choices\":[],\"prompt_filter_results\":[],\"usage\":null}\n\n";
  const std::string done = "data: [DONE]\n\n";
  const std::string all = filtered + before + with_choice + usage + done;
  for (std::size_t size = 1; size < 40; ++size) {
    UsageEventRemover remover;
    std::string out;
    for (std::size_t at = 0; at < all.size(); at += size) ASSERT_TRUE(remover.feed(all.substr(at, size), out).ok());
    ASSERT_TRUE(remover.finish(out).ok());
    EXPECT_EQ(out, filtered + before + with_choice + done);
  }
}

bool elsewhere(const Route& route, const std::string& body) {
  std::string padded = body;
  padded.reserve(padded.size() + 64);
  const auto view = read_request(route, padded);
  EXPECT_TRUE(view.ok()) << body;
  return view.ok() && view->input_elsewhere;
}

TEST(InputElsewhere, IsSeenInEveryDialect) {
  const Route messages{Dialect::kAnthropic, Operation::kGenerate, "", false, "/v1/messages"};
  const Route responses{Dialect::kOpenAiResponses, Operation::kGenerate, "", false, "/responses"};
  const Route gemini{Dialect::kGemini, Operation::kGenerate, "gemini-2.5-pro", false, ""};
  const auto in_message = [](const std::string& content) {
    return R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":[)" + content + "]}]}";
  };
  EXPECT_TRUE(elsewhere(messages, in_message(R"({"type":"image","source":{"type":"url","url":"https://a"}})")));
  EXPECT_TRUE(elsewhere(messages, in_message(R"({"type":"tool_result","content":[{"type":"document","source":)"
                                             R"({"type":"file","file_id":"f"}}]})")));
  EXPECT_FALSE(elsewhere(messages, in_message(R"({"type":"image","source":{"type":"base64","data":"aa"}})")));
  EXPECT_FALSE(elsewhere(messages, R"({"model":"m","messages":[],"tools":[{"name":"f"},{"type":"bash_20250124"}]})"));
  EXPECT_TRUE(elsewhere(messages, R"({"model":"m","messages":[],"tools":[{"type":"web_search_20250305"}]})"));
  EXPECT_TRUE(elsewhere(messages, R"({"model":"m","messages":[],"mcp_servers":[{"url":"https://a"}]})"));
  EXPECT_TRUE(elsewhere(kChat, in_message(R"({"type":"image_url","image_url":{"url":"https://a"}})")));
  EXPECT_FALSE(elsewhere(kChat, in_message(R"({"type":"image_url","image_url":{"url":"data:image/png;base64,aa"}})")));
  EXPECT_TRUE(elsewhere(kChat, in_message(R"({"type":"file","file":{"file_id":"f"}})")));
  EXPECT_FALSE(elsewhere(kChat, R"({"model":"m","messages":[],"tools":[{"type":"function"}]})"));
  EXPECT_TRUE(elsewhere(responses, R"({"model":"m","input":"go on","previous_response_id":"r"})"));
  EXPECT_TRUE(
      elsewhere(responses, R"({"model":"m","input":[{"content":[{"type":"input_file","file_url":"https://a"}]}]})"));
  EXPECT_TRUE(elsewhere(responses, R"({"model":"m","input":"a","tools":[{"type":"file_search"}]})"));
  EXPECT_FALSE(elsewhere(responses, R"({"model":"m","input":[{"role":"user","content":"a"}]})"));
  EXPECT_TRUE(elsewhere(gemini, R"({"contents":[],"cachedContent":"cachedContents/a"})"));
  EXPECT_TRUE(elsewhere(gemini, R"({"contents":[{"parts":[{"file_data":{"file_uri":"https://a"}}]}]})"));
  EXPECT_TRUE(elsewhere(gemini, R"({"contents":[],"tools":[{"urlContext":{}}]})"));
  EXPECT_FALSE(elsewhere(gemini, R"({"contents":[{"parts":[{"text":"a"}]}],"tools":[{"functionDeclarations":[]}]})"));
}

}  // namespace
}  // namespace reeve::wire
