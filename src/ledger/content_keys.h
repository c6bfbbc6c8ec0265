#pragma once

// The keys of sealed content, and the holds that keep them from being destroyed.
//
//   subjects/SUBJECT/DAY[-CLASS] = key id 8 | a key, sealed under the root key 60
//   keys/SUBJECT                 = the same, of a subject for all days: written by versions before retention classes
//   holds/SUBJECT, holds/all     = a hold, sealed under the root key
//
// SUBJECT is hexadecimal of 16 bytes that stand for a person, DAY counts from 1970-01-01 in UTC. A key for each day and
// class lets content end on time without touching what lies beside it; a directory for each subject lets a person be
// erased without looking at anybody else's keys.

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "ledger/content_vault.h"
#include "ledger/file_system.h"

namespace reeve::ledger {

/// Keys that follow from the root key, each for one purpose.
struct ContentKeys {
  explicit ContentKeys(std::string_view root_key);
  std::string wrap, commitment, names, holds;

  /// 16 bytes that stand for a subject on disk, where no name is.
  std::string subject_bytes(std::string_view subject) const;
  /// "hmac-sha256:…"
  std::string commit(std::string_view record) const;
};

struct SubjectKey {
  std::string id;   // 8 random bytes: tells a key from the one that was there before an erasure
  std::string key;  // 32 bytes
};

/// Whose key, for what.
struct KeyPlace {
  std::string subject_bytes;
  std::int64_t day = 0;    // since 1970, of the record's time
  std::string class_name;  // small letters, digits and hyphens; empty for content without a class of its own
};
std::int64_t day_of(Instant time);

/// The key that is there, or a new one, durable. kCorrupt when what is there is not a key of this root.
Result<SubjectKey> subject_key(FileSystem& system, const std::string& directory, const ContentKeys& keys,
                               const KeyPlace& place);
/// Makes the key that is there durable, with its name: whoever made it may have ended, or failed, before he did.
Result<void> sync_subject_key(FileSystem& system, const std::string& directory, const KeyPlace& place);
/// The key of a record of that time, by its id. Nothing when it was destroyed.
Result<std::optional<SubjectKey>> find_subject_key(FileSystem& system, const std::string& directory,
                                                   const ContentKeys& keys, std::string_view subject_bytes,
                                                   Instant time, std::string_view key_id);
/// Destroys all keys of a subject. False when it has none.
Result<bool> erase_subject_keys(FileSystem& system, const std::string& directory, std::string_view subject_bytes);
/// Destroys the keys of which `is_over` says so. How many.
Result<std::size_t> erase_keys_where(FileSystem& system, const std::string& directory,
                                     const std::function<bool(const KeyPlace&)>& is_over);

/// While one lives, no other process places a hold or destroys keys of the directory.
Result<File> lock_content_keys(FileSystem& system, const std::string& directory);

/// Who is held, by subject_bytes; `everybody` for the hold on all.
struct HeldSubjects {
  bool everybody = false;
  std::set<std::string> subjects;
  bool holds(std::string_view subject_bytes) const {
    return everybody || subjects.contains(std::string(subject_bytes));
  }
  bool none() const { return !everybody && subjects.empty(); }
};
Result<HeldSubjects> held_subjects(FileSystem& system, const std::string& directory);

}  // namespace reeve::ledger
