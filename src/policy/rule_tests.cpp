// The tests that stand in rules and in PolicyTest documents, and what they exercised.

#include <algorithm>
#include <map>

#include "policy/bundle.h"
#include "policy/rule_probe.h"

namespace reeve::policy {

namespace {

std::string list(const std::vector<const RuleInfo*>& rules) {
  std::string text;
  for (const RuleInfo* rule : rules) text += (text.empty() ? "" : ", ") + rule->name;
  return text.empty() ? "none" : text;
}

std::string outcome_text(const Decision& decision) {
  return "the outcome is " + std::string(effect_name(decision.effect)) + " by " +
         (decision.rule == nullptr ? std::string("default, as no rule allows it") : "'" + decision.rule->name + "'") +
         "; rules that matched: " + list(decision.matched);
}

bool uses_exception(const Decision& decision, std::string_view name) {
  for (const ExceptionInfo* exception : decision.exceptions) {
    if (exception->name == name) return true;
  }
  return false;
}

/// An effect that changes what is allowed allows nothing by itself: a test of it may stand where no allow does.
bool only_default_refuses(const Decision& decision) { return decision.refused() && decision.rule == nullptr; }

class TestRun {
 public:
  explicit TestRun(const CompiledBundle& bundle) : bundle_(bundle) {}

  void run_own(const Rule& rule) {
    if (rule.tests.empty()) return;
    for (std::size_t i = 0; i < rule.tests.size(); ++i) {
      const RuleTest& test = rule.tests[i];
      run(rule.info.name, i, test, [&](const Facts& facts, const Decision& decision) {
        return fault_of_own(rule, test, probe_of(rule, test.point).matches(facts), decision);
      });
    }
  }

  void run_suite(const TestSuite& suite) {
    for (std::size_t i = 0; i < suite.tests.size(); ++i) {
      const RuleTest& test = suite.tests[i];
      run(suite.name, i, test, [&](const Facts&, const Decision& decision) { return fault_of_whole(test, decision); });
    }
  }

  TestReport finish() {
    for (const Rule& rule : bundle_.sources()) report_.coverage.push_back(coverage_of(rule));
    return std::move(report_);
  }

 private:
  template <typename Judge>
  void run(const std::string& suite, std::size_t number, const RuleTest& test, Judge judge) {
    TestCase done{suite,
                  test.name.empty() ? "test " + std::to_string(number + 1) : test.name,
                  test.source.file(),
                  test.source.line(),
                  {}};
    const auto given = JsonDocument::parse(test.given);
    const auto facts =
        given ? facts_from_json(test.point, given->root()) : Result<std::unique_ptr<Facts>>(given.error());
    if (!facts) {
      done.failure = "its facts cannot be read: " + facts.error().message;
    } else {
      Decision decision;
      bundle_.decide(test.point, **facts, nullptr, scratch_, decision);
      done.failure = judge(**facts, decision);
      cover(test.point, **facts);
    }
    if (done.failure.empty()) {
      ++report_.passed;
    } else {
      report_.failures.push_back(test.source.complain("test of '" + suite + "', " + done.name + ": " + done.failure));
    }
    report_.cases.push_back(std::move(done));
  }

  /// A test that expects the rule's own effect asks that the rule itself matches, or it could pass because of another
  /// one or the default. Beyond that the whole set decides, because that is what people will meet; a rule that is in
  /// shadow or off has no say there, so it is only asked whether it matches.
  static std::string fault_of_own(const Rule& rule, const RuleTest& test, bool matches, const Decision& decision) {
    if (!test.expect) return matches ? "expected this rule not to match, but it does" : "";
    const bool own = *test.expect == rule.info.effect;
    if (own && !matches) return "expected this rule to match, but it does not";
    if (rule.info.mode != Mode::kEnforce) return own || !matches ? "" : "expected this rule not to match, but it does";
    if (*test.expect == Effect::kWarn) return "";
    const bool changes = own && *test.expect > Effect::kAllow && !refuses(*test.expect);
    if (changes && only_default_refuses(decision)) return extra_fault(test, decision);
    return fault_of_whole(test, decision);
  }

  static std::string fault_of_whole(const RuleTest& test, const Decision& decision) {
    if (decision.effect != *test.expect) {
      return "expected " + std::string(effect_name(*test.expect)) + ", but " + outcome_text(decision);
    }
    return extra_fault(test, decision);
  }

  static std::string extra_fault(const RuleTest& test, const Decision& decision) {
    if (!test.rule.empty() && (decision.rule == nullptr || decision.rule->name != test.rule)) {
      return "expected the rule '" + test.rule + "' to decide, but " + outcome_text(decision);
    }
    if (!test.exception.empty() && !uses_exception(decision, test.exception)) {
      std::string why;
      for (const EndedException& ended : decision.ended) {
        if (ended.exception->name == test.exception) why = "; it has ended: " + std::string(ended_reason(ended.why));
      }
      return "expected the exception '" + test.exception + "' to be used" + why + ", but " + outcome_text(decision);
    }
    return {};
  }

  RuleProbe& probe_of(const Rule& rule, Point point) {
    auto& probe = probes_[{&rule, point}];
    if (!probe) probe = std::make_unique<RuleProbe>(rule, point);
    return *probe;
  }

  /// Every test says something about every rule of its decision point.
  void cover(Point point, const Facts& facts) {
    for (const Rule& rule : bundle_.sources()) {
      for (const Point on : rule.info.points) {
        if (on != point) continue;
        const RuleProbe& probe = probe_of(rule, point);
        RuleCoverage& coverage = coverage_of(rule);
        ++(probe.matches(facts) ? coverage.matched : coverage.not_matched);
        const auto readings = probe.read(facts, scratch_);
        for (std::size_t i = 0; i < readings.size(); ++i) count(coverage, probe.parts()[i].text, readings[i].outcome);
      }
    }
  }

  static void count(RuleCoverage& coverage, const std::string& text, Outcome outcome) {
    auto branch = std::find_if(coverage.branches.begin(), coverage.branches.end(),
                               [&](const auto& known) { return known.text == text; });
    if (branch == coverage.branches.end()) branch = coverage.branches.insert(branch, {text, 0, 0});
    if (outcome == Outcome::kHolds) ++branch->held;
    if (outcome == Outcome::kFails) ++branch->failed;
  }

  RuleCoverage& coverage_of(const Rule& rule) {
    RuleCoverage& coverage = coverage_[&rule];
    coverage.rule = rule.info;
    return coverage;
  }

  const CompiledBundle& bundle_;
  Scratch scratch_;
  TestReport report_;
  std::map<std::pair<const Rule*, Point>, std::unique_ptr<RuleProbe>> probes_;
  std::map<const Rule*, RuleCoverage> coverage_;
};

void append_xml(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      default: out += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? ' ' : c;
    }
  }
}

}  // namespace

TestReport run_rule_tests(const Bundle& bundle, const std::vector<YamlValue>& documents) {
  const CompiledBundle& whole = compiled(bundle);
  TestRun run(whole);
  for (const Rule& rule : whole.sources()) run.run_own(rule);
  std::vector<Diagnostic> ignored;  // the bundle was built from them
  for (const YamlValue& document : documents) {
    if (!is_kind(document, "PolicyTest")) continue;
    if (const auto suite = read_test_suite(document, ignored)) run.run_suite(*suite);
  }
  return run.finish();
}

std::string junit_report(const TestReport& report) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"" +
                    std::to_string(report.cases.size()) + "\" failures=\"" + std::to_string(report.failures.size()) +
                    "\">\n";
  for (std::size_t i = 0; i < report.cases.size();) {
    std::size_t end = i;
    std::size_t failed = 0;
    while (end < report.cases.size() && report.cases[end].suite == report.cases[i].suite) {
      failed += report.cases[end++].failure.empty() ? 0U : 1U;
    }
    xml += "  <testsuite name=\"";
    append_xml(xml, report.cases[i].suite);
    xml += "\" tests=\"" + std::to_string(end - i) + "\" failures=\"" + std::to_string(failed) + "\">\n";
    for (; i < end; ++i) {
      const TestCase& test = report.cases[i];
      xml += "    <testcase classname=\"";
      append_xml(xml, test.suite);
      xml += "\" name=\"";
      append_xml(xml, test.name);
      xml += "\" file=\"";
      append_xml(xml, test.file);
      xml += "\" line=\"" + std::to_string(test.line) + "\"";
      if (test.failure.empty()) {
        xml += "/>\n";
        continue;
      }
      xml += "><failure message=\"";
      append_xml(xml, test.failure);
      xml += "\"/></testcase>\n";
    }
    xml += "  </testsuite>\n";
  }
  return xml + "</testsuites>\n";
}

}  // namespace reeve::policy
