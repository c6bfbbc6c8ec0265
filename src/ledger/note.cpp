#include "ledger/note.h"

#include <algorithm>

#include "core/bytes.h"

namespace reeve::ledger {

namespace {

constexpr std::string_view kSignatureStart = "\xE2\x80\x94 ";  // em dash, space
constexpr std::size_t kNoteBytesMax = 1UL << 20U;
constexpr std::size_t kSignaturesMax = 64;
constexpr std::size_t kKeyIdBytes = 4;

/// A line without its newline.
std::optional<SignatureLine> parse_signature_line(std::string_view line) {
  if (!line.starts_with(kSignatureStart)) return std::nullopt;
  line.remove_prefix(kSignatureStart.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !is_key_name(line.substr(0, space))) return std::nullopt;
  auto bytes = from_strict_base64(line.substr(space + 1));
  if (!bytes || bytes->size() <= kKeyIdBytes) return std::nullopt;
  return SignatureLine{line.substr(0, space), bytes->substr(0, kKeyIdBytes), bytes->substr(kKeyIdBytes), {}};
}

}  // namespace

std::string signature_line(const VerifierKey& key, std::string_view signature) {
  std::string line(kSignatureStart);
  line.append(key.name).append(" ").append(to_base64(key.id + std::string(signature))).append("\n");
  return line;
}

Result<std::vector<SignatureLine>> parse_signature_lines(std::string_view lines) {
  const Error wrong{ErrorCode::kCorrupt, "not signature lines"};
  std::vector<SignatureLine> signatures;
  if (lines.empty() || lines.back() != '\n') return wrong;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    auto line = parse_signature_line(lines.substr(0, end));
    if (!line || signatures.size() == kSignaturesMax) return wrong;
    line->line = lines.substr(0, end + 1);
    signatures.push_back(*std::move(line));
    lines.remove_prefix(end + 1);
  }
  return signatures;
}

Result<NoteParts> split_note(std::string_view signed_note) {
  const Error wrong{ErrorCode::kCorrupt, "not a signed note"};
  if (signed_note.size() > kNoteBytesMax || !is_utf8(signed_note)) return wrong;
  if (std::any_of(signed_note.begin(), signed_note.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; })) {
    return wrong;
  }
  const std::size_t border = signed_note.rfind("\n\n");
  if (border == std::string_view::npos) return wrong;
  auto signatures = parse_signature_lines(signed_note.substr(border + 2));
  if (!signatures) return wrong;
  return NoteParts{signed_note.substr(0, border + 1), *std::move(signatures)};
}

Result<std::string> open_note(std::string_view signed_note, std::string_view vkey) {
  const auto key = parse_verifier_key(vkey);
  if (!key) return key.error();
  if (key->type != KeyType::kLog) {
    return Error{ErrorCode::kInvalid, "the verifier key of " + key->name + " is a witness's, not a log's"};
  }
  const auto note = split_note(signed_note);
  if (!note) return note.error();
  bool verified = false;
  for (const SignatureLine& signature : note->signatures) {
    if (!signature.is_of(*key)) continue;
    if (!ed25519_verify(key->public_key, note->text, signature.signature)) {
      return Error{ErrorCode::kCorrupt, "the signature of " + key->name + " does not match the text"};
    }
    verified = true;
  }
  if (!verified) return Error{ErrorCode::kCorrupt, "the note is not signed by " + key->name};
  return std::string(note->text);
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
  const Error wrong{ErrorCode::kCorrupt, "not a checkpoint"};
  const std::vector<std::string_view> lines = split(text, '\n');
  // Three lines, maybe extensions, and the empty part behind the last newline.
  if (lines.size() < 4 || !lines.back().empty() || lines[0].empty()) return wrong;
  if (std::any_of(lines.begin(), lines.end() - 1, [](std::string_view line) { return line.empty(); })) return wrong;
  const auto size = parse_count(lines[1]);
  if (!size) return wrong;
  const auto root = from_strict_base64(lines[2]);
  if (!root || root->size() != sizeof(Sha256)) return wrong;
  Checkpoint checkpoint{std::string(lines[0]), *size, {}};
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

std::optional<std::uint64_t> parse_count(std::string_view text) {
  const auto number = parse_int(text);
  if (!number || *number < 0 || std::to_string(*number) != text) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

std::optional<std::string> from_strict_base64(std::string_view text) {
  auto bytes = from_base64(text);
  if (!bytes || to_base64(*bytes) != text) return std::nullopt;
  return *std::move(bytes);
}

void append_hash_lines(std::string& text, const HashPath& hashes) {
  for (const Sha256& hash : hashes) text.append(to_base64(as_bytes(hash))) += '\n';
}

Result<HashPath> take_hash_lines(std::string_view& text, std::size_t most) {
  HashPath hashes;
  while (true) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return Error{ErrorCode::kInvalid, "the empty line behind the hashes is missing"};
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.empty()) return hashes;
    const auto bytes = from_strict_base64(line);
    if (!bytes || bytes->size() != sizeof(Sha256)) return Error{ErrorCode::kInvalid, "a line is not a hash in base64"};
    if (hashes.size() == most)
      return Error{ErrorCode::kInvalid, "it has more than " + std::to_string(most) + " hashes"};
    std::copy(bytes->begin(), bytes->end(), hashes.emplace_back().begin());
  }
}

}  // namespace reeve::ledger
