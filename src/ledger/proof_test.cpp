#include "ledger/proof.h"

#include <bit>
#include <map>
#include <random>

#include "core/bytes.h"
#include "ledger/note.h"
#include "ledger/test_support.h"
#include "ledger/tiles.h"
#include "ledger/tree.h"

namespace reeve::ledger {
namespace {

// The leaves, and for some trees of them the paths, that Certificate Transparency's implementations test against.
const std::vector<std::string> kKnownLeaves{"",
                                            std::string(1, '\0'),
                                            "\x10",
                                            "\x20\x21",
                                            "\x30\x31",
                                            "\x40\x41\x42\x43",
                                            "\x50\x51\x52\x53\x54\x55\x56\x57",
                                            "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
const std::map<std::uint64_t, std::string> kKnownRoots{
    {1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
    {3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    {5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
    {6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
    {7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
    {8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"}};

Sha256 hash_of(std::string_view hex) {
  Sha256 hash{};
  const auto bytes = from_hex(hex);
  CHECK(bytes && bytes->size() == hash.size());
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}
Sha256 known_root(std::uint64_t size) { return hash_of(kKnownRoots.at(size)); }
HashPath path_of(std::initializer_list<std::string_view> hex) {
  HashPath path;
  for (const std::string_view hash : hex) path.push_back(hash_of(hash));
  return path;
}

TEST(InclusionProof, HasTheKnownPaths) {
  struct Case {
    std::uint64_t index, size;
    HashPath path;
  };
  const std::vector<Case> cases{{0, 1, {}},
                                {0, 8,
                                 path_of({"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                                          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                                          "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"})},
                                {5, 8,
                                 path_of({"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                                          "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"})},
                                {2, 3, path_of({"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"})},
                                {1, 5,
                                 path_of({"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                                          "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"})}};
  for (const Case& one : cases) {
    const Sha256 leaf = leaf_hash(kKnownLeaves[one.index]);
    EXPECT_TRUE(proves_inclusion(one.path, leaf, one.index, one.size, known_root(one.size))) << one.index;
    EXPECT_FALSE(proves_inclusion(one.path, leaf, one.index + 1, one.size, known_root(one.size)));
    EXPECT_FALSE(proves_inclusion(one.path, leaf, one.index, one.size, known_root(one.size == 8 ? 5 : 8)));
  }
}

TEST(ConsistencyProof, HasTheKnownPaths) {
  EXPECT_TRUE(proves_consistency({}, 1, known_root(1), 1, known_root(1)));
  EXPECT_TRUE(proves_consistency(path_of({"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                                          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                                          "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}),
                                 1, known_root(1), 8, known_root(8)));
  EXPECT_TRUE(proves_consistency(path_of({"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                                          "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}),
                                 6, known_root(6), 8, known_root(8)));
  EXPECT_TRUE(proves_consistency(path_of({"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                                          "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}),
                                 2, known_root(2), 5, known_root(5)));
}

// ---- The definition of RFC 6962 section 2.1, word for word, over leaves in memory

HashPath defined_inclusion(std::uint64_t m, std::span<const Sha256> leaves) {
  if (leaves.size() == 1) return {};
  const std::size_t k = std::bit_floor(leaves.size() - 1);
  HashPath path = m < k ? defined_inclusion(m, leaves.first(k)) : defined_inclusion(m - k, leaves.subspan(k));
  path.push_back(m < k ? tree_root(leaves.subspan(k)) : tree_root(leaves.first(k)));
  return path;
}

HashPath defined_subproof(std::uint64_t m, std::span<const Sha256> leaves, bool complete) {
  if (m == leaves.size()) return complete ? HashPath() : HashPath{tree_root(leaves)};
  const std::size_t k = std::bit_floor(leaves.size() - 1);
  HashPath path =
      m <= k ? defined_subproof(m, leaves.first(k), complete) : defined_subproof(m - k, leaves.subspan(k), false);
  path.push_back(m <= k ? tree_root(leaves.subspan(k)) : tree_root(leaves.first(k)));
  return path;
}

/// A tree whose tiles lie in files, as a log of `size` entries leaves them.
class TreeOnDisk {
 public:
  explicit TreeOnDisk(std::uint64_t size) {
    TileFiles files(real_file_system(), directory_.path().string());
    CHECK(make_directory(real_file_system(), public_directory(directory_.path().string())));
    Tree tree;
    for (std::uint64_t i = 0; i < size; ++i) {
      leaves.push_back(leaf_hash("entry " + std::to_string(i)));
      tree.append(leaves.back(), [&](std::size_t level, std::uint64_t number, std::span<const Sha256> hashes) {
        CHECK(files.write(tile_path(level, number), encode_tile(hashes)));
      });
    }
    for (std::size_t level = 0; level < kTileLevels; ++level) {
      if (tree.edge(level).empty()) continue;
      const std::uint64_t number = (size >> (8 * level)) / kTileWidth;
      CHECK(files.write(tile_path(level, number, tree.edge(level).size()), encode_tile(tree.edge(level))));
    }
  }
  std::filesystem::path path() const { return directory_.path(); }
  Sha256 root(std::uint64_t size) const { return tree_root(std::span(leaves).first(size)); }

  std::vector<Sha256> leaves;

 private:
  TemporaryDirectory directory_;
};

TEST(TileReader, GivesThePathsOfTheDefinitionAtEverySize) {
  constexpr std::uint64_t kSizeMax = 300;
  const TreeOnDisk tree(kSizeMax);
  TileReader reader(tree.path());
  for (std::uint64_t size = 1; size <= kSizeMax; ++size) {
    const std::span<const Sha256> leaves = std::span(tree.leaves).first(size);
    const Sha256 root = tree.root(size);
    EXPECT_EQ(*reader.root(size), root);
    // Every index and every older size for small trees, a spread of them for others.
    for (std::uint64_t other = 0; other < size; other += size < 70 ? 1 : 7) {
      const auto path = reader.inclusion(other, size);
      ASSERT_TRUE(path.ok()) << path.error().message;
      ASSERT_EQ(*path, defined_inclusion(other, leaves)) << other << " in " << size;
      ASSERT_TRUE(proves_inclusion(*path, leaves[other], other, size, root)) << other << " in " << size;
      const auto growth = reader.consistency(other, size);
      ASSERT_TRUE(growth.ok()) << growth.error().message;
      if (other > 0) ASSERT_EQ(*growth, defined_subproof(other, leaves, true)) << other << " to " << size;
      ASSERT_TRUE(proves_consistency(*growth, other, tree.root(other), size, root)) << other << " to " << size;
    }
    EXPECT_EQ(reader.consistency(size, size)->size(), 0U);
  }
}

TEST(TileReader, GivesThemForLargeTreesToo) {
  constexpr std::uint64_t kSizeMax = 140'000;  // three levels of tiles
  const TreeOnDisk tree(kSizeMax);
  TileReader reader(tree.path());
  std::mt19937_64 random(20261122);  // NOLINT: the same numbers each time
  for (int i = 0; i < 60; ++i) {
    const std::uint64_t size = i == 0 ? kSizeMax : 1 + random() % kSizeMax;
    const std::uint64_t index = random() % size;
    const Sha256 root = tree.root(size);
    const auto path = reader.inclusion(index, size);
    ASSERT_TRUE(path.ok()) << path.error().message;
    ASSERT_EQ(*path, defined_inclusion(index, std::span(tree.leaves).first(size)));
    ASSERT_TRUE(proves_inclusion(*path, tree.leaves[index], index, size, root)) << index << " in " << size;
    const auto growth = reader.consistency(index, size);
    ASSERT_TRUE(growth.ok()) << growth.error().message;
    ASSERT_TRUE(proves_consistency(*growth, index, tree.root(index), size, root)) << index << " to " << size;
  }
}

TEST(TileReader, SaysWhatIsMissingOrImpossible) {
  const TreeOnDisk tree(300);
  TileReader reader(tree.path());
  EXPECT_EQ(reader.inclusion(300, 300).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(reader.consistency(300, 299).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(reader.inclusion(0, 400).error().code, ErrorCode::kNotFound);
}

/// Calls `check` with every path that differs in one bit, lacks a hash, has one twice, or has two exchanged.
template <typename Check>
void with_every_change(const HashPath& path, const Check& check) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    for (std::size_t bit = 0; bit < 256; ++bit) {
      HashPath changed = path;
      changed[i][bit / 8] = static_cast<std::uint8_t>(changed[i][bit / 8] ^ (1U << (bit % 8)));
      check(changed);
    }
    HashPath shorter = path;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
    check(shorter);
    HashPath longer = path;
    longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(i), path[i]);
    check(longer);
    if (i == 0) continue;
    HashPath swapped = path;
    std::swap(swapped[i], swapped[i - 1]);
    check(swapped);
  }
  HashPath longer = path;
  longer.push_back(sha256("more"));
  check(longer);
}

TEST(Proofs, AreRefusedAfterAnyChange) {
  const TreeOnDisk tree(300);
  TileReader reader(tree.path());
  for (const std::uint64_t size : {1U, 2U, 3U, 7U, 8U, 64U, 100U, 256U, 257U, 300U}) {
    const Sha256 root = tree.root(size);
    const std::uint64_t index = size * 2 / 3;
    const Sha256 leaf = tree.leaves[index];
    const HashPath path = *reader.inclusion(index, size);
    ASSERT_TRUE(proves_inclusion(path, leaf, index, size, root));
    with_every_change(path, [&](const HashPath& changed) {
      EXPECT_FALSE(proves_inclusion(changed, leaf, index, size, root)) << size;
    });
    for (std::uint64_t other = 0; other <= size; ++other) {
      EXPECT_EQ(proves_inclusion(path, leaf, other, size, root), other == index) << other << " of " << size;
    }
    if (index == 0) continue;
    const Sha256 old_root = tree.root(index);
    const HashPath growth = *reader.consistency(index, size);
    ASSERT_TRUE(proves_consistency(growth, index, old_root, size, root));
    with_every_change(growth, [&](const HashPath& changed) {
      EXPECT_FALSE(proves_consistency(changed, index, old_root, size, root)) << size;
    });
    EXPECT_FALSE(proves_consistency(growth, index, root, size, root));
    EXPECT_FALSE(proves_consistency(growth, index, old_root, size, old_root));
    EXPECT_FALSE(proves_consistency(growth, size, root, index, old_root));
  }
}

TEST(Proofs, OfNothingAreStrict) {
  const Sha256 nothing = sha256({});
  EXPECT_FALSE(proves_inclusion({}, nothing, 0, 0, nothing));
  EXPECT_TRUE(proves_consistency({}, 0, nothing, 0, nothing));
  EXPECT_TRUE(proves_consistency({}, 0, nothing, 5, sha256("root")));
  EXPECT_FALSE(proves_consistency({sha256("root")}, 0, nothing, 5, sha256("root")));
  EXPECT_FALSE(proves_consistency({}, 0, sha256("other"), 5, sha256("root")));
  EXPECT_FALSE(proves_consistency({}, 5, sha256("root"), 5, sha256("other")));
}

// ---- The text

InclusionProof made_proof() {
  const NoteSigner signer("log.example.com", *Ed25519Key::from_seed(std::string(32, 's')));
  const Cosigner witness("witness.example.com", *Ed25519Key::from_seed(std::string(32, 'w')));
  const std::string note = signer.sign(Checkpoint{"log.example.com", 3, sha256("root")});
  return {2, {sha256("a"), sha256("b")}, note + witness.cosign(split_note(note)->text, 1'800'000'000), "an entry"};
}

TEST(ProofText, IsReadAsItWasWritten) {
  for (const bool with_extra : {true, false}) {
    InclusionProof proof = made_proof();
    if (!with_extra) proof.extra.reset();
    const std::string text = encode_proof(proof);
    const auto read = parse_proof(text);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->index, 2U);
    EXPECT_EQ(read->path, proof.path);
    EXPECT_EQ(read->extra, proof.extra);
    EXPECT_EQ(read->checkpoint, proof.checkpoint);
    EXPECT_EQ(encode_proof(*read), text);
  }
  InclusionProof alone = made_proof();
  alone.path.clear();
  alone.index = 0;
  EXPECT_TRUE(encode_proof(alone).find("\nindex 0\n\nlog.example.com\n") != std::string::npos);
  EXPECT_TRUE(parse_proof(encode_proof(alone)).ok());
}

TEST(ProofText, IsReadStrictly) {
  const std::string good = encode_proof(made_proof());
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return parse_proof(text.replace(at, from.size(), to));
  };
  EXPECT_TRUE(with("tlog-proof@v1", "tlog-proof@v1").ok());
  EXPECT_FALSE(with("tlog-proof@v1", "tlog-proof@v2").ok());
  EXPECT_FALSE(with("index 2", "index 02").ok());
  EXPECT_FALSE(with("index 2", "index +2").ok());
  EXPECT_FALSE(with("index 2", "index -2").ok());
  EXPECT_FALSE(with("index 2\n", "").ok());
  EXPECT_FALSE(with("extra ", "extra  ").ok());
  EXPECT_FALSE(with("extra ", "").ok());
  EXPECT_FALSE(with("\n\nlog", "\nlog").ok());
  EXPECT_FALSE(with("\n\nlog", "\n\n\nlog").ok());
  std::string many = "c2sp.org/tlog-proof@v1\nindex 2\n";
  append_hash_lines(many, HashPath(64, sha256("x")));
  EXPECT_FALSE(parse_proof(many + "\n" + made_proof().checkpoint).ok());
  for (std::size_t length = 0; length < good.size(); ++length) {
    // Only a cosignature can be left off.
    const auto cut = parse_proof(std::string_view(good).substr(0, length));
    EXPECT_TRUE(!cut || good[length - 1] == '\n') << length;
  }
}

// ---- Cosignatures

TEST(Cosignature, IsFoundAndChecked) {
  const Cosigner witness("witness.example.com", *Ed25519Key::from_seed(std::string(32, 'w')));
  const std::string key = witness.verifier().text();
  const InclusionProof proof = made_proof();
  const auto found = find_cosignature(proof.checkpoint, key);
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->name, "witness.example.com");
  EXPECT_EQ(found->time, 1'800'000'000);
  EXPECT_EQ(*witness_key_name(key), "witness.example.com");
  // Every other bit of the line makes it nobody's or wrong.
  const std::size_t line = proof.checkpoint.rfind("\xE2\x80\x94");
  for (std::size_t at = line; at < proof.checkpoint.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = proof.checkpoint;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      EXPECT_FALSE(find_cosignature(changed, key).ok()) << at << " " << bit;
    }
  }
  const Cosigner other("witness.example.com", Ed25519Key::generate());
  EXPECT_EQ(find_cosignature(proof.checkpoint, other.verifier().text()).error().code, ErrorCode::kNotFound);
  const NoteSigner log("log.example.com", *Ed25519Key::from_seed(std::string(32, 's')));
  EXPECT_EQ(find_cosignature(proof.checkpoint, log.verifier_key()).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(open_checkpoint(proof.checkpoint, key).error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(open_checkpoint(proof.checkpoint, log.verifier_key()).ok());
}

TEST(Cosigner, KeepsItsKey) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "private-key";
  FileSystem& system = real_file_system();
  EXPECT_EQ(load_cosigner(system, path, "", true).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(load_cosigner(system, path, "a b", true).error().code, ErrorCode::kInvalid);
  const auto made = load_cosigner(system, path, "witness.example.com/w1", true);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(load_cosigner(system, path, "", false)->verifier().text(), made->verifier().text());
  EXPECT_EQ(load_cosigner(system, path, "other", false).error().code, ErrorCode::kConflict);
  // The key of a log is not one of a witness, nor the other way round.
  EXPECT_FALSE(load_signer(system, path, "witness.example.com/w1", false).ok());
}

}  // namespace
}  // namespace reeve::ledger
