#include <gtest/gtest.h>

#include <thread>

#include "content/placeholder.h"
#include "content/redaction_test_support.h"

namespace reeve::content {
namespace {

using std::chrono::hours;

class VaultTest : public ::testing::Test {
 protected:
  ManualClock clock_{kTestStart};
  MemoryPlaceholderStore store_;
};

TEST_F(VaultTest, GivesBackWhatItTookAndHasOneNameForAValue) {
  Vault vault(test_vault(nullptr, &clock_));
  const auto session = vault.session("dev@example.com", "s1");
  for (const std::string& value :
       {std::string("hunter2"), std::string(), std::string(100'000, 'x'), std::string(1, '\0')}) {
    const std::string placeholder = session.placeholder("secret", value).value();
    EXPECT_EQ(session.value(placeholder), value);
    EXPECT_EQ(session.placeholder("secret", value).value(), placeholder);
    EXPECT_EQ(vault.session("dev@example.com", "s1").value(placeholder), value);
  }
}

TEST_F(VaultTest, NobodyElseGetsIt) {
  Vault vault(test_vault(&store_, &clock_));
  const std::string placeholder = vault.session("ann@example.com", "s1").placeholder("secret", "hunter2").value();
  ASSERT_TRUE(vault.flush().ok());
  const auto others = {vault.session("ann@example.com", "s2"), vault.session("bob@example.com", "s1"),
                       vault.session("ann@example.co", "ms1"), vault.session("", "ann@example.coms1")};
  for (const auto& other : others) {
    EXPECT_EQ(other.value(placeholder), std::nullopt);
    EXPECT_NE(other.placeholder("secret", "hunter2").value(), placeholder) << "a name says nothing across sessions";
  }
  auto options = test_vault(&store_, &clock_);
  options.key = std::string(32, 'z');
  Vault another_root(std::move(options));
  EXPECT_EQ(another_root.session("ann@example.com", "s1").value(placeholder), std::nullopt);
}

TEST_F(VaultTest, ForgetsWhatWasNotUsedForTooLong) {
  Vault vault(test_vault(&store_, &clock_));
  const auto session = vault.session("dev@example.com", "s1");
  const std::string used = session.placeholder("secret", "used").value();
  const std::string unused = session.placeholder("secret", "unused").value();
  clock_.advance(hours(24 * 5));
  EXPECT_EQ(session.placeholder("secret", "used").value(), used);
  EXPECT_EQ(session.value(unused), "unused");
  ASSERT_TRUE(vault.flush().ok());
  clock_.advance(hours(24 * 2));
  EXPECT_EQ(session.value(unused), std::nullopt) << "also before anybody cleaned up";
  ASSERT_TRUE(vault.flush().ok());
  EXPECT_EQ(session.value(unused), std::nullopt);
  EXPECT_EQ(session.value(used), "used");
  EXPECT_EQ(store_.rows().size(), 1U);
  clock_.advance(hours(24 * 7));
  ASSERT_TRUE(vault.flush().ok());
  EXPECT_EQ(store_.rows().size(), 0U);
}

TEST_F(VaultTest, GoesOnAfterARestart) {
  std::string placeholder;
  {
    Vault vault(test_vault(&store_, &clock_));
    placeholder = vault.session("dev@example.com", "s1").placeholder("secret", "hunter2").value();
    EXPECT_EQ(store_.rows().size(), 0U) << "never on the path of a request";
    ASSERT_TRUE(vault.flush().ok());
  }
  Vault vault(test_vault(&store_, &clock_));
  const auto session = vault.session("dev@example.com", "s1");
  EXPECT_EQ(session.value(placeholder), "hunter2");
  EXPECT_EQ(session.value(placeholder), "hunter2");
  EXPECT_EQ(store_.gets, 1U) << "read once";
  EXPECT_EQ(session.placeholder("secret", "hunter2").value(), placeholder);
}

TEST_F(VaultTest, WritesEachRowOnceAndAgainAfterAFailure) {
  Vault vault(test_vault(&store_, &clock_));
  const auto session = vault.session("dev@example.com", "s1");
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(session.placeholder("pii", std::to_string(i)).ok());
  store_.fails = true;
  EXPECT_FALSE(vault.flush().ok());
  store_.fails = false;
  ASSERT_TRUE(vault.flush().ok());
  EXPECT_EQ(store_.rows().size(), 1000U);
  EXPECT_EQ(store_.puts, 1000U);
  ASSERT_TRUE(session.placeholder("pii", "7").ok());
  ASSERT_TRUE(vault.flush().ok());
  EXPECT_EQ(store_.puts, 1000U) << "a turn of the conversation writes nothing that is known";
}

TEST_F(VaultTest, TakesNothingThatWasTamperedWithFromTheStore) {
  std::vector<std::string> placeholders;
  {
    Vault vault(test_vault(&store_, &clock_));
    const auto session = vault.session("dev@example.com", "s1");
    for (const char* value : {"first", "other"}) placeholders.push_back(session.placeholder("secret", value).value());
    ASSERT_TRUE(vault.flush().ok());
  }
  auto rows = store_.rows();
  ASSERT_EQ(rows.size(), 2U);
  std::swap(rows[0].sealed, rows[1].sealed);  // whoever can write the database cannot choose what is restored
  for (const auto& row : rows) store_.change(row);
  Vault vault(test_vault(&store_, &clock_));
  for (const std::string& placeholder : placeholders) {
    EXPECT_EQ(vault.session("dev@example.com", "s1").value(placeholder), std::nullopt);
  }
}

TEST_F(VaultTest, StoresNoOriginal) {
  Vault vault(test_vault(&store_, &clock_));
  ASSERT_TRUE(vault.session("dev@example.com", "s1").placeholder("secret", "hunter2-hunter2-hunter2").ok());
  ASSERT_TRUE(vault.flush().ok());
  for (const auto& row : store_.rows()) {
    EXPECT_EQ(row.sealed.find("hunter2"), std::string::npos);
    EXPECT_EQ(row.scope.find("dev@"), std::string::npos);
    EXPECT_EQ(row.scope.size(), 32U);
  }
}

TEST_F(VaultTest, ForgetsASessionOrAPerson) {
  Vault vault(test_vault(&store_, &clock_));
  const auto name = [&](const char* principal, const char* id) {
    return vault.session(principal, id).placeholder("secret", "hunter2").value();
  };
  const std::string ann1 = name("ann", "1"), ann2 = name("ann", "2"), ann3 = name("ann", "3"), bob1 = name("bob", "1");
  ASSERT_TRUE(vault.flush().ok());
  const auto held = vault.session("ann", "1");
  ASSERT_TRUE(vault.forget("ann", "1").ok());
  EXPECT_EQ(held.value(ann1), std::nullopt);
  EXPECT_EQ(vault.session("ann", "2").value(ann2), "hunter2");
  ASSERT_TRUE(vault.forget("ann").ok());
  ASSERT_TRUE(vault.flush().ok());
  EXPECT_EQ(vault.session("ann", "2").value(ann2), std::nullopt);
  EXPECT_EQ(vault.session("ann", "3").value(ann3), std::nullopt);
  EXPECT_EQ(vault.session("bob", "1").value(bob1), "hunter2");
  EXPECT_EQ(store_.rows().size(), 1U);
}

TEST_F(VaultTest, KeepsWithinItsMemoryAndPrefersWhatIsInUse) {
  auto options = test_vault(&store_, &clock_);
  options.bytes_max = 100'000;
  Vault vault(std::move(options));
  std::vector<std::string> placeholders;
  for (int i = 0; i < 200; ++i) {
    clock_.advance(std::chrono::seconds(1));
    auto placeholder = vault.session("dev", std::to_string(i)).placeholder("pii", std::string(1000, 'x'));
    ASSERT_TRUE(placeholder.ok()) << i;
    placeholders.push_back(*placeholder);
    ASSERT_TRUE(vault.flush().ok());
    EXPECT_LE(vault.bytes(), 100'000U);
  }
  EXPECT_EQ(vault.session("dev", "0").value(placeholders[0]), std::string(1000, 'x')) << "the store has it";
}

TEST_F(VaultTest, RefusesWhatHasNoRoomAndRecovers) {
  auto options = test_vault(&store_, &clock_);
  options.bytes_max = 50'000;
  Vault vault(std::move(options));
  {
    const auto session = vault.session("dev", "1");
    Result<std::string> last = session.placeholder("pii", "0");
    for (int i = 1; i < 1000 && last.ok(); ++i) last = session.placeholder("pii", std::to_string(i));
    ASSERT_FALSE(last.ok());
    EXPECT_EQ(last.error().code, ErrorCode::kUnavailable);
    EXPECT_LE(vault.bytes(), 50'000U);
    EXPECT_FALSE(vault.session("dev", "2").placeholder("pii", "x").ok()) << "what is unwritten does not go";
  }
  ASSERT_TRUE(vault.flush().ok());
  EXPECT_TRUE(vault.session("dev", "2").placeholder("pii", "x").ok());
}

TEST_F(VaultTest, ManySessionsWithoutValuesFillNoMemory) {
  auto options = test_vault(&store_, &clock_);
  options.bytes_max = 100'000;
  Vault vault(std::move(options));
  const auto in_use = vault.session("dev", "in use");
  const std::string placeholder = in_use.placeholder("pii", "kept").value();
  for (int i = 0; i < 10'000; ++i) {
    clock_.advance(std::chrono::milliseconds(200));
    vault.session("dev", std::to_string(i));
    ASSERT_LE(vault.bytes(), 102'000U);
  }
  EXPECT_EQ(in_use.value(placeholder), "kept");
}

TEST_F(VaultTest, ReturnsAllItsMemory) {
  Vault vault(test_vault(&store_, &clock_));
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(vault.session("dev", std::to_string(i % 7)).placeholder("pii", std::to_string(i)).ok());
  EXPECT_GT(vault.bytes(), 0U);
  clock_.advance(hours(24 * 8));
  ASSERT_TRUE(vault.flush().ok());
  EXPECT_EQ(vault.bytes(), 0U);
}

TEST_F(VaultTest, KnowsWhatIsLeftOfAPlaceholder) {
  Vault vault(test_vault(nullptr, &clock_));
  const auto session = vault.session("dev", "1");
  const std::string p = session.placeholder("secret", "hunter2").value();
  EXPECT_TRUE(session.resembles_placeholder(p.substr(0, 12)));
  EXPECT_TRUE(session.resembles_placeholder(p.substr(0, 12) + "zzzz"));
  EXPECT_FALSE(session.resembles_placeholder(p.substr(0, 11)));
  EXPECT_TRUE(session.resembles_placeholder("RVxx" + p.substr(12)));
  EXPECT_FALSE(session.resembles_placeholder("RVSomethingElse"));
  EXPECT_FALSE(vault.session("dev", "2").resembles_placeholder(p));
}

TEST_F(VaultTest, ManyThreadsLoseNothing) {
  auto options = test_vault(&store_);
  options.bytes_max = 2UL << 20U;
  Vault vault(std::move(options));
  std::atomic<bool> stop{false};
  std::thread flusher([&] {
    while (!stop) EXPECT_TRUE(vault.flush().ok());
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&vault, t] {
      for (int i = 0; i < 2000; ++i) {
        const auto session = vault.session("dev", std::to_string((t + i) % 50));
        const std::string value = "value " + std::to_string(i % 300);
        const auto placeholder = session.placeholder("secret", value);
        ASSERT_TRUE(placeholder.ok());
        ASSERT_EQ(session.value(*placeholder), value);
        EXPECT_TRUE(session.resembles_placeholder(*placeholder));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  stop = true;
  flusher.join();
}

}  // namespace
}  // namespace reeve::content
