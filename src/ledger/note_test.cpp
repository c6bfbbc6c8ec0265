#include "ledger/note.h"

#include <random>

#include "core/bytes.h"
#include "ledger/test_support.h"
#include "ledger/tree.h"

namespace reeve::ledger {
namespace {

// From the documentation of Go's golang.org/x/mod/sumdb/note package, the first implementation of the format.
constexpr std::string_view kGoVerifierKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view kGoPrivateKey =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr std::string_view kGoText =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
constexpr std::string_view kGoSignature =
    "\n\xE2\x80\x94 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

TEST(Note, OpensWhatGoSigned) {
  const auto text = open_note(std::string(kGoText) + std::string(kGoSignature), kGoVerifierKey);
  ASSERT_TRUE(text.ok()) << text.error().message;
  EXPECT_EQ(*text, kGoText);
}

TEST(Note, SignsAsGoDoes) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "key";
  ASSERT_TRUE(replace_file(real_file_system(), path, std::string(kGoPrivateKey) + "\n", Writing::kCached).ok());
  const auto signer = load_signer(real_file_system(), path, "PeterNeumann", false);
  ASSERT_TRUE(signer.ok()) << signer.error().message;
  EXPECT_EQ(signer->verifier_key(), kGoVerifierKey);
  EXPECT_EQ(signer->sign(kGoText), std::string(kGoText) + std::string(kGoSignature));
}

NoteSigner new_signer(const std::string& name) { return {name, Ed25519Key::generate()}; }

TEST(Note, RefusesEveryFlippedByte) {
  const NoteSigner signer = new_signer("reeve.example.com/node-1");
  const std::string note = signer.sign(Checkpoint{signer.name(), 12'345, Tree().root()});
  ASSERT_TRUE(open_checkpoint(note, signer.verifier_key()).ok());
  for (std::size_t i = 0; i < note.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      std::string flipped = note;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      EXPECT_FALSE(open_checkpoint(flipped, signer.verifier_key()).ok()) << i;
    }
    EXPECT_FALSE(open_checkpoint(std::string_view(note).substr(0, i), signer.verifier_key()).ok());
  }
}

TEST(Note, TakesFurtherSignaturesOfOthers) {
  const NoteSigner signer = new_signer("reeve.example.com/node-1");
  const NoteSigner witness = new_signer("witness.example.com");
  const std::string text = "reeve.example.com/node-1\n0\n" + to_base64(as_bytes(Tree().root())) + "\n";
  const std::string cosigned = signer.sign(text) + witness.sign(text).substr(text.size() + 1);
  EXPECT_TRUE(open_checkpoint(cosigned, signer.verifier_key()).ok());
  EXPECT_TRUE(open_note(cosigned, witness.verifier_key()).ok());
  EXPECT_FALSE(open_note(signer.sign(text), witness.verifier_key()).ok());
  // The witness may sign the text, but it is not the log.
  EXPECT_FALSE(open_checkpoint(cosigned, witness.verifier_key()).ok());
  // Same name, other key.
  const NoteSigner impostor = new_signer("reeve.example.com/node-1");
  EXPECT_FALSE(open_checkpoint(impostor.sign(text), signer.verifier_key()).ok());
}

TEST(Checkpoint, RoundTrips) {
  const NoteSigner signer = new_signer("reeve.example.com/node-1");
  for (const std::uint64_t size : {0UL, 1UL, 256UL, 9'000'000'000'000'000'000UL}) {
    const Checkpoint checkpoint{signer.name(), size, leaf_hash(std::to_string(size))};
    const auto opened = open_checkpoint(signer.sign(checkpoint), signer.verifier_key());
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(opened->origin, checkpoint.origin);
    EXPECT_EQ(opened->size, size);
    EXPECT_EQ(opened->root, checkpoint.root);
  }
}

TEST(Checkpoint, RefusesOtherTexts) {
  const std::string root = to_base64(as_bytes(Tree().root()));
  EXPECT_TRUE(parse_checkpoint("log\n0\n" + root + "\n").ok());
  EXPECT_TRUE(parse_checkpoint("log\n0\n" + root + "\nextension\n").ok());
  for (const std::string& text :
       {std::string(), std::string("\n"), "log\n0\n" + root, "\n0\n" + root + "\n", "log\n00\n" + root + "\n",
        "log\n-1\n" + root + "\n", "log\n+1\n" + root + "\n", "log\n1 \n" + root + "\n", std::string("log\n1\n\n"),
        "log\n1\n" + root.substr(4) + "\n", "log\n1\n" + root + "\n\n", "log\n99999999999999999999\n" + root + "\n"}) {
    EXPECT_FALSE(parse_checkpoint(text).ok()) << text;
  }
}

TEST(VerifierKey, RefusesWhatIsNotOne) {
  const std::string good(kGoVerifierKey);
  const std::string note = std::string(kGoText) + std::string(kGoSignature);
  EXPECT_TRUE(open_note(note, good + "\n").ok());
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string wrong = good;
    wrong[i] = static_cast<char>(wrong[i] ^ 1);
    EXPECT_FALSE(open_note(note, wrong).ok()) << i;
    EXPECT_FALSE(open_note(note, std::string_view(good).substr(0, i)).ok()) << i;
  }
}

TEST(Signer, KeepsItsKey) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "key";
  EXPECT_EQ(load_signer(real_file_system(), path, "log", false).error().code, ErrorCode::kNotFound);
  const auto made = load_signer(real_file_system(), path, "log", true);
  ASSERT_TRUE(made.ok());
  const auto loaded = load_signer(real_file_system(), path, "log", true);
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->verifier_key(), made->verifier_key());
  EXPECT_EQ(load_signer(real_file_system(), path, "other", true).error().code, ErrorCode::kConflict);
  std::string content = *read_file(real_file_system(), path);
  for (std::size_t i = 0; i + 1 < content.size(); ++i) {
    std::string wrong = content;
    wrong[i] = static_cast<char>(wrong[i] ^ 1);
    ASSERT_TRUE(replace_file(real_file_system(), path, wrong, Writing::kCached).ok());
    const auto signer = load_signer(real_file_system(), path, "log", true);
    EXPECT_FALSE(signer.ok()) << i;
    // The message shows nothing of the key.
    EXPECT_EQ(signer.error().message.find(content.substr(30)), std::string::npos);
  }
}

TEST(KeyName, IsStrict) {
  EXPECT_TRUE(is_key_name("reeve.example.com/node-1"));
  EXPECT_TRUE(is_key_name("r\xC3\xA9\xC3\xA9ve.example.com"));
  for (const std::string& name :
       {std::string(), std::string("a b"), std::string("a+b"), std::string("a\nb"), std::string("a\xC2\xA0"),
        std::string("a\xE2\x80\x83"), std::string("a\xE3\x80\x80z"), std::string("\xff"), std::string(257, 'a')}) {
    EXPECT_FALSE(is_key_name(name)) << name;
  }
}

}  // namespace
}  // namespace reeve::ledger
