#include <limits>

#include "core/bytes.h"
#include "ledger/note.h"

namespace reeve::ledger {

namespace {

constexpr std::size_t kTimeBytes = 8;
constexpr std::size_t kEd25519Bytes = 64;

/// What is signed. It does not name the witness, so a key serves one witness only.
std::string message(std::string_view text, std::int64_t unix_seconds) {
  return "cosignature/v1\ntime " + std::to_string(unix_seconds) + "\n" + std::string(text);
}

Result<VerifierKey> parse_witness_key(std::string_view vkey) {
  auto key = parse_verifier_key(vkey);
  if (key && key->type != KeyType::kWitness) {
    return Error{ErrorCode::kInvalid, "the key of " + printable(key->name) +
                                          " is a log's; a witness's is what 'reeve ledger witness key' "
                                          "prints, of type 0x04"};
  }
  return key;
}

}  // namespace

Cosigner::Cosigner(std::string name, Ed25519Key key)
    : key_(std::move(key)), verifier_(verifier_key(std::move(name), KeyType::kWitness, key_.public_key())) {}

std::string Cosigner::cosign(std::string_view text, std::int64_t unix_seconds) const {
  std::string signature;
  for (std::size_t i = 0; i < kTimeBytes; ++i) {
    signature += static_cast<char>(static_cast<std::uint64_t>(unix_seconds) >> (8 * (kTimeBytes - 1 - i)));
  }
  return signature_line(verifier_, signature + key_.sign(message(text, unix_seconds)));
}

std::optional<std::int64_t> check_cosignature(const VerifierKey& key, std::string_view text,
                                              std::string_view signature) {
  if (key.type != KeyType::kWitness || signature.size() != kTimeBytes + kEd25519Bytes) return std::nullopt;
  std::uint64_t time = 0;
  for (const char byte : signature.substr(0, kTimeBytes)) time = time << 8U | static_cast<unsigned char>(byte);
  if (time > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  const auto seconds = static_cast<std::int64_t>(time);
  if (!ed25519_verify(key.public_key, message(text, seconds), signature.substr(kTimeBytes))) return std::nullopt;
  return seconds;
}

Result<Cosignature> find_cosignature(std::string_view signed_note, std::string_view vkey) {
  const auto key = parse_witness_key(vkey);
  if (!key) return key.error();
  const auto note = split_note(signed_note);
  if (!note) return note.error();
  std::optional<Cosignature> newest;
  for (const SignatureLine& signature : note->signatures) {
    if (!signature.is_of(*key)) continue;
    const auto time = check_cosignature(*key, note->text, signature.signature);
    if (!time) return Error{ErrorCode::kCorrupt, "the cosignature of " + key->name + " does not match the checkpoint"};
    if (!newest || newest->time < *time) newest = Cosignature{key->name, *time, std::string(signature.line)};
  }
  if (!newest) return Error{ErrorCode::kNotFound, "the checkpoint is not cosigned by " + key->name};
  return *std::move(newest);
}

Result<std::string> witness_key_name(std::string_view vkey) {
  auto key = parse_witness_key(vkey);
  if (!key) return std::move(key).error();
  return std::move(key->name);
}

}  // namespace reeve::ledger
