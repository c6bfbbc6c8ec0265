// Who is calling: credentials and what clients say about themselves.

#include <gtest/gtest.h>

#include <map>

#include "wire/wire.h"

namespace reeve::wire {
namespace {

using Fields = std::map<std::string, std::string, std::less<>>;

HeaderLookup lookup(const Fields& fields) {
  return [&fields](std::string_view name) -> std::string_view {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string_view() : std::string_view(found->second);
  };
}

Result<std::string> credential(const Fields& fields, std::string_view query = "") {
  return read_credential(lookup(fields), query);
}

TEST(Credential, IsFoundWhereEachClientPutsIt) {
  EXPECT_EQ(*credential({{"authorization", "Bearer rv_abc"}}), "rv_abc");
  EXPECT_EQ(*credential({{"authorization", "bearer  rv_abc "}}), "rv_abc");
  EXPECT_EQ(*credential({{"x-api-key", "rv_abc"}}), "rv_abc");
  EXPECT_EQ(*credential({{"x-goog-api-key", "rv_abc"}}), "rv_abc");
  EXPECT_EQ(*credential({}, "alt=sse&key=rv_abc"), "rv_abc");
  EXPECT_EQ(*credential({}, "%6Bey=rv%5Fabc"), "rv_abc");
}

TEST(Credential, IsEmptyWhenThereIsNone) {
  EXPECT_EQ(*credential({}), "");
  EXPECT_EQ(*credential({{"x-api-key", "  "}}, "alt=sse&keys=x&key="), "");
  EXPECT_EQ(*credential({{"authorization", "Bearer "}}), "");
}

TEST(Credential, SeveralPlacesMustAgree) {
  // Claude Code sends the answer of its key helper in both.
  EXPECT_EQ(*credential({{"authorization", "Bearer rv_abc"}, {"x-api-key", "rv_abc"}}), "rv_abc");
  EXPECT_FALSE(credential({{"authorization", "Bearer rv_abc"}, {"x-api-key", "rv_abd"}}).ok());
  EXPECT_FALSE(credential({{"x-goog-api-key", "rv_abc"}}, "key=rv_abcd").ok());
}

TEST(Credential, AKeyTwiceInTheQueryIsRefused) {
  for (const std::string_view query : {"key=rv_abc&key=rv_abd", "key=rv_abc&key=rv_abc", "key=rv_abc&%6bey=rv_abd",
                                       "key=rv_abc&$key=rv_abd", "key=&alt=sse&key=rv_abc", "key&key=rv_abc"}) {
    const auto twice = credential({}, query);
    ASSERT_FALSE(twice.ok()) << query;
    EXPECT_EQ(twice.error().message.find("rv_"), std::string::npos);
  }
}

TEST(Credential, OtherSchemesAndEndlessOnesAreRefused) {
  EXPECT_FALSE(credential({{"authorization", "Basic cm9vdDpyb290"}}).ok());
  EXPECT_FALSE(credential({{"authorization", "rv_abc"}}).ok());
  EXPECT_FALSE(credential({{"x-api-key", std::string(20'000, 'a')}}).ok());
}

TEST(Credential, ErrorsNeverHoldIt) {
  const auto differing = credential({{"authorization", "Bearer rv_first"}, {"x-api-key", "rv_second"}});
  const auto scheme = credential({{"authorization", "Digest rv_third"}});
  EXPECT_EQ(differing.error().message.find("rv_"), std::string::npos);
  EXPECT_EQ(scheme.error().message.find("rv_"), std::string::npos);
}

TEST(Credential, PrivateHeadersDoNotReachProviders) {
  for (const std::string_view name : {"authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie",
                                      "proxy-authorization", "x-reeve-session", "x-reeve-work-item", "x-reeve-"}) {
    EXPECT_TRUE(is_private_request_header(name)) << name;
  }
  for (const std::string_view name : {"anthropic-beta", "x-api-keys", "user-agent", "x-reeve", "openai-beta"}) {
    EXPECT_FALSE(is_private_request_header(name)) << name;
  }
}

TEST(Credential, QueriesLoseItAndNothingElse) {
  EXPECT_EQ(query_without_credential("beta=true"), "beta=true");
  EXPECT_EQ(query_without_credential("key=secret&alt=sse"), "alt=sse");
  EXPECT_EQ(query_without_credential("alt=sse&key=secret"), "alt=sse");
  EXPECT_EQ(query_without_credential("a=%20&key=1&b&key=2"), "a=%20&b");
  EXPECT_EQ(query_without_credential("%6b%65%79=secret"), "");
  EXPECT_EQ(query_without_credential("access_token=ya29&alt=sse"), "alt=sse");
  EXPECT_EQ(query_without_credential("$key=secret&%24access_token=ya29&$alt=sse"), "$alt=sse");
  EXPECT_EQ(query_without_credential("monkey=1&key2=3"), "monkey=1&key2=3");
  EXPECT_EQ(query_without_credential(""), "");
  EXPECT_EQ(query_for_provider(Dialect::kGemini, "alt=sse&fields=candidates&key=secret"), "alt=sse");
  EXPECT_EQ(query_for_provider(Dialect::kGemini, "$fields=a&%24f%69elds=b&prettyPrint=false"), "prettyPrint=false");
  EXPECT_EQ(query_for_provider(Dialect::kOpenAiChat, "fields=a&key=secret"), "fields=a") << "not Google's word here";
  EXPECT_TRUE(is_private_request_header("x-goog-fieldmask"));
}

TEST(ClientHints, ClaudeCode) {
  const Fields headers = {{"user-agent", "claude-cli/2.1.329 (external, sdk-cli)"},
                          {"x-claude-code-session-id", "5f0c"},
                          {"x-claude-code-agent-id", "a7"},
                          {"x-claude-code-parent-agent-id", "a1"},
                          {"x-reeve-session", "other"}};
  const ClientHints hints = read_client_hints(lookup(headers));
  EXPECT_EQ(hints.kind, ClientKind::kClaudeCode);
  EXPECT_EQ(hints.version, "2.1.329");
  EXPECT_EQ(hints.session_id, "5f0c");
  EXPECT_EQ(hints.agent_id, "a7");
  EXPECT_EQ(hints.parent_agent_id, "a1");
}

TEST(ClientHints, CodexWithItsWorkspace) {
  const Fields headers = {
      {"user-agent", "codex_exec/0.169.0 (Debian 12.0.0; x86_64) dumb (codex_exec; 0.169.0)"},
      {"session-id", "s1"},
      {"thread-id", "s1"},
      {"x-codex-turn-metadata",
       R"({"turn_id":"t","workspaces":{"/home/dev/pay":{"latest_git_commit_hash":"ab","associated_remote_urls":)"
       R"({"fork":"https://example.com/fork.git","origin":"https://dev:secret@example.com/pay.git"}}}})"}};
  const ClientHints hints = read_client_hints(lookup(headers));
  EXPECT_EQ(hints.kind, ClientKind::kCodex);
  EXPECT_EQ(hints.version, "0.169.0");
  EXPECT_EQ(hints.session_id, "s1");
  EXPECT_EQ(hints.agent_id, "");
  EXPECT_EQ(hints.repo, "https://example.com/pay.git");  // without the credential
}

TEST(ClientHints, CodexSubAgentIsAThreadOfItsOwn) {
  const Fields headers = {{"user-agent", "codex_cli_rs/0.169.0 (x)"},
                          {"session-id", "s1"},
                          {"thread-id", "t2"},
                          {"x-codex-parent-thread-id", "s1"},
                          {"x-codex-turn-metadata", "{not json"}};
  const ClientHints hints = read_client_hints(lookup(headers));
  EXPECT_EQ(hints.agent_id, "t2");
  EXPECT_EQ(hints.parent_agent_id, "s1");
  EXPECT_EQ(hints.repo, "");
}

TEST(ClientHints, OtherClients) {
  struct Expected {
    Fields headers;
    std::string_view name;
    std::string_view version;
    std::string_view session;
  };
  const std::vector<Expected> table = {
      {{{"user-agent", "GeminiCLI-tui/0.61.0/gemini-3.1-pro-preview (linux; x64; terminal)"}, {"x-reeve-session", "g"}},
       "gemini-cli",
       "0.61.0",
       "g"},
      {{{"user-agent", "GeminiCLI/0.20.0 (linux; x64)"}}, "gemini-cli", "0.20.0", ""},
      {{{"user-agent", "GeminiCLI-"}}, "gemini-cli", "", ""},
      {{{"user-agent", "opencode/1.18.33 ai-sdk/provider-utils/4.0.46 runtime/bun/1.3.14"}, {"x-session-id", "ses_1"}},
       "opencode",
       "1.18.33",
       "ses_1"},
      {{{"user-agent", "Anthropic/JS 0.94.0"}, {"x-initiator", "user"}}, "copilot-cli", "", ""},
      {{{"user-agent", "OpenAI/JS 5.20.1"}, {"x-initiator", "agent"}}, "copilot-cli", "", ""},
      {{{"user-agent", "OpenAI/JS 5.20.1"}, {"x-session-id", "not ours"}}, "other", "", ""},
      {{{"user-agent", "curl/8.5.0"}, {"x-reeve-session", "mine"}}, "other", "", "mine"},
      {{}, "other", "", ""},
  };
  for (const Expected& expected : table) {
    const ClientHints hints = read_client_hints(lookup(expected.headers));
    EXPECT_EQ(client_name(hints.kind), expected.name);
    EXPECT_EQ(hints.version, expected.version);
    EXPECT_EQ(hints.session_id, expected.session);
  }
}

TEST(ClientHints, AreBoundedAndPrintable) {
  const Fields headers = {{"x-reeve-session", std::string(10'000, 'x')},
                          {"x-reeve-repo", "https://u:p@example.com/a\x1b[31m"}};
  const ClientHints hints = read_client_hints(lookup(headers));
  EXPECT_LE(hints.session_id.size(), 300U);
  EXPECT_EQ(hints.repo.find('\x1b'), std::string::npos);
  EXPECT_EQ(hints.repo.find("u:p"), std::string::npos);
}

}  // namespace
}  // namespace reeve::wire
