#pragma once

// What every implementation of content::PlaceholderStore must do, whichever storage is below. A test file instantiates
// the suite with a type that has `static std::unique_ptr<T> make()` and `content::PlaceholderStore& placeholders()`,
// each instance with storage of its own.

#include <gtest/gtest.h>

#include <thread>

#include "content/content.h"

namespace reeve::store {

/// Scopes of one principal begin alike: with 16 times its letter, zero and all.
inline content::PlaceholderStore::Row sample_row(char principal, char session, int number, std::int64_t expires = 100) {
  std::string name = "RVSE" + std::to_string(number) + "X";
  name.resize(content::kPlaceholderBytes, '0');
  return {.scope = std::string(16, principal) + std::string(16, session),
          .placeholder = name,
          .sealed = "sealed \x01\xFF '); DROP TABLE placeholder; -- " + std::to_string(number),
          .expires = from_unix_seconds(expires) + std::chrono::nanoseconds(7)};
}

template <typename Storage>
class PlaceholderStoreConformance : public ::testing::Test {
 protected:
  std::unique_ptr<Storage> storage_ = Storage::make();
  content::PlaceholderStore& store() { return storage_->placeholders(); }
  bool has(const content::PlaceholderStore::Row& row) {
    const auto got = store().get(row.scope, row.placeholder);
    EXPECT_TRUE(got.ok());
    if (!got.ok() || !*got) return false;
    EXPECT_EQ((*got)->scope, row.scope);
    EXPECT_EQ((*got)->placeholder, row.placeholder);
    EXPECT_EQ((*got)->sealed, row.sealed);
    EXPECT_EQ((*got)->expires, row.expires);
    return true;
  }
};
TYPED_TEST_SUITE_P(PlaceholderStoreConformance);

TYPED_TEST_P(PlaceholderStoreConformance, StartsEmpty) {
  EXPECT_FALSE(this->has(sample_row('a', '1', 1)));
  EXPECT_EQ(this->store().remove_expired(from_unix_seconds(1'000'000)).value(), 0U);
  EXPECT_EQ(this->store().remove_scope(std::string(32, 'a')).value(), 0U);
  EXPECT_TRUE(this->store().put({}).ok());
}

TYPED_TEST_P(PlaceholderStoreConformance, KeepsEveryFieldByScopeAndName) {
  auto row = sample_row('a', '1', 1);
  row.scope[3] = '\0';
  const auto large = [] {
    auto made = sample_row('\xFF', '\xFF', 2);
    made.sealed.assign(2'000'000, '\x80');
    return made;
  }();
  ASSERT_TRUE(this->store().put({row, large}).ok());
  EXPECT_TRUE(this->has(row));
  EXPECT_TRUE(this->has(large));
  auto other = row;
  other.scope[31] = '2';
  EXPECT_FALSE(this->has(other)) << "another session's";
  other = row;
  other.placeholder[19] = '1';
  EXPECT_FALSE(this->has(other));
}

TYPED_TEST_P(PlaceholderStoreConformance, TheLastOneWrittenHolds) {
  auto row = sample_row('a', '1', 1, 100);
  ASSERT_TRUE(this->store().put({row}).ok());
  row.expires = from_unix_seconds(500);
  row.sealed = "sealed anew";
  ASSERT_TRUE(this->store().put({row, sample_row('a', '1', 2)}).ok());
  EXPECT_TRUE(this->has(row));
}

TYPED_TEST_P(PlaceholderStoreConformance, ABadRowLeavesNothingBehind) {
  const auto good = sample_row('a', '1', 1);
  auto bad = sample_row('a', '1', 2);
  bad.scope.pop_back();
  auto put = this->store().put({good, bad});
  ASSERT_FALSE(put.ok());
  EXPECT_EQ(put.error().code, ErrorCode::kInvalid);
  bad = sample_row('a', '1', 2);
  bad.placeholder += '0';
  EXPECT_FALSE(this->store().put({good, bad}).ok());
  bad = sample_row('a', '1', 2);
  bad.sealed.clear();
  EXPECT_FALSE(this->store().put({good, bad}).ok());
  EXPECT_FALSE(this->has(good));
}

TYPED_TEST_P(PlaceholderStoreConformance, RemovesWhatExpired) {
  std::vector<content::PlaceholderStore::Row> rows;
  for (int i = 0; i < 10; ++i) rows.push_back(sample_row('a', '1', i, i));
  ASSERT_TRUE(this->store().put(rows).ok());
  EXPECT_EQ(this->store().remove_expired(rows[4].expires).value(), 5U);
  EXPECT_FALSE(this->has(rows[4])) << "at that very moment";
  EXPECT_TRUE(this->has(rows[5]));
  EXPECT_EQ(this->store().remove_expired(rows[4].expires).value(), 0U);
}

TYPED_TEST_P(PlaceholderStoreConformance, RemovesASessionOrAPrincipal) {
  for (const char principal : {'a', 'b', '\xFF'}) {
    for (const char session : {'\0', '1', '\xFF'}) {
      ASSERT_TRUE(this->store().put({sample_row(principal, session, 1), sample_row(principal, session, 2)}).ok());
    }
  }
  EXPECT_EQ(this->store().remove_scope(sample_row('a', '1', 1).scope).value(), 2U);
  EXPECT_FALSE(this->has(sample_row('a', '1', 1)));
  EXPECT_TRUE(this->has(sample_row('a', '\0', 1)));
  EXPECT_EQ(this->store().remove_scope(std::string(16, 'a')).value(), 4U);
  EXPECT_EQ(this->store().remove_scope(std::string(16, '\xFF')).value(), 6U);
  for (const char session : {'\0', '1', '\xFF'}) EXPECT_TRUE(this->has(sample_row('b', session, 2)));
  for (const std::size_t size : {0U, 1U, 15U, 31U, 33U}) {
    const auto removed = this->store().remove_scope(std::string(size, 'b'));
    ASSERT_FALSE(removed.ok()) << "half a scope must not take many people's rows";
    EXPECT_EQ(removed.error().code, ErrorCode::kInvalid);
  }
}

TYPED_TEST_P(PlaceholderStoreConformance, ManyThreadsLoseNothing) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 20; ++i) {
        const auto row = sample_row(static_cast<char>('a' + t), '1', i);
        EXPECT_TRUE(this->store().put({row}).ok());
        EXPECT_TRUE(this->has(row));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int t = 0; t < 4; ++t)
    EXPECT_EQ(this->store().remove_scope(std::string(16, static_cast<char>('a' + t))).value(), 20U);
}

REGISTER_TYPED_TEST_SUITE_P(PlaceholderStoreConformance, StartsEmpty, KeepsEveryFieldByScopeAndName,
                            TheLastOneWrittenHolds, ABadRowLeavesNothingBehind, RemovesWhatExpired,
                            RemovesASessionOrAPrincipal, ManyThreadsLoseNothing);

}  // namespace reeve::store
