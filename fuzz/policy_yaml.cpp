// Governance documents: the YAML reader, the rules with their index and tests, and the prices. Whatever the text, each
// answers with values or complaints; a bundle that was built decides, and says the same when built again.

#include <cstddef>
#include <cstdint>

#include "policy/policy.h"
#include "spend/spend.h"

namespace {

void decide(const reeve::policy::Bundle& bundle) {
  reeve::policy::ModelCallFacts facts;
  facts.person = "dev@example.com";
  facts.principal_type = "person";
  facts.groups = {"contractors", "employees"};
  facts.team = "payments";
  facts.model = "claude-opus-4-6";
  facts.tier = "small";
  const reeve::policy::Decision decision = bundle.decide(facts);
  if (decision.effect == reeve::policy::Effect::kDeny && decision.message.empty()) __builtin_trap();
  if (decision.effect == reeve::policy::Effect::kAllow && decision.matched.empty()) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<reeve::Diagnostic> complaints;
  const auto documents = reeve::parse_yaml(text, "fuzz.yaml", complaints);
  for (const auto& complaint : complaints) {
    if (complaint.to_string().find('\n') != std::string::npos) __builtin_trap();
  }
  const auto bundle = reeve::policy::Bundle::build(documents, complaints);
  if (bundle != nullptr) {
    decide(*bundle);
    const auto report = reeve::policy::run_rule_tests(*bundle, documents);
    if (report.passed > size) __builtin_trap();
    std::vector<reeve::Diagnostic> again;
    if (reeve::policy::Bundle::build(documents, again)->digest() != bundle->digest()) __builtin_trap();
  } else if (!reeve::has_errors(complaints)) {
    __builtin_trap();
  }
  const auto catalogue = reeve::spend::Catalogue::with_overrides(documents, complaints);
  if (catalogue != nullptr) {
    const auto match = catalogue->find("anthropic", "claude-opus-4-6", reeve::from_unix_seconds(1'795'000'000));
    reeve::TokenUsage usage;
    usage.input = usage.output = usage.cache_read = usage.cache_write_1h = 1'000'000;
    if (reeve::spend::cost_of(match, usage, reeve::ServiceTier::kPriority).total.nanos < 0) __builtin_trap();
  }
  return 0;
}
