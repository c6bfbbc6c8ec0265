#include "identity_fill.h"

#include <cstdio>
#include <cstdlib>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/id.h"

namespace reeve::bench {

namespace {

constexpr std::size_t kGroupsOfEach = 5;

template <typename Value>
Value must(Result<Value> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "bench: %s\n", result.error().message.c_str());
  std::exit(1);
}
void must(Result<void> result) {
  if (result) return;
  std::fprintf(stderr, "bench: %s\n", result.error().message.c_str());
  std::exit(1);
}

std::string numbered(const char* pattern, std::size_t number) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, number);
  return text;
}

identity::DirectoryEntry entry(identity::EntryKind kind, std::string id, std::string name, Instant now) {
  identity::DirectoryEntry made;
  made.id = std::move(id);
  made.kind = kind;
  made.name = std::move(name);
  made.folded_name = identity::fold_name(made.name);
  made.created = made.modified = now;
  return made;
}

void put(store::Store& store, identity::DirectoryChange change) {
  change.kind = "identity.directory_changed";
  change.detail = "{}";
  if (must(store.directory().change(change)) == identity::ChangeOutcome::kDone) return;
  std::fprintf(stderr, "bench: the directory does not take %s\n", change.entry.name.c_str());
  std::exit(1);
}

void fill_directory(store::Store& store, const IdentitySize& size, Instant now) {
  for (std::size_t i = 0; i < size.people; ++i) {
    identity::DirectoryChange change;
    change.entry = entry(identity::EntryKind::kPerson, numbered("usr_%022zu", i), person_of(i), now);
    change.entry.logins = {change.entry.folded_name, numbered("p%zu@mail.example.com", i)};
    change.entry.team = numbered("team-%zu", i % 500);
    put(store, std::move(change));
  }
  for (std::size_t i = 0; i < size.groups; ++i) {
    identity::DirectoryChange change;
    change.entry = entry(identity::EntryKind::kGroup, numbered("grp_%022zu", i), numbered("group-%05zu", i), now);
    const std::size_t each = size.people * kGroupsOfEach / size.groups;
    for (std::size_t k = 0; k < each; ++k) {
      change.members_added.push_back(numbered("usr_%022zu", (i * 7'919 + k * 104'729) % size.people));
    }
    put(store, std::move(change));
  }
}

std::vector<std::string> fill_keys(store::Store& store, const IdentitySize& size, Instant now) {
  std::vector<std::string> secrets;
  const std::size_t every = std::max<std::size_t>(1, size.keys / size.samples);
  for (std::size_t i = 0; i < size.keys; ++i) {
    identity::KeyRequest request;
    request.owner = person_of(i % size.people);
    request.team = numbered("team-%zu", i % 500);
    request.groups = {numbered("group-%05zu", i % 200), "developers"};
    if (i % 3 == 0) request.scopes = {"models:claude-*"};
    request.time_to_live = std::chrono::hours(24 * 365);
    auto made = must(identity::create_key(store.keys(), request, now));
    if (i % every == 0 && secrets.size() < size.samples) secrets.push_back(std::move(made.secret));
  }
  return secrets;
}

}  // namespace

std::string person_of(std::size_t number) { return numbered("person-%05zu@example.com", number); }

std::vector<std::string> fill(store::Store& store, const IdentitySize& size) {
  const Instant now = system_clock().now();
  fill_directory(store, size, now);
  auto secrets = fill_keys(store, size, now);
  while (true) {
    const auto changes = must(store.unrecorded_key_changes());
    if (changes.empty()) break;
    must(store.key_changes_recorded(changes));
  }
  while (true) {
    const auto notes = must(store.unrecorded_notes());
    if (notes.empty()) break;
    must(store.notes_recorded(notes));
  }
  return secrets;
}

}  // namespace reeve::bench
