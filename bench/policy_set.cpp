#include "policy_set.h"

#include <array>

namespace reeve::bench {

namespace {

constexpr std::array<const char*, 8> kOrganisations{"acme",   "payments", "platform", "risk",
                                                    "mobile", "data",     "research", "web"};
constexpr std::array<const char*, 12> kModels{
    "claude-opus-4-6", "claude-sonnet-4-6", "claude-haiku-4-5", "gpt-5",         "gpt-5-mini",  "gpt-5-codex",
    "gemini-3-pro",    "gemini-3-flash",    "qwen3-coder",      "mistral-large", "llama-4-70b", "codestral"};
constexpr std::array<const char*, 4> kTiers{"frontier", "standard", "small", "small"};
constexpr std::array<const char*, 5> kClients{"claude-code", "codex", "gemini-cli", "opencode", "copilot-cli"};
constexpr std::array<const char*, 4> kRegions{"us", "eu", "onprem", "apac"};
constexpr std::array<const char*, 5> kClasses{"pii", "secret", "customer", "schema", "source"};

class RuleWriter {
 public:
  explicit RuleWriter(std::uint32_t seed) : random_(seed) {}

  std::string rule(std::size_t number) {
    const std::string n = std::to_string(number);
    const unsigned kind = random_() % 100;
    std::string head = "---\nkind: Policy\nname: rule-" + n + "\nowner: team-" + std::to_string(team()) +
                       "\ncontrols: [SOC2:CC6.1]\non: model.call\n";
    if (number == 0) return head + "effect: allow\n";
    if (random_() % 20 == 0) head += "mode: shadow\n";
    if (kind < 25) {
      return head + "match: {teams: [team-" + std::to_string(team()) + "], models: [\"" + prefix() + "*\"]}\n" +
             deny("This team does not use that family.");
    }
    if (kind < 40) {
      return head + "match: {groups: [group-" + std::to_string(random_() % 200) + "]}\nwhen: model.tier == \"" +
             pick(kTiers) + "\" && request.tokens > " + std::to_string(1000 * (random_() % 200)) + "\n" +
             deny("Ask for a smaller model.");
    }
    if (kind < 55) {
      return head + "match: {repos: [\"" + repo() + "-*\"]}\nwhen: model.region != \"" + pick(kRegions) + "\"\n" +
             deny("The code of this repository stays where it is.");
    }
    if (kind < 65) {
      return head + "match: {repos: [\"" + repo() + "*\"]}\nwhen: content.findings.exists(f, f.class == \"" +
             pick(kClasses) + "\" && f.confidence > 0." + std::to_string(5 + random_() % 5) + ")\n" +
             deny("Data of this class stays here.");
    }
    if (kind < 70) {
      return head + "when: repo.matches(\"^" + pick(kOrganisations) + "/(legacy|core)-" +
             std::to_string(random_() % 90) + "$\") && model.tier == \"frontier\"\n" +
             deny("Legacy code is for small models.");
    }
    if (kind < 76) {
      return head + "since: 2026-0" + std::to_string(1 + random_() % 9) + "-01\nmatch: {clients: [" + pick(kClients) +
             "], teams: [team-" + std::to_string(team()) + "]}\nwhen: now.getDayOfWeek() in [0, 6]\n" +
             deny("Not at weekends.");
    }
    if (kind < 84) {
      return head + "when: principal.team == \"team-" + std::to_string(team()) +
             "\" && model.provider in [\"openai\", \"google\"] && !(\"approved-vendors\" in principal.groups)\n" +
             deny("Another provider, please.");
    }
    if (kind < 92) {
      return head + "match: {people: [person-" + std::to_string(random_() % 3000) +
             "@example.com]}\neffect: warn\nmessage: Audited in full.\n";
    }
    return head + "match: {groups: [group-" + std::to_string(random_() % 200) + "]}\nnot: {tiers: [small]}\n" +
           "effect: allow\n";
  }

  std::string exception(std::size_t rule) {
    return "---\nkind: Exception\nname: exception-" + std::to_string(rule) + "\nrules: [rule-" + std::to_string(rule) +
           "]\nmatch: {people: [person-" + std::to_string(random_() % 3000) +
           "@example.com]}\nreason: agreed\nrequested_by: a@example.com\napproved_by: b@example.com\nends: "
           "2027-01-01\n";
  }

 private:
  static std::string deny(const std::string& why) { return "effect: deny\nmessage: " + why + "\n"; }
  unsigned team() { return static_cast<unsigned>(random_() % 300); }
  template <std::size_t N>
  std::string pick(const std::array<const char*, N>& names) {
    return names[random_() % N];
  }
  std::string prefix() {
    const std::string name = pick(kModels);
    return name.substr(0, name.find('-') + 1);
  }
  std::string repo() { return pick(kOrganisations) + "/service-" + std::to_string(random_() % 400); }

  std::mt19937 random_;
};

}  // namespace

std::string policy_set(std::size_t count, std::uint32_t seed) {
  RuleWriter writer(seed);
  std::string yaml;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string rule = writer.rule(i);
    yaml += rule;
    if (i % 20 == 7 && rule.find("effect: deny") != std::string::npos) yaml += writer.exception(i);
  }
  return yaml;
}

std::vector<Call> calls(std::size_t count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Call> made;
  made.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t model = random() % kModels.size();
    std::vector<policy::Finding> findings;
    for (unsigned f = 0; f < random() % 4; ++f) {
      findings.push_back(
          {"email", kClasses[random() % kClasses.size()], static_cast<double>(40 + random() % 60) / 100, 2, "user"});
    }
    Call call{.person = "person-" + std::to_string(random() % 3000) + "@example.com",
              .type = "person",
              .team = "team-" + std::to_string(random() % 300),
              .client = kClients[random() % kClients.size()],
              .version = "2.1.270",
              .session = "session-" + std::to_string(random()),
              .repo = std::string(kOrganisations[random() % kOrganisations.size()]) + "/" +
                      (random() % 5 == 0 ? "legacy-" + std::to_string(random() % 90)
                                         : "service-" + std::to_string(random() % 400) + "-api"),
              .work_item = "PAY-" + std::to_string(random() % 5000),
              .model = kModels[model],
              .tier = kTiers[model % kTiers.size()],
              .provider = model < 3   ? "anthropic"
                          : model < 6 ? "openai"
                          : model < 8 ? "google"
                                      : "onprem",
              .region = kRegions[random() % kRegions.size()],
              .retention = "zero",
              .groups = {},
              .classes = {},
              .labels = {},
              .findings = std::move(findings),
              .bytes = static_cast<std::int64_t>(random() % 200'000),
              .tokens = static_cast<std::int64_t>(random() % 60'000),
              .stream = true,
              .now = from_unix_seconds(1'795'000'000 + static_cast<std::int64_t>(random() % 1'000'000))};
    for (unsigned g = 0; g < 3 + random() % 6; ++g) call.groups.push_back("group-" + std::to_string(random() % 200));
    made.push_back(std::move(call));
  }
  return made;
}

void CallFacts::read(policy::Fact fact, policy::FactSink& sink) const {
  using policy::Fact;
  switch (fact) {
    case Fact::kNow: return sink.time(call_.now);
    case Fact::kPrincipalId: return sink.text(call_.person);
    case Fact::kPrincipalType: return sink.text(call_.type);
    case Fact::kPrincipalGroups: return sink.texts(std::span<const std::string>(call_.groups));
    case Fact::kPrincipalTeam: return sink.text(call_.team);
    case Fact::kClient: return sink.text(call_.client);
    case Fact::kClientVersion: return sink.text(call_.version);
    case Fact::kSessionId: return sink.text(call_.session);
    case Fact::kRepo: return sink.text(call_.repo);
    case Fact::kWorkItem: return sink.text(call_.work_item);
    case Fact::kModelName: return sink.text(call_.model);
    case Fact::kModelTier: return sink.text(call_.tier);
    case Fact::kModelProvider: return sink.text(call_.provider);
    case Fact::kModelRegion: return sink.text(call_.region);
    case Fact::kModelRetention: return sink.text(call_.retention);
    case Fact::kRequestBytes: return sink.integer(call_.bytes);
    case Fact::kRequestTokens: return sink.integer(call_.tokens);
    case Fact::kRequestStream: return sink.boolean(call_.stream);
    case Fact::kContentFindings: return sink.findings(call_.findings);
    default: return;
  }
}

}  // namespace reeve::bench
