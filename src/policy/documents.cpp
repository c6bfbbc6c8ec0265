// Exceptions, ladders and test suites read from their documents.

#include <algorithm>
#include <set>

#include "core/bytes.h"
#include "policy/rule.h"

namespace reeve::policy {

namespace {

bool looks_like_number(std::string_view text) {
  return !text.empty() && JsonDocument::parse(text).ok() && text.front() != '"' && text.front() != '{' &&
         text.front() != '[';
}

/// A test's value as JSON of the fact's type. YAML does not say whether 142 is a text or a number; the type does, and
/// where it is dyn, what looks like a number or a flag is one.
void append_given(std::string& out, const YamlValue& value, const cel::Type& type) {
  using Form = cel::Type::Form;
  if (type.form == Form::kList && !value.is_sequence() && value.kind() != YamlValue::Kind::kNull) {
    out += '[';
    append_given(out, value, type.parameters[0]);
    out += ']';
    return;
  }
  switch (value.kind()) {
    case YamlValue::Kind::kNull: out += "null"; return;
    case YamlValue::Kind::kScalar: {
      const bool text = type.is_plain(cel::Kind::kString) || !looks_like_number(value.text());
      if (text) {
        append_json_string(out, value.text());
      } else {
        out += value.text();
      }
      return;
    }
    case YamlValue::Kind::kSequence: {
      const cel::Type element = type.form == Form::kList ? type.parameters[0] : cel::Type::dyn();
      out += '[';
      for (const YamlValue& item : value.items()) {
        if (out.back() != '[') out += ',';
        append_given(out, item, element);
      }
      out += ']';
      return;
    }
    case YamlValue::Kind::kMapping: {
      out += '{';
      for (const auto& [name, member] : value.members()) {
        if (out.back() != '{') out += ',';
        append_json_string(out, name.text());
        out += ':';
        const cel::Type* field = type.form == Form::kStructure ? type.structure->field(name.text()) : nullptr;
        const cel::Type of_member = field != nullptr          ? *field
                                    : type.form == Form::kMap ? type.parameters[1]
                                                              : cel::Type::dyn();
        append_given(out, member, of_member);
      }
      out += '}';
      return;
    }
  }
}

class TestReader {
 public:
  TestReader(DocumentReader& reader, const std::vector<Point>& points, std::optional<Effect> own)
      : reader_(reader), points_(points), own_(own) {}

  std::optional<RuleTest> read(const YamlValue& item) {
    if (!item.is_mapping()) {
      reader_.complain(item, "a test is a mapping {given: FACTS, expect: EFFECT}");
      return std::nullopt;
    }
    item.refuse_unknown_keys({"name", "on", "given", "expect", "rule", "exception"}, reader_.complaints());
    RuleTest test;
    test.source = item;
    test.name = reader_.text(item, "name");
    test.rule = reader_.text(item, "rule");
    test.exception = reader_.text(item, "exception");
    const bool placed = read_point(item, test);
    const bool expects = read_expectation(item, test);
    const bool given = read_given(item, test, placed);
    if (!placed || !expects || !given) return std::nullopt;
    return test;
  }

 private:
  bool read_point(const YamlValue& item, RuleTest& test) {
    const YamlValue* on = item.find("on");
    if (on == nullptr) {
      if (points_.empty()) return false;  // complained about where the rule's own is read
      if (points_.size() > 1) {
        reader_.complain(item, "the document decides on several points, so a test says which it is about: 'on: " +
                                   std::string(point_name(points_.front())) + "'");
        return false;
      }
      test.point = points_.front();
      return true;
    }
    const auto point = point_from_name(on->text());
    if (!point || std::find(points_.begin(), points_.end(), *point) == points_.end()) {
      reader_.complain(*on, "the test is on " + in_quotes(on->text()) + ", where its document does not decide");
      return false;
    }
    test.point = *point;
    return true;
  }

  bool read_expectation(const YamlValue& item, RuleTest& test) {
    const YamlValue* expect = item.find("expect");
    if (expect == nullptr || !expect->is_scalar()) {
      reader_.complain(expect == nullptr ? item : *expect, "a test says what it expects, such as 'expect: deny'");
      return false;
    }
    if (expect->text() == "none") {
      if (own_) return true;
      reader_.complain(*expect, "'none' is about the rule a test stands in; in a PolicyTest expect a verdict");
      return false;
    }
    test.expect = effect_from_name(expect->text());
    if (!test.expect) {
      reader_.complain(*expect, "unknown expectation " + in_quotes(expect->text()) + "; expect an effect or 'none'");
      return false;
    }
    if (*test.expect == Effect::kWarn && own_ != Effect::kWarn) {
      reader_.complain(*expect, "a verdict is never 'warn'; only a rule that warns may expect it");
      return false;
    }
    if (!effect_fits(*test.expect, test.point)) {
      reader_.complain(*expect,
                       in_quotes(expect->text()) + " is not possible on " + std::string(point_name(test.point)));
      return false;
    }
    return true;
  }

  bool read_given(const YamlValue& item, RuleTest& test, bool placed) {
    const YamlValue* given = item.find("given");
    if (given == nullptr || !given->is_mapping()) {
      reader_.complain(given == nullptr ? item : *given, "a test gives facts: 'given: {principal: {groups: [x]}}'");
      return false;
    }
    if (!placed) return true;
    test.given = "{";
    const bool good = read_names(*given, "", test);
    test.given += "}";
    return good;
  }

  bool read_names(const YamlValue& mapping, const std::string& prefix, RuleTest& test) {
    const Point point = test.point;
    bool good = true;
    for (const auto& [key, value] : mapping.members()) {
      const std::string name = prefix + key.text();
      if (const FactDescriptor* fact = find_fact(name)) {
        good = read_fact(*fact, key, value, test) && good;
      } else if (declarations_of(point).is_group(name)) {
        if (value.is_mapping()) {
          good = read_names(value, name + ".", test) && good;
        } else {
          reader_.complain(value, in_quotes(name) + " is a group of facts: {" + std::string("NAME: VALUE") + "}");
          good = false;
        }
      } else {
        const std::string nearest = declarations_of(point).nearest(name);
        const std::string hint = nearest.empty() ? std::string() : "; did you mean '" + nearest + "'?";
        reader_.complain(key, is_group_elsewhere(name) ? "the facts " + in_quotes(name) + " are not there on " +
                                                             std::string(point_name(point))
                                                       : "unknown fact " + in_quotes(name) + hint);
        good = false;
      }
    }
    return good;
  }

  static bool is_group_elsewhere(const std::string& name) {
    const auto facts = all_facts();
    return std::any_of(facts.begin(), facts.end(),
                       [&](const FactDescriptor& fact) { return fact.name.starts_with(name + "."); });
  }

  bool read_fact(const FactDescriptor& fact, const YamlValue& key, const YamlValue& value, RuleTest& test) {
    if ((fact.points & point_bit(test.point)) == 0) {
      reader_.complain(key,
                       "the fact " + in_quotes(fact.name) + " is not there on " + std::string(point_name(test.point)));
      return false;
    }
    std::string member;
    append_json_string(member, fact.name);
    member += ':';
    append_given(member, value, type_of(fact.fact));
    if (test.given.size() > 1) test.given += ',';
    test.given += member;
    const auto json = JsonDocument::parse("{" + member + "}");
    const auto read = json ? facts_from_json(test.point, json->root()) : Result<std::unique_ptr<Facts>>(json.error());
    if (read) return true;
    reader_.complain(value, read.error().message);
    return false;
  }

  DocumentReader& reader_;
  const std::vector<Point>& points_;
  std::optional<Effect> own_;
};

}  // namespace

std::vector<RuleTest> read_tests(DocumentReader& reader, const std::vector<Point>& points, std::optional<Effect> own) {
  std::vector<RuleTest> tests;
  const YamlValue* list = reader.find("tests");
  if (list == nullptr) return tests;
  if (!list->is_sequence()) {
    reader.complain(*list, "'tests' must be a list of {given: FACTS, expect: EFFECT}");
    return tests;
  }
  TestReader test_reader(reader, points, own);
  for (const YamlValue& item : list->items()) {
    if (auto test = test_reader.read(item)) tests.push_back(*std::move(test));
  }
  return tests;
}

std::optional<Exception> read_exception(const YamlValue& document, std::vector<Diagnostic>& complaints) {
  DocumentReader reader(document, complaints);
  document.refuse_unknown_keys({"kind", "name", "rules", "match", "not", "when", "reason", "requested_by",
                                "approved_by", "ends", "uses", "compensating_check", "work_item"},
                               complaints);
  Exception exception;
  exception.source = document;
  ExceptionInfo& info = exception.info;
  info.file = document.file();
  info.line = document.line();
  info.name = reader.name("an exception", "frontier-for-the-migration");
  if (const YamlValue* rules = document.find("rules")) {
    info.rules = reader.texts(*rules);
  } else {
    reader.complain_of("rules", "an exception names the rules it lifts: 'rules: [RULE]'");
  }
  info.reason = reader.needed_text("reason", "'reason: why this is right'");
  info.requested_by = reader.needed_text("requested_by", "'requested_by: dev@example.com'");
  info.approved_by = reader.needed_text("approved_by", "'approved_by: lead@example.com'");
  if (!info.approved_by.empty() && equal_ignoring_case(info.approved_by, info.requested_by)) {
    reader.complain_of("approved_by", "nobody approves their own exception: 'approved_by' is who requested it");
  }
  if (document.find("ends") == nullptr) {
    reader.complain_of("ends", "an exception has a hard end: 'ends: 2026-12-31T18:00:00Z'");
  } else if (const auto ends = reader.time("ends")) {
    info.ends = *ends;
  }
  if (const YamlValue* uses = document.find("uses")) {
    const auto number = uses->as_int();
    if (number && *number >= 1) {
      info.uses = static_cast<std::uint64_t>(*number);
    } else {
      reader.complain(*uses, "'uses' must be a whole number from 1");
    }
  }
  info.compensating_check = reader.text(document, "compensating_check");
  if (info.compensating_check.empty() && document.find("compensating_check") != nullptr) {
    reader.complain_of("compensating_check", "'compensating_check' must name a check");
  }
  info.work_item = reader.text(document, "work_item");
  exception.selector = reader.selector();
  if (reader.failed()) return std::nullopt;
  return exception;
}

std::optional<LadderInfo> read_ladder(const YamlValue& document, std::vector<Diagnostic>& complaints) {
  DocumentReader reader(document, complaints);
  document.refuse_unknown_keys({"kind", "name", "steps"}, complaints);
  LadderInfo ladder;
  ladder.name = reader.name("a ladder", "claude");
  const YamlValue* steps = document.find("steps");
  if (steps == nullptr || !steps->is_sequence() || steps->items().size() < 2) {
    reader.complain_of("steps", "a ladder has at least two steps, the dearest model first");
    return std::nullopt;
  }
  std::set<std::string> seen;
  for (const YamlValue& step : steps->items()) {
    if (!step.is_scalar() || step.text().empty()) {
      reader.complain(step, "a step is the name of a model or a pattern");
    } else if (!seen.insert(step.text()).second) {
      reader.complain(step, "the step " + in_quotes(step.text()) + " is there twice");
    }
    ladder.steps.push_back(step.text());
  }
  if (reader.failed()) return std::nullopt;
  return ladder;
}

std::optional<TestSuite> read_test_suite(const YamlValue& document, std::vector<Diagnostic>& complaints) {
  DocumentReader reader(document, complaints);
  document.refuse_unknown_keys({"kind", "name", "on", "tests"}, complaints);
  TestSuite suite;
  suite.source = document;
  suite.name = reader.name("a PolicyTest", "contractors-during-the-migration");
  std::vector<Point> points;
  const YamlValue* on = document.find("on");
  if (on == nullptr) {
    reader.complain_of("on", "a PolicyTest says what it asks about, such as 'on: model.call'");
  } else {
    for (const std::string& name : reader.texts(*on)) {
      if (const auto point = point_from_name(name)) {
        points.push_back(*point);
      } else {
        reader.complain(item_of(*on, name),
                        "unknown decision point " + in_quotes(name) + did_you_mean(name, point_names()));
      }
    }
  }
  const YamlValue* tests = document.find("tests");
  if (tests == nullptr || !tests->is_sequence() || tests->items().empty()) {
    reader.complain_of("tests", "a PolicyTest has tests: a list of {given: FACTS, expect: EFFECT}");
  } else {
    suite.tests = read_tests(reader, points, std::nullopt);
  }
  if (reader.failed()) return std::nullopt;
  return suite;
}

}  // namespace reeve::policy
