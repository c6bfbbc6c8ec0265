#pragma once

// C2SP signed notes, checkpoints and cosignatures (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature), Ed25519
// only; and the small things that the texts around them share.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto.h"
#include "ledger/file_system.h"
#include "ledger/ledger.h"

namespace reeve::ledger {

/// Whether `name` can name a log: not empty, UTF-8, without spaces, control characters and plus signs, at most 256
/// bytes.
bool is_key_name(std::string_view name);

/// The byte that tells what a key signs, part of its id.
enum class KeyType : char {
  kLog = 0x01,      // Ed25519 over the note's text
  kWitness = 0x04,  // Ed25519 over the note's text and a time: a cosignature
};

/// "name+hash+key" in its parts.
struct VerifierKey {
  std::string name;
  std::string id;  // 4 bytes
  KeyType type = KeyType::kLog;
  std::string public_key;  // 32 bytes
  std::string text() const;
};
VerifierKey verifier_key(std::string name, KeyType type, std::string public_key);
Result<VerifierKey> parse_verifier_key(std::string_view text);

/// One signature line: "— name base64(key id, signature)".
struct SignatureLine {
  std::string_view name;
  std::string key_id;
  std::string signature;
  std::string_view line;  // with its newline
  bool is_of(const VerifierKey& key) const { return name == key.name && key_id == key.id; }
};
std::string signature_line(const VerifierKey& key, std::string_view signature);

/// A signed note in its parts; views into it. Nothing is verified.
struct NoteParts {
  std::string_view text;  // with its final newline
  std::vector<SignatureLine> signatures;
};
Result<NoteParts> split_note(std::string_view signed_note);
/// The same of signature lines alone, as a witness answers them. At most 64.
Result<std::vector<SignatureLine>> parse_signature_lines(std::string_view lines);

/// Signs as the log `name`.
class NoteSigner {
 public:
  NoteSigner(std::string name, Ed25519Key key);
  const std::string& name() const { return name_; }
  const std::string& verifier_key() const { return verifier_key_; }  // "name+hash+key"
  /// `text` must end with a newline.
  std::string sign(std::string_view text) const;
  std::string sign(const Checkpoint& checkpoint) const;
  /// Only the line, for a note that others sign, too.
  std::string signature_line(std::string_view text) const;

 private:
  std::string name_;
  Ed25519Key key_;
  VerifierKey verifier_;
  std::string verifier_key_;
};

/// Signs as a witness.
class Cosigner {
 public:
  Cosigner(std::string name, Ed25519Key key);
  const VerifierKey& verifier() const { return verifier_; }
  /// The signature line, with its newline, for a checkpoint's text.
  std::string cosign(std::string_view text, std::int64_t unix_seconds) const;

 private:
  Ed25519Key key_;
  VerifierKey verifier_;
};

/// When `key` says it saw the text; nothing when the signature is not right.
std::optional<std::int64_t> check_cosignature(const VerifierKey& key, std::string_view text,
                                              std::string_view signature);

/// Reads the signer's key from `path` or, when there is none and `may_generate`, makes one there with mode 0600. The
/// file holds one line, "PRIVATE+KEY+name+hash+seed", as other signed-note tools write it; or that line, sealed.
Result<NoteSigner> load_signer(FileSystem& system, const std::string& path, const std::string& name, bool may_generate);

/// Held while the files with keys in a directory are exchanged or sealed anew, by any process.
Result<File> lock_key_files(FileSystem& system, const std::string& directory);
/// Writes such a line, sealed where this process seals. Under the lock, where the file may be there.
Result<void> write_key_file(FileSystem& system, const std::string& path, std::string_view line);
/// Seals a key that lies there in clear, where this process seals.
Result<void> seal_key_file(FileSystem& system, const std::string& path);

/// A new key for the log `name`, and the line that its file holds.
std::pair<NoteSigner, std::string> make_signer(const std::string& name);

/// The same for a witness. An empty `name` takes the one of the key that is there.
Result<Cosigner> load_cosigner(FileSystem& system, const std::string& path, const std::string& name, bool may_generate);

/// The text of a signed note (with its final newline), when `vkey` signed it.
Result<std::string> open_note(std::string_view signed_note, std::string_view vkey);
/// The text of a checkpoint, that is signed.
std::string checkpoint_text(const Checkpoint& checkpoint);
/// Reads a checkpoint's text without looking at signatures.
Result<Checkpoint> parse_checkpoint(std::string_view text);

// ---- Parts of the texts around them ----

/// A decimal number without sign and leading zeros, below 2^63.
std::optional<std::uint64_t> parse_count(std::string_view text);
/// Takes what to_base64 writes and nothing else: no other bits in the last character.
std::optional<std::string> from_strict_base64(std::string_view text);
/// One hash a line.
void append_hash_lines(std::string& text, const HashPath& hashes);
/// Takes hashes, one a line, and the empty line behind them off the text. kInvalid with what is wrong.
Result<HashPath> take_hash_lines(std::string_view& text, std::size_t most);

}  // namespace reeve::ledger
