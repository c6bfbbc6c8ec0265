#pragma once

// identity::KeyStore on SQLite. One connection writes and one reads, each behind its own lock, so that a reader never
// waits for a writer. The order that makes a revocation hold for the next request: commit, then bump the generation
// file, then return.

#include <mutex>

#include "identity/identity.h"
#include "store/generation_file.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace reeve::store {

class SqliteKeyStore final : public identity::KeyStore {
 public:
  /// The schema must be there.
  SqliteKeyStore(Database writer, Database reader, GenerationFile generation)
      : writer_(std::move(writer)), reader_(std::move(reader)), generation_(std::move(generation)) {}

  Result<void> insert(const identity::VirtualKey& key) override;
  Result<std::vector<identity::VirtualKey>> list() override;
  Result<void> revoke(std::string_view id, Instant when) override;
  std::uint64_t generation() const override { return generation_.value(); }

  /// As in Store: unrecorded_key_changes(), key_changes_recorded(), ledger_ends_at().
  Result<std::vector<KeyChange>> unrecorded();
  Result<void> recorded(std::span<const KeyChange> changes);
  Result<void> forget_entries_from(std::uint64_t entry);

  /// Bumps the generation when the keys' change counter in the database is not the one seen here last.
  Result<void> catch_up();

 private:
  void announce();

  std::mutex writing_;
  Database writer_;
  std::mutex reading_;
  Database reader_;
  std::int64_t seen_data_version_ = -1;    // of reader_
  std::int64_t seen_change_counter_ = -1;  // under reading_
  GenerationFile generation_;
};

}  // namespace reeve::store
