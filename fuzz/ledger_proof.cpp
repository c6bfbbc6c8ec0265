// Proofs as strangers hand them over: no bytes stop the reader; what it takes reads the same when it is written again;
// and nothing but the right path leads to a root.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/bytes.h"
#include "ledger/note.h"
#include "ledger/proof.h"

namespace {

using namespace reeve;
using namespace reeve::ledger;

std::uint64_t take_number(std::string_view& bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(8, bytes.size()); ++i) {
    number = number << 8U | static_cast<unsigned char>(bytes[i]);
  }
  bytes.remove_prefix(std::min<std::size_t>(8, bytes.size()));
  return number;
}

void check_text(std::string_view bytes) {
  const auto proof = parse_proof(bytes);
  if (!proof) return;
  if (encode_proof(*proof) != bytes) __builtin_trap();
  // Whatever the path, it does not lead to a root that is none.
  const Sha256 leaf = leaf_hash(proof->extra.value_or(""));
  if (proves_inclusion(proof->path, leaf, proof->index, proof->index + 1, sha256("no root"))) __builtin_trap();
}

/// Sizes and hashes straight from the bytes: the walks up the tree end, and a path that is longer by one never does.
void check_paths(std::string_view bytes) {
  const std::uint64_t index = take_number(bytes) & (~std::uint64_t{0} >> 1U);
  const std::uint64_t size = take_number(bytes) & (~std::uint64_t{0} >> 1U);
  HashPath path;
  for (; bytes.size() >= sizeof(Sha256) && path.size() < 80; bytes.remove_prefix(sizeof(Sha256))) {
    std::copy_n(bytes.begin(), sizeof(Sha256), path.emplace_back().begin());
  }
  const Sha256 leaf = leaf_hash(bytes);
  const Sha256 root = path.empty() ? leaf : path.back();
  static_cast<void>(proves_consistency(path, index, leaf, size, root));
  if (!proves_inclusion(path, leaf, index, size, root)) return;
  if (!path.empty() || size != 1) __builtin_trap();  // else a preimage was found
}

void check_lines(std::string_view bytes) {
  const auto lines = parse_signature_lines(bytes);
  if (!lines) return;
  std::string again;
  for (const SignatureLine& line : *lines) {
    VerifierKey key = verifier_key(std::string(line.name), KeyType::kWitness, std::string(32, 'k'));
    key.id = line.key_id;
    again += signature_line(key, line.signature);
    if (check_cosignature(key, "text\n", line.signature)) __builtin_trap();
  }
  if (again != bytes) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_text(bytes);
  check_paths(bytes);
  check_lines(bytes);
  return 0;
}
