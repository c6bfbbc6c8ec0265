#include <gtest/gtest.h>

#include "wire/wire.h"

namespace reeve::wire {
namespace {

struct Expected {
  std::string_view path;
  Dialect dialect;
  Operation operation;
  std::string_view model;
  bool stream;
  std::string_view upstream;
  std::string_view method;
};

using enum Dialect;
using enum Operation;

constexpr Expected kRoutes[] = {
    {"/v1/messages", kAnthropic, kGenerate, "", false, "/v1/messages", "POST"},
    {"/v1/messages/count_tokens", kAnthropic, kCountTokens, "", false, "/v1/messages/count_tokens", "POST"},
    {"/v1/chat/completions", kOpenAiChat, kGenerate, "", false, "/chat/completions", "POST"},
    {"/v1/responses", kOpenAiResponses, kGenerate, "", false, "/responses", "POST"},
    {"/v1/embeddings", kOpenAiEmbeddings, kEmbed, "", false, "/embeddings", "POST"},
    {"/v1/models", kOpenAiChat, kListModels, "", false, "/models", "GET"},
    {"/v1/models/gpt-5.4", kOpenAiChat, kGetModel, "gpt-5.4", false, "/models/gpt-5.4", "GET"},
    {"/v1/models/ft:gpt-4o:org::id", kOpenAiChat, kGetModel, "ft:gpt-4o:org::id", false, "/models/ft:gpt-4o:org::id",
     "GET"},
    {"/v1/models/meta%2Fllama-4", kOpenAiChat, kGetModel, "meta/llama-4", false, "/models/meta/llama-4", "GET"},
    {"/v1beta/models", kGemini, kListModels, "", false, "/v1beta/models", "GET"},
    {"/v1beta/models/gemini-3.8-flash", kGemini, kGetModel, "gemini-3.8-flash", false,
     "/v1beta/models/gemini-3.8-flash", "GET"},
    {"/v1beta/models/gemini-3.8-flash:generateContent", kGemini, kGenerate, "gemini-3.8-flash", false,
     "/v1beta/models/gemini-3.8-flash:generateContent", "POST"},
    {"/v1beta/models/gemini-3.8-flash:streamGenerateContent", kGemini, kGenerate, "gemini-3.8-flash", true,
     "/v1beta/models/gemini-3.8-flash:streamGenerateContent", "POST"},
    {"/v1beta/models/gemini%2D3.8-flash%3acountTokens", kGemini, kGetModel, "", false, "", ""},
    {"/v1beta/models/gemini%2D3:countTokens", kGemini, kCountTokens, "gemini-3", false,
     "/v1beta/models/gemini-3:countTokens", "POST"},
    {"/v1beta/models/e:embedContent", kGemini, kEmbed, "e", false, "/v1beta/models/e:embedContent", "POST"},
    {"/v1beta/models/e:batchEmbedContents", kGemini, kEmbed, "e", false, "/v1beta/models/e:batchEmbedContents", "POST"},
    {"/v1/models/gemini-3:generateContent", kGemini, kGenerate, "gemini-3", false,
     "/v1/models/gemini-3:generateContent", "POST"},
};

TEST(Route, KnowsEveryModelPath) {
  for (const Expected& expected : kRoutes) {
    SCOPED_TRACE(expected.path);
    const auto route = find_route(expected.path, false);
    if (expected.upstream.empty()) {
      EXPECT_FALSE(route);
      continue;
    }
    ASSERT_TRUE(route);
    EXPECT_EQ(route->dialect, expected.dialect);
    EXPECT_EQ(route->operation, expected.operation);
    EXPECT_EQ(route->model, expected.model);
    EXPECT_EQ(route->stream_in_path, expected.stream);
    EXPECT_EQ(route->upstream_path, expected.upstream);
    EXPECT_EQ(allowed_method(*route), expected.method);
  }
}

TEST(Route, ModelListsSpeakAnthropicToAnthropicClients) {
  const auto list = find_route("/v1/models", true);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->dialect, kAnthropic);
  EXPECT_EQ(list->upstream_path, "/v1/models");
  const auto one = find_route("/v1/models/claude-sonnet-5", true);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->dialect, kAnthropic);
  EXPECT_EQ(one->model, "claude-sonnet-5");
  // The header does not change the dialect of paths that have one.
  EXPECT_EQ(find_route("/v1/chat/completions", true)->dialect, kOpenAiChat);
}

TEST(Route, NothingElseIsServed) {
  for (const std::string_view path : {"",
                                      "/",
                                      "/v1",
                                      "/v1/",
                                      "/v1/messages/",
                                      "/v1//messages",
                                      "/V1/messages",
                                      "/v1/messages/count_tokens/x",
                                      "/v1/messagesx",
                                      "/v1/v1/messages",
                                      "/messages",
                                      "/chat/completions",
                                      "/v1/completions",
                                      "/v1/files",
                                      "/v1/modelsx",
                                      "/v1/models/",
                                      "/v1beta/models/",
                                      "/v1beta/models/:generateContent",
                                      "/v1beta/models/g:deleteEverything",
                                      "/v1beta/models/g:generateContent/",
                                      "/v1beta/models/g:generateContent:x",
                                      "/v1beta/tunedModels/g:generateContent",
                                      "/v1beta/models/a/b:generateContent"}) {
    EXPECT_FALSE(find_route(path, false)) << path;
  }
}

// Whoever reads the path after us must read the same model.
TEST(Route, ModelsThatCouldBeReadAnotherWayAreNotServed) {
  for (const std::string_view path :
       {"/v1beta/models/..:generateContent", "/v1beta/models/%2e%2e:generateContent",
        "/v1beta/models/a%2Fb:generateContent", "/v1beta/models/a%252Fb:generateContent",
        "/v1beta/models/a%00b:generateContent", "/v1beta/models/a%0d%0ab:generateContent",
        "/v1beta/models/a%3Fkey=x:generateContent", "/v1beta/models/a%23b:generateContent",
        "/v1beta/models/a%:generateContent", "/v1beta/models/a%zz:generateContent",
        "/v1beta/models/a b:generateContent", "/v1beta/models/a%ff:generateContent", "/v1/models/../secret",
        "/v1/models/%2e%2e/secret", "/v1/models//etc/passwd", "/v1/models/a\\b"}) {
    EXPECT_FALSE(find_route(path, false)) << path;
  }
  EXPECT_FALSE(find_route("/v1/models/" + std::string(257, 'a'), false));
}

TEST(Route, PathsOfAVendorThatAreNotServedStillHaveItsDialect) {
  EXPECT_EQ(dialect_of_path("/v1/messages/batches", false), kAnthropic);
  EXPECT_EQ(dialect_of_path("/v1/files", true), kAnthropic);
  EXPECT_EQ(dialect_of_path("/v1/files", false), kOpenAiChat);
  EXPECT_EQ(dialect_of_path("/v1/chat/completions/", true), kOpenAiChat);
  EXPECT_EQ(dialect_of_path("/v1/responses/resp_1/cancel", false), kOpenAiResponses);
  EXPECT_EQ(dialect_of_path("/v1beta/models/a%00b:generateContent", false), kGemini);
  EXPECT_EQ(dialect_of_path("/v1beta/cachedContents", false), kGemini);
  for (const Expected& expected : kRoutes) {
    if (!expected.upstream.empty()) EXPECT_EQ(dialect_of_path(expected.path, false), expected.dialect) << expected.path;
  }
  for (const std::string_view path : {"", "/", "/v1", "/v2/messages", "/healthz", "//v1/messages", "/V1/messages"}) {
    EXPECT_FALSE(dialect_of_path(path, false)) << path;
  }
}

TEST(Route, DialectNamesAreThoseOfTheConfiguration) {
  for (const Dialect dialect : {kAnthropic, kOpenAiChat, kOpenAiResponses, kOpenAiEmbeddings, kGemini}) {
    EXPECT_EQ(dialect_from_name(dialect_name(dialect)), dialect);
  }
  EXPECT_EQ(dialect_name(kOpenAiResponses), "openai-responses");
  EXPECT_FALSE(dialect_from_name("Anthropic"));
  EXPECT_FALSE(dialect_from_name(""));
}

}  // namespace
}  // namespace reeve::wire
