// `reeve policy shadow`: what the rules in shadow mode would have done, and which of them can be enforced.

#include <atomic>
#include <cstdio>
#include <mutex>

#include "core/bytes.h"
#include "reeve/call_stream.h"
#include "reeve/commands.h"
#include "reeve/ledger_reading.h"
#include "reeve/policy_source.h"
#include "reeve/replay_report.h"
#include "reeve/shadow_report.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

std::string criteria_text(const ShadowCriteria& criteria) {
  const auto days = std::chrono::duration_cast<std::chrono::hours>(criteria.observed_min).count() / 24;
  return "ready: at least " + std::to_string(days) + " days and " + grouped(criteria.decisions_min) +
         " decisions observed, no error in its condition, and at most " + criteria.max_share() +
         " of calls would be refused";
}

std::string joined(const std::vector<std::string>& phrases) {
  std::string text;
  for (const std::string& phrase : phrases) text += (text.empty() ? "" : "; ") + phrase;
  return text;
}

std::string names_of(const std::set<std::string>& names) {
  constexpr std::size_t kShown = 5;
  std::string text;
  std::size_t shown = 0;
  for (const std::string& name : names) {
    if (++shown > kShown) return text + " and " + std::to_string(names.size() - kShown) + " more";
    text += (text.empty() ? "" : ", ") + printable(name, 60);
  }
  return text;
}

void print_rule(const ShadowObservation& seen, const ShadowCriteria& criteria) {
  const std::vector<std::string> missing = seen.missing(criteria);
  std::printf("\n%s  %s  %s\n", bold(seen.rule->name).c_str(),
              std::string(policy::effect_name(seen.rule->effect)).c_str(),
              missing.empty() ? green("ready to enforce").c_str() : yellow("not ready: " + joined(missing)).c_str());
  if (seen.decisions == 0) return;
  std::printf("  asked about %s, first %s, last %s\n", counted(seen.decisions, "decision", "decisions").c_str(),
              seen.first.c_str(), seen.last.c_str());
  std::printf("  would have acted on %s (%s) of %s; the verdict would have been another for %s\n",
              grouped(seen.matched).c_str(), percent(seen.matched, seen.decisions).c_str(),
              counted(seen.people.size(), "person", "people").c_str(), grouped(seen.changed).c_str());
  if (!seen.models.empty()) std::printf("  models: %s\n", names_of(seen.models).c_str());
  if (seen.refused > 0) {
    std::printf("  would have refused %s (%s), which cost %s\n", counted(seen.refused, "call", "calls").c_str(),
                percent(seen.refused, seen.decisions).c_str(), format_money(seen.refused_cost).c_str());
  }
  if (seen.allowed > 0) {
    std::printf("  would have let %s go on that %s refused\n", counted(seen.allowed, "call", "calls").c_str(),
                seen.allowed == 1 ? "was" : "were");
  }
}

void append_rule(JsonWriter& json, const ShadowObservation& seen, const ShadowCriteria& criteria) {
  const std::vector<std::string> missing = seen.missing(criteria);
  json.begin_object().member("rule", seen.rule->name).member("effect", policy::effect_name(seen.rule->effect));
  json.member("ready", missing.empty()).key("missing").begin_array();
  for (const std::string& reason : missing) json.value(reason);
  json.end_array().member("decisions", seen.decisions).member_if("first", seen.first).member_if("last", seen.last);
  json.member("matched", seen.matched).member("changed", seen.changed).member("would_refuse", seen.refused);
  json.member("would_allow", seen.allowed).member("errors", seen.errors);
  json.member("refused_cost_nanos", seen.refused_cost.nanos);
  json.member("people", static_cast<std::uint64_t>(seen.people.size())).key("models").begin_array();
  for (const std::string& model : seen.models) json.value(model);
  json.end_array().end_object();
}

}  // namespace

Result<ShadowTally> observe_shadow(const Common& common, const CallWindow& window,
                                   std::shared_ptr<const policy::Bundle> current) {
  const auto data = data_directory(common);
  if (!data) return data.error();
  auto reader = open_ledger(common);
  if (!reader) return reader.error();
  std::mutex mutex;
  BundleArchive archive(*data);
  const auto find = [&](const std::string& digest) {
    const std::scoped_lock lock(mutex);
    return archive.find(digest);
  };
  const auto until = window.open_end ? std::nullopt : std::optional(window.until);
  std::vector<ShadowTally> tallies(call_stream_workers(), ShadowTally(current, find, until));
  std::atomic<std::uint64_t> entries = 0;
  const auto read = stream_calls(**reader, window, !common.json, [&](std::size_t worker, std::string_view entry) {
    entries.fetch_add(1, std::memory_order_relaxed);
    tallies[worker].feed(entry);
  });
  if (!read) return read.error();
  if (!common.through.empty()) {
    if (auto noted = note_reading(common, entries); !noted) return std::move(noted).error();
  }
  for (std::size_t i = 1; i < tallies.size(); ++i) tallies[0].merge(tallies[i]);
  return std::move(tallies[0]);
}

std::string shadow_json(const ShadowTally& tally, const ShadowCriteria& criteria, const CallWindow& window) {
  JsonWriter json;
  json.begin_object().member("since", format_time(window.since)).member("until", format_time(window.until));
  json.member("criteria", criteria_text(criteria)).member("bundle_unknown", tally.bundle_unknown());
  json.key("rules").begin_array();
  for (const ShadowObservation& seen : tally.observations()) append_rule(json, seen, criteria);
  return json.end_array().end_object().take();
}

int policy_shadow_command(const Common& common, const PolicyShadowArguments& arguments) {
  const auto window = CallWindow::parse(arguments.since, arguments.until);
  if (!window) return fail(common, kWrongUse, window.error().message);
  const auto criteria = ShadowCriteria::with_max_share(arguments.max_share);
  if (!criteria) return fail(common, kWrongUse, "--max-share: " + criteria.error().message);
  const auto current = open_policy(common, {});
  if (!current) return fail(common, exit_code_of(current.error()), current.error().message);
  const auto tally = observe_shadow(common, *window, *current);
  if (!tally) return fail(common, exit_code_of(tally.error()), tally.error().message);
  if (common.json) {
    std::printf("%s\n", shadow_json(*tally, *criteria, *window).c_str());
    return kDone;
  }
  const std::size_t rules = tally->observations().size();
  std::printf("%s in shadow mode, over %s; %s\n", counted(rules, "rule", "rules").c_str(), window->length().c_str(),
              criteria_text(*criteria).c_str());
  for (const ShadowObservation& seen : tally->observations()) print_rule(seen, *criteria);
  if (rules > 0 && tally->bundle_unknown() > 0) {
    std::printf("\n%s\n", yellow(counted(tally->bundle_unknown(), "decision", "decisions") +
                                 " left out: their rules are not kept here, or not as they were")
                              .c_str());
  }
  return kDone;
}

}  // namespace reeve::app
