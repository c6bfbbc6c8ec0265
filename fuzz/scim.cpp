// What an identity provider, or whoever has its key, sends to the directory: filters, paths, queries, bodies of PATCH,
// of bulk and of whole resources, against a directory with a few people and groups. The first byte says which. Crashes
// and hangs are findings; so are an answer that is no JSON, a name in the directory that may not be one, a group that
// holds itself, and a bulk that makes somebody anew whose name is taken.

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/check.h"
#include "core/json.h"
#include "identity/identity.h"
#include "identity/scim/filter.h"
#include "identity/scim/patch.h"
#include "identity/scim/service.h"

namespace reeve::identity::scim {
namespace {

/// A directory whose ids are the same in every run, so that a kept input means what it did.
struct House {
  ManualClock clock{from_unix_seconds(1'700'000'000)};
  std::unique_ptr<DirectoryStore> store = make_memory_directory();
  Scim service{*store, clock};

  House() {
    put("usr_1", EntryKind::kPerson, "ada@example.com", {});
    put("usr_2", EntryKind::kPerson, "bob", {});
    put("grp_1", EntryKind::kGroup, "inner", {"usr_1", "usr_2"});
    put("grp_2", EntryKind::kGroup, "outer", {"grp_1"});
  }
  void put(const std::string& id, EntryKind kind, const std::string& name, std::vector<std::string> members) {
    DirectoryChange change;
    DirectoryEntry& entry = change.entry;
    entry.id = id;
    entry.kind = kind;
    entry.name = name;
    entry.folded_name = fold_name(name);
    if (kind == EntryKind::kPerson) entry.logins = {fold_case(name)};
    entry.created = entry.modified = clock.now();
    entry.document = kind == EntryKind::kPerson
                         ? R"({"userName":")" + name +
                               R"(","active":true,"emails":[{"value":"a@example.com","type":"work","primary":true},)"
                               R"({"value":"b@example.com","type":"home"}],"name":{"givenName":"Ada"}})"
                         : R"({"displayName":")" + name + "\"}";
    change.members_added = std::move(members);
    change.kind = "identity.provisioned";
    CHECK(store->change(change).value() == ChangeOutcome::kDone);
  }
  ScimAnswer ask(net::Method method, std::string path, std::string_view query, std::string_view body) {
    ScimRequest request;
    request.method = method;
    request.path = std::move(path);
    request.query = query;
    request.body = body;
    request.by = "idp";
    request.base = "https://reeve.example.com/scim/v2";
    clock.advance(std::chrono::milliseconds(1));
    const ScimAnswer answer = service.answer(request);
    CHECK(answer.status >= 200 && answer.status < 600);
    CHECK(answer.body.empty() || JsonDocument::parse(answer.body).ok());
    CHECK(answer.etag.find_first_of("\r\n") == std::string::npos);
    CHECK(answer.location.find_first_of("\r\n") == std::string::npos);
    return answer;
  }

  void check_names(EntryKind kind) {
    DirectoryQuery query;
    query.kind = kind;
    query.limit = 10'000;
    std::set<std::string> taken;
    const DirectoryPage page = store->find(query).value();
    for (const DirectoryEntry& entry : page.entries) {
      CHECK(check_directory_name(entry.name).ok());
      CHECK(taken.insert(entry.folded_name).second);
      CHECK(JsonDocument::parse(entry.document).ok());
      if (kind == EntryKind::kGroup) check_no_ring(entry.id);
    }
  }
  void check_no_ring(const std::string& group) {
    std::set<std::string> reached;
    std::vector<std::string> waiting{group};
    while (!waiting.empty()) {
      const auto holders = store->groups_of(waiting.back()).value();
      waiting.pop_back();
      for (const DirectoryLink& holder : holders) {
        CHECK(holder.id != group);
        if (reached.insert(holder.id).second) waiting.push_back(holder.id);
      }
    }
  }
};

const Value& sample_user() {
  static const Value user = value_of(
      JsonDocument::parse(R"({"userName":"ada","active":true,"emails":[{"value":"a","type":"work","primary":true},)"
                          R"({"value":"b"}],"name":{"givenName":"Ada"},"meta":{"created":"2026-01-01T00:00:00Z"}})")
          ->root());
  return user;
}

void try_filter(std::string_view text) {
  for (const ResourceType* type : {&user_type(), &group_type()}) {
    const auto parsed = parse_filter(*type, text);
    const auto* filter = std::get_if<Filter>(&parsed);
    if (filter == nullptr) continue;
    CHECK(count_terms(*filter) >= 1 && count_terms(*filter) <= kFilterTermsMax);
    static_cast<void>(matches(*filter, sample_user()));
    static_cast<void>(required_text(*filter, "userName"));
    static_cast<void>(value_that_matches(*filter));
  }
}

void try_path(std::string_view text) {
  for (const ResourceType* type : {&user_type(), &group_type()}) {
    const auto parsed = parse_path(*type, text);
    const auto* path = std::get_if<Path>(&parsed);
    if (path == nullptr) continue;
    CHECK(path->attribute != nullptr);
    static_cast<void>(values_at(*path, sample_user()));
  }
}

/// Names are compared without case, and that once is as good as twice.
void try_name(std::string_view text) {
  const std::string folded = fold_name(text);
  CHECK(fold_name(folded) == folded);
  const std::string cased = fold_case(text);
  CHECK(fold_case(cased) == cased);
  CHECK(fold_name(cased) == folded);
  if (is_utf8(text)) CHECK(is_utf8(folded) && is_utf8(cased));
}

}  // namespace
}  // namespace reeve::identity::scim

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reeve::identity::scim;  // NOLINT: the entry point has a fixed name outside of it
  using reeve::net::Method;
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'f': try_filter(rest); return 0;
    case 'p': try_path(rest); return 0;
    case 'n': try_name(rest); return 0;
    default: break;
  }
  House house;
  switch (data[0]) {
    case 'q': house.ask(Method::kGet, "/Users", rest, ""); break;
    case 's': house.ask(Method::kPost, "/Groups/.search", "", rest); break;
    case 'u': house.ask(Method::kPatch, "/Users/usr_1", "", rest); break;
    case 'g': house.ask(Method::kPatch, "/Groups/grp_1", "", rest); break;
    case 'w': house.ask(Method::kPut, "/Users/usr_1", "", rest); break;
    case 'c': house.ask(Method::kPost, "/Users", "", rest); break;
    case 'x': house.ask(Method::kGet, std::string(rest), "", ""); break;
    default: house.ask(Method::kPost, "/Bulk", "", rest); break;
  }
  house.check_names(reeve::identity::EntryKind::kPerson);
  house.check_names(reeve::identity::EntryKind::kGroup);
  return 0;
}
