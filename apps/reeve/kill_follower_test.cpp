#include "reeve/kill_follower.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "core/bytes.h"
#include "core/crypto.h"

namespace reeve::app {
namespace {

using identity::Cutoff;
using identity::CutoffKnowledge;
using identity::Drill;
using identity::DrillReport;

constexpr auto kPatience = std::chrono::seconds(20);

/// Until something is so; false when it does not come.
template <typename Condition>
bool eventually(const Condition& condition) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

class GatewayForTests final : public gateway::Gateway {
 public:
  Task<void> handle(net::Exchange&) override { co_return; }
  void end_calls(std::shared_ptr<const identity::CutoffSet> cutoffs) override {
    if (cutoffs->all().front().id == "unknown") ++ended_for_not_knowing;
  }
  void start_practice_streams(const Drill&) override { ++practices; }
  std::vector<gateway::CallUnderWay> calls_under_way() override { return {}; }
  void announce_drain() override {}
  void watch(const net::ServerStats&) override {}
  void watch(const ledger::CosignatureCollector&) override {}

  std::atomic<int> practices{0}, ended_for_not_knowing{0};
};

/// A shared storage in memory that can be away, and whose single steps can fail.
class SharedForTests final : public store::SharedKillSwitch {
 public:
  Result<void> put(const Cutoff& cutoff) override { return memory_->put(cutoff); }
  Result<void> end(std::string_view id, Instant when, std::string_view by, std::string_view reason) override {
    return memory_->end(id, when, by, reason);
  }
  Result<std::vector<Cutoff>> list(Instant now) override { return memory_->list(now); }
  Result<std::vector<Cutoff>> history(std::size_t limit) override { return memory_->history(limit); }
  Result<std::optional<Cutoff>> find(std::string_view id) override { return memory_->find(id); }
  Result<void> announce_drill(const Drill& drill) override { return memory_->announce_drill(drill); }
  Result<std::vector<Drill>> drills(Instant now) override {
    if (fails_now(failing_reads)) return failure();
    return memory_->drills(now);
  }
  Result<void> report_drill(std::string_view drill, const DrillReport& report) override {
    if (fails_now(failing_reports)) return failure();
    return memory_->report_drill(drill, report);
  }
  Result<std::vector<DrillReport>> drill_reports(std::string_view drill) override {
    return memory_->drill_reports(drill);
  }
  std::uint64_t generation() const override { return memory_->generation(); }
  Result<void> wait_for_change(Duration) override {
    if (away) return failure();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return {};
  }
  void stop_waiting() override {}

  std::atomic<bool> away{false};
  std::atomic<int> failing_reads{0}, failing_reports{0};  // so many more fail

 private:
  static bool fails_now(std::atomic<int>& left) { return left > 0 && left-- > 0; }
  static Error failure() { return {ErrorCode::kUnavailable, "the database is away"}; }
  const std::unique_ptr<identity::KillSwitchStore> memory_ = identity::make_memory_kill_switch_store();
};

/// The machine's clock, whose wall time somebody sets.
class SteppedClock final : public Clock {
 public:
  Instant now() const override { return system_clock().now() + step.load(); }
  Moment steady() const override { return system_clock().steady(); }
  std::atomic<Duration> step{Duration::zero()};
};

class KillFollowerTest : public ::testing::Test {
 protected:
  ~KillFollowerTest() override {
    open_ledger();
    follower_.reset();
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  void start(Duration told_after = Duration::zero()) {
    const auto record = [this](std::string_view kind, const std::string& detail) -> std::optional<std::uint64_t> {
      ++asked_;
      std::unique_lock lock(mutex_);
      ledger_opens_.wait(lock, [this] { return !ledger_hangs_; });
      if (refusing_ > 0 && refusing_-- > 0) return std::nullopt;
      recorded_.push_back(std::string(kind) + " " + detail);
      return recorded_.size();
    };
    auto follower = KillFollower::start({store_.get(), &shared_, &kill_switch_, &keys_, &gateway_, &tally_, "node-1",
                                         std::chrono::milliseconds(50), std::chrono::milliseconds(100), record,
                                         told_after, &clock_});
    ASSERT_TRUE(follower.ok());
    follower_ = *std::move(follower);
  }
  void open_ledger() {
    const std::lock_guard lock(mutex_);
    ledger_hangs_ = false;
    ledger_opens_.notify_all();
  }
  std::vector<std::string> recorded() {
    const std::lock_guard lock(mutex_);
    return recorded_;
  }
  static Cutoff cutoff() { return identity::make_cutoff({{}, "because", "ada", {}, {}}, system_clock().now()).value(); }
  static Drill drill() { return {"drill_1", {}, false, 5, "ada", system_clock().now()}; }
  std::vector<DrillReport> reports() { return shared_.drill_reports("drill_1").value(); }

  const std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("reeve-follower-test-" + to_hex(random_bytes(8)));
  std::unique_ptr<store::Store> store_ = store::Store::open_embedded(directory_).value();
  identity::KeyTable keys_{store_->keys(), {}};
  SharedForTests shared_;
  identity::KillSwitch kill_switch_;
  GatewayForTests gateway_;
  gateway::CutoffTally tally_;
  SteppedClock clock_;
  std::mutex mutex_;
  std::condition_variable ledger_opens_;
  bool ledger_hangs_ = false;
  int refusing_ = 0;
  std::atomic<int> asked_{0};
  std::vector<std::string> recorded_;
  std::unique_ptr<KillFollower> follower_;
};

TEST_F(KillFollowerTest, ALedgerThatHangsKeepsNobodyFromJudgingWhatIsKnown) {
  ledger_hangs_ = true;
  start();
  ASSERT_TRUE(shared_.put(cutoff()).ok());
  ASSERT_TRUE(eventually([&] { return asked_ == 1; })) << "the ledger is told what the cutoff did";
  shared_.away = true;
  EXPECT_TRUE(eventually([&] { return kill_switch_.knowledge() == CutoffKnowledge::kLongUnknown; }));
  EXPECT_TRUE(eventually([&] { return gateway_.ended_for_not_knowing > 0; }));
  const Cutoff here = cutoff();
  ASSERT_TRUE(store_->kill_switch().put(here).ok());
  EXPECT_TRUE(eventually([&] { return kill_switch_.current()->all().size() == 2; })) << "and from switching here";
  shared_.away = false;
  EXPECT_TRUE(eventually([&] { return kill_switch_.knowledge() == CutoffKnowledge::kKnown; }));
  open_ledger();
  EXPECT_TRUE(eventually([&] { return recorded().size() == 2; }));
}

TEST_F(KillFollowerTest, WhatTheLedgerRefusesIsToldAgain) {
  refusing_ = 1;
  start();
  ASSERT_TRUE(shared_.put(cutoff()).ok());
  EXPECT_TRUE(eventually([&] { return recorded().size() == 1; }));
  EXPECT_EQ(asked_, 2);
}

TEST_F(KillFollowerTest, WhatIsUntoldIsToldAtTheEnd) {
  start(std::chrono::hours(1));
  ASSERT_TRUE(shared_.put(cutoff()).ok());
  ASSERT_TRUE(eventually([&] { return !kill_switch_.current()->empty(); }));
  EXPECT_TRUE(recorded().empty());
  follower_.reset();
  ASSERT_EQ(recorded().size(), 1u);
  EXPECT_TRUE(recorded().front().starts_with("kill.applied ")) << recorded().front();
}

TEST_F(KillFollowerTest, AStepOfTheClockNeitherHidesACutoffNorInventsOne) {
  const auto in_force = [&] {
    const auto current = kill_switch_.current();
    return std::count_if(current->all().begin(), current->all().end(),
                         [&](const Cutoff& one) { return one.in_force(clock_.now()); });
  };
  start();
  std::ptrdiff_t expected = 0;
  for (const auto hours : {0, 24, -48, 24 * 365, -24 * 365}) {
    clock_.step = std::chrono::hours(hours);
    EXPECT_EQ(in_force(), expected) << "a step of " << hours << " hours";
    ASSERT_TRUE(shared_.put(cutoff()).ok());
    ASSERT_TRUE(store_->kill_switch().put(cutoff()).ok());
    expected += 2;
    EXPECT_TRUE(eventually([&] { return in_force() == expected; })) << "after a step of " << hours << " hours";
  }
  EXPECT_EQ(kill_switch_.knowledge(), CutoffKnowledge::kKnown) << "how long nobody answered is not told by that clock";
  EXPECT_EQ(gateway_.ended_for_not_knowing, 0);
  clock_.step = std::chrono::hours(-24);
  const auto last = kill_switch_.current();
  for (const Cutoff& one : last->all()) {
    static_cast<void>(shared_.end(one.id, clock_.now(), "ada", "over"));
    static_cast<void>(store_->kill_switch().end(one.id, clock_.now(), "ada", "over"));
  }
  EXPECT_TRUE(eventually([&] { return in_force() == 0; }));
}

TEST_F(KillFollowerTest, ADrillThatCannotBeReadIsPlayedOnceItCan) {
  start();
  shared_.failing_reads = 1;
  ASSERT_TRUE(shared_.announce_drill(drill()).ok());
  ASSERT_TRUE(eventually([&] { return reports().size() == 1; }));
  EXPECT_EQ(gateway_.practices, 1);
}

TEST_F(KillFollowerTest, ADrillIsAnsweredUntilTheAnswerIsThereAndPlayedOnce) {
  start();
  shared_.failing_reports = 1;
  ASSERT_TRUE(shared_.announce_drill(drill()).ok());
  ASSERT_TRUE(eventually([&] { return reports().size() == 1; }));
  EXPECT_EQ(gateway_.practices, 1);
  EXPECT_FALSE(reports().front().done);
  Cutoff played = cutoff();
  played.practice = true;
  played.drill = "drill_1";
  shared_.failing_reports = 1;
  ASSERT_TRUE(shared_.put(played).ok());
  EXPECT_TRUE(eventually([&] { return reports().front().done; })) << "how it ended is told until it is there, too";
  EXPECT_TRUE(recorded().empty()) << "practice is no entry";
}

}  // namespace
}  // namespace reeve::app
