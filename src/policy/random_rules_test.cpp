#include "policy/random_rules_test.h"

#include <initializer_list>

#include "core/json.h"

namespace reeve::policy {

namespace {

constexpr std::array<std::string_view, 8> kWords{"a", "b", "ab", "ba", "abc", "a*c", "bab", "A"};
constexpr std::array<std::string_view, 9> kPatterns{"a", "b", "ab", "a*", "*a", "*", "a*c", "*b*", "abc"};
constexpr std::array<std::string_view, 7> kExpressions{"^a", "b$", "a.?c", "^[ab]+$", "ba|abc", "A", "^$"};
constexpr std::array<std::string_view, 6> kTimes{"2026-11-20T08:59:59Z", "2026-11-20T09:00:00Z",
                                                 "2026-11-20T10:00:00Z", "2026-11-20T10:00:01Z",
                                                 "2026-11-20T11:00:00Z", "2026-11-21T00:00:00Z"};

constexpr std::array<Fact, 3> kTextsEverywhere{Fact::kPrincipalId, Fact::kPrincipalTeam, Fact::kRepo};
constexpr std::array<Fact, 2> kListsEverywhere{Fact::kPrincipalGroups, Fact::kContentClasses};

/// Writes conditions over the facts that are there on `on`: "model.call", "tool.call" or both.
class ConditionWriter {
 public:
  ConditionWriter(std::string_view on, std::mt19937_64& random) : random_(random) {
    texts_.assign(kTextsEverywhere.begin(), kTextsEverywhere.end());
    lists_.assign(kListsEverywhere.begin(), kListsEverywhere.end());
    if (on == "model.call") texts_.insert(texts_.end(), {Fact::kModelName, Fact::kModelTier});
    if (on == "tool.call") {
      texts_.push_back(Fact::kToolName);
      lists_.push_back(Fact::kToolPaths);
    }
  }

  std::string condition(int depth) {
    switch (depth == 0 ? 0 : random_() % 10) {
      case 0:
      case 1:
      case 2: return atom();
      case 3: return "!(" + condition(depth - 1) + ")";
      case 4:
      case 5:
      case 6: return "(" + condition(depth - 1) + ") && (" + condition(depth - 1) + ")";
      case 7:
      case 8: return "(" + condition(depth - 1) + ") || (" + condition(depth - 1) + ")";
      default: return "(" + condition(0) + ") ? (" + condition(depth - 1) + ") : (" + condition(depth - 1) + ")";
    }
  }

  std::vector<Fact> matchable() const {
    std::vector<Fact> facts = texts_;
    facts.insert(facts.end(), lists_.begin(), lists_.end());
    return facts;
  }

 private:
  template <typename From>
  auto pick(const From& from) {
    return from[random_() % from.size()];
  }
  std::string word() { return "\"" + std::string(pick(kWords)) + "\""; }
  std::string text() { return std::string(fact_name(pick(texts_))); }
  std::string list() { return std::string(fact_name(pick(lists_))); }

  std::string atom() { return random_() % 3 != 0 ? indexed() : random_() % 2 != 0 ? plain() : failing(); }

  /// What the index can answer, and what only looks like it.
  std::string indexed() {
    const std::string fact = text();
    switch (random_() % 14) {
      case 0: return fact + " == " + word();
      case 1: return word() + " == " + fact;
      case 2: return fact + " != " + word();
      case 3: return fact + " in [" + word() + ", " + word() + "]";
      case 4: return word() + " in " + list();
      case 5: return fact + ".startsWith(" + word() + ")";
      case 6: return fact + " == " + word() + " || " + fact + " == " + word();
      case 7: return fact + " == " + word() + " || " + fact + ".startsWith(" + word() + ")";
      case 8: return fact + " == " + word() + " || " + text() + " != " + word();
      case 9: return fact + " == \"\"";
      case 10: return fact + " != \"\"";
      case 11: return fact + ".startsWith(\"\")";
      case 12: return "!(" + fact + " in [" + word() + ", \"\"])";
      default: return word() + " in " + list() + " || " + word() + " in " + list();
    }
  }

  std::string plain() {
    const std::string names = list();
    switch (random_() % 13) {
      case 0: return text() + ".matches(\"" + std::string(pick(kExpressions)) + "\")";
      case 1: return text() + ".endsWith(" + word() + ")";
      case 2: return text() + ".contains(" + word() + ")";
      case 3: return "size(" + names + ") > " + std::to_string(random_() % 3);
      case 4: return text() + ".size() == " + std::to_string(random_() % 4);
      case 5: return "has(principal.id) && has(principal.team)";
      case 6: return "has(" + names + ")";
      case 7:
        return "content.findings.exists(f, f.class == " + word() + " && f.count > " + std::to_string(random_() % 3) +
               ")";
      case 8: return names + ".exists(x, x.startsWith(" + word() + "))";
      case 9: return names + ".all(x, x != " + word() + ")";
      case 10: return text() + " == " + text();
      case 11: return "now > timestamp(\"" + std::string(pick(kTimes)) + "\")";
      default: return random_() % 4 == 0 ? (random_() % 2 == 0 ? "true" : "false") : names + " == [" + word() + "]";
    }
  }

  /// What is an error for some facts.
  std::string failing() {
    switch (random_() % 5) {
      case 0: return "10 / size(" + list() + ") > 4";
      case 1: return list() + "[0] == " + word();
      case 2: return "checks.c";
      case 3: return "session.counters[\"a\"] > 1";
      default: return "content.findings[0].confidence > 0.5";
    }
  }

  std::mt19937_64& random_;
  std::vector<Fact> texts_, lists_;
};

std::string_view point_of(std::mt19937_64& random) {
  constexpr std::array<std::string_view, 4> kPointSets{"model.call", "model.call", "tool.call",
                                                       "[model.call, tool.call]"};
  return kPointSets[random() % kPointSets.size()];
}

std::string effect_of(std::string_view on, std::mt19937_64& random) {
  // Many special ones: a decision comes to one only where nothing stricter matched.
  constexpr std::array<std::string_view, 22> kEverywhere{
      "allow",   "allow",   "allow",   "allow",   "allow",   "allow",  "deny",   "deny",
      "require", "require", "ask",     "ask",     "warn",    "redact", "redact", "special",
      "special", "special", "special", "special", "special", "special"};
  const std::string_view effect = kEverywhere[random() % kEverywhere.size()];
  if (effect != "special") return std::string(effect);
  if (on == "model.call") return random() % 2 == 0 ? "route" : "degrade";
  return on == "tool.call" ? (random() % 2 == 0 ? "rewrite" : "lease") : "deny";
}

std::string parameters_of(std::string_view effect, std::mt19937_64& random) {
  if (effect == "require" && random() % 2 == 0) return ", check: c";
  if (effect == "require") return ", approval: {by: [a], within: 1h}";
  if (effect == "redact") return ", with: mask, classes: [a]";
  if (effect == "route") return ", to: {region: eu}";
  if (effect == "degrade") return ", ladder: steps";
  if (effect == "lease") return ", lease: {secrets: [a], for: 1h}";
  return "";
}

std::string patterns_text(const std::map<Fact, std::vector<std::string>>& patterns) {
  std::string text;
  for (const auto& [fact, values] : patterns) {
    text += (text.empty() ? "" : ", ") + std::string(descriptor_of(fact).match_key) + ": [";
    for (const std::string& value : values) text += (text.back() == '[' ? "'" : ", '") + value + "'";
    text += "]";
  }
  return "{" + text + "}";
}

}  // namespace

RandomRules::RandomRules(std::mt19937_64& random) {
  yaml_ = "{kind: Ladder, name: steps, steps: [a, b]}\n";
  const std::size_t few = 1 + random() % 12;
  const std::size_t rules = random() % 10 == 9 ? 55 + random() % 90 : few;
  for (std::size_t i = 0; i < rules; ++i) add_rule(i, random);
  const std::size_t exceptions = liftable_.empty() ? 0 : random() % 4;
  for (std::size_t i = 0; i < exceptions; ++i) add_exception(i, random);
}

std::string RandomRules::selector(RandomSource& source, std::string_view on, std::mt19937_64& random) {
  ConditionWriter writer(on, random);
  const std::vector<Fact> facts = writer.matchable();
  for (auto* patterns : {&source.match, &source.except}) {
    for (std::size_t i = random() % 3; i > 1 || (i > 0 && random() % 2 == 0); --i) {
      std::vector<std::string>& values = (*patterns)[facts[random() % facts.size()]];
      for (std::size_t j = 0; j <= random() % 2; ++j) values.emplace_back(kPatterns[random() % kPatterns.size()]);
    }
  }
  if (random() % 3 != 0) source.when = writer.condition(static_cast<int>(random() % 4));
  std::string text;
  if (!source.match.empty()) text += ", match: " + patterns_text(source.match);
  if (!source.except.empty()) text += ", not: " + patterns_text(source.except);
  if (!source.when.empty()) text += ", when: '" + source.when + "'";
  return text;
}

void RandomRules::add_rule(std::size_t number, std::mt19937_64& random) {
  const std::string_view on = point_of(random);
  RandomSource source;
  source.name = "r" + std::to_string(1000 + (number ^ 5U));  // by name in another order than by place
  std::string effect = effect_of(on, random);
  std::string text;
  const std::size_t layer = random() % 10;  // 0 a repository's, 1 a team's, else the organisation's
  const std::string name(kWords[random() % 3]);
  if (layer == 0) text += ", layer: {repo: " + name + "}";
  if (layer == 1) text += ", layer: {team: " + name + "}";
  if (layer <= 1 && effect == "allow") {
    std::vector<std::string> higher = relaxable_of_organisation_;
    if (layer == 0) higher.insert(higher.end(), relaxable_of_teams_.begin(), relaxable_of_teams_.end());
    if (higher.empty()) {
      effect = "deny";
    } else {
      text += ", relaxes: [" + higher[random() % higher.size()] + ", " + higher[random() % higher.size()] + "]";
    }
  }
  if (layer > 0 && random() % 2 == 0) {
    text += ", relaxable: true";
    (layer == 1 ? relaxable_of_teams_ : relaxable_of_organisation_).push_back(source.name);
  }
  const std::size_t mode = random() % 20;
  if (mode == 0) text += ", mode: off";
  if (mode > 0 && mode < 4) text += ", mode: shadow";
  if (random() % 10 == 0) text += ", since: " + std::string(kTimes[random() % 3]);
  if (random() % 10 == 0) text += ", until: " + std::string(kTimes[3 + random() % 3]);
  if (effect == "rewrite") {
    source.rewrite = random() % 3 == 0 ? "string(10 / size(tool.paths))" : "tool.name + \"!\"";
    text += ", set: {tool.arguments.command: '" + source.rewrite + "'}";
  }
  text += parameters_of(effect, random) + selector(source, on, random);
  if (effect != "allow" && effect != "warn" && effect != "lease" && effect != "rewrite")
    liftable_.push_back(source.name);
  yaml_ += "---\n{kind: Policy, name: " + source.name + ", on: " + std::string(on) + ", effect: " + effect +
           ", message: no" + text + "}\n";
  sources_.push_back(std::move(source));
}

void RandomRules::add_exception(std::size_t number, std::mt19937_64& random) {
  RandomSource source;
  source.name = "e" + std::to_string(number);
  std::string text =
      "rules: [" + liftable_[random() % liftable_.size()] + ", " + liftable_[random() % liftable_.size()] + "]";
  text += ", ends: " + std::string(kTimes[1 + random() % 5]);
  if (random() % 2 == 0) text += ", uses: 3";
  if (random() % 3 == 0) text += ", compensating_check: " + std::string(random() % 2 == 0 ? "c" : "d");
  if (random() % 2 == 0) text += selector(source, "both", random);
  yaml_ +=
      "---\n{kind: Exception, name: " + source.name + ", reason: r, requested_by: a, approved_by: b, " + text + "}\n";
  sources_.push_back(std::move(source));
}

Point RandomRules::point(std::mt19937_64& random) const {
  return random() % 2 == 0 ? Point::kModelCall : Point::kToolCall;
}

// ---- Facts ----

RandomFacts::RandomFacts(Point point, std::mt19937_64& random) {
  const std::uint64_t odd = random() % 3;  // one set of facts in three has something wrong or unknown
  const auto word = [&] { return std::string(kWords[random() % kWords.size()]); };
  const auto time = [&] { return std::string(kTimes[random() % kTimes.size()]); };
  for (const FactDescriptor& fact : all_facts()) {
    Given& given = given_[static_cast<std::size_t>(fact.fact)];
    if ((fact.points & point_bit(point)) == 0 || random() % 8 == 0) continue;
    given.state = State::kThere;
    if (odd == 0 && random() % 8 == 0) given.state = random() % 3 == 0 ? State::kWrong : State::kUnknown;
    if (fact.type == "string") given.texts = {word()};
    if (fact.type == "list(string)") {
      for (std::size_t i = random() % 4; i > 0; --i) given.texts.push_back(word());
    }
  }
  const auto set = [&](Fact fact, std::string json) { given_[static_cast<std::size_t>(fact)].json = std::move(json); };
  set(Fact::kNow, "\"" + time() + "\"");
  set(Fact::kChecks,
      "{\"c\":" + std::string(random() % 2 == 0 ? "true" : "false") + (random() % 2 == 0 ? ",\"d\":true}" : "}"));
  set(Fact::kSessionCounters, random() % 2 == 0 ? "{}" : "{\"a\":" + std::to_string(random() % 4) + "}");
  set(Fact::kContentFindings,
      random() % 3 == 0 ? "[]" : "[{\"class\":\"" + word() + "\",\"count\":" + std::to_string(random() % 4) + "}]");
  std::string approvals;
  for (std::size_t rule = 0; rule < 12; ++rule) {
    approvals += rule == 0 ? "" : ",";
    approvals += "{\"rule\":\"r" + std::to_string(1000 + rule) + "\",\"by\":\"" + word() + "\",\"groups\":[\"" +
                 word() + "\",\"" + word() + "\"],\"time\":\"" + time() + "\"}";
  }
  set(Fact::kApprovals, "[" + approvals + "]");
  for (std::size_t i = 0; i < kFacts; ++i) {
    Given& given = given_[i];
    if (given.state == State::kWrong) given.json = "[[{}]]";
    if (given.state != State::kWrong && given.state != State::kThere) continue;
    if (given.json.empty() && given.texts.empty()) given.state = State::kAbsent;
    if (!given.json.empty()) documents_.emplace(static_cast<Fact>(i), *JsonDocument::parse(given.json));
  }
}

void RandomFacts::read(Fact fact, FactSink& sink) const {
  const Given& given = given_[static_cast<std::size_t>(fact)];
  if (given.state == State::kAbsent) return;
  if (given.state == State::kUnknown) return sink.unknown(fact);
  if (const auto json = documents_.find(fact); json != documents_.end()) return sink.json(fact, json->second.root());
  if (descriptor_of(fact).type == "string") return sink.text(given.texts.front());
  sink.texts(std::span<const std::string>(given.texts));
}

std::string RandomFacts::text() const {
  std::string all;
  for (const FactDescriptor& fact : all_facts()) {
    const Given& given = given_[static_cast<std::size_t>(fact.fact)];
    if (given.state == State::kAbsent) continue;
    all += std::string(fact.name) + (given.state == State::kUnknown ? " ?" : given.state == State::kWrong ? " !" : "");
    for (const std::string& value : given.texts) all += " " + value;
    all += " " + given.json + "\n";
  }
  return all;
}

}  // namespace reeve::policy
