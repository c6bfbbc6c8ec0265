// Governance documents: the YAML reader, the rules with everything that is done with them, and the prices. Whatever the
// text, each answers with values or complaints; a bundle that was built decides on every point whatever the facts, and
// what its canonical form says is the same bundle. The text's last bytes choose the facts.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "policy/facts.h"
#include "policy/policy.h"
#include "spend/spend.h"

namespace {

using namespace reeve;
using policy::Decision;
using policy::Effect;
using policy::Fact;

void must(bool holds) {
  if (!holds) __builtin_trap();
}

constexpr std::array<std::string_view, 8> kWords{"contractors", "small",           "claude-opus-4-6", "person",
                                                 "a",           "dev@example.com", "acme/payments",   "shell"};

/// Absent, unknown, of the wrong type, or a likely value: the seed says.
class ChosenFacts final : public policy::Facts {
 public:
  explicit ChosenFacts(std::uint64_t seed) : seed_(seed) {}
  void read(Fact fact, policy::FactSink& sink) const override {
    const std::uint64_t chosen =
        (seed_ ^ static_cast<std::uint64_t>(fact) * 0x9E3779B97F4A7C15ULL) * 0xD6E8FEB86659FD93ULL;
    const std::uint64_t how = chosen >> 32U;
    static const auto wrong = JsonDocument::parse("[[1,{\"by\":2.5}]]");
    switch (how % 8) {
      case 0:
      case 1: return;
      case 2: return sink.unknown(fact);
      case 3: return sink.json(fact, wrong->root());
      default: return likely(fact, how / 8, sink);
    }
  }

 private:
  static void likely(Fact fact, std::uint64_t how, policy::FactSink& sink) {
    const std::string_view type = policy::descriptor_of(fact).type;
    const std::string_view one = kWords[how % kWords.size()];
    const std::array<std::string_view, 2> two{one, kWords[how / 8 % kWords.size()]};
    if (type == "string") return sink.text(one);
    if (type == "list(string)") return sink.texts(std::span<const std::string_view>(two));
    if (type == "int") return sink.integer(static_cast<std::int64_t>(how % 1000) - 10);
    if (type == "bool") return sink.boolean(how % 2 != 0);
    static const auto examples = [] {
      std::vector<JsonDocument> parsed;
      for (const auto& known : policy::all_facts()) parsed.push_back(*JsonDocument::parse(known.example));
      return parsed;
    }();
    sink.json(fact, examples[static_cast<std::size_t>(fact)].root());
  }

  std::uint64_t seed_;
};

void check_decision(const policy::Bundle& bundle, policy::Point point, const policy::Facts& facts,
                    policy::Scratch& scratch) {
  Decision decision;
  bundle.decide(point, facts, nullptr, scratch, decision);
  must(decision.refused() == !decision.message.empty());
  must(decision.effect != Effect::kWarn);
  must(decision.unknown.empty() || decision.effect == Effect::kDeny);
  must(decision.rewrites.empty() || !decision.refused());
  if (!decision.refused() && !policy::descriptor_of(point).allows_by_default) {
    must(decision.first(Effect::kAllow) != nullptr);
  }
  Decision again;
  bundle.decide(point, facts, nullptr, scratch, again);
  must(again.effect == decision.effect && again.rule == decision.rule && again.matched == decision.matched);
  must(again.shadow_effect == decision.shadow_effect && again.exceptions == decision.exceptions);
}

void check_explanation(const policy::Bundle& bundle, policy::Point point, const policy::Facts& facts) {
  const policy::Explanation explained = policy::explain(bundle, point, facts, nullptr);
  for (const auto& rule : explained.rules) must(!rule.standing.empty() && rule.failed <= rule.predicates.size() + 1);
  must(explained.decision.rule == nullptr || explained.rules.front().rule == explained.decision.rule);
}

void check_round_trip(const policy::Bundle& bundle) {
  const auto canonical = JsonDocument::parse(bundle.canonical());
  must(canonical.ok());
  std::vector<YamlValue> documents;
  for (const JsonValue& item : canonical->root().items()) documents.push_back(yaml_from_json(item, "canonical"));
  std::vector<Diagnostic> complaints;
  const auto same = policy::Bundle::build(documents, complaints);
  must(same != nullptr && same->canonical() == bundle.canonical() && same->digest() == bundle.digest());
  must(policy::compare_bundles(bundle, *same).changed.empty());
}

void check_bundle(const policy::Bundle& bundle, const std::vector<YamlValue>& documents, std::uint64_t seed,
                  std::size_t size) {
  constexpr std::size_t kExplainedRulesMax = 30;  // explaining compiles every rule again
  policy::Scratch scratch;
  const ChosenFacts facts(seed);
  for (std::size_t i = 0; i < policy::kPoints; ++i) {
    check_decision(bundle, static_cast<policy::Point>(i), facts, scratch);
  }
  if (bundle.rules().size() <= kExplainedRulesMax) {
    check_explanation(bundle, static_cast<policy::Point>(seed % policy::kPoints), facts);
  }
  check_round_trip(bundle);
  std::vector<Diagnostic> hints;
  policy::lint(bundle, from_unix_seconds(1'795'000'000), hints);
  must(!has_errors(hints));
  const auto report = policy::run_rule_tests(bundle, documents);
  must(report.passed + report.failures.size() == report.cases.size() && report.cases.size() <= size);
  for (const char c : policy::junit_report(report)) must(static_cast<unsigned char>(c) >= 0x20 || c == '\n');
}

void check_prices(const std::vector<YamlValue>& documents, std::vector<Diagnostic>& complaints) {
  const auto catalogue = spend::Catalogue::with_overrides(documents, complaints);
  if (catalogue == nullptr) return;
  const auto match = catalogue->find("anthropic", "claude-opus-4-6", from_unix_seconds(1'795'000'000));
  TokenUsage usage;
  usage.input = usage.output = usage.cache_read = usage.cache_write_1h = 1'000'000;
  must(spend::cost_of(match, usage, ServiceTier::kPriority).total.nanos >= 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::uint64_t seed = 1;
  for (const char c : text.substr(size - std::min<std::size_t>(size, 8))) {
    seed = seed * 257 + static_cast<unsigned char>(c);
  }
  std::vector<Diagnostic> complaints;
  const auto documents = parse_yaml(text, "fuzz.yaml", complaints);
  const auto bundle = policy::Bundle::build(documents, complaints);
  must(bundle != nullptr || has_errors(complaints));
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  for (const auto& complaint : complaints) {
    must(complaint.to_string().find('\n') == std::string::npos);
    // yaml-cpp also ends a line at a lone carriage return.
    must(complaint.line <= lines + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\r')) + 1);
  }
  if (bundle != nullptr) check_bundle(*bundle, documents, seed, size);
  check_prices(documents, complaints);
  return 0;
}
