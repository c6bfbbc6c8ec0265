#include "gateway/call_facts.h"

#include <gtest/gtest.h>

namespace reeve::gateway {
namespace {

/// A call in which every part is another word.
struct Call {
  Call() {
    principal.id = "dev@example.com";
    principal.type = "service";
    principal.team = "payments";
    principal.groups = {"employees", "leads"};
    hints = {wire::ClientKind::kCodex, "1.2.3", "session-1", "sub-agent", "main-agent", "acme/payments", {}, {}};
    headers.add("x-reeve-feature", "checkout");
    hints.work_item = "PAY-142";
    route.dialect = wire::Dialect::kOpenAiResponses;
    route.operation = wire::Operation::kCountTokens;
    view.model = "asked-model";
    view.stream = true;
    view.estimated_input_tokens = 77;
    entry.pattern = "asked-*";
    entry.tier = "frontier";
    provider.name = "azure-eu";
    provider.region = "eu";
    provider.retention = "zero";
    checks = {{"audited", true}, {"scanned", false}};
  }

  std::string json() const {
    const CallFacts::Parts parts{principal,   hints, headers,  route, view,  1234,
                                 "would-run", entry, provider, now,   checks};
    const CallFacts facts(parts);
    return policy::facts_to_json(policy::Point::kModelCall, facts);
  }

  identity::Principal principal;
  wire::ClientHints hints;
  net::Headers headers;
  wire::Route route;
  wire::RequestView view;
  Model entry;
  Provider provider;
  Instant now = *parse_time("2026-11-20T10:00:00Z");
  std::map<std::string, bool> checks;
};

TEST(CallFacts, ReadsEveryFactFromItsOwnSource) {
  EXPECT_EQ(Call().json(),
            R"({"agent.id":"sub-agent","agent.parent":"main-agent","checks":{"audited":true,"scanned":false},)"
            R"("client":"codex","client_version":"1.2.3","feature":"checkout","model.dialect":"openai-responses",)"
            R"("model.name":"would-run","model.operation":"count_tokens","model.provider":"azure-eu",)"
            R"("model.region":"eu","model.retention":"zero","model.tier":"frontier","now":"2026-11-20T10:00:00Z",)"
            R"("principal.groups":["employees","leads"],"principal.id":"dev@example.com","principal.team":"payments",)"
            R"("principal.type":"service","repo":"acme/payments","request.bytes":1234,"request.stream":true,)"
            R"("request.tokens":77,"session.id":"session-1","work_item":"PAY-142"})");
}

TEST(CallFacts, TheInventoryIsReadAsItIsRecorded) {
  const Call call;
  const std::map<std::string, bool> checks;
  CallFacts::Parts parts{call.principal, call.hints,    call.headers, call.route, call.view, 1, "m",
                         call.entry,     call.provider, call.now,     checks};
  const auto read = [&](policy::Point point) { return policy::facts_to_json(point, CallFacts(parts)); };
  EXPECT_EQ(inventory_json(parts.inventory), "");
  parts.inventory = {.model = "in_use", .provider = "denied"};
  EXPECT_NE(read(policy::Point::kModelCall).find(R"("inventory.model":"in_use","inventory.provider":"denied")"),
            std::string::npos);
  EXPECT_EQ(read(policy::Point::kModelResponse).find("inventory"), std::string::npos);
  EXPECT_EQ(inventory_json(parts.inventory), R"({"model":"in_use","provider":"denied"})");
  const auto entry = JsonDocument::parse(R"({"decision":{"inventory":{"model":"in_use","provider":"denied"}}})");
  const auto again = policy::facts_to_json(policy::Point::kModelCall, *policy::facts_from_entry(entry->root()));
  EXPECT_EQ(again, R"({"inventory.model":"in_use","inventory.provider":"denied"})");
}

TEST(CallFacts, WhatIsNotKnownOfTheInventoryIsAskedForOnlyByRules) {
  Settings settings;
  const Call call;
  const auto policy = [](const char* yaml) {
    std::vector<Diagnostic> complaints;
    return policy::Bundle::build(parse_yaml(yaml, "rules.yaml", complaints), complaints);
  };
  settings.policy = policy("{kind: Policy, name: a, owner: o, on: model.call, effect: allow}");
  const auto nothing = inventory_of(settings, "m", call.provider, call.hints);
  EXPECT_FALSE(nothing.unknown);
  settings.policy = policy(
      "{kind: Policy, name: a, owner: o, on: model.call, effect: deny, message: m, when: 'inventory.model == "
      "\"denied\"'}");
  const auto unknown = inventory_of(settings, "m", call.provider, call.hints);
  EXPECT_TRUE(unknown.unknown) << "it could not be read";
  EXPECT_EQ(inventory_json(unknown), R"({"unknown":true})");
  settings.inventory = std::make_shared<const InventoryStatuses>(
      std::vector<InventoryStatuses::Known>{{"model:m", "denied"}, {"client:codex", "approved"}});
  const auto known = inventory_of(settings, "M", call.provider, call.hints);
  EXPECT_EQ(known.model, "denied");
  EXPECT_EQ(known.client, "approved");
  EXPECT_EQ(known.provider, "");
}

TEST(CallFacts, ApprovalsAreReadAsTheyAreRecorded) {
  const policy::GivenApproval given{.rule = "frontier-needs-approval",
                                    .by = "lead@example.com",
                                    .groups = {"leads"},
                                    .time = from_unix_seconds(1'800'000'000)};
  const std::vector<const policy::GivenApproval*> approvals{&given};
  Call call;
  const CallFacts::Parts parts{.principal = call.principal,
                               .hints = call.hints,
                               .headers = call.headers,
                               .route = call.route,
                               .view = call.view,
                               .entry = call.entry,
                               .provider = call.provider,
                               .now = call.now,
                               .checks = call.checks,
                               .approvals = approvals};
  const std::string recorded = approvals_json(approvals);
  EXPECT_EQ(recorded, R"([{"by":"lead@example.com","groups":["leads"],"rule":"frontier-needs-approval",)"
                      R"("time":"2027-01-15T08:00:00.000000Z"}])");
  const auto entry = JsonDocument::parse(R"({"decision":{"approvals":)" + recorded + "}}");
  const auto replayed = policy::facts_from_entry(entry->root());
  const auto member = [](const std::string& facts) {
    const auto json = JsonDocument::parse(facts);
    return json->root()["approvals"].to_json();
  };
  EXPECT_EQ(member(policy::facts_to_json(policy::Point::kModelCall, CallFacts(parts))),
            member(policy::facts_to_json(policy::Point::kModelCall, *replayed)));
  EXPECT_TRUE(approvals_json({}).empty());
}

TEST(CallFacts, WhatIsNotThereIsAbsent) {
  Call call;
  call.principal = {};
  call.principal.type.clear();
  call.hints = {};
  call.headers.clear();
  call.view = {};
  call.entry.tier.clear();
  call.provider = {};
  call.checks.clear();
  call.now = {};
  EXPECT_EQ(call.json(), R"({"client":"other","model.dialect":"openai-responses","model.name":"would-run",)"
                         R"("model.operation":"count_tokens","request.bytes":1234})");
}

TEST(CallFacts, AStreamMayBeNamedByThePath) {
  Call call;
  call.view.stream = false;
  call.route.stream_in_path = true;
  EXPECT_NE(call.json().find(R"("request.stream":true)"), std::string::npos);
  call.route.stream_in_path = false;
  EXPECT_EQ(call.json().find("request.stream"), std::string::npos);
}

TEST(CallFacts, WhatClientsSayIsBoundedAtACharacter) {
  Call call;
  call.hints.repo = std::string(199, 'r') + "ü" + std::string(5000, 'x');
  EXPECT_NE(call.json().find("\"repo\":\"" + std::string(199, 'r') + "\""), std::string::npos);
  EXPECT_EQ(bounded(std::string(300, 'x')).size(), 200U);
  EXPECT_EQ(bounded("short"), "short");
}

TEST(CallFacts, OperationsHaveTheirNames) {
  EXPECT_EQ(operation_name(wire::Operation::kGenerate), "chat");
  EXPECT_EQ(operation_name(wire::Operation::kEmbed), "embeddings");
  EXPECT_EQ(operation_name(wire::Operation::kListModels), "list_models");
  EXPECT_EQ(operation_name(wire::Operation::kGetModel), "list_models");
}

}  // namespace
}  // namespace reeve::gateway
