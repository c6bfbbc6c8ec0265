#include "policy/rule.h"

#include <algorithm>
#include <span>

#include "core/bytes.h"

namespace reeve::policy {

namespace {

constexpr std::size_t kNameBytesMax = 63;
constexpr std::size_t kMessageBytesMax = 1000;
constexpr std::size_t kPatternsMax = 10'000;
constexpr std::size_t kPatternBytesMax = 512;

// Names of the policy language as a whole. What this version does not enforce is refused by name, because a rule that
// is passed over in silence looks as if it held.
constexpr std::string_view kSupportedPoint = "model.call";
constexpr std::array<std::string_view, 12> kDecisionPoints{
    "model.call",   "model.response", "session.start", "prompt.submit", "tool.call",    "tool.result",
    "secret.lease", "context.query",  "mcp.call",      "change.commit", "change.merge", "register"};
constexpr std::array<std::string_view, 7> kLaterEffects{"require", "ask",     "redact", "rewrite",
                                                        "route",   "degrade", "lease"};
constexpr std::array<std::string_view, 7> kLaterKeys{"when", "with", "classes", "to", "ladder", "approval", "within"};

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string in_quotes(std::string_view text) { return "'" + printable(text, 60) + "'"; }

/// Reads one document and keeps whether anything was wrong with it.
class RuleReader {
 public:
  RuleReader(const YamlValue& document, std::vector<Diagnostic>& complaints)
      : document_(document), complaints_(complaints) {}

  std::optional<Rule> read() {
    const std::size_t before = complaints_.size();
    document_.refuse_unknown_keys({"kind", "name", "owner", "controls", "on", "match", "not", "effect", "message",
                                   "mode", "tests", "when", "with", "classes", "to", "ladder", "approval", "within"},
                                  complaints_);
    for (const std::string_view key : kLaterKeys) {
      if (const YamlValue* value = document_.find(key)) {
        complain(*value, in_quotes(key) + " is not supported by this version, so the rule would not hold as written");
      }
    }
    read_name();
    read_point();
    read_effect();
    read_mode();
    rule_.owner = read_text(document_, "owner");
    if (const YamlValue* controls = document_.find("controls")) rule_.controls = read_texts(*controls);
    read_message();
    if (const YamlValue* match = document_.find("match")) read_patterns(*match, "match", rule_.match);
    if (const YamlValue* except = document_.find("not")) read_patterns(*except, "not", rule_.except);
    if (const YamlValue* tests = document_.find("tests")) read_tests(*tests);
    if (complaints_.size() != before) return std::nullopt;
    return std::move(rule_);
  }

 private:
  void complain(const YamlValue& at, std::string message) { complaints_.push_back(at.complain(std::move(message))); }

  /// The text of an optional member.
  std::string read_text(const YamlValue& mapping, std::string_view key) {
    const YamlValue* value = mapping.find(key);
    if (value == nullptr) return {};
    if (value->is_scalar()) return value->text();
    complain(*value, in_quotes(key) + " must be text");
    return {};
  }

  /// A list of texts, or one text alone.
  std::vector<std::string> read_texts(const YamlValue& value) {
    if (value.is_scalar()) return {value.text()};
    std::vector<std::string> texts;
    if (!value.is_sequence() || value.items().empty()) {
      complain(value, "expected a text or a list of texts with at least one entry");
      return texts;
    }
    if (value.items().size() > kPatternsMax) {
      complain(value, "the list has more than " + std::to_string(kPatternsMax) + " entries");
      return texts;
    }
    for (const YamlValue& item : value.items()) {
      if (item.is_scalar()) {
        texts.push_back(item.text());
      } else {
        complain(item, "expected a text");
      }
    }
    return texts;
  }

  void read_name() {
    const YamlValue* name = document_.find("name");
    if (name == nullptr || name->text().empty()) {
      complain(name == nullptr ? document_ : *name,
               "a policy needs a name, such as 'name: contractors-use-small-models'");
      return;
    }
    const bool plain = std::all_of(name->text().begin(), name->text().end(),
                                   [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
    if (name->text().size() > kNameBytesMax || !plain) {
      complain(*name, "a policy's name has at most 63 letters a to z, digits and hyphens; " + in_quotes(name->text()) +
                          " has something else");
    }
    rule_.name = name->text();
  }

  void read_point() {
    const YamlValue* on = document_.find("on");
    if (on == nullptr || !on->is_scalar()) {
      complain(on == nullptr ? document_ : *on, "a policy says where it decides, such as 'on: model.call'");
    } else if (on->text() != kSupportedPoint) {
      complain(*on, contains(kDecisionPoints, on->text())
                        ? "the decision point " + in_quotes(on->text()) +
                              " is not supported by this version, so the rule would not hold; only model.call is"
                        : "unknown decision point " + in_quotes(on->text()) + "; this version supports model.call");
    }
  }

  void read_effect() {
    const YamlValue* effect = document_.find("effect");
    if (effect == nullptr || !effect->is_scalar()) {
      complain(effect == nullptr ? document_ : *effect, "a policy needs an effect: allow, deny or warn");
      return;
    }
    const auto known = effect_from_name(effect->text());
    if (known) {
      rule_.effect = *known;
    } else if (contains(kLaterEffects, effect->text())) {
      complain(*effect, "the effect " + in_quotes(effect->text()) +
                            " is not supported by this version, so the rule would not hold; allow, deny and warn are");
    } else {
      complain(*effect, "unknown effect " + in_quotes(effect->text()) + "; this version supports allow, deny and warn");
    }
  }

  static std::optional<Effect> effect_from_name(std::string_view name) {
    for (const Effect effect : {Effect::kAllow, Effect::kDeny, Effect::kWarn}) {
      if (effect_name(effect) == name) return effect;
    }
    return std::nullopt;
  }

  void read_mode() {
    const YamlValue* mode = document_.find("mode");
    if (mode == nullptr) return;
    if (mode->is_scalar() && mode->text() == "enforce") return;
    if (mode->is_scalar() && mode->text() == "shadow") {
      rule_.mode = Mode::kShadow;
    } else if (mode->is_scalar() && mode->text() == "off") {
      rule_.mode = Mode::kOff;
    } else {
      complain(*mode, "mode must be enforce, shadow or off");
    }
  }

  void read_message() {
    rule_.message = std::string(trim(read_text(document_, "message")));
    const YamlValue* message = document_.find("message");
    if (rule_.message.size() > kMessageBytesMax) {
      complain(*message, "the message is longer than " + std::to_string(kMessageBytesMax) + " bytes");
    }
    if (rule_.message.empty() && rule_.effect == Effect::kDeny) {
      complain(message == nullptr ? document_ : *message,
               "a rule that denies needs a message that tells people why and what they can do");
    }
  }

  void read_patterns(const YamlValue& mapping, std::string_view key, Patterns& patterns) {
    if (!mapping.is_mapping()) {
      complain(mapping, in_quotes(key) + " must be a mapping such as {groups: [contractors]}");
      return;
    }
    mapping.refuse_unknown_keys({"people", "types", "groups", "teams", "clients", "models", "tiers", "providers",
                                 "regions", "repos", "features", "work_items"},
                                complaints_);
    for (std::size_t i = 0; i < kMatchKeys; ++i) {
      const YamlValue* values = mapping.find(kMatchKeyNames[i]);
      if (values == nullptr) continue;
      patterns[i] = read_texts(*values);
      for (const std::string& pattern : patterns[i]) {
        if (pattern.empty() || pattern.size() > kPatternBytesMax) {
          complain(*values, "a pattern has between 1 and " + std::to_string(kPatternBytesMax) + " bytes");
        }
        if (i == static_cast<std::size_t>(MatchKey::kTypes)) check_type(*values, pattern);
      }
      std::sort(patterns[i].begin(), patterns[i].end());
      patterns[i].erase(std::unique(patterns[i].begin(), patterns[i].end()), patterns[i].end());
    }
  }

  void check_type(const YamlValue& at, std::string_view type) {
    if (type == "person" || type == "agent" || type == "service" || type.find('*') != std::string_view::npos) return;
    complain(at, "unknown type " + in_quotes(type) + "; a principal is a person, an agent or a service");
  }

  void read_tests(const YamlValue& tests) {
    if (!tests.is_sequence()) {
      complain(tests, "tests must be a list of {given: ..., expect: ...}");
      return;
    }
    for (const YamlValue& item : tests.items()) read_test(item);
  }

  void read_test(const YamlValue& item) {
    const YamlValue* given = item.find("given");
    const YamlValue* expect = item.find("expect");
    item.refuse_unknown_keys({"given", "expect"}, complaints_);
    if (given == nullptr || !given->is_mapping() || expect == nullptr || !expect->is_scalar()) {
      complain(item, "a test needs given, a mapping of facts, and expect: allow, deny or warn");
      return;
    }
    const auto effect = effect_from_name(expect->text());
    if (!effect || (*effect == Effect::kWarn && rule_.effect != Effect::kWarn)) {
      complain(*expect, "expect must be allow or deny, or warn in a rule that warns");
      return;
    }
    RuleTest test;
    test.expect = *effect;
    test.source = item;
    read_given(*given, test);
    rule_.tests.push_back(std::move(test));
  }

  void read_given(const YamlValue& given, RuleTest& test) {
    given.refuse_unknown_keys({"principal", "client", "model", "repo", "feature", "work_item"}, complaints_);
    test.client = read_text(given, "client");
    test.repo = read_text(given, "repo");
    test.feature = read_text(given, "feature");
    test.work_item = read_text(given, "work_item");
    test.principal_type = "person";
    if (const YamlValue* principal = given.find("principal")) {
      principal->refuse_unknown_keys({"id", "type", "groups", "team"}, complaints_);
      test.person = read_text(*principal, "id");
      if (principal->find("type") != nullptr) test.principal_type = read_text(*principal, "type");
      test.team = read_text(*principal, "team");
      const YamlValue* groups = principal->find("groups");
      if (groups != nullptr && !(groups->is_sequence() && groups->items().empty())) test.groups = read_texts(*groups);
    }
    if (const YamlValue* model = given.find("model")) {
      model->refuse_unknown_keys({"name", "tier", "provider", "region"}, complaints_);
      test.model = read_text(*model, "name");
      test.tier = read_text(*model, "tier");
      test.provider = read_text(*model, "provider");
      test.region = read_text(*model, "region");
    }
  }

  const YamlValue& document_;
  std::vector<Diagnostic>& complaints_;
  Rule rule_;
};

}  // namespace

ModelCallFacts RuleTest::facts() const {
  ModelCallFacts view;
  view.person = person;
  view.principal_type = principal_type;
  view.groups.assign(groups.begin(), groups.end());
  view.team = team;
  view.client = client;
  view.model = model;
  view.tier = tier;
  view.provider = provider;
  view.region = region;
  view.repo = repo;
  view.feature = feature;
  view.work_item = work_item;
  return view;
}

bool is_policy(const YamlValue& document) {
  const YamlValue* kind = document.find("kind");
  return kind != nullptr && kind->is_scalar() && kind->text() == "Policy";
}

std::optional<Rule> read_rule(const YamlValue& document, std::vector<Diagnostic>& complaints) {
  return RuleReader(document, complaints).read();
}

}  // namespace reeve::policy
