#include "store/key_store_conformance.h"

#include "store/store.h"
#include "store/temporary_directory.h"

namespace reeve::store {
namespace {

class InMemory {
 public:
  static std::unique_ptr<InMemory> make() { return std::make_unique<InMemory>(); }
  identity::KeyStore& keys() { return *keys_; }

 private:
  std::unique_ptr<identity::KeyStore> keys_ = identity::make_memory_key_store();
};

class Sqlite {
 public:
  static std::unique_ptr<Sqlite> make() { return std::make_unique<Sqlite>(); }
  identity::KeyStore& keys() { return store_.value()->keys(); }

 private:
  TemporaryDirectory directory_;
  Result<std::unique_ptr<Store>> store_ = Store::open_embedded(directory_.path());
};

INSTANTIATE_TYPED_TEST_SUITE_P(InMemory, KeyStoreConformance, InMemory);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, KeyStoreConformance, Sqlite);

}  // namespace
}  // namespace reeve::store
