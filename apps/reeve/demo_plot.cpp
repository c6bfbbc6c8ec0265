#include "reeve/demo_plot.h"

#include <algorithm>
#include <set>

#include "core/json.h"
#include "identity/scim.h"
#include "reeve/budget_desk.h"

namespace reeve::app {

namespace {

using control::ExceptionKind;
using identity::AgentDecision;

constexpr Duration kDay = std::chrono::hours(24);
constexpr const char* kBy = "demonstration";
constexpr const char* kRunawayReason = "it repeats itself: 1,400 calls in a night";

Result<std::string> put_scim(identity::Scim& scim, std::string path, std::string body) {
  identity::ScimRequest request;
  request.method = net::Method::kPost;
  request.path = std::move(path);
  request.body = std::move(body);
  request.by = kBy;
  request.base = "https://demonstration.example/scim/v2";
  const identity::ScimAnswer answer = scim.answer(request);
  const auto document = JsonDocument::parse(answer.body);
  if (answer.status != 201 || !document) {
    return Error{ErrorCode::kUnavailable, "the directory took no entry: " + answer.body.substr(0, 300)};
  }
  return std::string(document->root()["id"].string_or(""));
}

Result<void> bring_in_people(store::Store& store, const Clock& clock, const DemoCompany& company) {
  identity::Scim scim(store.directory(), clock);
  std::map<std::string, std::vector<std::string>> members;
  for (const DemoPerson& person : company.people()) {
    JsonWriter json;
    json.begin_object().key("schemas").begin_array().value("urn:ietf:params:scim:schemas:core:2.0:User");
    json.value("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User").end_array();
    json.member("userName", person.id).member("displayName", person.name).member("active", true);
    json.key("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User").begin_object();
    json.member("department", person.team).end_object().end_object();
    const auto id = put_scim(scim, "/Users", json.take());
    if (!id) return id.error();
    for (const std::string& group : person.groups) members[group].push_back(*id);
    const auto key = identity::create_key(
        store.keys(), {.owner = person.id, .team = person.team, .note = kBy, .groups = person.groups}, clock.now());
    if (!key) return key.error();
  }
  for (const auto& [group, ids] : members) {
    JsonWriter json;
    json.begin_object().key("schemas").begin_array().value("urn:ietf:params:scim:schemas:core:2.0:Group").end_array();
    json.member("displayName", group).key("members").begin_array();
    for (const std::string& id : ids) json.begin_object().member("value", id).end_object();
    json.end_array().end_object();
    if (const auto id = put_scim(scim, "/Groups", json.take()); !id) return id.error();
  }
  return {};
}

/// Enough for everybody but one team.
Result<void> put_budgets(store::Store& store, const Clock& clock, const DemoCompany& company,
                         const std::vector<YamlValue>& documents) {
  const auto size = [&](std::string_view team) { return std::max<std::size_t>(company.size_of(team), 1); };
  const std::string poor(kDemoPoorTeam);
  const bool has_ladder = std::any_of(documents.begin(), documents.end(), [](const YamlValue& document) {
    const YamlValue* kind = document.find("kind");
    const YamlValue* name = document.find("name");
    return kind != nullptr && name != nullptr && kind->text() == "Ladder" && name->text() == "claude";
  });
  const std::string text =
      "kind: Budget\nname: demonstration-teams\ntitle: Teams by month (demonstration)\nowner: finance\n"
      "each: [team]\nwindow: month\nlimit: {money: $" +
      std::to_string(company.people().size() * 60) +
      "}\nthresholds: [{at: 80%, do: notify}]\n---\n"
      "kind: Budget\nname: demonstration-" +
      poor +
      "\ntitle: Growth by month (demonstration)\nowner: finance\n"
      "message: Ask for more with \"reeve exception request\".\nfor: {team: " +
      poor +
      "}\nwindow: month\n"
      "limit: {money: $" +
      std::to_string(size(kDemoPoorTeam) * 30) + "}\nthresholds: [{at: 70%, do: notify}" +
      (has_ladder ? ", {at: 85%, do: degrade, ladder: claude}" : "") +
      "]\n---\n"
      "kind: Budget\nname: demonstration-day\ntitle: A person in a day (demonstration)\nowner: finance\n"
      "each: [person]\nwindow: day\nlimit: {money: $400}\n";
  std::vector<Diagnostic> complaints;
  for (const YamlValue& document : parse_yaml(text, kBy, complaints)) {
    const YamlValue* name = document.find("name");
    const auto budget = check_budget(documents, {}, document, complaints);
    if (!budget || name == nullptr) return Error{ErrorCode::kInternal, complaints.front().to_string()};
    const auto written = store.budgets().change(
        spend::change_budget(nullptr, name->text(), spend::document_to_keep(document), kBy, clock.now()));
    if (!written) return written;
  }
  return {};
}

std::string random_text(DemoNumbers& numbers, std::string_view letters, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += letters[static_cast<std::size_t>(numbers.below(static_cast<std::int64_t>(letters.size())))];
  }
  return text;
}

}  // namespace

Result<void> begin_demo(store::Store& store, const Clock& clock, const DemoCompany& company,
                        const std::vector<YamlValue>& documents) {
  JsonWriter json;
  json.begin_object().member("by", kBy).member("note", kDemoNote);
  json.member("people", static_cast<std::int64_t>(company.people().size())).end_object();
  if (auto noted = store.note("demonstration.begun", json.text()); !noted) return noted;
  if (auto people = bring_in_people(store, clock, company); !people) return people;
  return put_budgets(store, clock, company, documents);
}

std::vector<DemoPlot::Scene> DemoPlot::scenes() {
  std::vector<Scene> scenes;
  add_agents(scenes);
  add_exceptions(scenes);
  add_kill_switch(scenes);
  std::erase_if(scenes, [this](const Scene& scene) { return scene.first < stage_.begin || scene.first >= stage_.end; });
  return scenes;
}

std::string_view DemoPlot::model_of(const DemoPerson& person, Instant day) const {
  const bool has_moved = person.team == kDemoMovingTeam && day >= spend::month_of(stage_.end).begin;
  return has_moved && person.model == "claude-sonnet-4-6" ? "claude-opus-4-6" : person.model;
}

std::pair<std::string, TextOrigin> DemoPlot::text_of(DemoNumbers& numbers) {
  constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const double share = numbers.unit();
  if (share < 0.0008) {
    const TextOrigin origin = numbers.chance(0.7) ? TextOrigin::kUser : TextOrigin::kToolResult;
    return {"deploy with aws_access_key_id=AKIA" + random_text(numbers, kUpper, 16) +
                " aws_secret_access_key=" + random_text(numbers, kBase64, 40),
            origin};
  }
  if (share < 0.012) {
    return {"the customer " + random_text(numbers, "abcdefghijklmnoprstuvw", 7) +
                "@customer.example.net writes that the "
                "order has not come",
            TextOrigin::kToolResult};
  }
  return {{}, TextOrigin::kUser};
}

// ---- Exceptions ----

control::Actor DemoPlot::reviewer(std::size_t number) const {
  for (const DemoPerson& person : stage_.company.people()) {
    if (std::find(person.groups.begin(), person.groups.end(), "governance-council") == person.groups.end()) continue;
    if (number-- == 0) return {person.id, person.groups};
  }
  return {stage_.company.people().front().id, {"governance-council"}};
}

std::string DemoPlot::ask(control::Asked asked) {
  const Instant now = stage_.clock.now();
  asked.from = now;
  auto request = control::make_request(std::move(asked), now);
  if (!request) {
    keep(request.error());
    return {};
  }
  auto& register_of = stage_.store.exceptions();
  keep(register_of.insert(*request,
                          control::step_of(*request, "exception.requested", request->asked.requested_by, now)));
  return request->id;
}

void DemoPlot::answer(const std::string& id, const std::function<Result<void>(control::ExceptionRequest&)>& decide,
                      std::string_view kind, std::string_view by) {
  auto list = stage_.store.exceptions().list();
  if (!list) return keep(list.error());
  const auto found = std::find_if(list->begin(), list->end(), [&](const auto& one) { return one.id == id; });
  if (found == list->end()) return;
  if (auto decided = decide(*found); !decided) return keep(decided);
  keep(stage_.store.exceptions().update(*found, control::step_of(*found, kind, by, stage_.clock.now())));
  put_in_force();
}

void DemoPlot::put_in_force() {
  const auto list = stage_.store.exceptions().list();
  if (!list) return keep(list.error());
  const Instant now = stage_.clock.now();
  stage_.budgets.allow(control::allowances(*list, now));
  if (auto policy = with_exceptions(*stage_.governance.policy, *list, now)) stage_.rules.policy = std::move(policy);
}

void DemoPlot::add_exceptions(std::vector<Scene>& scenes) {
  const auto& policies = stage_.governance.approvals;
  const auto for_money = [this](const char* reason, std::int64_t dollars, std::size_t person) {
    control::Asked asked;
    asked.kind = ExceptionKind::kBudget;
    asked.budget = "demonstration-" + std::string(kDemoPoorTeam);
    asked.extra.money = Money{dollars * 1'000'000'000};
    asked.reason = reason;
    asked.work_item = "GRO-142";
    asked.until = stage_.clock.now() + kDay * 20;
    asked.requested_by = asked.requested_for = stage_.company.member(kDemoPoorTeam, person).id;
    return ask(std::move(asked));
  };
  const Instant month = spend::month_of(stage_.end).begin;
  const Instant asked_at = std::max(month + kDay * 9, stage_.end - kDay * 13) + std::chrono::hours(10);
  scenes.emplace_back(asked_at, [=, this] { requests_["money"] = for_money("The launch of the new site", 180, 1); });
  scenes.emplace_back(asked_at + std::chrono::hours(21), [this, &policies] {
    const control::Actor by = reviewer(0);
    answer(
        requests_["money"],
        [&](control::ExceptionRequest& request) {
          return control::approve(request, by, {.conditions = {"Report the cost of the launch on GRO-142"}}, policies,
                                  stage_.clock.now());
        },
        "exception.approved", by.name);
  });
  scenes.emplace_back(stage_.end - std::chrono::hours(4),
                      [=, this] { requests_["waiting"] = for_money("Two more weeks of the launch", 150, 2); });

  scenes.emplace_back(stage_.end - kDay * 40 + std::chrono::hours(9), [this] {
    control::Asked asked;
    asked.kind = ExceptionKind::kRule;
    asked.rules = {"contractors-use-small-models"};
    for (const DemoPerson& person : stage_.company.people()) {
      if (person.groups.front() == "contractors") asked.requested_by = person.id;
    }
    if (asked.requested_by.empty()) return;
    asked.requested_for = asked.requested_by;
    asked.scope = {{"people", {asked.requested_by}}};
    asked.reason = "The small models do not know our build";
    asked.until = stage_.clock.now() + kDay * 14;
    requests_["rule"] = ask(std::move(asked));
  });
  scenes.emplace_back(stage_.end - kDay * 39 + std::chrono::hours(14), [this, &policies] {
    const control::Actor by = reviewer(1);
    answer(
        requests_["rule"],
        [&](control::ExceptionRequest& request) {
          return control::deny(request, by, "Write what the build needs into the repository's instructions instead",
                               policies, stage_.clock.now());
        },
        "exception.denied", by.name);
  });
}

// ---- Agents, the kill switch ----

void DemoPlot::decide_about_agent(std::string_view id, AgentDecision decision, std::string_view reason) {
  const auto before = stage_.store.agents().find(id);
  if (!before) return keep(before.error());
  if (!*before) return;
  auto decided = identity::decide_agent(**before, decision, reviewer(1).name, reason, stage_.clock.now());
  if (!decided) return keep(decided.error());
  keep(stage_.store.agents().put(*decided));
}

void DemoPlot::add_agents(std::vector<Scene>& scenes) {
  const auto add = [&](const char* id, const char* title, const char* purpose, Instant at, bool approved) {
    scenes.emplace_back(at, [=, this] {
      identity::AgentRequest request;
      request.id = id;
      request.title = title;
      request.purpose = purpose;
      request.owner = request.by = runaway_owner().id;
      request.team = runaway_owner().team;
      request.risk = "medium";
      request.permissions = {
          .models = {"*"}, .tools = {"*"}, .classes = {}, .repos = {"demonstration/*"}, .acts_for = {}};
      request.identities = {{.kind = identity::AgentIdentity::Kind::kSpiffe,
                             .name = std::string("spiffe://demonstration.example/agent/") + id,
                             .claims = {},
                             .keys = {}}};
      auto agent = identity::request_agent(request, std::nullopt, stage_.clock.now());
      if (!agent) return keep(agent.error());
      keep(stage_.store.agents().put(*agent));
    });
    if (!approved) return;
    scenes.emplace_back(at + std::chrono::hours(5),
                        [=, this] { decide_about_agent(id, AgentDecision::kApprove, "Reviewed with its owner"); });
  };
  add(kDemoRunaway, "Nightly refactoring (demonstration)", "Tidies up services at night", stage_.begin + kDay, true);
  add("release-notes", "Release notes (demonstration)", "Writes what changed", stage_.begin + kDay * 2, true);
  add("ticket-triage", "Ticket triage (demonstration)", "Sorts what customers write", stage_.end - kDay * 2, false);
  scenes.emplace_back(stage_.end - std::chrono::hours(3),
                      [this] { decide_about_agent(kDemoRunaway, AgentDecision::kSuspend, kRunawayReason); });
}

void DemoPlot::add_kill_switch(std::vector<Scene>& scenes) {
  const auto cut = [this](const char* scope_text, const char* reason, bool practice) {
    const auto scope = identity::parse_cutoff_scope(scope_text);
    if (!scope) return keep(scope.error());
    auto cutoff = identity::make_cutoff({*scope, reason, reviewer(1).name, std::nullopt, {}}, stage_.clock.now());
    if (!cutoff) return keep(cutoff.error());
    cutoff->practice = practice;
    requests_[scope_text] = cutoff->id;
    keep(stage_.store.kill_switch().put(*cutoff));
  };
  const Instant drill = stage_.end - kDay * 12 + std::chrono::hours(11);
  scenes.emplace_back(drill, [=] { cut("provider:openai", "The drill of the quarter", true); });
  scenes.emplace_back(drill + std::chrono::minutes(2), [this] {
    keep(stage_.store.kill_switch().end(requests_["provider:openai"], stage_.clock.now(), reviewer(1).name,
                                        "The drill is over"));
  });
  scenes.emplace_back(stage_.end - std::chrono::hours(3) - std::chrono::minutes(5),
                      [=] { cut("agent:nightly-refactor", kRunawayReason, false); });
}

}  // namespace reeve::app
