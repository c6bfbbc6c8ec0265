#include "store/grant_store_conformance.h"

#include "store/store.h"
#include "store/temporary_directory.h"

namespace reeve::store {
namespace {

class InMemory {
 public:
  static std::unique_ptr<InMemory> make() { return std::make_unique<InMemory>(); }
  identity::GrantStore& grants() { return *grants_; }

 private:
  std::unique_ptr<identity::GrantStore> grants_ = identity::make_memory_grant_store();
};

class Sqlite {
 public:
  static std::unique_ptr<Sqlite> make() { return std::make_unique<Sqlite>(); }
  identity::GrantStore& grants() { return store_.value()->grants(); }

 private:
  TemporaryDirectory directory_;
  Result<std::unique_ptr<Store>> store_ = Store::open_embedded(directory_.path());
};

INSTANTIATE_TYPED_TEST_SUITE_P(InMemory, GrantStoreConformance, InMemory);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, GrantStoreConformance, Sqlite);

TEST(SqliteGrants, WhatTheLedgerTellsOfAnEndIsKeptWithIt) {
  TemporaryDirectory directory;
  const auto store = Store::open_embedded(directory.path()).value();
  for (const char* id : {"sgn_1", "sgn_2"}) ASSERT_TRUE(store->grants().apply({{}, {}, sample_session(id)}).ok());
  const Instant now = from_unix_seconds(1'700'000'300);
  ASSERT_TRUE(store->grants().end_session("sgn_1", {now, "signed out", "dev@example.com"}).value());
  ASSERT_FALSE(store->grants().end_session("sgn_1", {now, "again", ""}).value());
  ASSERT_EQ(store->grants().end_sessions_of("DEV@example.com", {now, "left", ""}).value().size(), 1u);
  const auto notes = store->unrecorded_notes().value();
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_EQ(notes[0].kind, identity::kSignInEndedKind);
  EXPECT_EQ(notes[0].detail,
            R"({"by":"dev@example.com","person":"dev@example.com","reason":"signed out","sign_in":"sgn_1"})");
  EXPECT_EQ(notes[1].detail, R"({"person":"dev@example.com","reason":"left","sign_in":"sgn_2"})");
}

}  // namespace
}  // namespace reeve::store
