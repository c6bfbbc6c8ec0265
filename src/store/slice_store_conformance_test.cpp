// In memory; tests/postgres runs the same suite on PostgreSQL.

#include "store/slice_store_conformance.h"

#include "store/memory_slice_store.h"

namespace reeve::store {
namespace {

class Memory {
 public:
  static std::unique_ptr<Memory> make() { return std::make_unique<Memory>(); }
  std::unique_ptr<spend::SliceStore> open() { return std::make_unique<MemorySliceStore>(shared_); }

 private:
  std::shared_ptr<MemorySlices> shared_ = std::make_shared<MemorySlices>();
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, SliceStoreConformance, Memory);

}  // namespace
}  // namespace reeve::store
