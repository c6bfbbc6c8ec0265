#include "identity/scim/entries.h"

#include <algorithm>
#include <set>

#include "core/bytes.h"
#include "core/id.h"
#include "core/log.h"
#include "identity/names.h"

namespace reeve::identity::scim {

namespace {

constexpr std::string_view kChangedMeanwhile = "it was changed by somebody else meanwhile; read it again";
/// Ids that one entry of the ledger names; it always has their number.
constexpr std::size_t kIdsToldMax = 50;

bool is_about(const Path& path, std::string_view attribute) { return path.attribute->name == attribute; }

Value links_as_values(const std::vector<DirectoryLink>& links, const std::string& base, bool members) {
  Value::List list;
  for (const DirectoryLink& link : links) {
    const ResourceType& type = link.kind == EntryKind::kGroup ? group_type() : user_type();
    Value value;
    value.set("value", Value(link.id));
    value.set("$ref", Value(base + std::string(type.endpoint) + "/" + link.id));
    value.set("display", Value(link.name));
    value.set("type", members ? Value(type.name) : Value("direct"));
    list.push_back(std::move(value));
  }
  return Value(std::move(list));
}

Value meta_of(const ResourceType& type, const DirectoryEntry& entry, const std::string& base) {
  Value meta;
  meta.set("resourceType", Value(type.name));
  meta.set("created", Value(format_time(entry.created)));
  meta.set("lastModified", Value(format_time(entry.modified)));
  meta.set("location", Value(location_of(type, entry, base)));
  meta.set("version", Value(etag_of(entry)));
  return meta;
}

Result<Value> document_of(const DirectoryEntry& entry) {
  const auto document = JsonDocument::parse(entry.document, 16);
  if (!document) {
    return Error{ErrorCode::kCorrupt, "the stored entry " + entry.id + " is damaged: " + document.error().message};
  }
  return value_of(document->root());
}

// ---- Columns ----

Problem bad_name(std::string_view attribute, const Error& error) {
  return {400, "invalidValue", std::string(attribute) + ": " + error.message};
}

/// The userName first, then the addresses.
std::optional<Problem> read_logins(const Value& attributes, DirectoryEntry& entry) {
  entry.logins = {fold_case(entry.name)};
  const Value* emails = attributes.find("emails");
  const Value::List* list = emails == nullptr ? nullptr : emails->list();
  if (list == nullptr) return std::nullopt;
  for (const Value& email : *list) {
    const std::string_view address = email.text_of("value");
    if (address.empty()) continue;
    if (const auto checked = check_directory_name(address); !checked) return bad_name("emails", checked.error());
    std::string folded = fold_case(address);
    if (std::find(entry.logins.begin(), entry.logins.end(), folded) == entry.logins.end()) {
      entry.logins.push_back(std::move(folded));
    }
  }
  return std::nullopt;
}

std::optional<Problem> read_columns(const ResourceType& type, const Value& attributes, DirectoryEntry& entry) {
  const bool person = type.kind == EntryKind::kPerson;
  const std::string_view naming = person ? "userName" : "displayName";
  entry.kind = type.kind;
  entry.name = attributes.text_of(naming);
  if (const auto checked = check_directory_name(entry.name); !checked) return bad_name(naming, checked.error());
  entry.folded_name = fold_name(entry.name);
  entry.external_id = attributes.text_of("externalId");
  entry.active = true;
  entry.team.clear();
  entry.logins.clear();
  if (!person) return std::nullopt;
  const Value* active = attributes.find("active");
  entry.active = active == nullptr || active->flag() == nullptr || *active->flag();
  if (const Value* enterprise = attributes.find(kEnterpriseSchema)) entry.team = enterprise->text_of("department");
  if (!entry.team.empty() && !is_name(entry.team)) {
    return Problem{400, "invalidValue", "department: it is Reeve's team: 1 to 256 bytes of readable text in one line"};
  }
  return read_logins(attributes, entry);
}

// ---- Members ----

std::set<std::string> member_ids(const Value& attributes) {
  std::set<std::string> ids;
  const Value* members = attributes.find("members");
  const Value::List* list = members == nullptr ? nullptr : members->list();
  if (list == nullptr) return ids;
  for (const Value& member : *list) ids.emplace(member.text_of("value"));
  return ids;
}

/// Every group that holds this one, through however many others.
Result<std::set<std::string>> holders_of(DirectoryStore& store, const std::string& group) {
  std::set<std::string> reached;
  std::vector<std::string> waiting{group};
  while (!waiting.empty()) {
    const auto holders = store.groups_of(waiting.back());
    if (!holders) return holders.error();
    waiting.pop_back();
    for (const DirectoryLink& holder : *holders) {
      if (reached.insert(holder.id).second) waiting.push_back(holder.id);
    }
  }
  return reached;
}

std::optional<Problem> refuse_rings(DirectoryStore& store, const DirectoryChange& change) {
  const bool holds_groups = std::any_of(change.members_added.begin(), change.members_added.end(),
                                        [](const std::string& id) { return id.starts_with("grp"); });
  if (!holds_groups) return std::nullopt;
  auto holders = holders_of(store, change.entry.id);
  if (!holders) return unavailable(holders.error());
  holders->insert(change.entry.id);
  for (const std::string& member : change.members_added) {
    if (!holders->contains(member)) continue;
    return Problem{400, "invalidValue", "members: " + member + " holds this group already, so it cannot be a member"};
  }
  return std::nullopt;
}

// ---- What the ledger tells ----

std::vector<std::string> changed_names(const Value& before, const Value& after) {
  std::set<std::string> names;
  const auto compare = [&names](const Value& left, const Value& right) {
    for (const auto& [name, value] : *left.members()) {
      const Value* same = right.find(name);
      if (name != "members" && (same == nullptr || !(*same == value))) names.insert(name);
    }
  };
  if (before.members() != nullptr && after.members() != nullptr) compare(before, after), compare(after, before);
  return {names.begin(), names.end()};
}

void write_ids(JsonWriter& json, std::string_view name, const std::vector<std::string>& ids) {
  if (ids.empty()) return;
  json.key(name).begin_array();
  for (std::size_t i = 0; i < std::min(ids.size(), kIdsToldMax); ++i) json.value(ids[i]);
  json.end_array().member(std::string(name) + "_count", ids.size());
}

void tell(DirectoryChange& change, std::string_view kind, const std::vector<std::string>& changed,
          const std::string& by) {
  JsonWriter json;
  json.begin_object().member("by", by);
  if (!changed.empty()) {
    json.key("changed").begin_array();
    for (const std::string& name : changed) json.value(name);
    json.end_array();
  }
  json.member("id", change.entry.id);
  write_ids(json, "members_added", change.members_added);
  write_ids(json, "members_removed", change.members_removed);
  json.member("name", change.entry.name).end_object();
  change.kind = kind;
  change.detail = json.take();
}

std::string_view kind_of(const DirectoryEntry* before, const DirectoryEntry& after) {
  const bool group = after.kind == EntryKind::kGroup;
  if (before == nullptr) return group ? "identity.group_provisioned" : "identity.provisioned";
  if (group) return "identity.group_changed";
  if (before->active == after.active) return "identity.changed";
  return after.active ? "identity.reactivated" : "identity.deactivated";
}

std::optional<Problem> problem_of(Result<ChangeOutcome> outcome, const ResourceType& type) {
  if (!outcome) return unavailable(outcome.error());
  const bool person = type.kind == EntryKind::kPerson;
  switch (*outcome) {
    case ChangeOutcome::kDone: return std::nullopt;
    case ChangeOutcome::kNameTaken:
      return Problem{409, "uniqueness",
                     person ? "there is somebody of that userName, in some case of its letters, already"
                            : "there is a group of that displayName, in some case of its letters, already"};
    case ChangeOutcome::kChangedMeanwhile: return Problem{412, "", std::string(kChangedMeanwhile)};
    case ChangeOutcome::kNoSuchMember:
      return Problem{400, "invalidValue", "members: one of them is no user and no group here"};
  }
  return std::nullopt;
}

}  // namespace

Problem unavailable(const Error& error) {
  log_error("the directory cannot be read or written", {{"why", error.message}});
  return {503, "", "The directory cannot be read or written at the moment; try again."};
}

bool is_changed_meanwhile(const Problem& problem) {
  return problem.status == 412 && problem.detail == kChangedMeanwhile;
}

// ---- Reading ----

bool Projection::wants(std::string_view attribute) const {
  const auto about = [&](const Path& path) { return is_about(path, attribute); };
  if (!only.empty()) return std::any_of(only.begin(), only.end(), about);
  return std::none_of(without.begin(), without.end(),
                      [&](const Path& path) { return about(path) && path.part == nullptr; });
}

Value Projection::applied(Value resource) const {
  if (only.empty() && without.empty()) return resource;
  Value kept;
  for (auto& [name, value] : *resource.members()) {
    const bool always = name == "schemas" || name == "id";
    if (always || wants(name)) kept.set(name, std::move(value));
  }
  for (auto& [name, value] : *kept.members()) {
    const auto keep_part = [&, attribute = std::string_view(name)](std::string_view part) {
      const auto names = [&](const Path& path) {
        return is_about(path, attribute) && (path.part == nullptr || path.part->name == part);
      };
      if (!only.empty()) return std::any_of(only.begin(), only.end(), names);
      return std::none_of(without.begin(), without.end(), names);
    };
    if (name == "schemas" || name == "id") continue;
    const auto trim_parts = [&](Value& item) {
      if (Value::Members* parts = item.members()) {
        std::erase_if(*parts, [&](const auto& part) { return !keep_part(part.first); });
      }
    };
    trim_parts(value);
    if (Value::List* list = value.list()) std::for_each(list->begin(), list->end(), trim_parts);
  }
  return kept;
}

Projection read_projection(const ResourceType& type, std::string_view attributes, std::string_view excluded) {
  Projection projection;
  const auto read = [&type](std::string_view names, std::vector<Path>& into) {
    for (const std::string_view name : split(names, ',')) {
      auto path = parse_path(type, trim(name));
      if (auto* known = std::get_if<Path>(&path); known != nullptr && into.size() < 100) into.push_back(*known);
    }
  };
  if (!attributes.empty()) read(attributes, projection.only);
  // Names that are all unknown still ask for next to nothing.
  if (!attributes.empty() && projection.only.empty()) projection.only.push_back({&type.attributes.front()});
  if (attributes.empty()) read(excluded, projection.without);
  return projection;
}

std::string etag_of(const DirectoryEntry& entry) { return "W/\"" + std::to_string(entry.version) + "\""; }

std::string location_of(const ResourceType& type, const DirectoryEntry& entry, const std::string& base) {
  return base + std::string(type.endpoint) + "/" + entry.id;
}

Result<Value> resource_of(DirectoryStore& store, const ResourceType& type, const DirectoryEntry& entry,
                          const std::string& base, const Projection& projection) {
  auto attributes = document_of(entry);
  if (!attributes) return attributes;
  Value::List schemas{Value(type.schema)};
  if (attributes->find(kEnterpriseSchema) != nullptr) schemas.emplace_back(kEnterpriseSchema);
  Value resource;
  resource.set("schemas", Value(std::move(schemas)));
  resource.set("id", Value(entry.id));
  for (auto& [name, value] : *attributes->members()) resource.set(name, std::move(value));
  const bool person = type.kind == EntryKind::kPerson;
  const std::string_view linked = person ? "groups" : "members";
  if (projection.wants(linked)) {
    const auto links = person ? store.groups_of(entry.id) : store.members_of(entry.id);
    if (!links) return links.error();
    if (!links->empty()) resource.set(linked, links_as_values(*links, base, !person));
  }
  resource.set("meta", meta_of(type, entry, base));
  return projection.applied(std::move(resource));
}

Result<Value> attributes_of(DirectoryStore& store, const ResourceType& type, const DirectoryEntry& entry) {
  auto attributes = document_of(entry);
  if (!attributes || type.kind == EntryKind::kPerson) return attributes;
  const auto members = store.members_of(entry.id);
  if (!members) return members.error();
  Value::List list;
  for (const DirectoryLink& member : *members) {
    Value value;
    value.set("value", Value(member.id));
    list.push_back(std::move(value));
  }
  if (!list.empty()) attributes->set("members", Value(std::move(list)));
  return attributes;
}

// ---- Writing ----

OrProblem<DirectoryEntry> Writer::write(const ResourceType& type, const DirectoryEntry* before,
                                        Value attributes) const {
  DirectoryChange change;
  DirectoryEntry& entry = change.entry;
  const bool person = type.kind == EntryKind::kPerson;
  const Instant now = clock.now();
  entry.id = before == nullptr ? make_id(person ? "usr" : "grp") : before->id;
  entry.version = before == nullptr ? 1 : before->version + 1;
  entry.created = before == nullptr ? now : before->created;
  entry.modified = before == nullptr ? now : std::max(now, before->modified + Duration(1));
  if (auto wrong = check_resource(type, attributes)) return *std::move(wrong);
  // A request that does not mention it must not bring back somebody who was deactivated.
  if (person && attributes.find("active") == nullptr)
    attributes.set("active", Value(before == nullptr || before->active));
  if (auto wrong = read_columns(type, attributes, entry)) return *std::move(wrong);
  std::set<std::string> members_before;
  Value known{Value::Members()};
  if (before != nullptr) {
    auto read = attributes_of(store, type, *before);
    if (!read) return unavailable(read.error());
    known = *std::move(read);
    members_before = member_ids(known);
    if (!work.spend(members_before.size())) return too_much_work();
  }
  const std::set<std::string> members = member_ids(attributes);
  std::set_difference(members.begin(), members.end(), members_before.begin(), members_before.end(),
                      std::back_inserter(change.members_added));
  std::set_difference(members_before.begin(), members_before.end(), members.begin(), members.end(),
                      std::back_inserter(change.members_removed));
  const std::vector<std::string> changed = changed_names(known, attributes);
  if (before != nullptr && changed.empty() && change.members_added.empty() && change.members_removed.empty()) {
    return *before;
  }
  if (auto wrong = refuse_rings(store, change)) return *std::move(wrong);
  attributes.remove("members");
  entry.document = attributes.to_json();
  for (const std::string& login : before == nullptr ? std::vector<std::string>() : before->logins) {
    const bool stays = std::find(entry.logins.begin(), entry.logins.end(), login) != entry.logins.end();
    if (!stays || (before->active && !entry.active)) change.cut_off.push_back(login);
  }
  tell(change, kind_of(before, entry), before == nullptr ? std::vector<std::string>() : changed, by);
  if (auto wrong = problem_of(store.change(change), type)) return *std::move(wrong);
  return entry;
}

std::optional<Problem> Writer::remove(const ResourceType& type, const DirectoryEntry& before) const {
  DirectoryChange change;
  change.entry = before;
  change.entry.version = before.version + 1;
  change.entry.modified = std::max(clock.now(), before.modified + Duration(1));
  change.removes = true;
  change.cut_off = before.logins;
  tell(change, type.kind == EntryKind::kPerson ? "identity.removed" : "identity.group_removed", {}, by);
  return problem_of(store.change(change), type);
}

}  // namespace reeve::identity::scim
