#pragma once

// A new signing key takes over. The old key signs a statement that names the new one, and the new one signs it, too:
// whoever holds the old verifier key follows from there. docs/ledger-format.md has the text.
//
// In which order, so that it can be cut short anywhere: the statement and the new key are prepared beside the old; the
// entry that holds the statement becomes durable, and from there on the rotation has happened; then the statement is
// published, a checkpoint is signed by both, the keys change their places. Opening finishes what was begun, or drops
// what was only prepared. Checkpoints check against the published key at every moment.

#include <string>
#include <string_view>
#include <vector>

#include "ledger/note.h"

namespace reeve::ledger {

/// A statement in its parts.
struct KeyStatement {
  std::string origin, old_key, new_key;  // vkeys
  Instant time;
  Instant both_until;  // up to then checkpoints are signed by both
  std::string reason;
  std::string note;  // signed by both
};

/// `reason` becomes one line.
std::string make_key_statement(const NoteSigner& old_signer, const NoteSigner& new_signer, Instant time,
                               Instant both_until, std::string_view reason);
/// Checks both signatures.
Result<KeyStatement> open_key_statement(std::string_view note);
/// The notes of `public/key-rotations`, oldest first; each begins with the key that the one before ended with.
Result<std::vector<KeyStatement>> parse_key_rotations(std::string_view text);
std::string format_key_rotations(const std::vector<KeyStatement>& statements);
/// Those of a ledger; none when the file is not there.
Result<std::vector<KeyStatement>> read_key_rotations(FileSystem& system, const std::string& ledger_directory);

std::string key_rotations_path(const std::string& ledger_directory);
/// The key that was in use before, while both sign.
std::string previous_key_path(const std::string& ledger_directory);
/// The key that is to take over, while that is under way, and the statement about it.
std::string next_key_path(const std::string& ledger_directory);
std::string next_statement_path(const std::string& ledger_directory);

/// Writes new key and statement beside the old one, durably.
Result<void> prepare_rotation(FileSystem& system, const std::string& ledger_directory, const KeyStatement& statement,
                              const std::string& new_private_key);
/// Removes them.
Result<void> drop_rotation(FileSystem& system, const std::string& ledger_directory);
/// The statement that was prepared; nothing when there is none.
Result<std::optional<KeyStatement>> prepared_rotation(FileSystem& system, const std::string& ledger_directory);
/// Appends the statement to those that are published, unless it is there.
Result<void> publish_statement(FileSystem& system, const std::string& ledger_directory, const KeyStatement& statement);
/// The keys change their places, durably: private keys first, then the verifier key.
Result<void> exchange_keys(FileSystem& system, const std::string& ledger_directory, const KeyStatement& statement);
/// Overwrites and removes the key that was in use before.
Result<void> destroy_previous_key(FileSystem& system, const std::string& ledger_directory);

}  // namespace reeve::ledger
