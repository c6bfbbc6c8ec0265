#include "gateway/live_calls.h"

#include <gtest/gtest.h>

namespace reeve::gateway {
namespace {

using identity::Cutoff;
using identity::CutoffSet;

const Instant kNow = from_unix_seconds(1'700'000'000);

Cutoff cutoff(const std::string& id, const std::string& person) {
  Cutoff made;
  made.id = id;
  made.scope = {identity::CutoffKind::kPerson, person};
  made.at = kNow;
  return made;
}

class CallForTests final : public LiveCall {
 public:
  CallForTests(LiveCalls& calls, std::string person) : LiveCall(calls), person_(std::move(person)) {}

  std::optional<CallUnderWay> view() const override {
    CallUnderWay view;
    view.person = person_;
    return view;
  }
  identity::CutoffSubject subject() const override {
    identity::CutoffSubject subject;
    subject.person = person_;
    subject.issued = issued;
    return subject;
  }
  std::optional<Instant> issued;
  using LiveCall::ended;
  int stopped = 0, abandoned = 0;
  bool gives = true;  // to its client, which takes nothing

 private:
  void stop_waiting() override { ++stopped; }
  bool waits_for_client() const override { return gives; }
  void abandon() override { ++abandoned; }

  const std::string person_;
};

class LiveCallsTest : public ::testing::Test {
 protected:
  ManualClock clock_{kNow};
  CutoffTally tally_;
  LiveCalls calls_{clock_, &tally_};
};

TEST_F(LiveCallsTest, EndsWhatIsCoveredOnceAndNothingElse) {
  CallForTests ada(calls_, "ada");
  CallForTests bob(calls_, "bob");
  EXPECT_EQ(calls_.end_covered(CutoffSet({cutoff("cut_1", "ada")})).calls, 1u);
  EXPECT_EQ(calls_.end_covered(CutoffSet({cutoff("cut_1", "ada"), cutoff("cut_2", "ada")})).calls, 0u);
  EXPECT_EQ(ada.stopped, 1);
  ASSERT_NE(ada.cut(), nullptr);
  EXPECT_EQ(ada.cut()->id, "cut_1") << "the first one counts";
  EXPECT_EQ(bob.cut(), nullptr);
}

// Somebody left and came back before the news of their leaving was here.
TEST_F(LiveCallsTest, LeavesCallsAloneWhoseCredentialIsNewer) {
  CallForTests before(calls_, "ada");
  CallForTests after(calls_, "ada");
  CallForTests undated(calls_, "ada");
  before.issued = kNow;
  after.issued = kNow + std::chrono::microseconds(1);
  auto left = cutoff("cut_1", "ada");
  left.issued_until = kNow;
  EXPECT_EQ(calls_.end_covered(CutoffSet({left})).calls, 2u);
  EXPECT_NE(before.cut(), nullptr);
  EXPECT_EQ(after.cut(), nullptr);
  EXPECT_NE(undated.cut(), nullptr);
}

TEST_F(LiveCallsTest, ForgetsCallsThatAreOverInAnyOrder) {
  auto first = std::make_unique<CallForTests>(calls_, "a");
  auto second = std::make_unique<CallForTests>(calls_, "b");
  auto third = std::make_unique<CallForTests>(calls_, "c");
  second.reset();
  EXPECT_EQ(calls_.views().size(), 2u);
  third.reset();
  EXPECT_EQ(calls_.views().front().person, "a");
  first.reset();
  EXPECT_EQ(calls_.size(), 0u);
  EXPECT_EQ(calls_.end_covered(CutoffSet({cutoff("cut_1", "a")})).calls, 0u);
}

TEST_F(LiveCallsTest, CutsOffClientsThatTakeNothingOfCallsThatWereEnded) {
  CallForTests ada(calls_, "ada");
  CallForTests waiting(calls_, "ada");
  CallForTests over(calls_, "ada");
  CallForTests bob(calls_, "bob");
  waiting.gives = false;
  const auto round = calls_.end_covered(CutoffSet({cutoff("cut_1", "ada")})).round;
  over.ended();
  EXPECT_EQ(calls_.abandon_ended(round), 1u) << "the one that waits for something else";
  EXPECT_EQ(ada.abandoned, 1);
  EXPECT_EQ(waiting.abandoned, 0);
  EXPECT_EQ(over.abandoned, 0);
  EXPECT_EQ(bob.abandoned, 0);
  waiting.gives = true;
  EXPECT_EQ(calls_.abandon_ended(round), 0u);
  EXPECT_EQ(waiting.abandoned, 1);
}

// The time of an earlier cutoff's clients is over while a later one's say their last words.
TEST_F(LiveCallsTest, LeavesTheClientsOfLaterCutoffsTheirTime) {
  CallForTests ada(calls_, "ada");
  CallForTests bob(calls_, "bob");
  const auto first = calls_.end_covered(CutoffSet({cutoff("cut_1", "ada")})).round;
  const auto second = calls_.end_covered(CutoffSet({cutoff("cut_2", "bob")})).round;
  EXPECT_EQ(calls_.abandon_ended(first), 0u);
  EXPECT_EQ(ada.abandoned, 1);
  EXPECT_EQ(bob.abandoned, 0);
  calls_.abandon_ended(second);
  EXPECT_EQ(bob.abandoned, 1);
}

TEST_F(LiveCallsTest, TheTallyTellsHowLongItTook) {
  {
    CallForTests one(calls_, "ada");
    CallForTests two(calls_, "ada");
    CallForTests three(calls_, "ada");
    calls_.end_covered(CutoffSet({cutoff("cut_1", "ada")}));
    clock_.advance(std::chrono::milliseconds(10));
    two.ended();
    two.ended();
    clock_.advance(std::chrono::milliseconds(30));
    one.ended();
    const auto times = tally_.times_of("cut_1");
    EXPECT_EQ(times.cut, 3u);
    EXPECT_EQ(times.ended, 2u);
    EXPECT_EQ(times.quantile(0.5), std::chrono::milliseconds(10));
    EXPECT_EQ(times.quantile(1), std::chrono::milliseconds(40));
  }
  EXPECT_EQ(tally_.times_of("cut_1").ended, 3u) << "one that goes without a word has ended, too";
  EXPECT_EQ(tally_.times_of("cut_2").cut, 0u);
  EXPECT_EQ(tally_.times_of("cut_2").quantile(0.99), Duration{});
}

// A new call that is refused was not under way.
TEST_F(LiveCallsTest, TheTallyLeavesOutWhatWasRefused) {
  {
    CallForTests refused(calls_, "ada");
    refused.end_by(cutoff("cut_1", "ada"));
  }
  EXPECT_EQ(tally_.times_of("cut_1").cut, 0u);
  EXPECT_TRUE(tally_.times_of("cut_1").took.empty());
}

// Ids need not sort by time: those of repeated requests are hashes, and some have none of their own.
TEST_F(LiveCallsTest, TheTallyForgetsTheOldestFirst) {
  constexpr int kRemembered = 1'000;
  tally_.call_cut(cutoff("unknown", "ada"));
  tally_.call_cut(cutoff("zz_the_first", "ada"));
  for (int i = 0; i < kRemembered; ++i) tally_.call_cut(cutoff("cut_" + std::to_string(i), "ada"));
  EXPECT_EQ(tally_.times_of("zz_the_first").cut, 0u);
  EXPECT_EQ(tally_.times_of("unknown").cut, 0u);
  EXPECT_EQ(tally_.times_of("cut_0").cut, 1u);
  EXPECT_EQ(tally_.times_of("cut_999").cut, 1u);
}

TEST_F(LiveCallsTest, TheTallyOfOneCutoffDoesNotGrowWithItsCalls) {
  constexpr std::size_t kCalls = 10'000;
  const auto unknown = cutoff("unknown", "ada");
  for (std::size_t i = 0; i < kCalls; ++i) {
    tally_.call_cut(unknown);
    tally_.call_ended(unknown, kNow + std::chrono::microseconds(i % 3'000));
    tally_.call_ended(unknown, kNow + std::chrono::hours(i));
  }
  const auto times = tally_.times_of("unknown");
  EXPECT_EQ(times.ended, 2 * kCalls);
  EXPECT_LE(times.took.size(), 4u) << "three milliseconds, and a minute and more";
  EXPECT_EQ(times.quantile(0.25), std::chrono::milliseconds(1));
  EXPECT_EQ(times.quantile(1), std::chrono::minutes(1));
}

}  // namespace
}  // namespace reeve::gateway
