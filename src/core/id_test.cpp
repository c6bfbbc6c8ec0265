#include "core/id.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

#include "core/time.h"

namespace reeve {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

std::int64_t milliseconds_of(std::string_view id) {
  std::int64_t value = 0;
  for (const char c : id.substr(id.find('_') + 1, 10)) value = value * 32 + static_cast<std::int64_t>(kDigits.find(c));
  return value;
}

TEST(Ids, HaveTheFormOfAUlidBehindThePrefix) {
  const auto before = system_clock().now().nanoseconds / 1'000'000;
  const std::string id = make_id("req");
  const auto after = system_clock().now().nanoseconds / 1'000'000;
  ASSERT_EQ(id.size(), 30U);
  EXPECT_TRUE(id.starts_with("req_0"));
  EXPECT_EQ(id.substr(4).find_first_not_of(kDigits), std::string::npos);
  EXPECT_GE(milliseconds_of(id), before);
  EXPECT_LE(milliseconds_of(id), after);
}

TEST(Ids, DifferOnOneThreadAndAcrossThreads) {
  std::vector<std::vector<std::string>> made(4);
  std::vector<std::thread> threads;
  threads.reserve(made.size());
  for (auto& own : made) {
    threads.emplace_back([&own] {
      for (int i = 0; i < 5000; ++i) own.push_back(make_id("x"));
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& own : made) all.insert(own.begin(), own.end());
  EXPECT_EQ(all.size(), 20'000U);
}

TEST(Ids, UseEveryDigitOfTheirRandomPart) {
  std::array<std::set<char>, 16> seen;
  for (int i = 0; i < 3000; ++i) {
    const std::string id = make_id("x");
    for (std::size_t at = 0; at < 16; ++at) seen[at].insert(id[12 + at]);
  }
  for (const auto& digits : seen) EXPECT_EQ(digits.size(), 32U);
}

}  // namespace
}  // namespace reeve
