#include "policy/rule.h"

#include <algorithm>
#include <array>

#include "core/bytes.h"

namespace reeve::policy {

namespace {

constexpr PointSet points_of(std::initializer_list<Point> points) {
  PointSet set = 0;
  for (const Point point : points) set |= point_bit(point);
  return set;
}
constexpr PointSet kEverywhere = (1U << kPoints) - 1;

/// Everything the language knows of an effect.
struct EffectDescriptor {
  Effect effect;
  std::string_view name;
  PointSet points;                       // where it can stand
  bool needs_message;                    // a person will read it
  std::array<std::string_view, 3> keys;  // that only this effect takes
};
constexpr std::array<EffectDescriptor, kEffects> kEffectTable{{
    {Effect::kWarn, "warn", kEverywhere, true, {}},
    {Effect::kAllow, "allow", kEverywhere, false, {"relaxes", ""}},
    {Effect::kLease,
     "lease",
     points_of({Point::kSessionStart, Point::kToolCall, Point::kSecretLease}),
     false,
     {"lease", ""}},
    {Effect::kDegrade, "degrade", points_of({Point::kModelCall}), false, {"ladder", ""}},
    {Effect::kRoute, "route", points_of({Point::kModelCall}), false, {"to", ""}},
    {Effect::kRewrite,
     "rewrite",
     points_of({Point::kModelCall, Point::kPromptSubmit, Point::kToolCall, Point::kMcpCall}),
     false,
     {"set", ""}},
    {Effect::kRedact,
     "redact",
     points_of({Point::kModelCall, Point::kModelResponse, Point::kPromptSubmit, Point::kToolCall, Point::kToolResult,
                Point::kContextQuery, Point::kMcpCall}),
     false,
     {"with", "classes", "spares_marked"}},
    {Effect::kAsk, "ask", kEverywhere, true, {}},
    {Effect::kRequire, "require", kEverywhere, true, {"approval", "check"}},
    {Effect::kDeny, "deny", kEverywhere, true, {}},
}};

const EffectDescriptor& descriptor_of(Effect effect) { return kEffectTable[static_cast<std::size_t>(effect)]; }

constexpr std::array<std::string_view, 14> kFrameworks{
    "SOC2",  "ISO27001", "ISO42001",  "NIST-AI-RMF",   "NIST-AI-600-1", "EU-AI-ACT",   "GDPR",
    "HIPAA", "PCI-DSS",  "OWASP-LLM", "OWASP-AGENTIC", "NIST-CSF",      "NIST-800-53", "DORA"};

std::vector<std::string_view> effect_names() {
  std::vector<std::string_view> names;
  names.reserve(kEffectTable.size());
  for (const EffectDescriptor& known : kEffectTable) names.push_back(known.name);
  return names;
}

std::string joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

class RuleReader {
 public:
  RuleReader(const YamlValue& document, std::vector<Diagnostic>& complaints) : reader_(document, complaints) {
    rule_.source = document;
  }

  std::optional<Rule> read() {
    reader_.document().refuse_unknown_keys(
        {"kind",          "name", "title",  "owner",    "controls", "on",    "match",     "not",     "when", "effect",
         "message",       "fix",  "mode",   "since",    "until",    "layer", "relaxable", "relaxes", "with", "classes",
         "spares_marked", "to",   "ladder", "approval", "check",    "lease", "set",       "tests"},
        reader_.complaints());
    RuleInfo& info = rule_.info;
    info.file = reader_.document().file();
    info.line = reader_.document().line();
    info.name = reader_.name("a policy", "contractors-use-small-models");
    info.title = reader_.text(reader_.document(), "title");
    info.owner = reader_.text(reader_.document(), "owner");
    info.fix = reader_.text(reader_.document(), "fix");
    read_controls();
    read_points();
    read_effect();
    read_mode();
    read_times();
    read_layer();
    rule_.selector = reader_.selector();
    // Without a known effect nobody can say what they should expect.
    if (effect_known_) rule_.tests = read_tests(reader_, info.points, info.effect);
    if (reader_.failed()) return std::nullopt;
    return std::move(rule_);
  }

 private:
  void read_controls() {
    const YamlValue* controls = reader_.find("controls");
    if (controls == nullptr) return;
    rule_.info.controls = reader_.texts(*controls);
    for (const std::string& control : rule_.info.controls) {
      const std::size_t colon = control.find(':');
      const std::string framework = control.substr(0, colon);
      if (colon == std::string::npos || colon + 1 == control.size()) {
        reader_.complain(item_of(*controls, control),
                         "a control is written FRAMEWORK:ID, such as SOC2:CC6.1, not " + in_quotes(control));
      } else if (std::find(kFrameworks.begin(), kFrameworks.end(), framework) == kFrameworks.end()) {
        const std::vector<std::string_view> known(kFrameworks.begin(), kFrameworks.end());
        std::string text = "unknown framework " + in_quotes(framework) + did_you_mean(framework, known);
        reader_.complain(item_of(*controls, control), text + "; known are " + joined(known));
      }
    }
  }

  void read_points() {
    const YamlValue* on = reader_.find("on");
    if (on == nullptr) {
      reader_.complain_of("on", "a policy says where it decides, such as 'on: model.call'");
      return;
    }
    for (const std::string& name : reader_.texts(*on)) {
      const auto point = point_from_name(name);
      if (!point) {
        std::string text = "unknown decision point " + in_quotes(name) + did_you_mean(name, point_names());
        reader_.complain(item_of(*on, name), text + "; known are " + joined(point_names()));
      } else if (std::find(rule_.info.points.begin(), rule_.info.points.end(), *point) != rule_.info.points.end()) {
        reader_.complain(*on, "the decision point " + in_quotes(name) + " is named twice");
      } else {
        rule_.info.points.push_back(*point);
      }
    }
  }

  void read_effect() {
    const YamlValue* effect = reader_.find("effect");
    if (effect == nullptr || !effect->is_scalar()) {
      reader_.complain_of("effect", "a policy needs an effect: " + joined(effect_names()));
      return;
    }
    const auto known = effect_from_name(effect->text());
    if (!known) {
      std::string text = "unknown effect " + in_quotes(effect->text()) + did_you_mean(effect->text(), effect_names());
      reader_.complain(*effect, text + "; known are " + joined(effect_names()));
      return;
    }
    rule_.info.effect = *known;
    effect_known_ = true;
    for (const Point point : rule_.info.points) {
      if (effect_fits(*known, point)) continue;
      reader_.complain(
          *effect, "the effect " + in_quotes(effect->text()) + " is not possible on " + std::string(point_name(point)));
    }
    read_message();
    refuse_foreign_keys();
    read_parameters();
  }

  void read_message() {
    RuleInfo& info = rule_.info;
    info.message = reader_.text(reader_.document(), "message");
    if (info.message.size() > kMessageBytesMax) {
      reader_.complain_of("message", "the message is longer than " + std::to_string(kMessageBytesMax) + " bytes");
    }
    const YamlValue* written = reader_.find("message");
    const bool no_text =
        written != nullptr && (written->is_mapping() || written->is_sequence());  // was complained about
    if (info.message.empty() && !no_text && descriptor_of(info.effect).needs_message) {
      reader_.complain_of("message", "a rule with effect " + in_quotes(effect_name(info.effect)) +
                                         " needs a message that tells people why and what they can do");
    }
  }

  /// A parameter of another effect would look as if it did something.
  void refuse_foreign_keys() {
    for (const EffectDescriptor& other : kEffectTable) {
      if (other.effect == rule_.info.effect) continue;
      for (const std::string_view key : other.keys) {
        const YamlValue* value = key.empty() ? nullptr : reader_.find(key);
        if (value == nullptr) continue;
        reader_.complain(*value, in_quotes(key) + " belongs to the effect " + in_quotes(other.name) +
                                     ", but this rule's effect is " + in_quotes(effect_name(rule_.info.effect)));
      }
    }
  }

  void read_parameters() {
    switch (rule_.info.effect) {
      case Effect::kRedact: return read_redact();
      case Effect::kRoute: return read_route();
      case Effect::kRewrite: return read_rewrite();
      case Effect::kRequire: return read_require();
      case Effect::kLease: return read_lease();
      case Effect::kDegrade:
        rule_.info.ladder = reader_.needed_text("ladder", "'ladder: claude', the name of a kind: Ladder document");
        return;
      default: return;
    }
  }

  void read_redact() {
    RuleInfo& info = rule_.info;
    info.redact_with = reader_.needed_text("with", "'with: token', mask or remove");
    if (!info.redact_with.empty() && info.redact_with != "token" && info.redact_with != "mask" &&
        info.redact_with != "remove") {
      reader_.complain_of("with", "'with' must be token, mask or remove, not " + in_quotes(info.redact_with));
    }
    if (const YamlValue* classes = reader_.find("classes")) {
      info.classes = reader_.texts(*classes);
    } else {
      reader_.complain_of("classes", "a rule that redacts says which classes, such as 'classes: [pii, secret]'");
    }
    info.spares_marked = reader_.flag("spares_marked").value_or(false);
  }

  void read_route() {
    const YamlValue* to = reader_.find("to");
    if (to == nullptr || !to->is_mapping() || to->members().empty()) {
      reader_.complain_of("to", "a rule that routes says where to, such as 'to: {region: [eu]}'");
      return;
    }
    to->refuse_unknown_keys({"region", "provider", "retention"}, reader_.complaints());
    RuleInfo& info = rule_.info;
    if (const YamlValue* region = to->find("region")) info.to_regions = reader_.texts(*region);
    if (const YamlValue* provider = to->find("provider")) info.to_providers = reader_.texts(*provider);
    if (const YamlValue* retention = to->find("retention")) info.to_retentions = reader_.texts(*retention);
  }

  void read_rewrite() {
    const YamlValue* set = reader_.find("set");
    if (set == nullptr || !set->is_mapping() || set->members().empty()) {
      reader_.complain_of("set", "a rule that rewrites says what, such as 'set: {tool.arguments.command: \"...\"}'");
      return;
    }
    for (const auto& [target, expression] : set->members()) {
      const std::string& name = target.text();
      if (!rewritable(name)) {
        reader_.complain(target, "a rule cannot rewrite " + in_quotes(name) +
                                     "; it can rewrite tool.arguments.NAME, prompt.text and model.name");
      } else if (!expression.is_scalar() || trim(expression.text()).empty()) {
        reader_.complain(expression, "the new value is a CEL expression");
      } else {
        rule_.rewrites.push_back({name, expression.text(), expression});
      }
    }
  }

  bool rewritable(std::string_view target) const {
    constexpr std::string_view kArguments = "tool.arguments.";
    PointSet where = 0;
    if (target.starts_with(kArguments) && target.size() > kArguments.size()) {
      where = points_of({Point::kToolCall, Point::kMcpCall});
    } else if (target == "prompt.text") {
      where = point_bit(Point::kPromptSubmit);
    } else if (target == "model.name") {
      where = point_bit(Point::kModelCall);
    }
    return std::all_of(
               rule_.info.points.begin(), rule_.info.points.end(),
               // Where the effect cannot be at all, that is what is wrong, and is said.
               [&](Point point) { return (where & point_bit(point)) != 0 || !effect_fits(Effect::kRewrite, point); }) &&
           where != 0;
  }

  void read_require() {
    RuleInfo& info = rule_.info;
    info.check = reader_.text(reader_.document(), "check");
    const YamlValue* approval = reader_.find("approval");
    if ((approval == nullptr) == (reader_.find("check") == nullptr)) {
      reader_.complain_of(approval == nullptr ? "effect" : "check",
                          "a rule that requires names either 'approval: {by: [group], within: 24h}' or 'check: NAME'");
      return;
    }
    if (approval == nullptr) {
      const YamlValue& check = *reader_.find("check");
      const bool text = check.is_scalar() || check.kind() == YamlValue::Kind::kNull;  // else it was complained about
      if (info.check.empty() && text) reader_.complain(check, "'check' must name a check");
      return;
    }
    if (!approval->is_mapping()) {
      reader_.complain(*approval, "'approval' must be a mapping such as {by: [leads], within: 24h}");
      return;
    }
    approval->refuse_unknown_keys({"by", "within"}, reader_.complaints());
    ApprovalNeed need;
    if (const YamlValue* by = approval->find("by")) {
      need.by = reader_.texts(*by);
    } else {
      reader_.complain(*approval, "'approval' says by whom: 'by: [leads]'");
    }
    if (approval->find("within") == nullptr) {
      reader_.complain(*approval, "'approval' says how long one is good for: 'within: 24h'");
    } else if (const auto within = reader_.duration(*approval, "within")) {
      need.within = *within;
    }
    info.approval = std::move(need);
  }

  void read_lease() {
    const YamlValue* lease = reader_.find("lease");
    if (lease == nullptr || !lease->is_mapping()) {
      reader_.complain_of("lease", "a rule that leases says what, such as 'lease: {secrets: [npm-publish], for: 1h}'");
      return;
    }
    lease->refuse_unknown_keys({"secrets", "for"}, reader_.complaints());
    if (const YamlValue* secrets = lease->find("secrets")) {
      rule_.info.secrets = reader_.texts(*secrets);
    } else {
      reader_.complain(*lease, "'lease' names the secrets: 'secrets: [npm-publish]'");
    }
    if (lease->find("for") == nullptr) {
      reader_.complain(*lease, "'lease' says for how long: 'for: 1h'");
    } else if (const auto duration = reader_.duration(*lease, "for")) {
      rule_.info.lease_for = *duration;
    }
  }

  void read_mode() {
    const YamlValue* mode = reader_.find("mode");
    if (mode == nullptr || (mode->is_scalar() && mode->text() == "enforce")) return;
    if (mode->is_scalar() && mode->text() == "shadow") {
      rule_.info.mode = Mode::kShadow;
    } else if (mode->is_scalar() && mode->text() == "off") {
      rule_.info.mode = Mode::kOff;
    } else {
      reader_.complain(*mode, "the mode must be enforce, shadow or off, not " + in_quotes(mode->text()));
    }
  }

  void read_times() {
    RuleInfo& info = rule_.info;
    info.since = reader_.time("since");
    info.until = reader_.time("until");
    if (info.since && info.until && *info.since >= *info.until) {
      reader_.complain_of("until", "'until' is not after 'since', so the rule would never hold");
    }
  }

  void read_layer() {
    RuleInfo& info = rule_.info;
    info.relaxable = reader_.flag("relaxable").value_or(false);
    if (const YamlValue* layer = reader_.find("layer")) read_layer_of(*layer);
    const YamlValue* relaxes = reader_.find("relaxes");
    const bool lower = info.layer.kind != Layer::Kind::kOrganisation;
    if (relaxes != nullptr) {
      info.relaxes = reader_.texts(*relaxes);
      if (!lower) {
        reader_.complain(*relaxes, "'relaxes' is for rules of a team's or a repository's layer; give this one a layer");
      }
    } else if (lower && effect_known_ && info.effect == Effect::kAllow) {
      reader_.complain_of("effect",
                          "a lower layer may only tighten: an 'allow' here says which relaxable rules it lifts, "
                          "'relaxes: [RULE]'");
    }
  }

  void read_layer_of(const YamlValue& layer) {
    if (layer.is_scalar() && layer.text() == "org") return;
    if (!layer.is_mapping() || layer.members().size() != 1) {
      reader_.complain(layer, "'layer' is {team: NAME} or {repo: NAME}; the organisation's rules have none");
      return;
    }
    layer.refuse_unknown_keys({"team", "repo"}, reader_.complaints());
    const auto& [kind, name] = layer.members().front();
    rule_.info.layer.kind = kind.text() == "team" ? Layer::Kind::kTeam : Layer::Kind::kRepository;
    rule_.info.layer.name = name.text();
    if (name.text().empty() || name.text().find('*') != std::string::npos) {
      reader_.complain(name, "a layer names one team or one repository");
    }
  }

  DocumentReader reader_;
  Rule rule_;
  bool effect_known_ = false;
};

}  // namespace

std::string_view effect_name(Effect effect) { return descriptor_of(effect).name; }

std::optional<Effect> effect_from_name(std::string_view name) {
  for (const EffectDescriptor& known : kEffectTable) {
    if (known.name == name) return known.effect;
  }
  return std::nullopt;
}

bool effect_fits(Effect effect, Point point) { return (descriptor_of(effect).points & point_bit(point)) != 0; }

std::string_view mode_name(Mode mode) {
  switch (mode) {
    case Mode::kEnforce: return "enforce";
    case Mode::kShadow: return "shadow";
    case Mode::kOff: return "off";
  }
  return "off";
}

std::optional<Rule> read_rule(const YamlValue& document, std::vector<Diagnostic>& complaints) {
  return RuleReader(document, complaints).read();
}

}  // namespace reeve::policy
