#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>

#include "core/bytes.h"
#include "core/sealing.h"
#include "ledger/note.h"

namespace reeve::ledger {

namespace {

constexpr std::string_view kPrivateStart = "PRIVATE+KEY+";
constexpr std::size_t kKeyNameBytesMax = 256;
constexpr std::size_t kKeyIdBytes = 4;
constexpr std::size_t kKeyBytes = 32;  // public key, seed

std::string typed(KeyType type, std::string_view key) { return static_cast<char>(type) + std::string(key); }

std::string key_id(std::string_view name, KeyType type, std::string_view public_key) {
  const std::string input = std::string(name) + "\n" + typed(type, public_key);
  return std::string(as_bytes(sha256(input)).substr(0, kKeyIdBytes));
}

/// A private key as its file holds it.
struct PrivateKey {
  std::string name;
  Ed25519Key key;
};

std::string private_key_line(const std::string& name, KeyType type, const Ed25519Key& key) {
  return std::string(kPrivateStart) + name + "+" + to_hex(key_id(name, type, key.public_key())) + "+" +
         to_base64(typed(type, key.seed())) + "\n";
}

std::optional<PrivateKey> parse_private_key_line(std::string_view line, KeyType type) {
  line = trim(line);
  if (!line.starts_with(kPrivateStart)) return std::nullopt;
  line.remove_prefix(kPrivateStart.size());
  const std::vector<std::string_view> parts = split(line, '+');
  // Base64 may itself contain plus signs.
  if (parts.size() < 3) return std::nullopt;
  const auto id = from_hex(parts[1]);
  const auto seed = from_base64(line.substr(parts[0].size() + parts[1].size() + 2));
  if (!id || !seed || seed->size() != kKeyBytes + 1 || seed->front() != static_cast<char>(type)) return std::nullopt;
  auto key = Ed25519Key::from_seed(std::string_view(*seed).substr(1));
  if (!key || key_id(parts[0], type, key->public_key()) != *id) return std::nullopt;
  return PrivateKey{std::string(parts[0]), *std::move(key)};
}

/// Under what place signing keys are sealed: one for all names of the file, as a rotation moves them.
constexpr std::string_view kSigningKeyPlace = "ledger.private-key";

Result<std::string> read_key_file(FileSystem& system, const std::string& path) {
  auto content = read_file(system, path);
  if (!content) return content;
  auto line = sealing().from_file(*std::move(content), kSigningKeyPlace);
  return line ? std::move(line) : with_context(std::move(line).error(), path);
}

/// The name that a private key line claims, for the message; the line may be wrong otherwise.
std::string_view claimed_name(std::string_view line) {
  line = trim(line);
  if (!line.starts_with(kPrivateStart)) return {};
  line.remove_prefix(kPrivateStart.size());
  return line.substr(0, line.find('+'));
}

}  // namespace

bool is_key_name(std::string_view name) {
  if (name.empty() || name.size() > kKeyNameBytesMax || !is_utf8(name)) return false;
  // Unicode spaces beyond ASCII: U+0085, U+00A0, U+1680, U+2000-200A, U+2028, U+2029, U+202F, U+205F, U+3000.
  for (const std::string_view space : {"\xC2\x85", "\xC2\xA0", "\xE1\x9A\x80", "\xE2\x80\xA8", "\xE2\x80\xA9",
                                       "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"}) {
    if (name.find(space) != std::string_view::npos) return false;
  }
  for (std::size_t at = name.find("\xE2\x80"); at != std::string_view::npos; at = name.find("\xE2\x80", at + 1)) {
    if (at + 2 < name.size() && static_cast<unsigned char>(name[at + 2]) <= 0x8a) return false;
  }
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != '+' && c != 0x7f; });
}

std::string VerifierKey::text() const { return name + "+" + to_hex(id) + "+" + to_base64(typed(type, public_key)); }

VerifierKey verifier_key(std::string name, KeyType type, std::string public_key) {
  std::string id = key_id(name, type, public_key);
  return {std::move(name), std::move(id), type, std::move(public_key)};
}

Result<VerifierKey> parse_verifier_key(std::string_view text) {
  const Error wrong{ErrorCode::kInvalid, "not a verifier key; it reads name+hash+key in one line"};
  text = trim(text);
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return wrong;
  const auto id = from_hex(text.substr(first + 1, second - first - 1));
  const auto key = from_strict_base64(text.substr(second + 1));
  if (!id || id->size() != kKeyIdBytes || !key || key->size() != kKeyBytes + 1) return wrong;
  const auto type = static_cast<KeyType>(key->front());
  if (type != KeyType::kLog && type != KeyType::kWitness) {
    return Error{ErrorCode::kInvalid, "the verifier key is neither an Ed25519 key of a log nor one of a witness"};
  }
  VerifierKey result = verifier_key(std::string(text.substr(0, first)), type, key->substr(1));
  if (!is_key_name(result.name) || result.id != *id) return wrong;
  return result;
}

NoteSigner::NoteSigner(std::string name, Ed25519Key key)
    : name_(std::move(name)),
      key_(std::move(key)),
      verifier_(ledger::verifier_key(name_, KeyType::kLog, key_.public_key())),
      verifier_key_(verifier_.text()) {}

std::string NoteSigner::sign(std::string_view text) const {
  CHECK(!text.empty() && text.back() == '\n');
  return std::string(text) + "\n" + ledger::signature_line(verifier_, key_.sign(text));
}

std::string NoteSigner::sign(const Checkpoint& checkpoint) const { return sign(checkpoint_text(checkpoint)); }

std::string NoteSigner::signature_line(std::string_view text) const {
  return ledger::signature_line(verifier_, key_.sign(text));
}

std::string checkpoint_text(const Checkpoint& checkpoint) {
  return checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" + to_base64(as_bytes(checkpoint.root)) +
         "\n";
}

std::pair<NoteSigner, std::string> make_signer(const std::string& name) {
  const Ed25519Key key = Ed25519Key::generate();
  return {NoteSigner(name, key), private_key_line(name, KeyType::kLog, key)};
}

Result<void> write_key_file(FileSystem& system, const std::string& path, std::string_view line) {
  const auto content = sealing().to_file(line, kSigningKeyPlace);
  if (!content) return with_context(content.error(), path);
  return replace_file(system, path, *content, Writing::kDurable, 0600);
}

Result<File> lock_key_files(FileSystem& system, const std::string& directory) {
  auto file = open_file(system, directory, O_RDONLY | O_DIRECTORY);
  if (!file) return file;
  while (system.flock(file->descriptor(), LOCK_EX) != 0) {
    if (errno != EINTR) return file_error("lock", directory, errno);
  }
  return file;
}

Result<void> seal_key_file(FileSystem& system, const std::string& path) {
  const auto seals = sealing().configured();
  if (!seals) return seals.error();
  if (!*seals) return {};
  const auto lock = lock_key_files(system, path.substr(0, path.find_last_of('/')));
  if (!lock) return lock.error();
  const auto content = read_file(system, path);
  if (!content) return content.error().code == ErrorCode::kNotFound ? Result<void>() : Result<void>(content.error());
  return is_sealed(*content) ? Result<void>() : write_key_file(system, path, *content);
}

Result<NoteSigner> load_signer(FileSystem& system, const std::string& path, const std::string& name,
                               bool may_generate) {
  if (!is_key_name(name)) {
    return Error{ErrorCode::kInvalid, "'" + printable(name, 80) +
                                          "' cannot name a ledger: no spaces, plus signs or control characters, at "
                                          "most 256 bytes; write it like reeve.example.com/node-1"};
  }
  auto content = read_key_file(system, path);
  if (!content && content.error().code == ErrorCode::kNotFound && may_generate) {
    auto [signer, line] = make_signer(name);
    if (auto written = write_key_file(system, path, line); !written) return std::move(written).error();
    return std::move(signer);
  }
  if (!content) return std::move(content).error();
  const std::string_view claimed = claimed_name(*content);
  if (!claimed.empty() && claimed != name) {
    return Error{ErrorCode::kConflict, "this ledger is named '" + printable(claimed) + "' and cannot be opened as '" +
                                           printable(name) + "'; a new name needs a new directory"};
  }
  const auto key = parse_private_key_line(*content, KeyType::kLog);
  if (!key || key->name != name) {
    return Error{ErrorCode::kCorrupt, path + " is not this ledger's signing key; restore it from a copy"};
  }
  return NoteSigner(name, key->key);
}

Result<Cosigner> load_cosigner(FileSystem& system, const std::string& path, const std::string& name,
                               bool may_generate) {
  if (!name.empty() && !is_key_name(name)) {
    return Error{ErrorCode::kInvalid, "'" + printable(name, 80) +
                                          "' cannot name a witness: no spaces, plus signs or control characters, at "
                                          "most 256 bytes; write it like witness.example.com/w1"};
  }
  auto content = read_key_file(system, path);
  if (!content && content.error().code == ErrorCode::kNotFound && may_generate && !name.empty()) {
    const Ed25519Key key = Ed25519Key::generate();
    const std::string line = private_key_line(name, KeyType::kWitness, key);
    if (auto written = write_key_file(system, path, line); !written) return std::move(written).error();
    return Cosigner(name, key);
  }
  if (!content) return std::move(content).error();
  const auto key = parse_private_key_line(*content, KeyType::kWitness);
  if (!key || !is_key_name(key->name)) {
    return Error{ErrorCode::kCorrupt, path + " is not the key of a witness; restore it from a copy"};
  }
  if (!name.empty() && name != key->name) {
    return Error{ErrorCode::kConflict, "this witness is named '" + printable(key->name) + "', not '" + printable(name) +
                                           "'; a new name needs a new directory"};
  }
  return Cosigner(key->name, key->key);
}

}  // namespace reeve::ledger
