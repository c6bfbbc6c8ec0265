#include "store/migrations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "store/temporary_directory.h"

namespace reeve::store {
namespace {

using ::testing::HasSubstr;

constexpr Migration kFirst = {1, "first", "CREATE TABLE one (x INTEGER) STRICT"};
constexpr Migration kSecond = {2, "second", "CREATE TABLE two (x INTEGER) STRICT; INSERT INTO two VALUES (7)"};
constexpr Migration kBroken = {2, "broken", "CREATE TABLE two (x INTEGER) STRICT; INSERT INTO nowhere VALUES (7)"};

class Migrations : public ::testing::Test {
 protected:
  Database open() { return Database::open(directory_.path() / "test.db").value(); }
  TemporaryDirectory directory_;
};

TEST_F(Migrations, TakesOnlyTheStepsThatAreMissing) {
  auto database = open();
  ASSERT_TRUE(migrate(database, std::array{kFirst}).ok());
  ASSERT_TRUE(migrate(database, std::array{kFirst, kSecond}).ok());
  ASSERT_TRUE(migrate(database, std::array{kFirst, kSecond}).ok());
  EXPECT_EQ(database.integer("SELECT count(*) FROM schema_migration").value(), 2);
  EXPECT_EQ(database.integer("SELECT sum(x) FROM two").value(), 7);
}

TEST_F(Migrations, AFailingStepLeavesNothingBehind) {
  auto database = open();
  const auto migrated = migrate(database, std::array{kFirst, kBroken});
  ASSERT_FALSE(migrated.ok());
  EXPECT_THAT(migrated.error().message, HasSubstr("broken"));
  EXPECT_EQ(database.integer("SELECT count(*) FROM sqlite_schema").value(), 0);
  ASSERT_TRUE(migrate(database, std::array{kFirst, kSecond}).ok()) << "a corrected program can go on";
}

TEST_F(Migrations, NoticesAnEditedStep) {
  auto database = open();
  ASSERT_TRUE(migrate(database, std::array{kFirst, kSecond}).ok());
  const auto migrated = migrate(database, std::array{kFirst, kBroken});
  ASSERT_FALSE(migrated.ok());
  EXPECT_EQ(migrated.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(migrated.error().message, HasSubstr("step 2"));
}

TEST_F(Migrations, NoticesANewerSchema) {
  auto database = open();
  ASSERT_TRUE(migrate(database, std::array{kFirst, kSecond}).ok());
  const auto migrated = migrate(database, std::array{kFirst});
  ASSERT_FALSE(migrated.ok());
  EXPECT_EQ(migrated.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(migrated.error().message, HasSubstr("newer"));
}

TEST_F(Migrations, TheEmbeddedOnesAreNumberedWithoutGaps) {
  std::int64_t expected = 1;
  for (const Migration& migration : embedded_migrations()) EXPECT_EQ(migration.version, expected++);
}

TEST_F(Migrations, CommitsAreDurableAndForeignKeysHold) {
  auto database = open();
  EXPECT_EQ(database.integer("PRAGMA synchronous").value(), 2);
  EXPECT_EQ(database.integer("PRAGMA foreign_keys").value(), 1);
}

}  // namespace
}  // namespace reeve::store
