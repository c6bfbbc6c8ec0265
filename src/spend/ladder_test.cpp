#include "spend/ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace reeve::spend {
namespace {

using Kind = ModelChoice::Kind;

const Instant kNow = from_unix_seconds(1'795'000'000);

LadderModel model(const std::string& name) {
  return {name, name.substr(0, name.find('-')), Catalogue::built_in()->find("", name, kNow)};
}

struct Ladder {
  std::vector<std::string> steps = {"claude-opus-*", "claude-sonnet-*", "claude-haiku-*"};
  std::vector<LadderModel> models = {model("claude-opus-5-5"), model("claude-sonnet-5"), model("claude-haiku-4-5")};
  std::string unable;  // the name of a model that cannot answer

  LadderQuestion ask(const std::string& asked, SafePoint point = SafePoint::kNewConversation) const {
    LadderQuestion question;
    question.ladder = "claude";
    question.steps = steps;
    question.asked = model(asked);
    question.input_tokens = 10'000;
    question.point = point;
    question.models = models;
    question.why_unable = [this](const LadderModel& each) { return each.name == unable ? "it cannot" : ""; };
    return question;
  }
  std::string step(const std::string& asked, SafePoint point = SafePoint::kNewConversation) const {
    const LadderAnswer answer = step_down(ask(asked, point));
    return answer.model ? answer.model->name : answer.reason;
  }
};

TEST(StepDown, TakesTheNextStepThatCanAnswer) {
  Ladder ladder;
  EXPECT_EQ(ladder.step("claude-opus-5-5"), "claude-sonnet-5");
  EXPECT_EQ(ladder.step("claude-sonnet-5"), "claude-haiku-4-5");
  ladder.unable = "claude-sonnet-5";
  EXPECT_EQ(ladder.step("claude-opus-5-5"), "claude-haiku-4-5");
  const LadderAnswer answer = step_down(ladder.ask("claude-opus-5-5"));
  EXPECT_THAT(answer.passed_over, testing::ElementsAre(testing::Pair("claude-sonnet-5", "it cannot")));
  EXPECT_EQ(answer.reason, "claude-haiku-4-5 answers in place of claude-opus-5-5 (ladder \"claude\").");
}

TEST(StepDown, SaysWhyThereIsNone) {
  Ladder ladder;
  EXPECT_EQ(ladder.step("claude-haiku-4-5"),
            "No step of the ladder \"claude\" below claude-haiku-4-5 has a model that is configured.");
  EXPECT_EQ(ladder.step("gpt-5"), "gpt-5 stands on no step of the ladder \"claude\".");
  ladder.models = {model("claude-opus-5-5"), model("claude-haiku-4-5")};
  ladder.unable = "claude-haiku-4-5";
  EXPECT_EQ(
      ladder.step("claude-opus-5-5"),
      "No step of the ladder \"claude\" below claude-opus-5-5 can answer: claude-haiku-4-5 is left out because it "
      "cannot.");
  LadderQuestion bound = ladder.ask("claude-opus-5-5", SafePoint::kNone);
  bound.bound_by = "sealed thinking";
  EXPECT_EQ(step_down(bound).reason, "The conversation cannot change its model here: it holds sealed thinking.");
}

TEST(StepDown, OnlyAKnownLowerPriceIsCheaper) {
  Ladder ladder;
  ladder.steps = {"claude-haiku-*", "claude-opus-*", "claude-unheard-*", "claude-sonnet-*"};
  ladder.models.push_back(model("claude-unheard-of-9"));
  EXPECT_FALSE(ladder.models.back().price.known);
  // Opus costs more than Haiku, and Sonnet does as well, wherever the ladder puts them.
  const LadderAnswer answer = step_down(ladder.ask("claude-haiku-4-5"));
  EXPECT_FALSE(answer.model);
  EXPECT_THAT(answer.passed_over, testing::ElementsAre(testing::Pair("claude-opus-5-5", "it is not cheaper"),
                                                       testing::Pair("claude-unheard-of-9", "its price is not known"),
                                                       testing::Pair("claude-sonnet-5", "it is not cheaper")));
}

TEST(StepDown, UnderWayItStaysInTheFamily) {
  Ladder ladder;
  ladder.steps = {"claude-opus-*", "gpt-*", "claude-haiku-*"};
  ladder.models = {model("gpt-5-mini"), model("claude-haiku-4-5")};
  EXPECT_EQ(ladder.step("claude-opus-5-5"), "gpt-5-mini");
  EXPECT_EQ(ladder.step("claude-opus-5-5", SafePoint::kSameFamily), "claude-haiku-4-5");
}

TEST(IsCheaper, ComparesTheRatesOfTheCallsSize) {
  Price small, large;
  small.input = TieredRate{{100}, {{200'000, {400}}}};
  small.output = TieredRate{{100}, {}};
  large.input = TieredRate{{300}, {}};
  large.output = TieredRate{{100}, {}};
  EXPECT_TRUE(is_cheaper({&small}, {&large}, 1'000));
  EXPECT_FALSE(is_cheaper({&small}, {&large}, 200'001));
  EXPECT_FALSE(is_cheaper({&large}, {&large}, 1'000));
  EXPECT_FALSE(is_cheaper({&small, false}, {&large}, 1'000));
  EXPECT_TRUE(is_cheaper({&small}, {&large, false}, 1'000));  // what stands in for an unknown price is dear
}

TEST(SafePoints, AreWhereNothingHangsOnTheModel) {
  EXPECT_EQ(safe_point({.messages = 2}), SafePoint::kNewConversation);
  EXPECT_EQ(safe_point({.messages = 5, .assistant_turns = 2}), SafePoint::kSameFamily);
  EXPECT_EQ(safe_point({.messages = 3, .assistant_turns = 1, .opens_with_summary = true}), SafePoint::kCompacted);
  EXPECT_EQ(safe_point({.messages = 9, .assistant_turns = 4, .opens_with_summary = true}), SafePoint::kSameFamily);
  EXPECT_EQ(safe_point({.messages = 9, .assistant_turns = 4, .messages_before = 40}), SafePoint::kCompacted);
  EXPECT_EQ(safe_point({.messages = 41, .assistant_turns = 20, .messages_before = 40}), SafePoint::kSameFamily);
  EXPECT_EQ(safe_point({.messages = 2, .bound_by = "a cache"}), SafePoint::kNone);
  EXPECT_EQ(safe_point({.messages = 9, .assistant_turns = 4, .bound_by = "x", .messages_before = 40}),
            SafePoint::kNone);
}

TEST(ChooseModel, AConversationKeepsItsModelUntilASafePoint) {
  const Ladder ladder;
  SwapMemory memory;
  const auto choose = [&](bool due, const Conversation& conversation) {
    ModelChoice choice = choose_model(ladder.ask("claude-opus-5-5"), due, "mara s1", conversation, memory);
    const std::string name = choice.model ? choice.model->name : "";
    memory.remember("mara s1", "claude-opus-5-5", {name, conversation.messages});
    return std::pair(choice.kind, name);
  };
  const std::string_view sealed = "signed thinking";
  EXPECT_EQ(choose(false, {.messages = 1}), std::pair(Kind::kAsAsked, std::string()));
  // The threshold is crossed in the middle: what Opus thought cannot be read by another.
  EXPECT_EQ(choose(true, {.messages = 3, .assistant_turns = 1, .bound_by = sealed}).first, Kind::kCannot);
  // Compacted: now.
  EXPECT_EQ(choose(true, {.messages = 1, .opens_with_summary = true}),
            std::pair(Kind::kSteppedDown, std::string("claude-sonnet-5")));
  // Its own sealed thinking is no obstacle, and money that is there again changes nothing.
  EXPECT_EQ(choose(true, {.messages = 3, .assistant_turns = 1, .bound_by = sealed}).second, "claude-sonnet-5");
  EXPECT_EQ(choose(false, {.messages = 5, .assistant_turns = 2, .bound_by = sealed}),
            std::pair(Kind::kStays, std::string("claude-sonnet-5")));
  // Compacted again, and there is money.
  EXPECT_EQ(choose(false, {.messages = 1, .opens_with_summary = true}).first, Kind::kAsAsked);
  EXPECT_EQ(choose(false, {.messages = 3, .assistant_turns = 1}).first, Kind::kAsAsked);
}

TEST(ChooseModel, AModelThatIsGoneOrCannotIsNotKept) {
  Ladder ladder;
  SwapMemory memory;
  memory.remember("c", "claude-opus-5-5", {"claude-sonnet-5", 3});
  const Conversation later = {.messages = 5, .assistant_turns = 2};
  ladder.unable = "claude-sonnet-5";
  EXPECT_EQ(choose_model(ladder.ask("claude-opus-5-5"), false, "c", later, memory).kind, Kind::kAsAsked);
  EXPECT_EQ(choose_model(ladder.ask("claude-opus-5-5"), true, "c", later, memory).model->name, "claude-haiku-4-5");
}

TEST(ChooseModel, WithoutASessionOnlyTheCallItselfCounts) {
  const Ladder ladder;
  SwapMemory memory;
  EXPECT_EQ(choose_model(ladder.ask("claude-opus-5-5"), true, "", {.messages = 1}, memory).kind, Kind::kSteppedDown);
  EXPECT_EQ(memory.size(), 0U);
}

TEST(SwapMemory, ForgetsWhatIsOldAndWhatIsTooMuch) {
  ManualClock clock(kNow);
  SwapMemory memory({.conversations_max = 64, .forgotten_after = std::chrono::hours(1)}, clock);
  memory.remember("a", "m", {"n", 1});
  EXPECT_EQ(memory.find("a", "m")->model, "n");
  EXPECT_FALSE(memory.find("a", "other"));
  EXPECT_FALSE(memory.find("b", "m"));
  clock.advance(std::chrono::minutes(61));
  EXPECT_FALSE(memory.find("a", "m"));
  EXPECT_EQ(memory.size(), 0U);
  for (int i = 0; i < 1'000; ++i) memory.remember("c" + std::to_string(i), "m", {"n", 1});
  EXPECT_LE(memory.size(), 64U);
  EXPECT_TRUE(memory.find("c999", "m"));
  EXPECT_FALSE(memory.find("c0", "m"));
}

TEST(SwapMemory, ManyThreads) {
  SwapMemory memory({.conversations_max = 100});
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&memory, t] {
      for (int i = 0; i < 5'000; ++i) {
        const std::string id = std::to_string((i * 7 + t) % 300);
        memory.remember(id, "m", {id, 1});
        const auto found = memory.find(id, "m");
        if (found) EXPECT_EQ(found->model, id);
      }
    });
  }
  threads.clear();
  EXPECT_LE(memory.size(), 112U);
}

TEST(Catalogue, KnowsContextWindows) {
  EXPECT_EQ(model("claude-haiku-4-5").price.price->context_window, 200'000);
  EXPECT_EQ(model("gpt-5-mini").price.price->context_window, 400'000);
}

}  // namespace
}  // namespace reeve::spend
