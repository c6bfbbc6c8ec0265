#include "core/sealing.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/private_file.h"

namespace reeve {
namespace {

constexpr std::string_view kPlace = "providers.anthropic.api_key";

SealingSecrets keys(const std::vector<std::string>& texts) {
  SealingSecrets secrets;
  for (const std::string& text : texts) secrets.texts.emplace_back(text);
  secrets.from = "the key in a test";
  return secrets;
}

SealingSecrets passphrases(const std::vector<std::string>& texts) {
  SealingSecrets secrets = keys(texts);
  secrets.passphrases = true;
  secrets.salt = std::string(16, 's');
  secrets.from = "the passphrase in a test";
  return secrets;
}

const std::string kFirst(32, '1');
const std::string kSecond(32, '2');

/// A house whose keys a test changes.
struct House {
  std::optional<SealingSecrets> secrets;
  int asked = 0;
  Sealing sealing{[this]() -> Result<std::optional<SealingSecrets>> {
    ++asked;
    return secrets;
  }};
};

TEST(Sealing, OpensWhatItSealed) {
  House house{.secrets = keys({kFirst})};
  const auto sealed = house.sealing.seal("sk-ant-secret", kPlace);
  ASSERT_TRUE(sealed.ok());
  EXPECT_TRUE(is_sealed(*sealed));
  EXPECT_EQ(sealed->find("sk-ant"), std::string::npos);
  EXPECT_EQ(sealed->find_first_of(" \n\"'#{}[],"), std::string::npos) << "one word, as YAML takes it";
  EXPECT_EQ(*house.sealing.open(*sealed, kPlace), "sk-ant-secret");
  EXPECT_EQ(*house.sealing.open(*house.sealing.seal("", kPlace), kPlace), "");
  EXPECT_NE(*house.sealing.seal("sk-ant-secret", kPlace), *sealed);
}

TEST(Sealing, OpensAtItsPlaceOnlyAndUnchangedOnly) {
  House house{.secrets = keys({kFirst})};
  const std::string sealed = *house.sealing.seal("sk-ant-secret", kPlace);
  const auto moved = house.sealing.open(sealed, "providers.other.api_key");
  ASSERT_FALSE(moved.ok());
  EXPECT_EQ(moved.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(moved.error().message.find("another place"), std::string::npos);
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    std::string changed = sealed;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    const auto opened = house.sealing.open(changed, kPlace);
    // The last character of base64url may hold bits that count for nothing; a strict decoder refuses those, too.
    ASSERT_FALSE(opened.ok()) << at;
    EXPECT_EQ(opened.error().message.find("sk-ant"), std::string::npos);
  }
  for (const std::string& cut : {sealed.substr(0, sealed.size() - 1), std::string("sealed:"),
                                 std::string("sealed:1..."), std::string("sealed:2.00000000..AAAA"), sealed + "."}) {
    EXPECT_FALSE(house.sealing.open(cut, kPlace).ok()) << cut;
  }
}

TEST(Sealing, AnotherKeySaysSoAndNamesItsSource) {
  House house{.secrets = keys({kFirst})};
  const std::string sealed = *house.sealing.seal("secret", kPlace);
  House other{.secrets = keys({kSecond})};
  const auto opened = other.sealing.open(sealed, kPlace);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kDenied);
  EXPECT_NE(opened.error().message.find("the key in a test is not what it was sealed with"), std::string::npos);
  House nothing;
  EXPECT_NE(nothing.sealing.open(sealed, kPlace).error().message.find("sealing: {key"), std::string::npos);
  EXPECT_FALSE(nothing.sealing.seal("secret", kPlace).ok());
}

TEST(Sealing, APassphraseOpensEverywhereAndAWrongOneNowhere) {
  House house{.secrets = passphrases({"correct horse battery"})};
  const std::string sealed = *house.sealing.seal("secret", kPlace);
  EXPECT_EQ(*house.sealing.open(sealed, kPlace), "secret");
  House elsewhere{.secrets = passphrases({"correct horse battery"})};
  elsewhere.secrets->salt = std::string(16, 't');
  EXPECT_EQ(*elsewhere.sealing.open(sealed, kPlace), "secret") << "the salt travels with the text";
  House wrong{.secrets = passphrases({"correct horse batterie"})};
  const auto opened = wrong.sealing.open(sealed, kPlace);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kDenied);
  House key{.secrets = keys({kFirst})};
  EXPECT_NE(key.sealing.open(sealed, kPlace).error().message.find("sealed with a passphrase"), std::string::npos);
}

TEST(Sealing, FindsAKeyThatWasAddedMeanwhile) {
  House house{.secrets = keys({kFirst})};
  const std::string old = *house.sealing.seal("old", kPlace);
  House other{.secrets = keys({kSecond})};
  const std::string fresh = *other.sealing.seal("fresh", kPlace);
  house.secrets = keys({kSecond, kFirst});
  EXPECT_EQ(*house.sealing.open(fresh, kPlace), "fresh");
  EXPECT_EQ(*house.sealing.open(old, kPlace), "old");
  EXPECT_FALSE(*house.sealing.is_current(old));
  EXPECT_TRUE(*house.sealing.is_current(fresh));
  EXPECT_TRUE(*house.sealing.is_current(*house.sealing.seal("x", kPlace))) << "the first one seals";
}

TEST(Sealing, DoesNotAskForWhatItKnows) {
  House house{.secrets = keys({kFirst})};
  const std::string sealed = *house.sealing.seal("secret", kPlace);
  const int asked = house.asked;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(house.sealing.open(sealed, kPlace).ok());
  EXPECT_EQ(house.asked, asked);
}

TEST(Sealing, TheNumberOfKeysIsBounded) {
  House house{.secrets = keys(std::vector<std::string>(9, kFirst))};
  EXPECT_FALSE(house.sealing.seal("secret", kPlace).ok());
  house.secrets = keys({});
  EXPECT_FALSE(house.sealing.seal("secret", kPlace).ok());
}

class PrivateFile : public testing::Test {
 protected:
  PrivateFile() {
    std::string name = (std::filesystem::temp_directory_path() / "reeve-private-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~PrivateFile() override {
    use_sealing({});
    std::filesystem::remove_all(directory_);
  }
  std::filesystem::path file() const { return directory_ / "a.key"; }
  std::filesystem::path directory_;
};

TEST_F(PrivateFile, IsForItsOwnerAndReplacedWhole) {
  ASSERT_TRUE(write_private_file(file(), "one").ok());
  ASSERT_TRUE(write_private_file(file(), "two").ok());
  EXPECT_EQ(**read_private_file(file()), "two");
  struct stat status{};
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
  EXPECT_FALSE(*read_private_file(directory_ / "missing"));
  std::ofstream(directory_ / "empty").close();
  EXPECT_FALSE(read_private_file(directory_ / "empty").ok());
}

TEST_F(PrivateFile, IsSealedOnceAndAgainUnderANewKey) {
  std::optional<SealingSecrets> secrets = keys({kFirst});
  use_sealing([&]() -> Result<std::optional<SealingSecrets>> { return secrets; });
  ASSERT_TRUE(write_private_file(file(), std::string("raw\0key\n", 8)).ok());
  EXPECT_TRUE(*seal_private_file(file(), "data.a.key"));
  EXPECT_FALSE(*seal_private_file(file(), "data.a.key"));
  const std::string first = **read_private_file(file());
  EXPECT_EQ(first.find("raw"), std::string::npos);
  EXPECT_EQ(*sealing().from_file(first, "data.a.key"), std::string("raw\0key\n", 8));
  secrets = keys({kSecond, kFirst});
  EXPECT_TRUE(*seal_private_file(file(), "data.a.key"));
  secrets = keys({kSecond});
  EXPECT_EQ(*sealing().from_file(**read_private_file(file()), "data.a.key"), std::string("raw\0key\n", 8));
  EXPECT_FALSE(*seal_private_file(directory_ / "missing", "x"));
}

TEST(SecretText, IsGoneFromWhereItWas) {
  SecretText text(std::string("short"));
  SecretText moved(std::move(text));
  EXPECT_TRUE(text.empty());  // NOLINT(bugprone-use-after-move): that it is empty is the point
  EXPECT_EQ(moved.view(), "short");
  SecretText other;
  other = moved;
  EXPECT_EQ(other, moved);
  std::string wiped = "something that is longer than fits into the object";
  const char* memory = wiped.data();
  wipe(wiped);
  EXPECT_TRUE(wiped.empty());
  EXPECT_EQ(*memory, '\0');
}

}  // namespace
}  // namespace reeve
