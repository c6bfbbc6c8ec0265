#include <algorithm>
#include <array>
#include <mutex>
#include <tuple>

#include "core/bytes.h"
#include "core/id.h"
#include "identity/identity.h"
#include "identity/key_format.h"
#include "identity/names.h"

namespace reeve::identity {

namespace {

constexpr std::array<std::string_view, 3> kTypes = {"person", "agent", "service"};
// Each kind here is one that some room asks Principal::in_scope about. A scope of any other kind would look like a
// restriction and be none.
constexpr std::array<std::string_view, 5> kScopeKinds = {"models", "operations", "control", "ledger", "scim"};
/// What model.operation can be; src/gateway asks by these names.
constexpr std::array<std::string_view, 4> kOperations = {"chat", "count_tokens", "embeddings", "list_models"};
constexpr std::size_t kScopesMax = 100;
constexpr std::size_t kNoteBytesMax = 500;
constexpr Duration kTimeToLiveMax = std::chrono::hours(24) * 365 * 100;

Error invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

Result<void> check_scope(std::string_view scope) {
  const std::size_t colon = scope.find(':');
  const std::string_view kind = scope.substr(0, std::min(colon, scope.size()));
  if (std::find(kScopeKinds.begin(), kScopeKinds.end(), kind) == kScopeKinds.end() || colon == std::string_view::npos ||
      !is_name(scope.substr(colon + 1))) {
    return invalid(
        "the scope \"" + printable(scope) +
        "\" is not one that is checked; write models:PATTERN, operations:PATTERN, control:read, control:write, "
        "control:kill, control:agents, ledger:read, scim:read or scim:write");
  }
  const std::string_view pattern = scope.substr(colon + 1);
  if (kind == "operations" && std::none_of(kOperations.begin(), kOperations.end(), [&](std::string_view operation) {
        return glob_match(pattern, operation);
      })) {
    return invalid("the scope \"" + printable(scope) +
                   "\" names no operation; there are chat, count_tokens, embeddings and list_models");
  }
  return {};
}

Result<void> check_request(const KeyRequest& request) {
  if (request.owner.empty()) return invalid("a key needs an owner: the e-mail address of the person it belongs to");
  if (!is_name(request.owner)) return invalid("the owner must be a short line of text without blanks around it");
  if (std::find(kTypes.begin(), kTypes.end(), request.type) == kTypes.end()) {
    return invalid("the type \"" + printable(request.type) + "\" is not one of person, agent, service");
  }
  if (request.owner.starts_with(kAgentPrefix) && request.type != "agent") {
    return invalid("only a key of type agent belongs to a registered agent");
  }
  if (!request.team.empty() && !is_name(request.team)) {
    return invalid("the team must be a short line of text without blanks around it");
  }
  if (request.groups.size() > kGroupsMax) return invalid("a key can have at most 1000 groups");
  for (const std::string& group : request.groups) {
    if (!is_name(group)) return invalid("a group must be a short line of text without blanks around it");
  }
  if (request.scopes.size() > kScopesMax) return invalid("a key can have at most 100 scopes");
  for (const std::string& scope : request.scopes) {
    if (auto checked = check_scope(scope); !checked) return checked;
  }
  if (request.note.size() > kNoteBytesMax || !is_utf8(request.note)) {
    return invalid("the note must be text of at most 500 bytes");
  }
  if (request.time_to_live && (*request.time_to_live <= Duration::zero() || *request.time_to_live > kTimeToLiveMax)) {
    return invalid("the time to live must be longer than nothing and at most 100 years");
  }
  return {};
}

class MemoryKeyStore final : public KeyStore {
 public:
  Result<void> insert(const VirtualKey& key) override {
    const std::lock_guard lock(mutex_);
    for (const VirtualKey& other : keys_) {
      if (other.id == key.id || other.secret_hash == key.secret_hash) {
        return Error{ErrorCode::kConflict, "there is already a key " + key.id + " or one with the same secret"};
      }
    }
    keys_.push_back(key);
    changed_at_.push_back(generation_.fetch_add(1, std::memory_order_release) + 1);
    return {};
  }

  Result<std::vector<VirtualKey>> list() override {
    const std::lock_guard lock(mutex_);
    std::vector<VirtualKey> keys = keys_;
    std::sort(keys.begin(), keys.end(), [](const VirtualKey& left, const VirtualKey& right) {
      return std::tie(left.created, left.id) < std::tie(right.created, right.id);
    });
    return keys;
  }

  Result<void> revoke(std::string_view id, Instant when) override {
    const std::lock_guard lock(mutex_);
    const auto key = std::find_if(keys_.begin(), keys_.end(), [&](const VirtualKey& k) { return k.id == id; });
    if (key == keys_.end()) return Error{ErrorCode::kNotFound, "there is no key " + printable(id)};
    if (!key->revoked) {
      key->revoked = when;
      const auto position = static_cast<std::size_t>(key - keys_.begin());
      changed_at_[position] = generation_.fetch_add(1, std::memory_order_release) + 1;
    }
    return {};
  }

  Result<std::uint64_t> read_changes(std::uint64_t since, KeyReader& reader) override {
    const std::lock_guard lock(mutex_);
    // Of another storage than this.
    if (since > generation_.load()) since = 0;
    if (since == 0) reader.forget_all();
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (changed_at_[i] <= since) continue;
      const VirtualKey& key = keys_[i];
      const std::string groups = names_to_json(key.groups);
      const std::string scopes = names_to_json(key.scopes);
      const auto taken = reader.key({key.id, key.owner, key.team, key.type, key.secret_hash, groups, scopes,
                                     key.created, key.expires, key.revoked});
      if (!taken) return taken.error();
    }
    return generation_.load();
  }

  std::uint64_t generation() const override { return generation_.load(std::memory_order_acquire); }

 private:
  std::mutex mutex_;
  std::vector<VirtualKey> keys_;
  std::vector<std::uint64_t> changed_at_;  // of each key, the generation then
  std::atomic<std::uint64_t> generation_{1};
};

}  // namespace

Result<NewKey> create_key(KeyStore& store, const KeyRequest& request, Instant now) {
  if (is_reserved_name(request.owner)) {
    return invalid("the owner \"" + printable(request.owner) +
                   "\" is kept for the key that a break-glass code opens: reeve break-glass open");
  }
  return make_key(store, request, now);
}

Result<NewKey> make_key(KeyStore& store, const KeyRequest& request, Instant now) {
  if (auto checked = check_request(request); !checked) return std::move(checked).error();
  NewKey made;
  made.secret = std::string(kSecretPrefix) + to_base64url(random_bytes(kSecretRandomBytes));
  VirtualKey& key = made.key;
  key.id = make_id("key");
  key.secret_hash = sha256(made.secret);
  key.hint = made.secret.substr(0, 6) + "…" + made.secret.substr(made.secret.size() - 2);
  key.owner = person_name(request.owner);
  key.team = request.team;
  key.type = request.type;
  key.groups = request.groups;
  key.scopes = request.scopes;
  sort_unique(key.groups);
  sort_unique(key.scopes);
  key.created = now;
  if (request.time_to_live) key.expires = now + *request.time_to_live;
  key.note = request.note;
  if (auto stored = store.insert(key); !stored) return with_context(std::move(stored).error(), "storing the key");
  return made;
}

std::unique_ptr<KeyStore> make_memory_key_store() { return std::make_unique<MemoryKeyStore>(); }

}  // namespace reeve::identity
