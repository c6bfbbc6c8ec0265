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

}  // namespace
}  // namespace reeve::store
