#include "reeve/people_routes.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/api_route.h"
#include "reeve/index_question.h"
#include "reeve/key_listing.h"
#include "reeve/ledger_routes.h"

namespace reeve::app {

namespace {

using Sources = ControlApi::Sources;
constexpr auto kTimeMax = std::chrono::seconds(10);
constexpr auto kCallHistory = std::chrono::hours(24 * 90), kSpendHistory = std::chrono::hours(24 * 30);
constexpr std::size_t kPage = 200, kNamesMax = 10'000, kReasonMax = 500;

/// What is known of a person wherever it is known.
struct Known {
  std::string team;
  bool in_directory = false, active = true;
  std::uint64_t keys = 0;
  std::int64_t calls = 0, cost_nanos = 0;
  std::string last;
};
using People = std::map<std::string, Known, std::less<>>;

Result<void> add_directory(const Sources& sources, People& people) {
  if (sources.directory == nullptr) return {};
  for (std::size_t offset = 0; offset < kNamesMax;) {
    const auto page = sources.directory->find({.kind = identity::EntryKind::kPerson, .offset = offset, .limit = 500});
    if (!page) return page.error();
    for (const identity::DirectoryEntry& entry : page->entries) {
      Known& known = people[entry.logins.empty() ? entry.name : entry.logins.front()];
      known.in_directory = true;
      known.active = entry.active;
      known.team = entry.team;
    }
    offset += page->entries.size();
    if (page->entries.empty() || offset >= page->total) break;
  }
  return {};
}

/// Whoever called; nothing where the index does not tell, which is no reason to hide the others.
void add_callers(const Sources& sources, People& people) {
  const auto index = sources.ledger.index->index();
  if (!index) return;
  const std::string sql =
      "SELECT person, coalesce(any_value(team), '') AS team, sum(calls)::BIGINT AS calls, "
      "sum(cost_nanos)::BIGINT AS cost_nanos, " +
      index_time_sql("max(\"last\")") +
      " AS \"last\" FROM spend WHERE person IS NOT NULL AND person_type = 'person' AND hour >= " +
      index_time_sql(system_clock().now() - kCallHistory) + " GROUP BY person ORDER BY calls DESC";
  const auto rows = (*index)->select(sql, {}, kNamesMax, kTimeMax);
  if (!rows) return;
  for (const auto& row : rows->rows) {
    const auto text = [&](std::size_t i) {
      const auto* value = std::get_if<std::string>(&row[i]);
      return value == nullptr ? std::string() : *value;
    };
    const auto number = [&](std::size_t i) {
      const auto* value = std::get_if<std::int64_t>(&row[i]);
      return value == nullptr ? 0 : *value;
    };
    Known& known = people[text(0)];
    if (known.team.empty()) known.team = text(1);
    known.calls = number(2);
    known.cost_nanos = number(3);
    known.last = text(4);
  }
}

void write_person(JsonWriter& json, const std::string& name, const Known& known) {
  json.begin_object().member("person", name).member_if("team", known.team).member("in_directory", known.in_directory);
  json.member("active", known.active).member("keys", known.keys).member("calls", known.calls);
  json.member("cost_nanos", known.cost_nanos).member_if("last", known.last).end_object();
}

void write_texts(JsonWriter& json, std::string_view name, const std::set<std::string>& texts) {
  json.key(name).begin_array();
  for (const std::string& text : texts) json.value(text);
  json.end_array();
}

/// Those of the directory and those of the person's keys that are good now.
Result<std::set<std::string>> groups_of(const Sources& sources, const std::string& person,
                                        const std::vector<identity::VirtualKey>& keys) {
  std::set<std::string> groups;
  const Instant now = system_clock().now();
  for (const identity::VirtualKey& key : keys) {
    if (key.owner == person && state_of(key, now) == "active") groups.insert(key.groups.begin(), key.groups.end());
  }
  if (sources.directory == nullptr) return groups;
  const auto found = sources.directory->find(
      {.kind = identity::EntryKind::kPerson, .folded_name = identity::fold_name(person), .limit = 1});
  if (!found) return found.error();
  for (const identity::DirectoryEntry& entry : found->entries) {
    const auto of = sources.directory->groups_of(entry.id);
    if (!of) return of.error();
    for (const identity::DirectoryLink& link : *of) groups.insert(link.name);
  }
  return groups;
}

void write_spend(JsonWriter& json, const Sources& sources, const std::string& person) {
  const auto index = sources.ledger.index->index();
  if (!index) return;
  const auto rows = (*index)->select(
      "SELECT coalesce(model_served, model_asked) AS model, count(*) AS calls, "
      "count(*) FILTER (WHERE enforced = 'deny') AS refused, coalesce(sum(cost_nanos), 0)::BIGINT AS cost_nanos "
      "FROM calls WHERE person = $1 AND \"time\" >= " +
          index_time_sql(system_clock().now() - kSpendHistory) + " GROUP BY ALL ORDER BY cost_nanos DESC, model",
      {person}, 100, kTimeMax);
  if (!rows) return;
  json.key("spend");
  write_rows(json, *rows);
}

}  // namespace

ApiAnswer list_people(const Sources& sources, const ApiRequest& request) {
  const auto keys = sources.registers->keys().list();
  if (!keys) return problem_of(keys.error());
  People people;
  if (auto added = add_directory(sources, people); !added) return problem_of(added.error());
  add_callers(sources, people);
  const Instant now = system_clock().now();
  for (const identity::VirtualKey& key : *keys) {
    if (key.type != "person") continue;
    Known& known = people[key.owner];
    if (known.team.empty()) known.team = key.team;
    known.keys += state_of(key, now) == "active" ? 1 : 0;
  }
  const std::string cursor = value_of(request, "cursor"), search = identity::fold_case(value_of(request, "search"));
  JsonWriter json;
  json.begin_object().key("people").begin_array();
  std::size_t written = 0;
  std::string last, next;
  for (const auto& [name, known] : people) {
    if (name <= cursor || identity::fold_case(name).find(search) == std::string::npos) continue;
    if (written++ == kPage) {
      next = last;
      break;
    }
    write_person(json, name, known);
    last = name;
  }
  return recorded(sources.ledger,
                  {request.who, asked_of(request), "GET /api/v1/people", std::min(written, kPage), cursor, {}},
                  json.end_array().member_if("next", next).end_object().take());
}

ApiAnswer show_person(const Sources& sources, const ApiRequest& request) {
  const std::string& person = request.name;
  const auto keys = sources.registers->keys().list();
  if (!keys) return problem_of(keys.error());
  const auto groups = groups_of(sources, person, *keys);
  if (!groups) return problem_of(groups.error());
  const std::vector<std::string> list(groups->begin(), groups->end());
  std::set<std::string> roles;
  const auto in_force = sources.roles->current();
  for (const auto& held : in_force->held_by(person, list)) {
    roles.insert(std::string(identity::role_name(held.role)));
  }
  const Instant now = system_clock().now();
  JsonWriter json;
  json.begin_object().member("person", person);
  write_texts(json, "groups", *groups);
  write_texts(json, "roles", roles);
  json.key("keys").begin_array();
  for (const identity::VirtualKey& key : *keys) {
    if (key.owner != person) continue;
    json.begin_object();
    write_key(json, key);
    json.member("state", state_of(key, now)).end_object();
  }
  json.end_array();
  write_spend(json, sources, person);
  return recorded(sources.ledger, {request.who, "person " + person, "GET /api/v1/people/{name}", 1, {}, {}},
                  json.end_object().take());
}

ApiAnswer list_groups(const Sources& sources, const ApiRequest& request) {
  const auto page = ListPage::of(request);
  if (!page) return problem_of(page.error());
  JsonWriter json;
  json.begin_object().member("directory", sources.directory != nullptr).key("groups").begin_array();
  std::string next;
  if (sources.directory != nullptr) {
    const std::size_t offset = page->cursor.value_or(0);
    const auto found = sources.directory->find({.kind = identity::EntryKind::kGroup, .offset = offset, .limit = kPage});
    if (!found) return problem_of(found.error());
    for (const identity::DirectoryEntry& group : found->entries) {
      const auto members = sources.directory->members_of(group.id);
      if (!members) return problem_of(members.error());
      json.begin_object().member("group", group.name).member("members", static_cast<std::uint64_t>(members->size()));
      json.member("modified", format_time(group.modified)).end_object();
    }
    if (offset + found->entries.size() < found->total) next = std::to_string(offset + found->entries.size());
  }
  return {200, json.end_array().member_if("next", next).end_object().take(), {}};
}

ApiAnswer list_keys(const Sources& sources, const ApiRequest& request) {
  const std::string state = value_of(request, "state"), person = value_of(request, "person");
  if (!state.empty() && state != "active" && state != "expired" && state != "revoked") {
    return problem(400, "Bad request", "'state' is active, expired or revoked");
  }
  const auto page = ListPage::of(request);
  if (!page) return problem_of(page.error());
  auto keys = sources.registers->keys().list();
  if (!keys) return problem_of(keys.error());
  const Instant now = system_clock().now();
  std::erase_if(*keys, [&](const identity::VirtualKey& key) {
    return (!state.empty() && state_of(key, now) != state) || (!person.empty() && key.owner != person);
  });
  std::reverse(keys->begin(), keys->end());
  const auto first = std::min(static_cast<std::size_t>(page->cursor.value_or(0)), keys->size());
  const std::size_t end = first + std::min(kPage, keys->size() - first);
  JsonWriter json;
  json.begin_object().key("keys").begin_array();
  for (std::size_t i = first; i < end; ++i) {
    json.begin_object();
    write_key(json, (*keys)[i]);
    json.member("state", state_of((*keys)[i], now)).end_object();
  }
  json.end_array();
  if (end < keys->size()) json.member("next", std::to_string(end));
  return {200, json.end_object().take(), {}};
}

ApiAnswer revoke_key(const Sources& sources, const ApiRequest& request) {
  auto texts = read_texts(request, {"reason"});
  if (!texts) return problem_of(texts.error());
  const std::string reason(trim((*texts)["reason"]));
  if (reason.empty() || reason.size() > kReasonMax) {
    return problem(400, "Bad request", "'reason' says why, in at most 500 bytes; the ledger keeps it.");
  }
  const auto keys = sources.registers->keys().list();
  if (!keys) return problem_of(keys.error());
  const auto key =
      std::find_if(keys->begin(), keys->end(), [&](const identity::VirtualKey& one) { return one.id == request.name; });
  if (key == keys->end()) return problem(404, "Not found", "There is no key of that id.");
  const Instant now = system_clock().now();
  // The register tells the ledger that it ended; who ended it, and why, is told here, and first.
  JsonWriter detail;
  detail.begin_object().member("at", format_time(now)).member("by", request.who).member("key_id", key->id);
  detail.member("owner", key->owner).member("reason", reason).end_object();
  if (!sources.ledger.record("identity.revocation_asked", detail.text())) {
    return problem(503, "Unavailable", "It cannot be recorded now, so the key goes on; try again.");
  }
  if (auto revoked = sources.registers->keys().revoke(key->id, now); !revoked) return problem_of(revoked.error());
  JsonWriter json;
  json.begin_object().member("id", key->id).member("state", "revoked").end_object();
  return {200, json.take(), {}};
}

std::vector<ApiRoute> people_api_routes() {
  using enum ApiEffect;
  using identity::Permission;
  return {{.path = "/api/v1/people",
           .summary = "Who there is, by name",
           .permission = Permission::kReadDirectory,
           .answer = list_people,
           .gives = "PersonList",
           .effect = kRecordedRead,
           .parameters = {{"search", "A part of a name, in whatever case of letters"}, kCursorParameter}},
          {.path = "/api/v1/people/{name}",
           .summary = "One person: groups, roles, keys, spend",
           .permission = Permission::kReadDirectory,
           .answer = show_person,
           .gives = "PersonTold",
           .effect = kRecordedRead,
           .named = "The person's name"},
          {.path = "/api/v1/groups",
           .summary = "Groups of the directory",
           .permission = Permission::kReadDirectory,
           .answer = list_groups,
           .gives = "GroupList",
           .parameters = {kCursorParameter}},
          {.path = "/api/v1/keys",
           .summary = "Virtual keys, the newest first, without their secrets",
           .permission = Permission::kReadDirectory,
           .answer = list_keys,
           .gives = "KeyList",
           .parameters = {{"person", "Only this person's"},
                          {"state", "All without it", R"({"type":"string","enum":["active","expired","revoked"]})"},
                          kCursorParameter}},
          {.method = net::Method::kDelete,
           .path = "/api/v1/keys/{id}",
           .summary = "Ends a key",
           .permission = Permission::kWriteKeys,
           .answer = revoke_key,
           .gives = "KeyEnded",
           .effect = kWrite,
           .named = "The key's id",
           .takes = "Reason",
           .body_bytes_max = kReasonBytesMax,
           .is_urgent = true}};
}

}  // namespace reeve::app
