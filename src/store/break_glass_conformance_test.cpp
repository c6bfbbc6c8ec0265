#include "store/break_glass_conformance.h"

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

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, BreakGlassConformance, Sqlite);

}  // namespace
}  // namespace reeve::store
