// On SQLite; tests/postgres runs the same suite on PostgreSQL.

#include "store/register_store_conformance.h"

#include "store/temporary_directory.h"

namespace reeve::store {
namespace {

class Sqlite {
 public:
  static std::unique_ptr<Sqlite> make() { return std::make_unique<Sqlite>(); }
  control::RegisterStore& rows() { return store_.value()->governed(); }
  control::NotificationQueue& queue() { return store_.value()->notifications(); }
  Result<std::vector<Note>> notes() { return store_.value()->unrecorded_notes(); }

 private:
  TemporaryDirectory directory_;
  Result<std::unique_ptr<Store>> store_ = Store::open_embedded(directory_.path());
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, RegisterStoreConformance, Sqlite);

}  // namespace
}  // namespace reeve::store
