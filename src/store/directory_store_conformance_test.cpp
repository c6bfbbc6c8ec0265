#include "store/directory_store_conformance.h"

#include "store/store.h"
#include "store/temporary_directory.h"

namespace reeve::store {
namespace {

class InMemory {
 public:
  static std::unique_ptr<InMemory> make() { return std::make_unique<InMemory>(); }
  identity::DirectoryStore& directory() { return *store_; }

 private:
  std::unique_ptr<identity::DirectoryStore> store_ = identity::make_memory_directory();
};

class Sqlite {
 public:
  static std::unique_ptr<Sqlite> make() { return std::make_unique<Sqlite>(); }
  identity::DirectoryStore& directory() { return store_.value()->directory(); }

 private:
  TemporaryDirectory directory_;
  Result<std::unique_ptr<Store>> store_ = Store::open_embedded(directory_.path());
};

INSTANTIATE_TYPED_TEST_SUITE_P(InMemory, DirectoryStoreConformance, InMemory);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, DirectoryStoreConformance, Sqlite);

}  // namespace
}  // namespace reeve::store
