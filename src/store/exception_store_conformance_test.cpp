#include "store/exception_store_conformance.h"

#include "store/sqlite.h"
#include "store/temporary_directory.h"

namespace reeve::store {
namespace {

class Sqlite {
 public:
  static std::unique_ptr<Sqlite> make() { return std::make_unique<Sqlite>(); }
  Store& store() { return *store_.value(); }

 private:
  TemporaryDirectory directory_;
  Result<std::unique_ptr<Store>> store_ = Store::open_embedded(directory_.path());
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, ExceptionStoreConformance, Sqlite);

TEST(SqliteExceptionStore, IsSeenByOtherOpeningsAndLaterOnes) {
  const TemporaryDirectory directory;
  auto store = Store::open_embedded(directory.path()).value();
  const auto other = Store::open_embedded(directory.path()).value();
  const auto before = other->exceptions().generation();
  const auto request = sample_request();
  ASSERT_TRUE(store->exceptions().insert(request, sample_step(request, "exception.requested")).ok());
  EXPECT_NE(other->exceptions().generation(), before);
  EXPECT_EQ(other->exceptions().list()->size(), 1u);
  store = Store::open_embedded(directory.path()).value();
  EXPECT_EQ(store->exceptions().list()->size(), 1u);
}

TEST(SqliteExceptionStore, CatchesUpWithAChangeThatNobodyAnnounced) {
  const TemporaryDirectory directory;
  const auto store = Store::open_embedded(directory.path()).value();
  ASSERT_TRUE(store->catch_up().ok());
  auto database = Database::open(directory.path() / "reeve.db");
  ASSERT_TRUE(database.ok());
  for (const char* change : {"INSERT INTO exception_request (id, version, document) VALUES ('ex-1', 1, '{}')",
                             "UPDATE exception_request SET version = 2", "DELETE FROM exception_request"}) {
    const auto before = store->exceptions().generation();
    ASSERT_TRUE(database->execute(change).ok());
    ASSERT_TRUE(store->catch_up().ok());
    EXPECT_NE(store->exceptions().generation(), before) << change;
  }
}

TEST(SqliteExceptionStore, SaysWhichRowIsDamaged) {
  const TemporaryDirectory directory;
  const auto store = Store::open_embedded(directory.path()).value();
  auto database = Database::open(directory.path() / "reeve.db");
  ASSERT_TRUE(
      database->execute("INSERT INTO exception_request (id, version, document) VALUES ('ex-1', 1, '{\"id\":\"ex-1\"}')")
          .ok());
  const auto list = store->exceptions().list();
  ASSERT_FALSE(list.ok());
  EXPECT_EQ(list.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(list.error().message.find("ex-1"), std::string::npos);
}

}  // namespace
}  // namespace reeve::store
