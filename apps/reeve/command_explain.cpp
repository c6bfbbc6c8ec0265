// `reeve policy explain`: why a call was decided as it was.

#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "core/bytes.h"
#include "ledger/ledger.h"
#include "reeve/commands.h"
#include "reeve/explanation.h"
#include "reeve/ledger_reading.h"
#include "reeve/policy_source.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

constexpr std::size_t kNearMissesShown = 5;

/// The entry that holds the decision about a request: its intent, or the outcome of a refusal.
Result<std::string> find_decision(const Common& common, const std::string& request_id) {
  auto log = open_ledger(common);
  if (!log) return log.error();
  const std::string wanted = "\"request_id\":\"" + request_id + "\"";
  std::string found;
  const auto read = (*log)->read(0, [&](const ledger::StoredEntry& entry) {
    const bool about = entry.bytes.find(wanted) != std::string_view::npos &&
                       entry.bytes.find("\"input\":\"sha256:") != std::string_view::npos;
    if (about) found = entry.bytes;
    return !about;
  });
  if (!read) return read.error();
  if (found.empty()) {
    return Error{
        ErrorCode::kNotFound,
        "no decision about '" + printable(request_id, 80) +
            "' is recorded here, or not yet: beside a running server an entry shows within a second. The id is in the "
            "answer's x-reeve-request-id header and in 'reeve ledger tail'"};
  }
  return found;
}

void print_rule(const policy::RuleExplanation& rule) {
  const std::string_view effect = policy::effect_name(rule.rule->effect);
  std::printf("\n%s  %.*s  %s\n", bold(rule.rule->name).c_str(), static_cast<int>(effect.size()), effect.data(),
              rule.standing == "decisive" ? bold(rule.standing).c_str() : rule.standing.c_str());
  if (rule.rule->line != 0) {
    std::printf("  %s\n", dim(rule.rule->file + ":" + std::to_string(rule.rule->line)).c_str());
  }
  for (const policy::PredicateValue& predicate : rule.predicates) {
    const std::string mark = predicate.value == "true"    ? green("true ")
                             : predicate.value == "false" ? red("false")
                                                          : yellow(printable(predicate.value, 120));
    std::string facts;
    for (const auto& [name, value] : predicate.facts) facts += (facts.empty() ? "" : ", ") + name + " = " + value;
    std::printf("  %s  %s  %s\n", mark.c_str(), printable(predicate.text, 160).c_str(),
                dim(printable(facts, 240)).c_str());
  }
}

void print_recorded(const policy::Explanation& told, const RecordedDecision& recorded) {
  if (recorded.facts_differ(told)) {
    std::printf("  %s\n", yellow("the entry's facts are not those that were decided on (" + recorded.input +
                                 "): it was too long and was cut, or was changed")
                              .c_str());
  }
  if (recorded.effect.empty() || recorded.effect == policy::effect_name(told.decision.effect)) return;
  const std::string why = recorded.bundle != told.bundle ? ", under other rules" : "";
  std::printf("  %s\n", yellow("when it happened the verdict was " + recorded.effect + why).c_str());
}

void print_text(const policy::Explanation& told, const RecordedDecision& recorded, bool all) {
  const policy::Decision& decision = told.decision;
  const std::string effect(policy::effect_name(decision.effect));
  std::printf("%s on %s, %s\n", (decision.refused() ? red(effect) : green(effect)).c_str(),
              std::string(policy::point_name(told.point)).c_str(),
              decision.rule == nullptr ? "by default: no rule allows it"
                                       : ("by the rule " + bold(decision.rule->name)).c_str());
  if (!decision.message.empty()) std::printf("  %s\n", decision.message.c_str());
  print_recorded(told, recorded);
  for (const auto* exception : decision.exceptions) {
    std::printf("  lifted by the exception %s: %s (approved by %s, ends %s)\n", bold(exception->name).c_str(),
                exception->reason.c_str(), exception->approved_by.c_str(), format_time(exception->ends).c_str());
  }
  for (const auto& ended : decision.ended) {
    std::printf("  the exception %s would fit, but has ended: %s\n", bold(ended.exception->name).c_str(),
                std::string(policy::ended_reason(ended.why)).c_str());
  }
  std::printf("  bundle %s\n  facts  %s\n", told.bundle.c_str(), told.input.c_str());
  std::size_t misses = 0;
  std::size_t left_out = 0;
  for (const auto& rule : told.rules) {
    const bool near = rule.standing == "near miss" && misses < kNearMissesShown;
    if (near) ++misses;
    if (all || rule.matched || near) {
      print_rule(rule);
    } else {
      ++left_out;
    }
  }
  if (left_out > 0) std::printf("\n%zu more rules did not match; --all shows them\n", left_out);
}

Result<std::string> read_input(const std::string& path) {
  std::ostringstream text;
  if (path == "-") {
    text << std::cin.rdbuf();
  } else {
    std::ifstream file(path, std::ios::binary);
    if (!file) return Error{ErrorCode::kNotFound, "cannot read " + path};
    text << file.rdbuf();
  }
  return std::move(text).str();
}

int explain_recorded(const Common& common, const PolicyExplainArguments& arguments) {
  const auto text = find_decision(common, arguments.request_id);
  if (!text) return fail(common, exit_code_of(text.error()), text.error().message);
  const auto document = JsonDocument::parse(*text);
  if (!document) return fail(common, kFailed, document.error().message);
  const JsonValue entry = document->root();
  const std::string digest(entry.at("decision.bundle").string_or(""));
  const auto bundle = open_policy(common, arguments.bundle.empty() ? digest : arguments.bundle);
  if (!bundle) {
    return fail(common, exit_code_of(bundle.error()),
                bundle.error().message + "; --bundle names the rules to ask instead");
  }
  policy::RecordedUses uses(entry, nullptr);
  const auto facts = policy::facts_from_entry(entry);
  if (auto noted = note_reading(common, 1); !noted) return fail(common, kFailed, noted.error().message);
  const policy::Explanation told = policy::explain(**bundle, policy::Point::kModelCall, *facts, &uses);
  const RecordedDecision recorded{std::string(entry.at("decision.effect").string_or("")), digest,
                                  std::string(entry.at("decision.input").string_or(""))};
  if (common.json) {
    std::printf("%s\n", explanation_json(told, recorded).c_str());
  } else {
    print_text(told, recorded, arguments.all);
  }
  return kDone;
}

}  // namespace

int policy_explain_command(const Common& common, const PolicyExplainArguments& arguments) {
  if (arguments.request_id.empty() == arguments.input.empty()) {
    return fail(common, kWrongUse, "name a recorded call by its request id, or facts with --input FILE");
  }
  if (!arguments.request_id.empty()) return explain_recorded(common, arguments);
  const auto point = policy::point_from_name(arguments.point);
  if (!point) return fail(common, kWrongUse, "unknown decision point '" + printable(arguments.point, 60) + "'");
  const auto text = read_input(arguments.input);
  if (!text) return fail(common, kWrongUse, text.error().message);
  const auto document = JsonDocument::parse(*text, 256);
  if (!document) return fail(common, kWrongUse, "the input is no JSON: " + document.error().message);
  const auto facts = policy::facts_from_json(*point, document->root());
  if (!facts) return fail(common, kWrongUse, facts.error().message);
  const auto bundle = open_policy(common, arguments.bundle);
  if (!bundle) return fail(common, exit_code_of(bundle.error()), bundle.error().message);
  const policy::Explanation told = policy::explain(**bundle, *point, **facts, nullptr);
  if (common.json) {
    std::printf("%s\n", explanation_json(told, {}).c_str());
  } else {
    print_text(told, {}, arguments.all);
  }
  return told.decision.refused() ? kAnswerIsNo : kDone;
}

}  // namespace reeve::app
