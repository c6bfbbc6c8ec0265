// `reeve change`: telling of merged changes, one or many.

#include <cstdio>
#include <fstream>
#include <iostream>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/commands.h"
#include "reeve/git_merges.h"
#include "reeve/merged_changes.h"

namespace reeve::app {

namespace {

constexpr std::size_t kAtOnce = 500;

int fail_with(const Common& common, const Error& error) { return fail(common, exit_code_of(error), error.message); }

std::string teller(const ChangeArguments& arguments) {
  return arguments.by.empty() ? system_user_name() : std::string(trim(arguments.by));
}

Result<spend::MergedChange> told_change(const ChangeArguments& arguments) {
  const Instant now = system_clock().now();
  const auto at = arguments.at.empty() ? Result<Instant>(now) : parse_since(arguments.at, now);
  if (!at) return with_context(at.error(), "--at");
  spend::MergedChange change{.repo = std::string(trim(arguments.repo)),
                             .id = std::string(trim(arguments.id)),
                             .at = *at,
                             .work_item = std::string(trim(arguments.work_item)),
                             .commit = std::string(trim(arguments.commit)),
                             .author = std::string(trim(arguments.author)),
                             .branch = std::string(trim(arguments.branch)),
                             .lines = arguments.lines};
  if (auto checked = spend::check_merged_change(change, now); !checked) return checked.error();
  return change;
}

/// A line each; all of them are good, or the error names the first that is not.
Result<std::vector<spend::MergedChange>> read_lines(std::istream& input) {
  std::vector<spend::MergedChange> changes;
  const Instant now = system_clock().now();
  std::string line;
  for (std::size_t number = 1; std::getline(input, line); ++number) {
    if (trim(line).empty()) continue;
    const std::string place = "line " + std::to_string(number);
    const auto document = JsonDocument::parse(line);
    if (!document) return with_context(document.error(), place);
    auto change = spend::read_merged_change(document->root(), now);
    if (!change) return with_context(change.error(), place);
    changes.push_back(*std::move(change));
  }
  return changes;
}

Result<std::vector<spend::MergedChange>> changes_to_import(const ChangeArguments& arguments) {
  if (arguments.git.empty() == arguments.file.empty()) {
    return Error{ErrorCode::kInvalid, "name a file of changes (- for standard input), or --git with a repository"};
  }
  if (arguments.file == "-") return read_lines(std::cin);
  if (!arguments.file.empty()) {
    std::ifstream file(arguments.file);
    if (!file) return Error{ErrorCode::kInvalid, "cannot read " + arguments.file};
    return read_lines(file);
  }
  const Instant now = system_clock().now();
  const auto since = parse_since(arguments.since, now);
  if (!since) return with_context(since.error(), "--since");
  auto merges = git_merges({.path = arguments.git,
                            .repo = std::string(trim(arguments.repo)),
                            .branch = arguments.branch,
                            .pattern = arguments.pattern,
                            .merges_only = arguments.merges_only,
                            .since = *since});
  if (!merges) return merges;
  for (const spend::MergedChange& change : *merges) {
    if (auto checked = spend::check_merged_change(change, now); !checked) {
      return with_context(checked.error(), "commit " + change.commit);
    }
  }
  return merges;
}

void count_up(const std::vector<spend::MergedChange>& changes, std::size_t& with_item, std::size_t& without) {
  for (const spend::MergedChange& change : changes) ++(change.work_item.empty() ? without : with_item);
}

}  // namespace

int change_merged_command(const Common& common, const ChangeArguments& arguments) {
  const auto change = told_change(arguments);
  if (!change) return fail_with(common, change.error());
  auto store = open_store(common, true);
  if (!store) return fail_with(common, store.error());
  const auto is_new = tell_of_changes(**store, {&*change, 1}, teller(arguments));
  if (!is_new) return fail_with(common, is_new.error());
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("id", change->id).member("repo", change->repo);
    std::printf("%s\n", json.member("state", is_new->front() ? "new" : "known").end_object().text().c_str());
  } else {
    std::printf(
        "The change %s of %s is %s.\n", printable(change->id).c_str(), printable(change->repo).c_str(),
        is_new->front() ? "told; a server writes it to the ledger" : "known already; what was told first stays");
  }
  return kDone;
}

int change_import_command(const Common& common, const ChangeArguments& arguments) {
  const auto changes = changes_to_import(arguments);
  if (!changes) return fail_with(common, changes.error());
  auto store = open_store(common, true);
  if (!store) return fail_with(common, store.error());
  std::uint64_t told = 0;
  for (std::size_t at = 0; at < changes->size(); at += kAtOnce) {
    const auto part = std::span(*changes).subspan(at, std::min(kAtOnce, changes->size() - at));
    const auto is_new = tell_of_changes(**store, part, teller(arguments));
    if (!is_new) return fail_with(common, is_new.error());
    for (const bool one : *is_new) told += one ? 1 : 0;
  }
  std::size_t with_item = 0;
  std::size_t without = 0;
  count_up(*changes, with_item, without);
  const std::uint64_t known = changes->size() - told;
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("changes", changes->size()).member("new", told).member("known", known);
    json.member("with_work_item", with_item).member("without_work_item", without).end_object();
    std::printf("%s\n", json.text().c_str());
  } else {
    std::printf("%zu changes, %llu new, %llu known already. %zu name a work item, %zu do not.\n", changes->size(),
                static_cast<unsigned long long>(told), static_cast<unsigned long long>(known), with_item, without);
  }
  return kDone;
}

}  // namespace reeve::app
