// `reeve budget set`, `remove` and `list`: budgets that are written beside the files of the governance directory.

#include <cstdio>
#include <iostream>
#include <iterator>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/budget_desk.h"
#include "reeve/complaints.h"
#include "reeve/exception_desk.h"
#include "reeve/governance.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

using spend::RegisteredBudget;

/// Somebody else may write between two tries; the last of both counts.
constexpr int kTriesMax = 5;

/// The Budget and Ladder documents of the governance directory. An error when they cannot all be read: one of them may
/// declare the name.
Result<std::vector<YamlValue>> read_files(const Common& common) {
  const auto directory = governance_directory(common, "");
  if (!directory) return directory.error();
  std::vector<Diagnostic> complaints;
  std::vector<YamlValue> documents;
  std::error_code ignored;
  if (std::filesystem::exists(*directory, ignored)) documents = read_yaml_directory(*directory, complaints);
  if (has_errors(complaints)) {
    return Error{ErrorCode::kInvalid, "the governance files have errors, so it is not certain what they declare: " +
                                          complaints.front().to_string()};
  }
  return spend::merged_budget_documents(documents, {}, complaints);
}

std::vector<YamlValue> read_documents(const std::string& file, std::vector<Diagnostic>& complaints) {
  if (file != "-") return read_yaml_file(file, complaints);
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  return parse_yaml(text, "standard input", complaints);
}

/// Each of them as a Budget document that can hold.
void check_documents(const std::vector<YamlValue>& documents, const std::vector<YamlValue>& files,
                     std::span<const RegisteredBudget> registered, const std::string& file,
                     std::vector<Diagnostic>& complaints) {
  if (documents.empty() && !has_errors(complaints)) {
    complaints.push_back({Diagnostic::Severity::kError, file, 0, 0, "there is no document in it"});
  }
  for (const YamlValue& document : documents) {
    const YamlValue* kind = document.find("kind");
    if (kind == nullptr || kind->text() != "Budget") {
      complaints.push_back(document.complain("only documents with 'kind: Budget' are written here"));
      continue;
    }
    check_budget(files, registered, document, complaints);
  }
}

struct Written {
  std::string name, etag;
  enum class What { kMade, kChanged, kUnchanged, kRemoved } what = What::kMade;
};

const char* word_of(Written::What what) {
  switch (what) {
    case Written::What::kMade: return "made";
    case Written::What::kChanged: return "changed";
    case Written::What::kUnchanged: return "unchanged";
    case Written::What::kRemoved: return "removed";
  }
  return "";
}

/// `document` empty: removes it.
Result<Written> write(spend::BudgetRegister& budgets, const std::string& name, const std::string& document,
                      const std::string& by) {
  for (int tries = 1;; ++tries) {
    const auto list = budgets.list();
    if (!list) return list.error();
    const RegisteredBudget* before = find_registered(*list, name);
    if (before == nullptr && document.empty()) {
      return Error{ErrorCode::kNotFound, "there is no budget '" + printable(name, 63) +
                                             "' that the API or 'reeve budget set' wrote; 'reeve budget list' shows "
                                             "where budgets come from"};
    }
    if (before != nullptr && before->document == document) {
      return Written{name, spend::etag_of(*before), Written::What::kUnchanged};
    }
    const Instant now = system_clock().now();
    const auto change = document.empty() ? spend::remove_budget(*before, by, now)
                                         : spend::change_budget(before, name, document, by, now);
    const auto done = budgets.change(change);
    if (!done && done.error().code == ErrorCode::kConflict && tries < kTriesMax) continue;
    if (!done) return done.error();
    if (change.removes) return Written{name, "", Written::What::kRemoved};
    return Written{name, spend::etag_of(change.budget),
                   before == nullptr ? Written::What::kMade : Written::What::kChanged};
  }
}

void print(const Common& common, const std::vector<Written>& list) {
  if (!common.json) {
    for (const Written& one : list) std::printf("%s %s\n", bold(one.name).c_str(), word_of(one.what));
    return;
  }
  JsonWriter json;
  json.begin_object().key("budgets").begin_array();
  for (const Written& one : list) {
    json.begin_object().member_if("etag", one.etag).member("name", one.name);
    json.member("what", word_of(one.what)).end_object();
  }
  std::printf("%s\n", json.end_array().end_object().text().c_str());
}

}  // namespace

int budget_set_command(const Common& common, const BudgetArguments& arguments) {
  const auto files = read_files(common);
  if (!files) return fail(common, exit_code_of(files.error()), files.error().message);
  const auto access = open_budget_register(common);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  const auto registered = access->budgets().list();
  if (!registered) return fail(common, kFailed, registered.error().message);
  std::vector<Diagnostic> complaints;
  const auto documents = read_documents(arguments.file, complaints);
  check_documents(documents, *files, *registered, arguments.file, complaints);
  if (has_errors(complaints)) {
    print_complaints(common, complaints, red("nothing was written"));
    return kWrongUse;
  }
  for (const YamlValue& document : documents) {
    const std::string& name = document.find("name")->text();
    const std::string place = declared_at(*files, name);
    if (!place.empty()) return fail(common, kAnswerIsNo, declared_text(name, place));
  }
  std::vector<Written> list;
  for (const YamlValue& document : documents) {
    const auto written = write(access->budgets(), document.find("name")->text(), spend::document_to_keep(document),
                               acting_person(arguments.by));
    if (!written) return fail(common, kFailed, written.error().message);
    list.push_back(*written);
  }
  print(common, list);
  return kDone;
}

int budget_remove_command(const Common& common, const BudgetArguments& arguments) {
  const auto files = read_files(common);
  if (!files) return fail(common, exit_code_of(files.error()), files.error().message);
  const auto access = open_budget_register(common);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  const auto written = write(access->budgets(), arguments.name, "", acting_person(arguments.by));
  const std::string place = declared_at(*files, arguments.name);
  if (!written) {
    const bool none = written.error().code == ErrorCode::kNotFound;
    const std::string why = none && !place.empty() ? declared_text(arguments.name, place) : written.error().message;
    return fail(common, none ? kAnswerIsNo : kFailed, why);
  }
  print(common, {*written});
  if (!place.empty() && !common.json) {
    std::printf("The budget of that name in %s stays in force.\n", printable(place).c_str());
  }
  return kDone;
}

int budget_list_command(const Common& common) {
  const auto files = read_files(common);
  if (!files) return fail(common, exit_code_of(files.error()), files.error().message);
  const auto registered = registered_budgets(common);
  if (!registered) return fail(common, kFailed, registered.error().message);
  std::vector<Diagnostic> complaints;
  const auto documents = spend::merged_budget_documents(*files, *registered, complaints);
  const auto set = spend::BudgetSet::build(documents, complaints);
  if (!set) return fail(common, kFailed, "the budgets cannot be read; 'reeve check' lists what is wrong");
  JsonWriter json;
  std::vector<std::vector<std::string>> rows{{"BUDGET", "TITLE", "WINDOW", "FROM"}};
  json.begin_object().key("budgets").begin_array();
  for (const spend::Budget& budget : set->list()) {
    const bool of_register = spend::is_registered(budget);
    const RegisteredBudget* row = of_register ? find_registered(*registered, budget.name) : nullptr;
    const YamlValue* declared = spend::find_budget_document(*files, budget.name);
    json.begin_object();
    write_budget_members(json, budget, row, row != nullptr ? row->document : spend::document_to_keep(*declared));
    json.end_object();
    rows.push_back({budget.name, printable(budget.title, 60), std::string(spend::period_name(budget.period)),
                    printable(spend::origin_of(budget), 120)});
  }
  json.end_array().end_object();
  if (common.json) {
    std::printf("%s\n", json.text().c_str());
  } else if (set->list().empty()) {
    std::printf("No budgets. docs/budgets.md shows how to write one.\n");
  } else {
    std::printf("%s", table(rows).c_str());
  }
  return kDone;
}

}  // namespace reeve::app
