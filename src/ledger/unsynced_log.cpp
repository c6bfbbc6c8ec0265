#include "ledger/unsynced_log.h"

#include <cerrno>

#include "ledger/file_system.h"
#include "ledger/log.h"

namespace reeve::ledger {

namespace {

class UnsyncedFileSystem final : public FileSystem {
 public:
  int fdatasync(int) override { return 0; }
  int fsync(int) override { return 0; }
  int set_direct(int, bool) override {
    errno = EINVAL;
    return -1;
  }
};

}  // namespace

Result<std::unique_ptr<Log>> open_unsynced_log(LogOptions options) {
  static UnsyncedFileSystem system;
  return open_log(std::move(options), system);
}

}  // namespace reeve::ledger
