#include "reeve/policy_routes.h"

#include <algorithm>

#include "core/json.h"
#include "reeve/api_route.h"
#include "reeve/complaints.h"
#include "reeve/governance.h"
#include "reeve/kept_reading.h"
#include "reeve/ledger_routes.h"
#include "reeve/list_page.h"
#include "reeve/policy_source.h"
#include "reeve/rule_history.h"
#include "reeve/shadow_report.h"

namespace reeve::app {

namespace {

using Sources = ControlApi::Sources;
constexpr std::size_t kBundlesMax = 200, kChangesMax = 20;
constexpr auto kTimeMax = std::chrono::seconds(10);
constexpr auto kUseHistory = std::chrono::hours(24 * 30);
constexpr Duration kShadowMax = std::chrono::hours(24 * 92);

Common common_of(const Sources& sources) {
  Common common;
  common.config = sources.config_file;
  common.data_dir = sources.data_directory.string();
  common.json = true;
  return common;
}

/// The files as they are now, and their tests. Where they have errors, what is in force is not what they say.
struct Files {
  std::filesystem::path directory;
  std::vector<Diagnostic> complaints;
  std::string digest;  // of the rules without what the register grants; empty with errors
  policy::TestReport tests;
};

Result<std::shared_ptr<const Files>> read_files(const Sources& sources) {
  const auto directory = governance_directory(common_of(sources), "");
  if (!directory) return directory.error();
  static KeptReading<Files> kept;
  return kept.get(*directory, [&] {
    auto files = std::make_shared<Files>();
    files->directory = *directory;
    const Governance governance = read_governance(*directory, files->complaints);
    if (!governance.policy || has_errors(files->complaints)) return files;
    files->digest = governance.policy->digest();
    files->tests = policy::run_rule_tests(*governance.policy, governance.documents);
    return files;
  });
}

/// A place is told below the directory, not where that lies on this machine.
std::string place_of(const Files& files, const std::string& file) {
  const auto relative = std::filesystem::path(file).lexically_relative(files.directory);
  const bool inside = !relative.empty() && *relative.begin() != "..";
  return inside ? relative.string() : std::filesystem::path(file).filename().string();
}

void write_texts(JsonWriter& json, std::string_view name, std::span<const std::string> texts) {
  json.key(name).begin_array();
  for (const std::string& text : texts) json.value(text);
  json.end_array();
}

std::string layer_of(const policy::RuleInfo& rule) {
  if (rule.layer.kind == policy::Layer::Kind::kTeam) return "team " + rule.layer.name;
  if (rule.layer.kind == policy::Layer::Kind::kRepository) return "repository " + rule.layer.name;
  return "organisation";
}

const policy::RuleCoverage* coverage_of(const Files& files, const std::string& rule) {
  const auto found = std::find_if(files.tests.coverage.begin(), files.tests.coverage.end(),
                                  [&](const policy::RuleCoverage& one) { return one.rule.name == rule; });
  return found == files.tests.coverage.end() ? nullptr : &*found;
}

/// How many of the parts of its condition tests made both true and false; the rule itself is one part.
void write_coverage(JsonWriter& json, const policy::RuleCoverage& coverage) {
  std::size_t covered = coverage.matched > 0 && (coverage.not_matched > 0 || coverage.branches.empty()) ? 1 : 0;
  for (const auto& branch : coverage.branches) covered += branch.held > 0 && branch.failed > 0 ? 1 : 0;
  json.key("coverage").begin_object().member("parts", static_cast<std::uint64_t>(coverage.branches.size() + 1));
  json.member("covered", static_cast<std::uint64_t>(covered)).end_object();
}

void write_rule(JsonWriter& json, const policy::RuleInfo& rule, const Files& files) {
  json.begin_object().member("rule", rule.name).member_if("title", rule.title).member_if("owner", rule.owner);
  json.member("effect", policy::effect_name(rule.effect)).member("mode", policy::mode_name(rule.mode));
  json.key("on").begin_array();
  for (const policy::Point point : rule.points) json.value(policy::point_name(point));
  json.end_array().member_if("message", rule.message).member_if("fix", rule.fix);
  write_texts(json, "controls", rule.controls);
  json.member("layer", layer_of(rule)).member("file", place_of(files, rule.file));
  json.member("line", static_cast<std::uint64_t>(rule.line));
  if (rule.since) json.member("since", format_time(*rule.since));
  if (rule.until) json.member("until", format_time(*rule.until));
  std::uint64_t passed = 0, failed = 0;
  for (const policy::TestCase& test : files.tests.cases) {
    if (test.suite == rule.name) ++(test.failure.empty() ? passed : failed);
  }
  json.key("tests").begin_object().member("passed", passed).member("failed", failed).end_object();
  if (const auto* coverage = coverage_of(files, rule.name)) write_coverage(json, *coverage);
  json.end_object();
}

/// The cases that stand in the rule, and the parts of its condition with how often each was true and false.
void write_tests(JsonWriter& json, const std::string& rule, const Files& files) {
  json.key("cases").begin_array();
  for (const policy::TestCase& test : files.tests.cases) {
    if (test.suite != rule) continue;
    json.begin_object().member("name", test.name).member("line", static_cast<std::uint64_t>(test.line));
    json.member("passed", test.failure.empty()).member_if("failure", test.failure).end_object();
  }
  json.end_array().key("parts").begin_array();
  const auto* coverage = coverage_of(files, rule);
  if (coverage != nullptr) {
    for (const auto& branch : coverage->branches) {
      json.begin_object().member("condition", branch.text).member("true", static_cast<std::uint64_t>(branch.held));
      json.member("false", static_cast<std::uint64_t>(branch.failed)).end_object();
    }
  }
  json.end_array();
}

void write_history(JsonWriter& json, const policy::RuleInfo& rule) {
  const auto changes = changes_of(rule.file, kChangesMax);
  if (!changes) json.member("history_unknown", changes.error().message);
  json.key("history").begin_array();
  for (const FileChange& change : changes ? *changes : std::vector<FileChange>()) {
    json.begin_object().member("commit", change.commit).member("at", change.at).member("author", change.author);
    json.member("subject", change.subject).member_if("approved_by", change.approved_by).end_object();
  }
  json.end_array();
}

/// How often it was the decisive one; left out where the index does not tell.
void write_use(JsonWriter& json, const Sources& sources, const std::string& rule) {
  const auto index = sources.ledger.index->index();
  if (!index) return;
  const std::string sql =
      "SELECT enforced, count(*) AS calls, count(DISTINCT person) AS people FROM calls WHERE rule = $1 AND \"time\" "
      ">= " +
      index_time_sql(system_clock().now() - kUseHistory) + " GROUP BY enforced ORDER BY calls DESC";
  const auto rows = (*index)->select(sql, {rule}, 20, kTimeMax);
  if (!rows) return;
  json.key("use");
  write_rows(json, *rows);
}

}  // namespace

ApiAnswer list_policies(const Sources& sources, const ApiRequest&) {
  const auto current = sources.settings->current()->policy;
  const auto read = read_files(sources);
  if (!read) return problem_of(read.error());
  const Files& files = **read;
  JsonWriter json;
  json.begin_object().member("bundle", current->digest()).member("readable", !files.digest.empty());
  json.key("complaints").begin_array();
  for (const Diagnostic& complaint : files.complaints) {
    json.begin_object().member("file", place_of(files, complaint.file));
    json.member("line", static_cast<std::uint64_t>(complaint.line)).member("message", complaint.message);
    json.member("error", complaint.severity == Diagnostic::Severity::kError).end_object();
  }
  json.end_array().member("passed", static_cast<std::uint64_t>(files.tests.passed));
  json.member("failed", static_cast<std::uint64_t>(files.tests.failures.size())).key("rules").begin_array();
  for (const policy::RuleInfo* rule : current->rules()) write_rule(json, *rule, files);
  json.end_array().key("exceptions").begin_array();
  for (const policy::ExceptionInfo* exception : current->exceptions()) {
    json.begin_object().member("name", exception->name).member("reason", exception->reason);
    json.member("approved_by", exception->approved_by).member("ends", format_time(exception->ends));
    write_texts(json, "rules", exception->rules);
    json.end_object();
  }
  return {200, json.end_array().end_object().take(), {}};
}

ApiAnswer show_policy(const Sources& sources, const ApiRequest& request) {
  const auto current = sources.settings->current()->policy;
  const policy::RuleInfo* rule = current->find_rule(request.name);
  if (rule == nullptr) return problem(404, "Not found", "No rule of that name is in force.");
  const auto read = read_files(sources);
  if (!read) return problem_of(read.error());
  const Files& files = **read;
  JsonWriter json;
  json.begin_object().member("bundle", current->digest()).key("policy");
  write_rule(json, *rule, files);
  if (const auto text = document_at(rule->file, rule->line)) json.member("text", *text);
  write_tests(json, rule->name, files);
  write_history(json, *rule);
  write_use(json, sources, rule->name);
  return recorded(sources.ledger, {request.who, "rule " + rule->name, "GET /api/v1/policy/rules/{rule}", 1, {}, {}},
                  json.end_object().take());
}

ApiAnswer show_shadow(const Sources& sources, const ApiRequest& request) {
  const std::string since = value_of(request, "since");
  const auto window = CallWindow::parse(since.empty() ? "14d" : since, "");
  if (!window) return problem(400, "Bad request", window.error().message);
  if (window->until - window->since > kShadowMax) {
    return problem(400, "Bad request", "At most 92 days here; 'reeve policy shadow' takes any time.");
  }
  const auto tally = observe_shadow(common_of(sources), *window, sources.settings->current()->policy);
  if (!tally) return problem_of(tally.error());
  std::uint64_t decisions = 0;
  for (const ShadowObservation& seen : tally->observations()) decisions = std::max(decisions, seen.decisions);
  return recorded(sources.ledger, {request.who, asked_of(request), "GET /api/v1/policy/shadow", decisions, {}, {}},
                  shadow_json(*tally, ShadowCriteria(), *window));
}

ApiAnswer list_bundles(const Sources& sources, const ApiRequest&) {
  struct Kept {
    std::string digest;
    std::filesystem::file_time_type at;
  };
  std::vector<Kept> kept;
  std::error_code failed;
  const auto directory = sources.data_directory / "policy" / "bundles";
  for (std::filesystem::directory_iterator at(directory, failed), end; !failed && at != end; at.increment(failed)) {
    std::error_code ignored;
    const auto written = at->last_write_time(ignored);
    if (!ignored && at->path().extension() == ".json")
      kept.push_back({"sha256:" + at->path().stem().string(), written});
  }
  std::sort(kept.begin(), kept.end(), [](const Kept& a, const Kept& b) { return a.at > b.at; });
  const std::string current = sources.settings->current()->policy->digest();
  JsonWriter json;
  json.begin_object().key("bundles").begin_array();
  for (std::size_t i = 0; i < std::min(kept.size(), kBundlesMax); ++i) {
    const auto since_epoch = std::chrono::file_clock::to_sys(kept[i].at).time_since_epoch();
    const Instant at{std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count()};
    json.begin_object().member("digest", kept[i].digest).member("kept", format_time(at));
    json.member("in_force", kept[i].digest == current).end_object();
  }
  return {200, json.end_array().member("cut", kept.size() > kBundlesMax).end_object().take(), {}};
}

std::vector<ApiRoute> policy_api_routes() {
  using enum ApiEffect;
  using identity::Permission;
  return {{.path = "/api/v1/policy/rules",
           .summary = "The rules in force, with their tests",
           .permission = Permission::kReadPolicy,
           .answer = list_policies,
           .gives = "RulesInForce",
           .is_slow = true},
          {.path = "/api/v1/policy/rules/{rule}",
           .summary = "One rule: its text, tests, history and use",
           .permission = Permission::kReadPolicy,
           .answer = show_policy,
           .gives = "RuleTold",
           .effect = kRecordedRead,
           .named = "The rule's name",
           .is_slow = true},
          {.path = "/api/v1/policy/shadow",
           .summary = "What the rules in shadow mode would have done",
           .permission = Permission::kReadPolicy,
           .answer = show_shadow,
           .gives = "ShadowResults",
           .effect = kRecordedRead,
           .parameters = {kSinceParameter},
           .is_slow = true},
          {.path = "/api/v1/policy/bundles",
           .summary = "The bundles that this server ran under",
           .permission = Permission::kReadPolicy,
           .answer = list_bundles,
           .gives = "BundleList"}};
}

}  // namespace reeve::app
