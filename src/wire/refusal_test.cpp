#include <gtest/gtest.h>

#include <algorithm>

#include "core/json.h"
#include "wire/wire.h"

namespace reeve::wire {
namespace {

using enum Dialect;
using enum RefusalReason;

constexpr Dialect kDialects[] = {kAnthropic, kOpenAiChat, kOpenAiResponses, kOpenAiEmbeddings, kGemini};
constexpr ClientKind kClients[] = {ClientKind::kClaudeCode, ClientKind::kCodex,      ClientKind::kGeminiCli,
                                   ClientKind::kOpenCode,   ClientKind::kCopilotCli, ClientKind::kCursor,
                                   ClientKind::kOther};
constexpr RefusalReason kReasons[] = {
    kNoCredential,        kBadCredential,   kModelUnknown, kPolicy,          kBudget,
    kMalformed,           kTooLarge,        kUnsupported,  kUpgradeRequired, kUnavailable,
    kUpstreamUnreachable, kUpstreamTimeout, kKilled};

Refusal refusal(RefusalReason reason, Duration retry_after = {}) {
  return {reason, "Contractors may use \"small\" models only.\nAsk for an exception.", "contractors-small", "req_1",
          retry_after};
}

std::string header(const EncodedRefusal& encoded, std::string_view name) {
  const auto found = std::find_if(encoded.headers.begin(), encoded.headers.end(),
                                  [name](const auto& field) { return field.first == name; });
  return found == encoded.headers.end() ? "" : found->second;
}

std::string message_in(const EncodedRefusal& encoded) {
  auto document = JsonDocument::parse(encoded.body);
  return document ? std::string(document->root().at("error.message").string_or("")) : "";
}

// The table of docs/refusals.md: status for each reason, client by client, and whether the client is told not to retry.
struct Row {
  RefusalReason reason;
  int claude, codex, gemini, opencode, copilot, cursor, other;
};

constexpr Row kTable[] = {
    {kNoCredential, 401, 400, 401, 401, 400, 401, 401},
    {kBadCredential, 401, 400, 401, 401, 400, 401, 401},
    {kModelUnknown, 400, 400, 400, 400, 400, 400, 400},
    {kPolicy, 400, 400, 400, 400, 400, 400, 400},
    {kBudget, 429, 400, 400, 400, 400, 400, 429},
    {kMalformed, 400, 400, 400, 400, 400, 400, 400},
    {kTooLarge, 413, 400, 413, 413, 400, 413, 413},
    {kUnsupported, 501, 400, 404, 404, 400, 404, 404},
    {kUpgradeRequired, 426, 426, 426, 426, 426, 426, 426},
    {kUnavailable, 503, 400, 400, 400, 400, 400, 503},
    {kUpstreamUnreachable, 502, 502, 502, 502, 502, 502, 502},
    {kUpstreamTimeout, 504, 504, 504, 504, 504, 504, 504},
    {kKilled, 400, 400, 400, 400, 400, 400, 400},
};

TEST(Refusal, StatusesAreThoseOfTheTable) {
  for (const Row& row : kTable) {
    const int expected[] = {row.claude, row.codex, row.gemini, row.opencode, row.copilot, row.cursor, row.other};
    for (std::size_t i = 0; i < std::size(kClients); ++i) {
      const Dialect dialect = kClients[i] == ClientKind::kGeminiCli ? kGemini : kAnthropic;
      SCOPED_TRACE(std::string(refusal_reason_name(row.reason)) + " " + std::string(client_name(kClients[i])));
      EXPECT_EQ(encode_refusal(dialect, kClients[i], refusal(row.reason)).status, expected[i]);
    }
  }
}

TEST(Refusal, EveryDialectShowsTheSentenceAndTheRule) {
  for (const Dialect dialect : kDialects) {
    for (const ClientKind client : kClients) {
      for (const RefusalReason reason : kReasons) {
        const EncodedRefusal encoded = encode_refusal(dialect, client, refusal(reason));
        EXPECT_EQ(message_in(encoded),
                  "Contractors may use \"small\" models only.\nAsk for an exception. [contractors-small]");
        EXPECT_EQ(header(encoded, "content-type"), "application/json");
        EXPECT_GE(encoded.status, 400);
        // 403 is shown as a bad key, 422 and 402 are asked again; overloaded_error is asked again for ever.
        EXPECT_NE(encoded.status, 403);
        EXPECT_EQ(encoded.body.find("overloaded_error"), std::string::npos);
      }
    }
  }
}

TEST(Refusal, WithoutARuleThereAreNoBrackets) {
  Refusal plain = refusal(kBadCredential);
  plain.rule.clear();
  plain.message = "This key was revoked.";
  EXPECT_EQ(message_in(encode_refusal(kOpenAiChat, ClientKind::kOther, plain)), "This key was revoked.");
}

// After any other type of 400 it asks five times more.
TEST(Refusal, ClaudeCodeHearsOnlyPolicyBlockedWith400) {
  for (const RefusalReason reason : kReasons) {
    const EncodedRefusal encoded = encode_refusal(kAnthropic, ClientKind::kClaudeCode, refusal(reason));
    const bool blocked = encoded.body.find(R"("type":"policy_blocked")") != std::string::npos;
    EXPECT_EQ(blocked, encoded.status == 400) << refusal_reason_name(reason);
  }
  const EncodedRefusal policy = encode_refusal(kAnthropic, ClientKind::kClaudeCode, refusal(kPolicy));
  EXPECT_NE(policy.body.find(R"("type":"policy_blocked")"), std::string::npos);
  EXPECT_NE(policy.body.find(R"("request_id":"req_1")"), std::string::npos);
  EXPECT_EQ(header(policy, "x-should-retry"), "false");
  const EncodedRefusal budget = encode_refusal(kAnthropic, ClientKind::kClaudeCode, refusal(kBudget));
  EXPECT_NE(budget.body.find(R"("type":"billing_error")"), std::string::npos);
}

TEST(Refusal, OnlyWhatMayPassByItselfIsTriedAgain) {
  for (const RefusalReason reason : kReasons) {
    const bool passes = reason == kUpstreamUnreachable || reason == kUpstreamTimeout;
    const EncodedRefusal encoded = encode_refusal(kAnthropic, ClientKind::kOther, refusal(reason));
    EXPECT_EQ(header(encoded, "x-should-retry"), passes ? "" : "false") << refusal_reason_name(reason);
  }
}

// OpenCode takes these words in a type or code for an invitation to ask again, whatever the status.
TEST(Refusal, NoWordInvitesToAskAgain) {
  for (const Dialect dialect : {kAnthropic, kOpenAiChat, kOpenAiResponses}) {
    for (const RefusalReason reason : kReasons) {
      if (reason == kUpstreamUnreachable || reason == kUpstreamTimeout) continue;
      const std::string body = encode_refusal(dialect, ClientKind::kOpenCode, refusal(reason)).body;
      for (const std::string_view word :
           {"unavailable", "exhausted", "too_many_requests", "rate_limit", "overloaded", "server_error"}) {
        EXPECT_EQ(body.find(word), std::string::npos) << body;
      }
    }
  }
}

TEST(Refusal, AShortWaitIsWorthAnotherTry) {
  for (const ClientKind client : kClients) {
    const auto encoded =
        encode_refusal(kOpenAiResponses, client, refusal(kUnavailable, std::chrono::milliseconds(1500)));
    EXPECT_EQ(encoded.status, 503);
    EXPECT_EQ(header(encoded, "retry-after"), "2");
    EXPECT_EQ(header(encoded, "x-should-retry"), "");
  }
  const auto budget = encode_refusal(kAnthropic, ClientKind::kClaudeCode, refusal(kBudget, std::chrono::hours(5)));
  EXPECT_EQ(header(budget, "retry-after"), "18000");
  EXPECT_EQ(header(budget, "x-should-retry"), "false");
}

TEST(Refusal, UnauthorizedNamesTheScheme) {
  EXPECT_EQ(header(encode_refusal(kOpenAiChat, ClientKind::kOther, refusal(kBadCredential)), "www-authenticate"),
            "Bearer");
  EXPECT_EQ(header(encode_refusal(kOpenAiChat, ClientKind::kOther, refusal(kPolicy)), "www-authenticate"), "");
}

TEST(Refusal, BodiesHaveTheShapeOfTheirVendor) {
  const auto parse = [](Dialect dialect, RefusalReason reason) {
    return JsonDocument::parse(encode_refusal(dialect, ClientKind::kOther, refusal(reason)).body);
  };
  const auto anthropic = parse(kAnthropic, kMalformed);
  EXPECT_EQ(anthropic->root()["type"].string_or(""), "error");
  EXPECT_EQ(anthropic->root().at("error.type").string_or(""), "invalid_request_error");
  const auto openai = parse(kOpenAiResponses, kPolicy);
  EXPECT_EQ(openai->root().at("error.type").string_or(""), "policy_blocked");
  EXPECT_EQ(openai->root().at("error.code").string_or(""), "policy_blocked");
  EXPECT_TRUE(openai->root().at("error.param").is_null());
  const auto gemini = parse(kGemini, kPolicy);
  EXPECT_EQ(gemini->root().at("error.code").int_or(0), 400);
  EXPECT_EQ(gemini->root().at("error.status").string_or(""), "FAILED_PRECONDITION");
  EXPECT_EQ(gemini->root().at("error.details").items().at(0)["reason"].string_or(""), "policy");
}

// Streams must end with an event that our own readers, and so the clients, take for an error.
TEST(Refusal, ABodyAloneNamesTheStatusThatItGoesWith) {
  const auto document = JsonDocument::parse(encode_refusal_body(kGemini, refusal(kMalformed), 431));
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().at("error.code").int_or(0), 431);
  for (const Dialect dialect : kDialects) {
    EXPECT_EQ(encode_refusal_body(dialect, refusal(kMalformed), 400),
              encode_refusal(dialect, ClientKind::kOther, refusal(kMalformed)).body);
  }
}

TEST(Refusal, StreamErrorsAreReadAsErrors) {
  const std::pair<Dialect, std::string_view> paths[] = {{kAnthropic, "/v1/messages"},
                                                        {kOpenAiChat, "/v1/chat/completions"},
                                                        {kOpenAiResponses, "/v1/responses"},
                                                        {kGemini, "/v1beta/models/g:streamGenerateContent"}};
  for (const auto& [dialect, path] : paths) {
    const auto reader = make_answer_reader(*find_route(path, false), {}, 200, "text/event-stream", "");
    const std::string events = encode_stream_error(dialect, refusal(kPolicy));
    EXPECT_TRUE(events.ends_with("\n\n") || events.ends_with("\r\n\r\n"));
    reader->feed(events);
    const AnswerSummary summary = reader->finish();
    EXPECT_FALSE(summary.error_type.empty()) << dialect_name(dialect);
    EXPECT_NE(summary.error_message.find("Ask for an exception. [contractors-small]"), std::string::npos)
        << summary.error_message;
  }
}

// Codex asks again after a failed response unless the code says that the prompt is at fault.
TEST(Refusal, CodexStopsAfterAPolicyErrorInAStream) {
  EXPECT_NE(encode_stream_error(kOpenAiResponses, refusal(kPolicy)).find(R"("code":"invalid_prompt")"),
            std::string::npos);
  EXPECT_NE(encode_stream_error(kOpenAiResponses, refusal(kUpstreamTimeout)).find(R"("code":"upstream_timeout")"),
            std::string::npos);
}

TEST(ModelList, EachShape) {
  const std::vector<ModelEntry> models = {{"claude-opus-5-5", "Claude Opus", "anthropic", 1'700'000'000},
                                          {"gpt-\"x\"", "", "openai", 0}};
  EXPECT_EQ(encode_model_list(kAnthropic, models),
            R"({"data":[{"type":"model","id":"claude-opus-5-5","display_name":"Claude Opus",)"
            R"("created_at":"2023-11-14T22:13:20Z"},{"type":"model","id":"gpt-\"x\"","display_name":"gpt-\"x\"",)"
            R"("created_at":"1970-01-01T00:00:00Z"}],"has_more":false,"first_id":"claude-opus-5-5",)"
            R"("last_id":"gpt-\"x\""})");
  EXPECT_EQ(encode_model_list(kAnthropic, {}), R"({"data":[],"has_more":false,"first_id":null,"last_id":null})");
  EXPECT_EQ(encode_model_list(kOpenAiChat, {models[0]}),
            R"({"object":"list","data":[{"id":"claude-opus-5-5","object":"model","created":1700000000,)"
            R"("owned_by":"anthropic"}]})");
  EXPECT_EQ(encode_model_list(kGemini, {models[0]}),
            R"({"models":[{"name":"models/claude-opus-5-5","displayName":"Claude Opus",)"
            R"("supportedGenerationMethods":["generateContent","streamGenerateContent","countTokens"]}]})");
  EXPECT_EQ(encode_model(kOpenAiChat, models[0]),
            R"({"id":"claude-opus-5-5","object":"model","created":1700000000,"owned_by":"anthropic"})");
}

std::string headers_in(const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string lines;
  for (const auto& [name, value] : headers) lines += name + ": " + value + "\n";
  return lines;
}

TEST(BudgetUse, IsToldToClaudeCodeInItsOwnWords) {
  BudgetUse use{.percent = 60, .resets_at = from_unix_seconds(1'800'000'000), .period = "month"};
  const std::string prefix = "anthropic-ratelimit-unified-";
  const auto told = [&use, &prefix] {
    std::string lines = headers_in(encode_budget_use(ClientKind::kClaudeCode, use));
    for (std::size_t at = 0; (at = lines.find(prefix, at)) != std::string::npos;) lines.erase(at, prefix.size());
    return lines;
  };
  EXPECT_EQ(told(),
            "status: allowed\nreset: 1800000000\noverage-reset: 1800000000\noverage-utilization: 0.60\n"
            "representative-claim: overage\noverage-status: allowed\n");
  use.percent = 76;
  EXPECT_EQ(told(),
            "status: allowed_warning\nreset: 1800000000\noverage-reset: 1800000000\noverage-utilization: 0.76\n"
            "overage-surpassed-threshold: 0.75\nrepresentative-claim: overage\noverage-status: allowed_warning\n");
  use.percent = 100;  // held for calls under way, not yet refused
  use.resets_at.reset();
  EXPECT_EQ(told(),
            "status: allowed_warning\noverage-utilization: 0.99\noverage-surpassed-threshold: 0.95\n"
            "representative-claim: overage\noverage-status: allowed_warning\n");
  use.exceeded = true;
  use.percent = 104;
  use.shared = true;
  EXPECT_EQ(told(),
            "status: rejected\noverage-utilization: 1.04\noverage-surpassed-threshold: 1\noverage-period: monthly\n"
            "overage-scope: group_pool\noverage-disabled-reason: org_spend_cap_reached\n");
  use.period = "rolling";
  use.shared = false;
  use.percent = 97;
  EXPECT_EQ(told(),
            "status: rejected\noverage-utilization: 1.00\noverage-surpassed-threshold: 1\n"
            "overage-disabled-reason: org_spend_cap_reached\n");
}

TEST(BudgetUse, IsToldToCodexAndToNobodyElse) {
  const BudgetUse use{
      .percent = 104, .resets_at = from_unix_seconds(1'800'000'000), .window = std::chrono::hours(24), .period = "day"};
  EXPECT_EQ(headers_in(encode_budget_use(ClientKind::kCodex, use)),
            "x-codex-primary-used-percent: 100\nx-codex-primary-window-minutes: 1440\n"
            "x-codex-primary-reset-at: 1800000000\n");
  EXPECT_TRUE(encode_budget_use(ClientKind::kOpenCode, use).empty());
}

TEST(BudgetUse, GoesWithTheRefusalOfThatBudget) {
  Refusal refused = refusal(kBudget, std::chrono::seconds(90));
  refused.use = BudgetUse{.percent = 100, .exceeded = true, .period = "week"};
  const EncodedRefusal encoded = encode_refusal(kAnthropic, ClientKind::kClaudeCode, refused);
  EXPECT_EQ(encoded.status, 429);
  EXPECT_EQ(header(encoded, "retry-after"), "90");
  EXPECT_EQ(header(encoded, "x-should-retry"), "false");
  EXPECT_EQ(header(encoded, "anthropic-ratelimit-unified-status"), "rejected");
  EXPECT_EQ(header(encoded, "anthropic-ratelimit-unified-overage-period"), "weekly");
  refused.reason = kPolicy;
  EXPECT_EQ(header(encode_refusal(kAnthropic, ClientKind::kClaudeCode, refused), "anthropic-ratelimit-unified-status"),
            "");
}

TEST(BudgetUse, LimitsOfTheProviderAreKnownByName) {
  EXPECT_TRUE(is_provider_limit_header("anthropic-ratelimit-requests-remaining"));
  EXPECT_TRUE(is_provider_limit_header("x-ratelimit-remaining-tokens"));
  EXPECT_TRUE(is_provider_limit_header("x-codex-primary-used-percent"));
  EXPECT_FALSE(is_provider_limit_header("retry-after"));
  EXPECT_FALSE(is_provider_limit_header("x-codex-turn-state"));
}

}  // namespace
}  // namespace reeve::wire
