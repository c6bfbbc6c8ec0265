#pragma once

// Proofs over the ledger's tree (RFC 6962 section 2.1, RFC 9162 section 2.1): that an entry is in a tree, that an
// older tree is the beginning of a newer one; made from tiles, checked with nothing but hashes. And the text in which a
// proof travels (c2sp.org/tlog-proof). A part of ledger.h; docs/ledger-proofs.md tells people how to use it.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto.h"
#include "core/result.h"

namespace reeve::ledger {

// ---- The tree ----

Sha256 leaf_hash(std::string_view entry);                   // RFC 6962: SHA-256(0x00 || entry)
Sha256 node_hash(const Sha256& left, const Sha256& right);  // SHA-256(0x01 || left || right)
Sha256 tree_root(std::span<const Sha256> leaves);           // by the definition, for tests

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Sha256 root{};
};

/// Reads a C2SP checkpoint and checks the signature of the key `vkey`.
Result<Checkpoint> open_checkpoint(std::string_view signed_note, std::string_view vkey);

// ---- Checking ----

/// From the leaf's sibling up to a child of the root, as RFC 6962 orders them.
using HashPath = std::vector<Sha256>;

/// Whether `path` proves that `leaf` is leaf `index` of the tree of `size` leaves with this root. A path that has one
/// hash too many or too few proves nothing.
bool proves_inclusion(const HashPath& path, const Sha256& leaf, std::uint64_t index, std::uint64_t size,
                      const Sha256& root);
/// Whether `path` proves that the tree of `old_size` leaves is the beginning of the one of `size`. For equal sizes and
/// for an old size of 0 the path must be empty, and in the first case the roots equal.
bool proves_consistency(const HashPath& path, std::uint64_t old_size, const Sha256& old_root, std::uint64_t size,
                        const Sha256& root);

// ---- Making ----

/// Reads hashes of the tree out of the published tiles, beside a live writer or none. Keeps the tiles that it read
/// last, so that proofs close to each other cost no reading. Nothing is taken on trust by whoever checks the result: a
/// changed tile gives a path that proves nothing. Not thread-safe.
class TileReader {
 public:
  /// `directory` is the ledger's; its tiles lie in `public`.
  explicit TileReader(const std::filesystem::path& directory);
  TileReader(TileReader&&) noexcept;
  ~TileReader();

  // In a tree of `size` leaves, which must have been signed: the tiles of others may not be there (kNotFound).
  Result<Sha256> root(std::uint64_t size);
  Result<HashPath> inclusion(std::uint64_t index, std::uint64_t size);
  Result<HashPath> consistency(std::uint64_t old_size, std::uint64_t size);
  /// What stands for the leaves [begin, end): the roots of the largest perfect subtrees that fit, from left to right.
  Result<HashPath> cover(std::uint64_t begin, std::uint64_t end, std::uint64_t size);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// ---- As a text ----

/// c2sp.org/tlog-proof@v1.
struct InclusionProof {
  std::uint64_t index = 0;
  HashPath path;
  std::string checkpoint;            // the signed note, with whatever cosignatures it has
  std::optional<std::string> extra;  // any bytes; nothing vouches for them. Reeve puts the entry there
};
std::string encode_proof(const InclusionProof& proof);
/// kInvalid with what is wrong. Strict: what it takes is what encode_proof gives for it, byte for byte.
Result<InclusionProof> parse_proof(std::string_view text);

/// That a tree goes on from an older one, as a text: what a witness is sent (c2sp.org/tlog-witness, add-checkpoint).
std::string encode_consistency(std::uint64_t old_size, const HashPath& path, std::string_view checkpoint);

// ---- Cosignatures ----

/// That the cosigner saw the log grow without contradiction up to a checkpoint (c2sp.org/tlog-cosignature, type 0x04).
struct Cosignature {
  std::string name;       // of the cosigner
  std::int64_t time = 0;  // when it said so: seconds since 1970
  std::string line;       // as it stands in the note, with its newline
};
/// The cosignature of the witness key `vkey` on this signed note: kNotFound when there is none, kCorrupt when it is not
/// right, kInvalid when `vkey` is no key of a witness.
Result<Cosignature> find_cosignature(std::string_view signed_note, std::string_view vkey);
/// The name of a witness key; kInvalid when it is none.
Result<std::string> witness_key_name(std::string_view vkey);

}  // namespace reeve::ledger
