#include "ledger/note.h"

#include <algorithm>

#include "core/bytes.h"

namespace reeve::ledger {

namespace {

constexpr std::string_view kSignatureStart = "\xE2\x80\x94 ";  // em dash, space
constexpr std::string_view kPrivateStart = "PRIVATE+KEY+";
constexpr char kEd25519 = 0x01;
constexpr std::size_t kNoteBytesMax = 1UL << 20U;
constexpr std::size_t kKeyNameBytesMax = 256;
constexpr std::size_t kKeyIdBytes = 4;

std::string key_id(std::string_view name, std::string_view public_key) {
  std::string input(name);
  input += '\n';
  input += kEd25519;
  input += public_key;
  return std::string(as_bytes(sha256(input)).substr(0, kKeyIdBytes));
}

struct VerifierKey {
  std::string name;
  std::string id;
  std::string public_key;
};

Result<VerifierKey> parse_verifier_key(std::string_view text) {
  const Error wrong{ErrorCode::kInvalid, "not a verifier key; it reads name+hash+key in one line"};
  text = trim(text);
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return wrong;
  const auto id = from_hex(text.substr(first + 1, second - first - 1));
  const auto key = from_base64(text.substr(second + 1));
  if (!id || id->size() != kKeyIdBytes || !key || key->size() != 33) return wrong;
  if (key->front() != kEd25519) return Error{ErrorCode::kInvalid, "the verifier key is not an Ed25519 key"};
  VerifierKey result{std::string(text.substr(0, first)), *id, key->substr(1)};
  if (!is_key_name(result.name) || key_id(result.name, result.public_key) != result.id) return wrong;
  return result;
}

/// One signature line, without its newline: "— name base64".
struct SignatureLine {
  std::string_view name;
  std::string key_id;
  std::string signature;
};
std::optional<SignatureLine> parse_signature_line(std::string_view line) {
  if (!line.starts_with(kSignatureStart)) return std::nullopt;
  line.remove_prefix(kSignatureStart.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !is_key_name(line.substr(0, space))) return std::nullopt;
  auto bytes = from_base64(line.substr(space + 1));
  if (!bytes || bytes->size() <= kKeyIdBytes) return std::nullopt;
  return SignatureLine{line.substr(0, space), bytes->substr(0, kKeyIdBytes), bytes->substr(kKeyIdBytes)};
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

NoteSigner::NoteSigner(std::string name, Ed25519Key key) : name_(std::move(name)), key_(std::move(key)) {
  const std::string public_key = key_.public_key();
  key_id_ = key_id(name_, public_key);
  verifier_key_ = name_ + "+" + to_hex(key_id_) + "+" + to_base64(std::string(1, kEd25519) + public_key);
}

std::string NoteSigner::sign(std::string_view text) const {
  CHECK(!text.empty() && text.back() == '\n');
  std::string note(text);
  note += '\n';
  note += kSignatureStart;
  note += name_;
  note += ' ';
  note += to_base64(key_id_ + key_.sign(text));
  note += '\n';
  return note;
}

std::string NoteSigner::sign(const Checkpoint& checkpoint) const {
  return sign(checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" + to_base64(as_bytes(checkpoint.root)) +
              "\n");
}

Result<NoteSigner> load_signer(FileSystem& system, const std::string& path, const std::string& name,
                               bool may_generate) {
  if (!is_key_name(name)) {
    return Error{ErrorCode::kInvalid, "'" + printable(name, 80) +
                                          "' cannot name a ledger: no spaces, plus signs or control characters, at "
                                          "most 256 bytes; write it like reeve.example.com/node-1"};
  }
  auto content = read_file(system, path);
  if (!content && content.error().code == ErrorCode::kNotFound && may_generate) {
    const Ed25519Key key = Ed25519Key::generate();
    const std::string line = std::string(kPrivateStart) + name + "+" + to_hex(key_id(name, key.public_key())) + "+" +
                             to_base64(std::string(1, kEd25519) + key.seed()) + "\n";
    if (auto written = replace_file(system, path, line, true, 0600); !written) return std::move(written).error();
    return NoteSigner(name, key);
  }
  if (!content) return std::move(content).error();
  const Error wrong{ErrorCode::kCorrupt, path + " is not this ledger's signing key; restore it from a copy"};
  std::string_view line = trim(*content);
  if (!line.starts_with(kPrivateStart)) return wrong;
  line.remove_prefix(kPrivateStart.size());
  const std::vector<std::string_view> parts = split(line, '+');
  // Base64 may itself contain plus signs.
  if (parts.size() < 3) return wrong;
  if (parts[0] != name) {
    return Error{ErrorCode::kConflict, "this ledger is named '" + printable(parts[0]) + "' and cannot be opened as '" +
                                           printable(name) + "'; a new name needs a new directory"};
  }
  const auto id = from_hex(parts[1]);
  const auto seed = from_base64(line.substr(parts[0].size() + parts[1].size() + 2));
  if (!id || !seed || seed->size() != 33 || seed->front() != kEd25519) return wrong;
  auto key = Ed25519Key::from_seed(std::string_view(*seed).substr(1));
  if (!key || key_id(name, key->public_key()) != *id) return wrong;
  return NoteSigner(name, *key);
}

Result<std::string> open_note(std::string_view signed_note, std::string_view vkey) {
  auto key = parse_verifier_key(vkey);
  if (!key) return std::move(key).error();
  const Error wrong{ErrorCode::kCorrupt, "not a signed note"};
  if (signed_note.size() > kNoteBytesMax || !is_utf8(signed_note)) return wrong;
  if (std::any_of(signed_note.begin(), signed_note.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; })) {
    return wrong;
  }
  const std::size_t border = signed_note.rfind("\n\n");
  if (border == std::string_view::npos || signed_note.back() != '\n') return wrong;
  const std::string_view text = signed_note.substr(0, border + 1);
  std::string_view lines = signed_note.substr(border + 2);
  if (lines.empty()) return wrong;
  bool verified = false;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    const auto line = parse_signature_line(lines.substr(0, end));
    if (!line) return wrong;
    if (line->name == key->name && line->key_id == key->id) {
      if (!ed25519_verify(key->public_key, text, line->signature)) {
        return Error{ErrorCode::kCorrupt, "the signature of " + key->name + " does not match the text"};
      }
      verified = true;
    }
    lines.remove_prefix(end + 1);
  }
  if (!verified) return Error{ErrorCode::kCorrupt, "the note is not signed by " + key->name};
  return std::string(text);
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
  const Error wrong{ErrorCode::kCorrupt, "not a checkpoint"};
  const std::vector<std::string_view> lines = split(text, '\n');
  // Three lines, maybe extensions, and the empty part behind the last newline.
  if (lines.size() < 4 || !lines.back().empty() || lines[0].empty()) return wrong;
  if (std::any_of(lines.begin(), lines.end() - 1, [](std::string_view line) { return line.empty(); })) return wrong;
  const auto size = parse_int(lines[1]);
  if (!size || *size < 0 || std::to_string(*size) != lines[1]) return wrong;
  const auto root = from_base64(lines[2]);
  if (!root || root->size() != sizeof(Sha256)) return wrong;
  Checkpoint checkpoint{std::string(lines[0]), static_cast<std::uint64_t>(*size), {}};
  std::copy(root->begin(), root->end(), checkpoint.root.begin());
  return checkpoint;
}

Result<Checkpoint> open_checkpoint(std::string_view signed_note, std::string_view vkey) {
  auto text = open_note(signed_note, vkey);
  if (!text) return std::move(text).error();
  auto checkpoint = parse_checkpoint(*text);
  if (!checkpoint) return checkpoint;
  const std::string_view name = vkey.substr(0, vkey.find('+'));
  if (checkpoint->origin != trim(name)) {
    return Error{ErrorCode::kCorrupt,
                 "the checkpoint is of '" + printable(checkpoint->origin) + "', not of '" + printable(name) + "'"};
  }
  return checkpoint;
}

}  // namespace reeve::ledger
