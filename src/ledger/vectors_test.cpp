// What this room has of the public specifications, against tests/ledger-vectors; the verifier is held to the same.

#include <gtest/gtest.h>

#include "core/bytes.h"
#include "core/json.h"
#include "ledger/note.h"
#include "ledger/test_support.h"
#include "ledger/tiles.h"
#include "ledger/tree.h"
#include "ledger/witness.h"
#if __has_include("ledger/proof.h")
#include "ledger/proof.h"
#endif

namespace reeve::ledger {
namespace {

JsonDocument vectors(const std::string& name) {
  const std::string file = std::string(REEVE_SOURCE_DIR) + "/tests/ledger-vectors/" + name + ".json";
  auto text = read_file(real_file_system(), file);
  EXPECT_TRUE(text.ok()) << file;
  auto document = JsonDocument::parse(text.ok() ? *text : "[]");
  EXPECT_TRUE(document.ok()) << file;
  return *std::move(document);
}

std::string text_of(const JsonValue& value) { return std::string(value.string_or("")); }
std::string bytes_of(const JsonValue& value) {
  const auto bytes = from_hex(value.string_or(""));
  EXPECT_TRUE(bytes.ok()) << value.to_json();
  return bytes ? *bytes : std::string();
}
std::string hex(const Sha256& hash) { return to_hex(as_bytes(hash)); }

TEST(Vectors, Tree) {
  const JsonDocument document = vectors("tree");
  std::vector<Sha256> leaves;
  for (const JsonValue entry : document.root()["entries"].items()) leaves.push_back(leaf_hash(bytes_of(entry)));
  std::size_t size = 0;
  for (const JsonValue root : document.root()["roots"].items()) {
    EXPECT_EQ(hex(tree_root(std::span(leaves).first(size))), text_of(root)) << size;
    ++size;
  }
  EXPECT_EQ(size, leaves.size() + 1);
}

TEST(Vectors, Notes) {
  const JsonDocument document = vectors("notes");
  for (const JsonValue one : document.root().items()) {
    const auto text = open_note(text_of(one["note"]), text_of(one["key"]));
    EXPECT_EQ(text.ok(), one["ok"].as_bool().value_or(false)) << text_of(one["name"]);
    if (text) EXPECT_EQ(*text, text_of(one["text"])) << text_of(one["name"]);
  }
}

/// Witnesses are another matter: rows that only their signatures spoil are left out.
TEST(Vectors, Checkpoints) {
  const JsonDocument document = vectors("checkpoints");
  for (const JsonValue one : document.root().items()) {
    const bool ok = one["ok"].as_bool().value_or(false);
    if (!ok && one["quorum"].int_or(0) > 0) continue;
    const auto opened = open_checkpoint(text_of(one["note"]), text_of(one["key"]));
    EXPECT_EQ(opened.ok(), ok) << text_of(one["name"]);
    if (!opened || !ok) continue;
    EXPECT_EQ(opened->origin, text_of(one["origin"]));
    EXPECT_EQ(opened->size, static_cast<std::uint64_t>(one["size"].int_or(-1)));
    EXPECT_EQ(hex(opened->root), text_of(one["root"]));
  }
}

TEST(Vectors, Tiles) {
  const JsonDocument document = vectors("tiles");
  for (const JsonValue one : document.root()["paths"].items()) {
    const bool entries = text_of(one["level"]) == "entries";
    const auto number = static_cast<std::uint64_t>(one["number"].int_or(0));
    const auto width = static_cast<std::size_t>(one["width"].int_or(0));
    const std::string path = entries ? bundle_path(number, width)
                                     : tile_path(static_cast<std::size_t>(one["level"].int_or(0)), number, width);
    EXPECT_EQ(path, text_of(one["path"]));
    const auto name = parse_published_name(path);
    ASSERT_TRUE(name.has_value()) << path;
    EXPECT_EQ(name->number, number);
    EXPECT_EQ(name->kind, entries ? PublishedName::Kind::kEntries : PublishedName::Kind::kTile);
  }
  for (const JsonValue path : document.root()["not_paths"].items()) {
    EXPECT_FALSE(parse_published_name(text_of(path)).has_value()) << text_of(path);
  }
  const std::string bundle = bytes_of(document.root()["bundle"]["bytes"]);
  const auto parts = split_bundle(bundle);
  ASSERT_TRUE(parts.has_value());
  std::size_t i = 0;
  for (const JsonValue entry : document.root()["bundle"]["entries"].items()) {
    EXPECT_EQ(parts->at(i), bytes_of(entry));
    ++i;
  }
}

#if __has_include("ledger/proof.h")

Sha256 hash_of(const JsonValue& value) {
  Sha256 hash{};
  const std::string bytes = bytes_of(value);
  if (bytes.size() == hash.size()) std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

HashPath path_of(const JsonValue& value) {
  HashPath path;
  for (const JsonValue hash : value.items()) path.push_back(hash_of(hash));
  return path;
}

std::uint64_t count_of(const JsonValue& value) { return static_cast<std::uint64_t>(value.int_or(-1)); }

TEST(Vectors, Inclusion) {
  const JsonDocument document = vectors("inclusion");
  for (const JsonValue one : document.root().items()) {
    const bool proven = proves_inclusion(path_of(one["proof"]), leaf_hash(bytes_of(one["entry"])),
                                         count_of(one["index"]), count_of(one["size"]), hash_of(one["root"]));
    EXPECT_EQ(proven, one["ok"].as_bool().value_or(false)) << text_of(one["name"]);
  }
}

TEST(Vectors, Consistency) {
  const JsonDocument document = vectors("consistency");
  for (const JsonValue one : document.root().items()) {
    const bool proven = proves_consistency(path_of(one["proof"]), count_of(one["first"]), hash_of(one["first_root"]),
                                           count_of(one["second"]), hash_of(one["second_root"]));
    EXPECT_EQ(proven, one["ok"].as_bool().value_or(false)) << text_of(one["name"]);
  }
}

std::int64_t cosigned(const std::string& note, const JsonValue& witnesses) {
  std::int64_t count = 0;
  for (const JsonValue key : witnesses.items()) count += find_cosignature(note, text_of(key)).ok() ? 1 : 0;
  return count;
}

TEST(Vectors, Cosignatures) {
  const JsonDocument document = vectors("checkpoints");
  for (const JsonValue one : document.root().items()) {
    const std::string note = text_of(one["note"]);
    const bool accepted =
        open_checkpoint(note, text_of(one["key"])).ok() && cosigned(note, one["witnesses"]) >= one["quorum"].int_or(0);
    if (one["quorum"].int_or(0) > 0) EXPECT_EQ(accepted, one["ok"].as_bool().value_or(false)) << text_of(one["name"]);
  }
}

TEST(Vectors, Proofs) {
  const JsonDocument document = vectors("tlog-proofs");
  for (const JsonValue one : document.root().items()) {
    const auto proof = parse_proof(text_of(one["proof"]));
    const auto checkpoint =
        proof ? open_checkpoint(proof->checkpoint, text_of(one["key"])) : Result<Checkpoint>(proof.error());
    const bool accepted = proof && checkpoint &&
                          proves_inclusion(proof->path, leaf_hash(bytes_of(one["entry"])), proof->index,
                                           checkpoint->size, checkpoint->root) &&
                          cosigned(proof->checkpoint, one["witnesses"]) >= one["quorum"].int_or(0);
    EXPECT_EQ(accepted, one["ok"].as_bool().value_or(false)) << text_of(one["name"]);
  }
}

TEST(Vectors, Witness) {
  const JsonDocument document = vectors("witness");
  for (const JsonValue one : document.root().items()) {
    const std::string name = text_of(one["name"]);
    const TemporaryDirectory directory;
    auto witness = Witness::open({directory.path(), "witness.example.com/w1", {text_of(one["log"])}});
    ASSERT_TRUE(witness.ok()) << name;
    if (one["seen"].as_string()) {
      ASSERT_EQ((*witness)->add_checkpoint("old 0\n\n" + text_of(one["seen"])).status, 200) << name;
    }
    const std::string request = text_of(one["request"]);
    const WitnessAnswer answer = (*witness)->add_checkpoint(request);
    EXPECT_EQ(answer.status, one["status"].int_or(0)) << name << ": " << answer.body;
    if (answer.status == 409) {
      EXPECT_EQ(answer.content_type, "text/x.tlog.size") << name;
      EXPECT_EQ(answer.body, text_of(one["answer"])) << name;
    }
    if (answer.status != 200) continue;
    // The answer is the line that cosigns what was sent.
    const std::string note = request.substr(request.find("\n\n") + 2);
    EXPECT_TRUE(find_cosignature(note + answer.body, (*witness)->verifier_key()).ok()) << name;
  }
}

#endif

}  // namespace
}  // namespace reeve::ledger
