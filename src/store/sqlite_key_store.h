#pragma once

// identity::KeyStore on SQLite. One connection writes and one reads, each behind its own lock, so that a reader never
// waits for a writer.

#include <mutex>

#include "identity/identity.h"
#include "store/change_counter.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace reeve::store {

class SqliteKeyStore final : public identity::KeyStore {
 public:
  /// The schema must be there.
  SqliteKeyStore(Database writer, Database reader, GenerationFile generation)
      : writer_(std::move(writer)), reader_(std::move(reader)), changes_("virtual_key", std::move(generation)) {}

  Result<void> insert(const identity::VirtualKey& key) override;
  Result<std::vector<identity::VirtualKey>> list() override;
  Result<void> revoke(std::string_view id, Instant when) override;
  Result<std::uint64_t> read_changes(std::uint64_t since, identity::KeyReader& reader) override;
  std::uint64_t generation() const override { return changes_.generation(); }

  /// As in Store: unrecorded_key_changes(), key_changes_recorded(), ledger_ends_at(), catch_up().
  Result<std::vector<KeyChange>> unrecorded();
  Result<void> recorded(std::span<const KeyChange> changes);
  Result<void> forget_entries_from(std::uint64_t entry);
  Result<void> catch_up() { return changes_.catch_up(reader_, reading_); }

 private:
  std::mutex writing_;
  Database writer_;
  std::mutex reading_;
  Database reader_;
  ChangeCounter changes_;
};

}  // namespace reeve::store
