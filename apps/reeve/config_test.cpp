#include "reeve/config.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "reeve/commands.h"
#include "reeve/starter.h"

namespace reeve::app {
namespace {

struct Parsed {
  Config config;
  std::vector<Diagnostic> complaints;
  std::string first() const { return complaints.empty() ? "" : complaints.front().to_string(); }
};

Parsed parse(std::string_view text) {
  Parsed parsed;
  parsed.config = parse_config(text, "reeve.yaml", "/etc/reeve", parsed.complaints);
  return parsed;
}

TEST(Config, ReadsWhatInterfacesPromises) {
  ::setenv("REEVE_TEST_KEY", "sk-test", 1);
  const Parsed parsed = parse(R"(
listen: 127.0.0.1:9000
data_dir: ./data
storage:
  url: sqlite
  postgres: {url: "postgresql://reeve@db.example.com/reeve", password_file: postgres.password, call_timeout: 2s}
providers:
  - {name: anthropic, dialect: anthropic, base_url: https://api.anthropic.com, api_key: "${REEVE_TEST_KEY}", region: us, retention: zero}
  - {name: local, dialect: openai-chat, base_url: http://127.0.0.1:11434/v1, region: onprem}
models:
  - {name: claude-opus-*, provider: anthropic, tier: frontier}
  - {name: llama-*, provider: [local, anthropic]}
identity:
  oidc: [{issuer: https://idp.example.com, audience: reeve, groups_claim: groups}]
ledger: {content: hash, sync: always}
)");
  EXPECT_EQ(parsed.first(), "");
  ASSERT_EQ(parsed.config.providers.size(), 2U);
  EXPECT_EQ(parsed.config.providers[0].provider.keys.at(0).secret.view(), "sk-test");
  EXPECT_EQ(parsed.config.providers[0].provider.price_provider, "anthropic");
  EXPECT_EQ(parsed.config.providers[1].provider.base_url.path, "/v1");
  ASSERT_EQ(parsed.config.models.size(), 2U);
  EXPECT_EQ(parsed.config.models[1].providers, (std::vector<std::size_t>{1, 0}));
  EXPECT_EQ(parsed.config.listen_port, 9000);
  EXPECT_EQ(parsed.config.data_dir, "/etc/reeve/data");
  EXPECT_EQ(parsed.config.postgres->url, "postgresql://reeve@db.example.com/reeve");
  EXPECT_EQ(parsed.config.postgres->password_file, "/etc/reeve/postgres.password");
  EXPECT_EQ(parsed.config.postgres->call_timeout, std::chrono::seconds(2));
  EXPECT_TRUE(parsed.config.record_request_digest);
  EXPECT_EQ(parsed.config.issuers.at(0).audience, "reeve");
}

TEST(Config, PointsAtTheMistakeAndNamesTheWayOut) {
  const auto complains = [](std::string_view text, std::string_view where, std::string_view what) {
    const std::string first = parse(text).first();
    EXPECT_TRUE(first.starts_with("reeve.yaml:" + std::string(where) + ":")) << first;
    EXPECT_NE(first.find(what), std::string::npos) << first;
  };
  complains("listne: 127.0.0.1:1\n", "1:1", "did you mean 'listen'");
  complains("listen: here\n", "1:9", "127.0.0.1:8484");
  complains("providers:\n  - {name: a, dialect: klingon, base_url: http://x}\n", "2:24", "not a dialect");
  complains("providers:\n  - {name: a, dialect: anthropic}\n", "2:5", "base_url");
  complains("providers:\n  - {name: a, dialect: practice}\nmodels:\n  - {name: m, provider: b}\n", "4:25",
            "no provider named 'b'");
  complains("storage: {url: \"postgresql://db\"}\n", "1:16", "SQLite only");
  complains("storage: {postgres: {}}\n", "1:21", "needs a url");
  complains("storage: {postgres: {url: here}}\n", "1:27", "postgresql://USER@HOST");
  complains("storage: {postgres: {url: \"postgresql://db\", password: x}}\n", "1:46", "unknown key 'password'");
  complains("ledger: {content: all}\n", "1:19", "hash (also a keyed digest");
  complains("ledger: {content: sealed, keep: soon}\n", "1:33", "such as 30d");
  complains("ledger: {serve: [checkpoint, tyles]}\n", "1:30", "a list of checkpoint, tiles and entries");
  complains("ledger: {serve: tiles}\n", "1:17", "a list of checkpoint, tiles and entries");
  complains(
      "providers:\n  - {name: a, dialect: anthropic, base_url: http://x, api_key: \"${REEVE_NO_SUCH_VARIABLE}\"}\n",
      "2:64", "REEVE_NO_SUCH_VARIABLE");
  complains("identity:\n  oidc: [{issuer: http://idp.example.com, audience: a}]\n", "2:19", "https");
  complains("limits: {header_timeout: soon}\n", "1:26", "90s");
  complains("spend: {anomalies_every: 100ms}\n", "1:26", "every 1s to every 24h");
  complains("workers: 0\n", "1:10", "from 1 to 256");
}

TEST(Config, AVariableMayHaveADefault) {
  ::setenv("REEVE_TEST_EMPTY", "", 1);
  ::setenv("REEVE_TEST_KEY", "sk-test", 1);
  const auto key_from = [](const std::string& text) {
    const Parsed parsed =
        parse("providers:\n  - {name: a, dialect: anthropic, base_url: http://x, api_key: \"" + text + "\"}\n");
    EXPECT_EQ(parsed.first(), "") << text;
    return std::string(parsed.config.providers.at(0).provider.keys.at(0).secret.view());
  };
  EXPECT_EQ(key_from("${REEVE_NO_SUCH_VARIABLE:-none}"), "none");
  EXPECT_EQ(key_from("${REEVE_TEST_EMPTY:-none}"), "none");
  EXPECT_EQ(key_from("${REEVE_TEST_KEY:-none}"), "sk-test");
  EXPECT_EQ(key_from("<${REEVE_TEST_EMPTY}>"), "<>");
  EXPECT_EQ(key_from("<${REEVE_TEST_EMPTY:-}>"), "<>");
}

TEST(Config, NoComplaintRepeatsWhatMayBeASecret) {
  ::setenv("REEVE_TEST_SECRET", "sk-do-not-print\n", 1);
  for (const char* provider :
       {"base_url: \"${REEVE_TEST_SECRET}\"", "base_url: \"https://${REEVE_TEST_SECRET}@api.example.com\"",
        "base_url: \"https://api.example.com/?key=sk-do-not-print\"",
        "base_url: http://x, api_key: \"${REEVE_TEST_SECRET}\"", "base_url: http://x, api_kee: sk-do-not-print"}) {
    const Parsed parsed = parse("providers:\n  - {name: a, dialect: anthropic, " + std::string(provider) + "}\n");
    EXPECT_FALSE(parsed.complaints.empty()) << provider;
    for (const Diagnostic& complaint : parsed.complaints) {
      EXPECT_EQ(complaint.to_string().find("do-not-print"), std::string::npos) << complaint.to_string();
    }
  }
}

TEST(Config, NoComplaintRepeatsTheDatabasesPassword) {
  ::setenv("REEVE_TEST_SECRET", "postgresql://reeve:do-not-print%@db/x", 1);
  for (const char* url : {"${REEVE_TEST_SECRET}", "postgresql://reeve:do-not-print@[db/x", "do-not-print"}) {
    const Parsed parsed = parse("storage: {postgres: {url: \"" + std::string(url) + "\"}}\n");
    EXPECT_FALSE(parsed.complaints.empty()) << url;
    EXPECT_EQ(parsed.first().find("do-not-print"), std::string::npos) << parsed.first();
  }
}

TEST(Config, FindsTheDataDirectoryBesideMistakesThatDoNotConcernIt) {
  const auto file = std::filesystem::temp_directory_path() / ("reeve-config-" + std::to_string(::getpid()) + ".yaml");
  const auto data_dir = [&](std::string_view text) {
    std::ofstream(file, std::ios::trunc) << text;
    return read_data_dir(file);
  };
  EXPECT_EQ(*data_dir("listne: x\ndata_dir: kept\nproviders: [{api_key: \"${REEVE_NO_SUCH_VARIABLE}\"}]\n"),
            file.parent_path() / "kept");
  EXPECT_EQ(*data_dir("listen: 127.0.0.1:1\n"), file.parent_path() / "data");
  EXPECT_FALSE(data_dir("data_dir: \"${REEVE_NO_SUCH_VARIABLE}/data\"\n").ok());
  EXPECT_FALSE(data_dir("data_dir: [\n").ok());
  EXPECT_FALSE(data_dir("").ok());
  std::filesystem::remove(file);
  EXPECT_FALSE(read_data_dir(file).ok());
}

constexpr std::string_view kWitnessKey = "w+85a68bf5+BOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";

TEST(Config, ReadsWitnesses) {
  ::setenv("REEVE_TEST_WITNESS", std::string(kWitnessKey).c_str(), 1);
  const Parsed parsed = parse(
      "ledger: {witnesses: [{url: \"https://w.example.com/log\", key: \"${REEVE_TEST_WITNESS}\"}], anchor: /a/b}\n");
  EXPECT_TRUE(parsed.complaints.empty()) << parsed.first();
  ASSERT_EQ(parsed.config.witnesses.size(), 1U);
  EXPECT_EQ(parsed.config.witnesses[0].key, kWitnessKey);
  EXPECT_EQ(parsed.config.witnesses[0].url.path, "/log");
  EXPECT_EQ(parsed.config.witness_quorum, 1U);
  EXPECT_EQ(parsed.config.ledger_anchor, "/a/b");
}

TEST(Config, ComplainsOfWitnessesThatCannotWork) {
  const std::string one = "{url: \"http://w\", key: \"" + std::string(kWitnessKey) + "\"}";
  const auto complaint = [](const std::string& ledger) { return parse("ledger: {" + ledger + "}\n").first(); };
  EXPECT_THAT(complaint("witnesses: " + one), ::testing::HasSubstr("a list of witnesses"));
  EXPECT_THAT(complaint("witnesses: [x]"), ::testing::HasSubstr("a witness is {url"));
  EXPECT_THAT(complaint("witnesses: [{url: \"http://w\"}]"), ::testing::HasSubstr("needs a url and the key"));
  EXPECT_THAT(complaint("witnesses: [{url: w, key: x}]"), ::testing::HasSubstr("1:28"));
  EXPECT_THAT(complaint("witnesses: [{url: \"http://w\", key: x}]"), ::testing::HasSubstr("not a verifier key"));
  EXPECT_THAT(complaint("witnesses: [" + one + ", " + one + "]"), ::testing::HasSubstr("each counts once"));
  EXPECT_THAT(complaint("witnesses: [" + one + "], quorum: 2"), ::testing::HasSubstr("from 1 to 1"));
  EXPECT_THAT(complaint("witnesses: [" + one + "], quorum: 0"), ::testing::HasSubstr("from 1 to 1"));
  EXPECT_THAT(complaint("anchor: data/anchor"), ::testing::HasSubstr("outside the data directory"));
}

TEST(Config, NamesWhatOnlyARestartChanges) {
  const Config running = parse("log: {level: info}\n").config;
  EXPECT_TRUE(settings_for_a_restart(running, parse("log: {level: debug}\nledger: {content: hash}\n").config).empty());
  const std::pair<std::string_view, std::string_view> changes[] = {
      {"listen", "listen: 127.0.0.1:8485"},
      {"data_dir", "data_dir: elsewhere"},
      {"storage.postgres", "storage: {postgres: {url: \"postgresql://reeve@db/reeve\"}}"},
      {"workers", "workers: 3"},
      {"identity", "identity: {oidc: [{issuer: https://idp.example.com, audience: reeve}]}"},
      {"ledger.origin", "ledger: {origin: reeve.example.com/a}"},
      {"ledger.node", "ledger: {node: b}"},
      {"ledger.segment_mib", "ledger: {segment_mib: 7}"},
      {"ledger.anchor", "ledger: {anchor: /var/anchor}"},
      {"ledger.witnesses",
       "ledger: {witnesses: [{url: \"http://w:1\", key: "
       "\"w+85a68bf5+BOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs\"}]}"},
      {"ledger.serve", "ledger: {serve: [checkpoint, tiles]}"},
      {"tls", "tls: {certificate: a.pem, key: b.pem}"},
      {"limits", "limits: {idle_timeout: 7s}"},
      {"limits", "limits: {api_burst: 7}"},
      {"limits", "limits: {api_unknown_per_second: 7}"},
      {"upstream", "upstream: {roots: c.pem}"},
      {"upstream", "upstream: {connections: 7}"},
  };
  for (const auto& [name, text] : changes) {
    EXPECT_THAT(settings_for_a_restart(running, parse(text).config), ::testing::Contains(name)) << text;
  }
}

TEST(Config, IsTheOneHereElseThePackagesUnlessThereIsASetUpHere) {
  const auto root = std::filesystem::temp_directory_path() / ("reeve-here-" + std::to_string(::getpid()));
  const auto here = root / "here";
  std::filesystem::create_directories(here);
  const auto package_file = root / "etc.yaml";
  EXPECT_EQ(default_config_file(here, package_file), "");
  std::ofstream(package_file) << "listen: 127.0.0.1:1\n";
  EXPECT_EQ(default_config_file(here, package_file), package_file);
  for (const char* own : {"data", "governance"}) {
    std::filesystem::create_directory(here / own);
    EXPECT_EQ(default_config_file(here, package_file), "") << own;
    std::ofstream(here / "reeve.yaml") << "listen: 127.0.0.1:2\n";
    EXPECT_EQ(default_config_file(here, package_file), here / "reeve.yaml") << own;
    std::filesystem::remove(here / "reeve.yaml");
    std::filesystem::remove(here / own);
  }
  std::filesystem::remove_all(root);
}

TEST(Config, TheStarterIsValidAsItIs) {
  const Parsed parsed = parse(starter_config());
  EXPECT_EQ(parsed.first(), "");
  EXPECT_FALSE(parsed.config.models.empty());
}

TEST(Config, ReadsAddresses) {
  EXPECT_EQ(parse_listen("127.0.0.1:8484")->second, 8484);
  EXPECT_EQ(parse_listen("[::1]:80")->first, "::1");
  EXPECT_EQ(parse_listen(":80")->first, "0.0.0.0");
  for (const char* wrong : {"", "8484", "::1:80", "host:", "host:99999", "host:-1"})
    EXPECT_FALSE(parse_listen(wrong).ok()) << wrong;
}

}  // namespace
}  // namespace reeve::app
