// What a swap must keep, whatever the request looks like, and what is known of models.

#include <gtest/gtest.h>

#include <random>

#include "core/json.h"
#include "wire/wire.h"

namespace reeve::wire {
namespace {

struct Random {
  std::mt19937 engine{4711};
  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(engine); }
  std::string space() {
    constexpr std::string_view kSpaces[] = {"", "", " ", "\n  ", "\t", "\r\n"};
    return std::string(kSpaces[below(std::size(kSpaces))]);
  }
};

struct Member {
  std::string_view name;
  std::string_view value;
};

// Members that a cheaper model may refuse, among ones that nobody touches.
constexpr Member kAnthropic[] = {
    {"max_tokens", "128000"},
    {"thinking", R"({"type":"adaptive","display":"omitted"})"},
    {"thinking", R"({ "type" : "enabled" , "budget_tokens" : 90000 })"},
    {"output_config", R"({"effort":"max"})"},
    {"output_config",
     R"({"x":[1,2] , "effort":"max","task_budget":{"type":"tokens"}, "format":{"type":"json_schema"}})"},
    {"context_management", R"({"edits":[{"type":"clear_thinking_20251015"} , {"type":"other"}]})"},
    {"context_management", R"({"edits":[{"type":"clear_thinking_20251015"}]})"},
    {"temperature", "0.5"},
    {"top_k", "5"},
    {"speed", "\"fast\""},
    {"fallbacks", "\"default\""},
    {"messages",
     R"([{"role":"system","output_config":{"effort":"low"},"content":"a"},{ "content":"b", "role":"user" }])"},
    {"kept", R"({"model":"inner","thinking":{},"temperature":"}, \" ]"})"},
    {"also kept", "[1.50, 1e3, null, \"\\ud83d\\ude00\"]"},
};

constexpr std::string_view kModels[] = {"claude-haiku-4-5", "claude-sonnet-5", "claude-3-5-haiku-latest",
                                        "claude-haiku-5-5", "unknown"};

std::string random_body(Random& random) {
  std::vector<Member> members = {{"model", "\"claude-opus-5-5\""}};
  for (const Member& member : kAnthropic) {
    const bool taken = std::any_of(members.begin(), members.end(),
                                   [&member](const Member& other) { return other.name == member.name; });
    if (!taken && random.below(2) == 0) members.push_back(member);
  }
  std::shuffle(members.begin(), members.end(), random.engine);
  std::string body = random.space() + "{" + random.space();
  for (std::size_t i = 0; i < members.size(); ++i) {
    body += "\"" + std::string(members[i].name) + "\"" + random.space() + ":" + random.space();
    body += std::string(members[i].value) + random.space();
    if (i + 1 < members.size()) body += "," + random.space();
  }
  return body + "}" + random.space();
}

TEST(ModelSwap, StaysJsonAndKeepsEveryByteThatItDoesNotName) {
  Random random;
  for (int round = 0; round < 5'000; ++round) {
    const std::string body = random_body(random);
    const std::string_view model = kModels[random.below(std::size(kModels))];
    const auto swap = plan_model_swap(*find_route("/v1/messages", true), body, model,
                                      [](std::string_view) { return std::string_view(); });
    ASSERT_TRUE(swap.ok()) << swap.error().message << "\n" << body;
    std::size_t end = 0;
    for (const BodyEdit& edit : swap->edits) {
      ASSERT_GE(edit.span.offset, end) << body;  // in order, apart
      end = edit.span.offset + edit.span.length;
      ASSERT_LE(end, body.size());
    }
    const std::string swapped = apply_edits(body, swap->edits);
    const auto after = JsonDocument::parse(swapped);
    ASSERT_TRUE(after.ok()) << body << "\n" << swapped;
    EXPECT_EQ(after->root()["model"].string_or(""), model);
    for (const std::string_view name : {"kept", "also kept"}) {
      const auto before = JsonDocument::parse(body);
      const bool there = before->root()[name].present();
      const std::string_view value = name == "kept" ? kAnthropic[12].value : kAnthropic[13].value;
      EXPECT_EQ(swapped.find(value) != std::string::npos, there) << body << "\n" << swapped;
    }
    EXPECT_LE(after->root()["max_tokens"].int_or(0), 128'000);
    EXPECT_FALSE(after->root()["fallbacks"].present());
    // A second swap to the same model finds nothing more to change but the name.
    const auto again = plan_model_swap(*find_route("/v1/messages", true), swapped, model,
                                       [](std::string_view) { return std::string_view(); });
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(apply_edits(swapped, again->edits), swapped);
  }
}

TEST(ModelSwap, ABodyThatIsNotJsonOrHidesItsModelIsNone) {
  const auto plan = [](std::string_view body) {
    return plan_model_swap(*find_route("/v1/messages", true), body, "claude-haiku-4-5",
                           [](std::string_view) { return std::string_view(); });
  };
  EXPECT_FALSE(plan("{").ok());
  EXPECT_FALSE(plan("[]").ok());
  EXPECT_FALSE(plan(R"({"max_tokens":1})").ok());
  EXPECT_FALSE(plan(R"({"mod\u0065l":"claude-opus-5-5"})").ok());
}

TEST(ModelFacts, AreFoundUnderTheNamesOfEveryPlatform) {
  const ModelFacts& haiku = model_facts("claude-haiku-4-5");
  EXPECT_EQ(haiku.context_window, 200'000);
  for (const std::string_view name : {"claude-haiku-4-5-20251001", "claude-haiku-4.5", "anthropic/claude-haiku-4.5",
                                      "us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5@20251001"}) {
    EXPECT_EQ(&model_facts(name), &haiku) << name;
  }
  EXPECT_EQ(model_facts("claude-opus-5-5").output_max, 128'000);
  EXPECT_NE(&model_facts("claude-opus-5"), &model_facts("claude-opus-5-5"));
  EXPECT_NE(&model_facts("claude-sonnet-4-6"), &model_facts("claude-sonnet-4-20250514"));
  EXPECT_EQ(model_facts("gpt-5-mini").efforts, "minimal low medium high");
  EXPECT_EQ(model_facts("gpt-5.4-mini").context_window, 400'000);
  EXPECT_FALSE(model_facts("gemini-3.1-flash-image-preview").tools);
  EXPECT_TRUE(model_facts("gemini-3.8-flash").tools);
  EXPECT_EQ(model_facts("some-local-model").family, "");
  EXPECT_EQ(model_facts("practice-small").family, "practice");
}

TEST(ModelFacts, SayWhatAModelCannotDo) {
  CallNeeds needs;
  needs.tools = true;
  needs.input_tokens = 1'000;
  EXPECT_EQ(why_unable(needs, model_facts("claude-haiku-4-5")), "");
  EXPECT_EQ(why_unable(needs, model_facts("gpt-image-2")), "it does not use tools");
  needs.images = true;
  EXPECT_EQ(why_unable(needs, model_facts("o3-mini")), "it does not look at images");
  EXPECT_EQ(why_unable(needs, model_facts("some-local-model")), "it does not look at images");
  needs.images = false;
  needs.input_tokens = 156'000;
  EXPECT_EQ(why_unable(needs, model_facts("claude-haiku-4-5")), "");
  needs.input_tokens = 157'000;
  EXPECT_EQ(why_unable(needs, model_facts("claude-haiku-4-5")),
            "its context of 200000 tokens is too small for a request of about 157000");
  EXPECT_EQ(why_unable(needs, model_facts("claude-sonnet-5")), "");
  EXPECT_EQ(why_unable(needs, model_facts("some-local-model"), 1'000'000), "");
  EXPECT_NE(why_unable(needs, model_facts("some-local-model")), "");
}

}  // namespace
}  // namespace reeve::wire
