#pragma once

// What every implementation of identity::BreakGlassStore must do, whichever storage is below. A test file instantiates
// the suite with a type that has `static std::unique_ptr<T> make()` and `Store& store()` with `break_glass()`,
// `notifications()` and `unrecorded_notes()`, each instance with storage of its own.

#include <gtest/gtest.h>

#include "store/store.h"

namespace reeve::store {

template <typename Storage>
class BreakGlassConformance : public ::testing::Test {
 protected:
  std::unique_ptr<Storage> storage_ = Storage::make();
  identity::BreakGlassStore& glass() { return storage_->store().break_glass(); }
  Result<void> seal(const std::string& salt, std::int64_t seconds = 5) {
    identity::BreakGlassSeal made;
    made.salt = salt;
    made.code_hash = std::string("hash\0of it", 10);
    made.sealed_by = "ada@example.com";
    made.sealed_at = from_unix_seconds(seconds);
    return glass().seal(made, {"break_glass.sealed", "{}"});
  }
  identity::BreakGlassSeal newest() { return glass().newest().value().value(); }
  static identity::BreakGlassSeal opened(identity::BreakGlassSeal seal) {
    seal.opened_at = from_unix_seconds(50);
    seal.opened_by = "bob@example.com";
    seal.reason = "it's '); DROP TABLE break_glass; --";
    seal.expires = from_unix_seconds(3'650);
    return seal;
  }
  std::vector<std::string> told() {
    std::vector<std::string> kinds;
    const auto notes = storage_->store().unrecorded_notes().value();
    for (const Note& note : notes) kinds.push_back(note.kind);
    return kinds;
  }
};
TYPED_TEST_SUITE_P(BreakGlassConformance);

TYPED_TEST_P(BreakGlassConformance, StartsWithoutASeal) { EXPECT_FALSE(this->glass().newest().value()); }

TYPED_TEST_P(BreakGlassConformance, KeepsTheNewestSealWhole) {
  ASSERT_TRUE(this->seal("first").ok());
  ASSERT_TRUE(this->seal("second", 6).ok());
  const auto seal = this->newest();
  EXPECT_EQ(seal.salt, "second");
  EXPECT_EQ(seal.code_hash, std::string("hash\0of it", 10));
  EXPECT_EQ(seal.sealed_by, "ada@example.com");
  EXPECT_EQ(seal.sealed_at, from_unix_seconds(6));
  EXPECT_EQ(seal.failures, 0);
  EXPECT_FALSE(seal.opened_at);
}

TYPED_TEST_P(BreakGlassConformance, OpensOnceAndOnlyTheNewest) {
  ASSERT_TRUE(this->seal("first").ok());
  const auto old = this->newest();
  ASSERT_TRUE(this->seal("second").ok());
  EXPECT_EQ(this->glass().open(this->opened(old), {"break_glass.opened", "{}"}).error().code, ErrorCode::kConflict);
  const auto wanted = this->opened(this->newest());
  ASSERT_TRUE(this->glass().open(wanted, {"break_glass.opened", "{}"}).ok());
  EXPECT_EQ(this->glass().open(wanted, {"break_glass.opened", "{}"}).error().code, ErrorCode::kConflict);
  const auto seal = this->newest();
  EXPECT_EQ(seal.opened_at, wanted.opened_at);
  EXPECT_EQ(seal.opened_by, wanted.opened_by);
  EXPECT_EQ(seal.reason, wanted.reason);
  EXPECT_EQ(seal.expires, wanted.expires);
  EXPECT_EQ(this->told(), (std::vector<std::string>{"break_glass.sealed", "break_glass.sealed", "break_glass.opened"}));
}

TYPED_TEST_P(BreakGlassConformance, CountsFailuresAndTellsEverybodyOfEach) {
  ASSERT_TRUE(this->seal("first").ok());
  const auto number = this->newest().number;
  ASSERT_TRUE(this->glass().count_failure(number, {"break_glass.refused", "{}"}).ok());
  ASSERT_TRUE(this->glass().count_failure(number, {"break_glass.refused", "{}"}).ok());
  EXPECT_EQ(this->newest().failures, 2);
  EXPECT_EQ(this->told().size(), 3u);
  EXPECT_EQ(this->storage_->store().notifications().unrouted()->size(), 3u);
}

REGISTER_TYPED_TEST_SUITE_P(BreakGlassConformance, StartsWithoutASeal, KeepsTheNewestSealWhole,
                            OpensOnceAndOnlyTheNewest, CountsFailuresAndTellsEverybodyOfEach);

}  // namespace reeve::store
