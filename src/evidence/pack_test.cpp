#include <algorithm>

#include "core/json.h"
#include "evidence/test_support.h"

namespace reeve::evidence {
namespace {

class PackTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder()); }

  std::filesystem::path folder() const { return small_.path() / "pack"; }
  Assessment assessed(std::uint64_t entries_max) const {
    Question question = question_of({"house"});
    question.entries_max = entries_max;
    auto assessment = assess(small_.ledger(), catalogue_, std::move(question));
    EXPECT_TRUE(assessment.ok()) << assessment.error().message;
    return *std::move(assessment);
  }
  std::size_t lines_of(const std::string& name) const {
    const std::string content = load(folder() / name);
    return static_cast<std::size_t>(std::count(content.begin(), content.end(), '\n'));
  }

  const SmallLedger small_{300};  // 600 entries: more than two tiles
  const Catalogue catalogue_ = catalogue_of(kTestCatalogue);
};

TEST_F(PackTest, TheManifestHasEveryFileWithItsDigest) {
  const auto manifest = write_pack(small_.ledger(), assessed(1000), {{"more.txt", "something"}}, folder());
  ASSERT_TRUE(manifest.ok()) << manifest.error().message;
  EXPECT_EQ(*manifest, load(folder() / "pack.json"));
  const auto document = JsonDocument::parse(*manifest);
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->root()["entries"].int_or(0), 600);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    const std::string name = entry.path().filename().string();
    if (name == "pack.json") continue;
    const std::string content = load(entry.path());
    const JsonValue facts = document->root()["files"][name];
    EXPECT_EQ(facts["bytes"].int_or(-1), static_cast<std::int64_t>(content.size())) << name;
    EXPECT_EQ(facts["sha256"].string_or(""), to_hex(as_bytes(sha256(content)))) << name;
    ++files;
  }
  EXPECT_EQ(files, 6U);  // checkpoint, key, entries.jsonl, leaves, proof.json, more.txt
  EXPECT_EQ(lines_of("entries.jsonl"), 600U);
  EXPECT_EQ(lines_of("leaves"), 600U);
}

TEST_F(PackTest, ALargePeriodGivesSamplesAndExceptions) {
  const Assessment assessment = assessed(10);
  EXPECT_FALSE(assessment.whole);
  ASSERT_TRUE(write_pack(small_.ledger(), assessment, {}, folder()).ok());
  // Five samples of each of two streams and of the denials; some may be the same.
  EXPECT_GE(lines_of("entries.jsonl"), 5U);
  EXPECT_LE(lines_of("entries.jsonl"), 15U);
}

TEST_F(PackTest, AnEntryThatWasNotSignedMakesNoPack) {
  const Assessment assessment = assessed(1000);
  // Another hash where the leaf of entry 300 was: now neither of them can be shown to be the right one.
  const auto tile = small_.ledger() / "public/tile/0/001";
  std::string content = load(tile);
  content[(300 - 256) * 32] = static_cast<char>(content[(300 - 256) * 32] ^ 1);
  std::ofstream(tile, std::ios::binary | std::ios::trunc) << content;
  const auto manifest = write_pack(small_.ledger(), assessment, {}, folder());
  ASSERT_FALSE(manifest.ok());
  EXPECT_EQ(manifest.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(manifest.error().message.find("entry 300 "), std::string::npos) << manifest.error().message;
}

TEST_F(PackTest, AFolderThatIsNotThereIsSaid) {
  const auto manifest = write_pack(small_.ledger(), assessed(1000), {}, small_.path() / "nowhere");
  ASSERT_FALSE(manifest.ok());
  EXPECT_NE(manifest.error().message.find("cannot write"), std::string::npos) << manifest.error().message;
}

TEST_F(PackTest, NoScriptCanEndThePageThatCarriesIt) {
  const std::string page = verifier_page({{"index.mjs", "const end = '</script><script>'"}});
  EXPECT_EQ(page.find("</script><script>'"), std::string::npos);
  EXPECT_NE(page.find("\\u003c/script>"), std::string::npos);
}

TEST_F(PackTest, TheBundleNamesItsKeyAndDigest) {
  const Ed25519Key key = Ed25519Key::generate();
  const auto bundle = JsonDocument::parse(sigstore_bundle(key, "an artifact"));
  ASSERT_TRUE(bundle.ok());
  const JsonValue message = bundle->root()["messageSignature"];
  EXPECT_EQ(message.at("messageDigest.digest").string_or(""), to_base64(as_bytes(sha256("an artifact"))));
  const auto signature = from_base64(message["signature"].string_or(""));
  ASSERT_TRUE(signature.ok());
  EXPECT_TRUE(ed25519_verify(key.public_key(), "an artifact", *signature));
}

}  // namespace
}  // namespace reeve::evidence
