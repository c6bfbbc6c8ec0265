#include "store/check_register_conformance.h"

#include "store/store.h"
#include "store/temporary_directory.h"

namespace reeve::store {
namespace {

class Sqlite {
 public:
  static std::unique_ptr<Sqlite> make() { return std::make_unique<Sqlite>(); }
  policy::CheckRegister& checks() { return store_.value()->checks(); }

 private:
  TemporaryDirectory directory_;
  Result<std::unique_ptr<Store>> store_ = Store::open_embedded(directory_.path());
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, CheckRegisterConformance, Sqlite);

}  // namespace
}  // namespace reeve::store
