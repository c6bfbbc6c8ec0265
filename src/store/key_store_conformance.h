#pragma once

// What every implementation of identity::KeyStore must do, whichever storage is below. A test file instantiates the
// suite with a type that has `static std::unique_ptr<T> make()` and `identity::KeyStore& keys()`, each instance with
// storage of its own.

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "core/crypto.h"
#include "identity/identity.h"

namespace reeve::store {

inline identity::VirtualKey sample_key(const std::string& id, std::int64_t created_seconds = 1'700'000'000) {
  identity::VirtualKey key;
  key.id = id;
  key.secret_hash = sha256("secret of " + id);
  key.hint = "rv_Ab3…9x";
  key.owner = "dev@example.com";
  key.team = "payments";
  key.type = "agent";
  key.groups = {"developers", "gruppe \"ä\", mit Komma", "payments"};
  key.scopes = {"models:claude-*", "operations:embeddings"};
  key.created = from_unix_seconds(created_seconds);
  key.expires = from_unix_seconds(created_seconds + 3600) + std::chrono::nanoseconds(7);
  key.note = "for the build; it's the one with '); DROP TABLE virtual_key; --";
  return key;
}

inline void expect_same(const identity::VirtualKey& left, const identity::VirtualKey& right) {
  EXPECT_EQ(left.id, right.id);
  EXPECT_EQ(left.secret_hash, right.secret_hash);
  EXPECT_EQ(left.hint, right.hint);
  EXPECT_EQ(left.owner, right.owner);
  EXPECT_EQ(left.team, right.team);
  EXPECT_EQ(left.type, right.type);
  EXPECT_EQ(left.groups, right.groups);
  EXPECT_EQ(left.scopes, right.scopes);
  EXPECT_EQ(left.created, right.created);
  EXPECT_EQ(left.expires, right.expires);
  EXPECT_EQ(left.revoked, right.revoked);
  EXPECT_EQ(left.note, right.note);
}

/// What read_changes() gives: the ids of the keys, "-" before them when everything follows.
class KeyNotes final : public identity::KeyReader {
 public:
  void forget_all() override { ids.assign(1, "-"); }
  Result<void> key(const identity::KeyRow& row) override {
    ids.emplace_back(row.id);
    last = identity::VirtualKey{.id = std::string(row.id),
                                .secret_hash = row.secret_hash,
                                .hint = {},
                                .owner = std::string(row.owner),
                                .team = std::string(row.team),
                                .type = std::string(row.type),
                                .groups = identity::names_from_json(row.groups).value(),
                                .scopes = identity::names_from_json(row.scopes).value(),
                                .created = row.created,
                                .expires = row.expires,
                                .revoked = row.revoked,
                                .note = {}};
    return {};
  }
  std::vector<std::string> ids;
  identity::VirtualKey last;
};

template <typename Storage>
class KeyStoreConformance : public ::testing::Test {
 protected:
  std::unique_ptr<Storage> storage_ = Storage::make();
  identity::KeyStore& keys() { return storage_->keys(); }
  std::vector<identity::VirtualKey> listed() {
    auto list = keys().list();
    EXPECT_TRUE(list.ok());
    return list.ok() ? *std::move(list) : std::vector<identity::VirtualKey>();
  }
  /// Reads what changed since the last time; the ids in order.
  std::vector<std::string> changed() {
    KeyNotes notes;
    const auto until = keys().read_changes(read_until_, notes);
    EXPECT_TRUE(until.ok());
    if (until.ok()) read_until_ = *until;
    last_ = notes.last;
    std::sort(notes.ids.begin(), notes.ids.end());
    return notes.ids;
  }
  std::uint64_t read_until_ = 0;
  identity::VirtualKey last_;
};
TYPED_TEST_SUITE_P(KeyStoreConformance);

TYPED_TEST_P(KeyStoreConformance, StartsEmpty) { EXPECT_TRUE(this->listed().empty()); }

TYPED_TEST_P(KeyStoreConformance, KeepsEveryField) {
  const auto full = sample_key("key_full");
  identity::VirtualKey bare;
  bare.id = "key_bare";
  bare.secret_hash = sha256("bare");
  bare.created = from_unix_seconds(1);
  ASSERT_TRUE(this->keys().insert(full).ok());
  ASSERT_TRUE(this->keys().insert(bare).ok());
  const auto list = this->listed();
  ASSERT_EQ(list.size(), 2u);
  expect_same(list[0], bare);
  expect_same(list[1], full);
}

TYPED_TEST_P(KeyStoreConformance, ListsOldestFirst) {
  ASSERT_TRUE(this->keys().insert(sample_key("key_b", 200)).ok());
  ASSERT_TRUE(this->keys().insert(sample_key("key_c", 100)).ok());
  ASSERT_TRUE(this->keys().insert(sample_key("key_a", 200)).ok());
  const auto list = this->listed();
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].id, "key_c");
  EXPECT_EQ(list[1].id, "key_a");
  EXPECT_EQ(list[2].id, "key_b");
}

TYPED_TEST_P(KeyStoreConformance, RefusesASecondKeyOfTheSameIdOrSecret) {
  ASSERT_TRUE(this->keys().insert(sample_key("key_one")).ok());
  auto same_id = sample_key("key_one");
  same_id.secret_hash = sha256("another secret");
  auto same_secret = sample_key("key_one");
  same_secret.id = "key_two";
  for (const auto& key : {same_id, same_secret}) {
    const auto inserted = this->keys().insert(key);
    ASSERT_FALSE(inserted.ok());
    EXPECT_EQ(inserted.error().code, ErrorCode::kConflict);
  }
  EXPECT_EQ(this->listed().size(), 1u);
}

TYPED_TEST_P(KeyStoreConformance, RevokesOnceAndKeepsTheFirstTime) {
  ASSERT_TRUE(this->keys().insert(sample_key("key_one")).ok());
  ASSERT_TRUE(this->keys().insert(sample_key("key_two")).ok());
  ASSERT_TRUE(this->keys().revoke("key_one", from_unix_seconds(50)).ok());
  ASSERT_TRUE(this->keys().revoke("key_one", from_unix_seconds(60)).ok());
  const auto list = this->listed();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].revoked, from_unix_seconds(50));
  EXPECT_FALSE(list[1].revoked);
}

TYPED_TEST_P(KeyStoreConformance, SaysWhenThereIsNothingToRevoke) {
  const auto revoked = this->keys().revoke("key_none", from_unix_seconds(50));
  ASSERT_FALSE(revoked.ok());
  EXPECT_EQ(revoked.error().code, ErrorCode::kNotFound);
}

TYPED_TEST_P(KeyStoreConformance, GenerationMovesWithEveryChangeAndOnlyThen) {
  const auto start = this->keys().generation();
  EXPECT_TRUE(this->listed().empty());
  EXPECT_EQ(this->keys().generation(), start);
  ASSERT_TRUE(this->keys().insert(sample_key("key_one")).ok());
  const auto inserted = this->keys().generation();
  EXPECT_GT(inserted, start);
  ASSERT_FALSE(this->keys().insert(sample_key("key_one")).ok());
  ASSERT_FALSE(this->keys().revoke("key_none", from_unix_seconds(1)).ok());
  EXPECT_EQ(this->keys().generation(), inserted);
  ASSERT_TRUE(this->keys().revoke("key_one", from_unix_seconds(1)).ok());
  EXPECT_GT(this->keys().generation(), inserted);
}

TYPED_TEST_P(KeyStoreConformance, ReadsAllAtFirstAndThenWhatChanged) {
  using Ids = std::vector<std::string>;
  auto first = sample_key("key_1");
  ASSERT_TRUE(this->keys().insert(first).ok());
  ASSERT_TRUE(this->keys().insert(sample_key("key_2")).ok());
  EXPECT_EQ(this->changed(), (Ids{"-", "key_1", "key_2"}));
  EXPECT_EQ(this->changed(), Ids());
  ASSERT_TRUE(this->keys().insert(sample_key("key_3")).ok());
  ASSERT_TRUE(this->keys().revoke("key_1", from_unix_seconds(7)).ok());
  EXPECT_EQ(this->changed(), (Ids{"key_1", "key_3"}));
  ASSERT_FALSE(this->keys().insert(first).ok());
  EXPECT_EQ(this->changed(), Ids());
  this->read_until_ = 1'000'000;
  EXPECT_EQ(this->changed(), (Ids{"-", "key_1", "key_2", "key_3"})) << "of a newer storage than this one";
}

TYPED_TEST_P(KeyStoreConformance, ReadsEveryFieldThatDecides) {
  this->changed();
  auto key = sample_key("key_full");
  ASSERT_TRUE(this->keys().insert(key).ok());
  ASSERT_TRUE(this->keys().revoke(key.id, from_unix_seconds(9)).ok());
  this->changed();
  key.revoked = from_unix_seconds(9);
  key.hint.clear();
  key.note.clear();
  expect_same(this->last_, key);
}

TYPED_TEST_P(KeyStoreConformance, ManyThreadsLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kEach = 10;
  const auto start = this->keys().generation();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string id = "key_" + std::to_string(t) + "_" + std::to_string(i);
        EXPECT_TRUE(this->keys().insert(sample_key(id)).ok());
        EXPECT_TRUE(this->keys().list().ok());
        if (i % 2 == 0) EXPECT_TRUE(this->keys().revoke(id, from_unix_seconds(5)).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto list = this->listed();
  EXPECT_EQ(list.size(), std::size_t{kThreads * kEach});
  EXPECT_EQ(std::count_if(list.begin(), list.end(), [](const auto& key) { return key.revoked.has_value(); }),
            kThreads * kEach / 2);
  EXPECT_GE(this->keys().generation(), start + kThreads * kEach * 3 / 2);
}

REGISTER_TYPED_TEST_SUITE_P(KeyStoreConformance, StartsEmpty, KeepsEveryField, ListsOldestFirst,
                            RefusesASecondKeyOfTheSameIdOrSecret, RevokesOnceAndKeepsTheFirstTime,
                            SaysWhenThereIsNothingToRevoke, GenerationMovesWithEveryChangeAndOnlyThen,
                            ReadsAllAtFirstAndThenWhatChanged, ReadsEveryFieldThatDecides, ManyThreadsLoseNothing);

}  // namespace reeve::store
