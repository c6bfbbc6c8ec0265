#pragma once

// C2SP signed notes and checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint), Ed25519 only.

#include <string>
#include <string_view>

#include "core/crypto.h"
#include "ledger/file_system.h"
#include "ledger/ledger.h"

namespace reeve::ledger {

/// Whether `name` can name a log: not empty, UTF-8, without spaces, control characters and plus signs, at most 256
/// bytes.
bool is_key_name(std::string_view name);

/// Signs as the log `name`.
class NoteSigner {
 public:
  NoteSigner(std::string name, Ed25519Key key);
  const std::string& name() const { return name_; }
  const std::string& verifier_key() const { return verifier_key_; }  // "name+hash+key"
  /// `text` must end with a newline.
  std::string sign(std::string_view text) const;
  std::string sign(const Checkpoint& checkpoint) const;

 private:
  std::string name_;
  Ed25519Key key_;
  std::string key_id_;  // 4 bytes
  std::string verifier_key_;
};

/// Reads the signer's key from `path` or, when there is none and `may_generate`, makes one there with mode 0600. The
/// file holds one line, "PRIVATE+KEY+name+hash+seed", as other signed-note tools write it.
Result<NoteSigner> load_signer(FileSystem& system, const std::string& path, const std::string& name, bool may_generate);

/// The text of a signed note (with its final newline), when `vkey` signed it.
Result<std::string> open_note(std::string_view signed_note, std::string_view vkey);
/// Reads a checkpoint's text without looking at signatures.
Result<Checkpoint> parse_checkpoint(std::string_view text);

}  // namespace reeve::ledger
