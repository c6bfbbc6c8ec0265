// `reeve policy check`, `test`, `eval`, `facts`.

#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "core/bytes.h"
#include "reeve/commands.h"
#include "reeve/complaints.h"
#include "reeve/governance.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

std::string count(std::size_t number, std::string_view one, std::string_view many) {
  return std::to_string(number) + " " + std::string(number == 1 ? one : many);
}

void append_cases(JsonWriter& json, const policy::TestReport& report) {
  json.key("tests").begin_array();
  for (const policy::TestCase& test : report.cases) {
    json.begin_object().member("suite", test.suite).member("name", test.name).member("file", test.file);
    json.member("line", static_cast<std::uint64_t>(test.line)).member("passed", test.failure.empty());
    json.member_if("failure", test.failure).end_object();
  }
  json.end_array();
}

void append_coverage(JsonWriter& json, const policy::TestReport& report) {
  json.key("coverage").begin_array();
  for (const policy::RuleCoverage& rule : report.coverage) {
    json.begin_object().member("rule", rule.rule.name).member("matched", static_cast<std::uint64_t>(rule.matched));
    json.member("not_matched", static_cast<std::uint64_t>(rule.not_matched)).key("branches").begin_array();
    for (const auto& branch : rule.branches) {
      json.begin_object().member("condition", branch.text).member("true", static_cast<std::uint64_t>(branch.held));
      json.member("false", static_cast<std::uint64_t>(branch.failed)).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

bool fully_covered(const policy::RuleCoverage& rule) {
  if (rule.matched == 0 || (rule.not_matched == 0 && !rule.branches.empty())) return false;
  for (const auto& branch : rule.branches) {
    if (branch.held == 0 || branch.failed == 0) return false;
  }
  return true;
}

void print_coverage(const policy::TestReport& report) {
  std::vector<std::vector<std::string>> rows{{"RULE OR CONDITION", "TRUE", "FALSE"}};
  for (const policy::RuleCoverage& rule : report.coverage) {
    rows.push_back({fully_covered(rule) ? green(rule.rule.name) : yellow(rule.rule.name), std::to_string(rule.matched),
                    std::to_string(rule.not_matched)});
    for (const auto& branch : rule.branches) {
      rows.push_back({"  " + printable(branch.text, 100), std::to_string(branch.held), std::to_string(branch.failed)});
    }
  }
  std::printf("%s\n", table(rows).c_str());
}

/// What --strict asks for beyond passing.
std::vector<Diagnostic> missing_tests(const policy::TestReport& report) {
  std::vector<Diagnostic> missing;
  for (const policy::RuleCoverage& rule : report.coverage) {
    const auto complain = [&](std::string what) {
      missing.push_back({Diagnostic::Severity::kError, rule.rule.file, rule.rule.line, 1, std::move(what)});
    };
    if (rule.matched == 0) complain("no test makes the policy '" + rule.rule.name + "' match");
    // One without conditions leaves nothing alone.
    if (rule.not_matched == 0 && !rule.branches.empty())
      complain("no test shows a case that the policy '" + rule.rule.name + "' leaves alone");
    for (const auto& branch : rule.branches) {
      if (branch.held == 0) complain("no test makes this part of '" + rule.rule.name + "' true: " + branch.text);
      if (branch.failed == 0) complain("no test makes this part of '" + rule.rule.name + "' false: " + branch.text);
    }
  }
  return missing;
}

Result<void> write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.flush();
  if (!file) return Error{ErrorCode::kUnavailable, "cannot write " + path};
  return {};
}

/// A file's whole text, or standard input for "-"; at most 64 MiB.
Result<std::string> read_text(const std::string& path) {
  constexpr std::size_t kBytesMax = 64UL << 20U;
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) return Error{ErrorCode::kNotFound, "cannot read " + path};
  }
  std::istream& stream = path == "-" ? std::cin : file;
  std::ostringstream text;
  text << stream.rdbuf();
  if (text.view().size() > kBytesMax) return Error{ErrorCode::kTooLarge, path + " is larger than 64 MiB"};
  return std::move(text).str();
}

std::string eval_line(const std::string& line, std::optional<policy::Point> point) {
  const auto failed = [](std::string_view message) {
    JsonWriter json;
    json.begin_object().member("error", message).end_object();
    return json.take();
  };
  const auto document = JsonDocument::parse(line, 256);
  if (!document) return failed(document.error().message);
  const auto expression = document->root()["expr"].as_string();
  if (!expression) return failed("a line is {\"expr\": TEXT, \"input\": OBJECT}");
  const auto value = policy::evaluate_expression(*expression, document->root()["input"], point);
  return value ? "{\"value\":" + *value + "}" : failed(value.error().message);
}

}  // namespace

int policy_check_command(const Common& common, const std::string& directory) {
  const auto from = governance_directory(common, directory);
  if (!from) return fail(common, exit_code_of(from.error()), from.error().message);
  std::vector<Diagnostic> complaints;
  const Governance governance = read_governance(*from, complaints);
  if (governance.policy) policy::lint(*governance.policy, system_clock().now(), complaints);
  const bool wrong = has_errors(complaints);
  std::string summary = red("not valid");
  if (!wrong) {
    const policy::Bundle& bundle = *governance.policy;
    summary = green("valid") + ": " + count(bundle.rules().size(), "rule", "rules") + ", " +
              count(bundle.exceptions().size(), "exception", "exceptions") + ", " +
              count(complaints.size(), "warning", "warnings") + "; bundle " + bundle.digest();
  }
  print_complaints(common, complaints, summary);
  return wrong ? kAnswerIsNo : kDone;
}

int policy_test_command(const Common& common, const PolicyTestArguments& arguments) {
  const auto from = governance_directory(common, arguments.directory);
  if (!from) return fail(common, exit_code_of(from.error()), from.error().message);
  std::vector<Diagnostic> complaints;
  const Governance governance = read_governance(*from, complaints);
  if (has_errors(complaints) || !governance.policy) {
    print_complaints(common, complaints, red("not valid, so nothing was tested"));
    return kAnswerIsNo;
  }
  const policy::TestReport report = policy::run_rule_tests(*governance.policy, governance.documents);
  std::vector<Diagnostic> wrong = report.failures;
  if (arguments.strict) {
    const std::vector<Diagnostic> missing = missing_tests(report);
    wrong.insert(wrong.end(), missing.begin(), missing.end());
  }
  if (!arguments.junit.empty()) {
    if (auto written = write_file(arguments.junit, policy::junit_report(report)); !written) {
      return fail(common, kFailed, written.error().message);
    }
  }
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("ok", wrong.empty()).member("passed", static_cast<std::uint64_t>(report.passed));
    json.member("failed", static_cast<std::uint64_t>(report.failures.size()));
    append_complaints(json, wrong);
    append_cases(json, report);
    if (arguments.coverage || arguments.strict) append_coverage(json, report);
    json.end_object();
    std::printf("%s\n", json.text().c_str());
  } else {
    if (arguments.coverage) print_coverage(report);
    const std::string summary =
        std::to_string(report.passed) + " passed, " + std::to_string(report.failures.size()) + " failed" +
        (arguments.strict ? ", " + std::to_string(wrong.size() - report.failures.size()) + " missing" : "");
    print_complaints(common, wrong, wrong.empty() ? green(summary) : red(summary));
  }
  return wrong.empty() ? kDone : kAnswerIsNo;
}

int policy_eval_command(const Common& common, const PolicyEvalArguments& arguments) {
  std::optional<policy::Point> point;
  if (!arguments.point.empty()) {
    point = policy::point_from_name(arguments.point);
    if (!point) return fail(common, kWrongUse, "unknown decision point '" + printable(arguments.point, 60) + "'");
  }
  if (arguments.lines) {
    std::string line;
    while (std::getline(std::cin, line)) {
      if (!line.empty()) std::printf("%s\n", eval_line(line, point).c_str());
    }
    return kDone;
  }
  if (arguments.expression.empty()) {
    return fail(common, kWrongUse,
                "name an expression with --expr, or read lines of {\"expr\",\"input\"} with --jsonl");
  }
  std::string input = "{}";
  if (!arguments.input.empty()) {
    auto text = read_text(arguments.input);
    if (!text) return fail(common, kWrongUse, text.error().message);
    input = *std::move(text);
  }
  const auto document = JsonDocument::parse(input, 256);
  if (!document) return fail(common, kWrongUse, "the input is no JSON: " + document.error().message);
  const auto value = policy::evaluate_expression(arguments.expression, document->root(), point);
  if (!value) return fail(common, kAnswerIsNo, value.error().message);
  std::printf("%s\n", common.json ? ("{\"value\":" + *value + "}").c_str() : value->c_str());
  return kDone;
}

int policy_facts_command(const Common&, bool schema) {
  std::printf("%s", (schema ? policy::governance_schema() : policy::facts_document()).c_str());
  return kDone;
}

}  // namespace reeve::app
