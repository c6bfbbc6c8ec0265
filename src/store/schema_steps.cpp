#include "store/schema_steps.h"

#include "core/bytes.h"
#include "core/crypto.h"

namespace reeve::store {

std::string checksum(const Migration& migration) { return to_hex(as_bytes(sha256(migration.sql))); }

Result<void> check_taken(std::span<const Migration> migrations, std::size_t position, std::int64_t version,
                         std::string_view recorded_checksum, const std::string& where) {
  if (position >= migrations.size()) {
    return Error{ErrorCode::kInvalid, where + " was made by a newer Reeve (its schema is version " +
                                          std::to_string(version) + ", this program knows version " +
                                          std::to_string(migrations.size()) + "); run that version or a later one"};
  }
  if (version != migrations[position].version || recorded_checksum != checksum(migrations[position])) {
    return Error{ErrorCode::kCorrupt, "step " + std::to_string(version) + " of the schema of " + where +
                                          " is not the one this program carries; it was "
                                          "made by a different build of Reeve, or changed by hand"};
  }
  return {};
}

}  // namespace reeve::store
