#include "reeve/live_budgets.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "core/bytes.h"
#include "core/crypto.h"
#include "store/store.h"

namespace reeve::app {
namespace {

class LiveBudgetsTest : public ::testing::Test {
 protected:
  ~LiveBudgetsTest() override {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  void write(const std::string& name, const std::string& members = R"("limit":{"requests":"1"},"window":"day")") {
    const std::string document = "{\"name\":\"" + name + "\"," + members + "}";
    const auto change = spend::change_budget(nullptr, name, document, "lead@example.com", Instant{7});
    ASSERT_TRUE(store_->budgets().change(change).ok());
  }
  std::size_t built() {
    std::vector<Diagnostic> complaints;
    const auto set = live_.build(complaints);
    return set ? set->list().size() : 99;
  }

  const std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("reeve-live-budgets-" + to_hex(random_bytes(8)));
  std::unique_ptr<store::Store> store_ = store::Store::open_embedded(directory_).value();
  LiveBudgets live_{store_->budgets()};
};

TEST_F(LiveBudgetsTest, LooksOnlyWhenTheRegisterMoved) {
  ASSERT_TRUE(live_.read().ok());
  EXPECT_FALSE(live_.look());
  write("house");
  EXPECT_TRUE(live_.look());
  EXPECT_FALSE(live_.look());
  EXPECT_EQ(live_.registered().size(), 1u);
  EXPECT_EQ(live_.written()->registered.size(), 1u);
}

TEST_F(LiveBudgetsTest, BuildsTheSetOfFilesAndRegister) {
  std::vector<Diagnostic> complaints;
  live_.use_files(
      parse_yaml("kind: Budget\nname: team\nwindow: day\nlimit: {money: $1}\n---\nkind: Price\n", "f", complaints));
  EXPECT_EQ(live_.written()->files.size(), 1u);
  write("house");
  ASSERT_TRUE(live_.look());
  EXPECT_EQ(built(), 2u);
  write("broken", R"("window":"day")");
  ASSERT_TRUE(live_.look());
  EXPECT_EQ(built(), 99u) << "a limit that cannot be read must not be left out";
}

TEST_F(LiveBudgetsTest, WhoWroteWaitsUntilItIsInForce) {
  ASSERT_TRUE(live_.read().ok());
  std::atomic<int> steps{0};
  std::jthread writer([&] {
    write("house");
    const bool looked = live_.wait_for_look(std::chrono::seconds(60), [&] { steps = 1; });
    steps = looked ? 3 : 4;
  });
  while (steps < 1) std::this_thread::yield();
  ASSERT_TRUE(live_.look());
  EXPECT_LT(steps, 3) << "it was found, and is not in force yet";
  live_.settle();
  writer.join();
  EXPECT_EQ(steps, 3);
}

TEST_F(LiveBudgetsTest, NobodyIsKeptWaitingByAStop) {
  live_.stop_waiting();
  EXPECT_FALSE(live_.wait_for_look(std::chrono::hours(1), [] {}));
}

}  // namespace
}  // namespace reeve::app
