#include "reeve/config_secrets.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "core/sealing.h"
#include "reeve/config.h"

namespace reeve::app {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ConfigSecrets : public testing::Test {
 protected:
  ConfigSecrets() {
    use_sealing([]() -> Result<std::optional<SealingSecrets>> {
      SealingSecrets secrets;
      secrets.texts.emplace_back(std::string(32, 'k'));
      secrets.from = "a test's key";
      return std::optional(std::move(secrets));
    });
  }
  ~ConfigSecrets() override { use_sealing({}); }

  /// A provider with these further members.
  Config parse(const std::string& keys, OpenSecrets opens = OpenSecrets::kYes) {
    complaints_.clear();
    return parse_config("providers:\n  - {name: vendor, dialect: anthropic, base_url: http://x, " + keys + "}\n",
                        "reeve.yaml", "/etc/reeve", complaints_, opens);
  }
  std::string first() const { return complaints_.empty() ? "" : complaints_.front().to_string(); }
  static std::string sealed(std::string_view place) { return *sealing().seal("sk-do-not-print", place); }

  std::vector<Diagnostic> complaints_;
};

TEST_F(ConfigSecrets, ASealedKeyIsOpenedWhereItIsWanted) {
  const std::string text = sealed("providers.vendor.api_key");
  const Config config = parse("api_key: \"" + text + "\"");
  EXPECT_EQ(first(), "");
  EXPECT_EQ(config.providers.at(0).provider.keys.at(0).secret.view(), "sk-do-not-print");
  ASSERT_THAT(config.secrets, SizeIs(1));
  EXPECT_EQ(config.secrets[0].place, "providers.vendor.api_key");
  EXPECT_EQ(config.secrets[0].form, ConfigSecret::Form::kSealed);
  const Config closed = parse("api_key: \"" + text + "\"", OpenSecrets::kNo);
  EXPECT_EQ(first(), "");
  EXPECT_THAT(closed.providers.at(0).provider.keys, IsEmpty());
  EXPECT_EQ(closed.secrets.at(0).sealed, text);
}

TEST_F(ConfigSecrets, AVariableMayHoldASealedText) {
  ::setenv("REEVE_TEST_SEALED", sealed("providers.vendor.api_key").c_str(), 1);
  const Config config = parse("api_key: \"${REEVE_TEST_SEALED}\"");
  EXPECT_EQ(first(), "");
  EXPECT_EQ(config.providers.at(0).provider.keys.at(0).secret.view(), "sk-do-not-print");
  EXPECT_EQ(config.secrets.at(0).form, ConfigSecret::Form::kSealedElsewhere);
}

TEST_F(ConfigSecrets, ASecretOfAnotherPlaceIsAnErrorThatSaysWhatToDo) {
  parse("api_key: \"" + sealed("providers.other.api_key") + "\"");
  EXPECT_THAT(first(), HasSubstr("reeve.yaml:2:"));
  EXPECT_THAT(first(), HasSubstr("reeve secret seal providers.vendor.api_key"));
  EXPECT_TRUE(has_errors(complaints_));
  for (const Diagnostic& complaint : complaints_) EXPECT_EQ(complaint.message.find("do-not-print"), std::string::npos);
}

TEST_F(ConfigSecrets, OneInClearIsAWarningWithTheWayOut) {
  const Config config = parse("api_key: sk-do-not-print");
  EXPECT_EQ(config.providers.at(0).provider.keys.at(0).secret.view(), "sk-do-not-print");
  EXPECT_FALSE(has_errors(complaints_));
  EXPECT_THAT(first(), HasSubstr("reeve secret seal providers.vendor.api_key"));
  EXPECT_EQ(first().find("do-not-print"), std::string::npos);
  ::setenv("REEVE_TEST_KEY", "sk-test", 1);
  parse("api_key: \"${REEVE_TEST_KEY}\"");
  EXPECT_EQ(first(), "") << "what comes from the environment is not in the file";
}

TEST_F(ConfigSecrets, ADatabasesAddressIsASecretWithItsPassword) {
  const auto of = [this](const std::string& url) {
    complaints_.clear();
    return parse_config("storage: {postgres: {url: \"" + url + "\"}}\n", "reeve.yaml", "/etc/reeve", complaints_);
  };
  of("postgresql://reeve@db.example.com/reeve");
  EXPECT_EQ(first(), "");
  of("postgresql://reeve:do-not-print@db.example.com/reeve");
  EXPECT_THAT(first(), HasSubstr("reeve secret seal storage.postgres.url"));
  const std::string address = "postgresql://reeve:x@db.example.com/reeve";
  const Config config = of(*sealing().seal(address, "storage.postgres.url"));
  EXPECT_EQ(first(), "");
  EXPECT_EQ(config.postgres->url, address);
  of(sealed("elsewhere"));
  EXPECT_THAT(complaints_, SizeIs(1)) << first();
}

TEST_F(ConfigSecrets, SeveralKeysWithNamesWeightsAndPriorities) {
  ::setenv("REEVE_TEST_KEY", "sk-test", 1);
  const Config config =
      parse("api_keys: [{name: main, api_key: \"${REEVE_TEST_KEY}\", weight: 3}, {name: spare, api_key: \"" +
            sealed("providers.vendor.api_keys.spare") + "\", priority: 2}]");
  EXPECT_EQ(first(), "");
  const auto& keys = config.providers.at(0).provider.keys;
  ASSERT_THAT(keys, SizeIs(2));
  EXPECT_EQ(keys[0].name, "main");
  EXPECT_EQ(keys[0].weight, 3U);
  EXPECT_EQ(keys[1].priority, 2U);
  EXPECT_EQ(keys[1].secret.view(), "sk-do-not-print");
}

TEST_F(ConfigSecrets, WrongKeysAreNamed) {
  const auto complains = [this](const std::string& keys, std::string_view what) {
    parse(keys);
    EXPECT_THAT(first(), HasSubstr(std::string(what))) << keys;
    EXPECT_TRUE(has_errors(complaints_));
  };
  complains("api_key: \"${HOME}\", api_keys: [{name: a, api_key: \"${HOME}\"}]", "not both");
  complains("api_keys: []", "a list of 1 to 32 keys");
  complains("api_keys: {name: a}", "a list of 1 to 32 keys");
  complains("api_keys: [{api_key: \"${HOME}\"}]", "a key needs a name");
  complains("api_keys: [{name: \"a b\", api_key: \"${HOME}\"}]", "letters, digits, hyphens");
  complains("api_keys: [{name: a, api_key: \"${HOME}\"}, {name: a, api_key: \"${HOME}\"}]", "another key of that name");
  complains("api_keys: [{name: a, api_key: \"${HOME}\", weight: 0}]", "from 1 to 1000");
  complains("api_keys: [{name: a, api_key: \"${HOME}\", wait: 1}]", "unknown key 'wait'");
}

TEST(SealingSettings, SayWhereTheKeyIs) {
  const auto read = [](const std::string& text, std::vector<Diagnostic>& complaints) {
    return parse_config("sealing: " + text + "\n", "reeve.yaml", "/etc/reeve", complaints).sealing;
  };
  std::vector<Diagnostic> complaints;
  EXPECT_EQ(read("{key: {file: sealing.key}}", complaints).source.file, "/etc/reeve/sealing.key");
  EXPECT_TRUE(read("{passphrase: {env: PHRASE}}", complaints).passphrase);
  EXPECT_THAT(complaints, IsEmpty());
  for (const char* wrong : {"{}", "key", "{key: {}}", "{key: {file: a, env: B}}", "{kee: {file: a}}",
                            "{key: {file: a}, passphrase: {env: B}}", "{key: {command: kms}}"}) {
    complaints.clear();
    read(wrong, complaints);
    EXPECT_TRUE(has_errors(complaints)) << wrong;
  }
}

}  // namespace
}  // namespace reeve::app
