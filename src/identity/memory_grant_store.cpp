#include <algorithm>
#include <atomic>

#include "core/bytes.h"
#include "identity/identity.h"

namespace reeve::identity {

namespace {

class MemoryGrantStore final : public GrantStore {
 public:
  explicit MemoryGrantStore(std::function<void(std::string_view, const std::string&)> note) : note_(std::move(note)) {}

  Result<void> apply(const GrantChange& change) override {
    const std::lock_guard lock(mutex_);
    const Error conflict{ErrorCode::kConflict, "somebody else changed this first"};
    for (const Grant& grant : change.inserted) {
      if (grants_.contains({grant.kind, grant.hash})) return conflict;
    }
    for (const Grant& grant : change.replaced) {
      const auto found = grants_.find({grant.kind, grant.hash});
      if (found == grants_.end() || found->second.version + 1 != grant.version) return conflict;
    }
    if (change.begun && sessions_.contains(change.begun->id)) return conflict;
    for (const Grant& grant : change.inserted) grants_[{grant.kind, grant.hash}] = grant;
    for (const Grant& grant : change.replaced) grants_[{grant.kind, grant.hash}] = grant;
    if (change.begun) sessions_[change.begun->id] = *change.begun;
    return {};
  }

  Result<std::optional<Grant>> find(GrantKind kind, const Sha256& hash) override {
    const std::lock_guard lock(mutex_);
    const auto found = grants_.find({kind, hash});
    return found == grants_.end() ? std::optional<Grant>() : std::optional(found->second);
  }

  Result<std::optional<SignInSession>> session(std::string_view id) override {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? std::optional<SignInSession>() : std::optional(found->second);
  }

  Result<std::vector<SignInSession>> sessions(std::string_view person) override {
    const std::lock_guard lock(mutex_);
    std::vector<SignInSession> list;
    for (const auto& [id, session] : sessions_) {
      if (person.empty() || fold_case(session.person) == fold_case(person)) list.push_back(session);
    }
    std::sort(list.begin(), list.end(), [](const SignInSession& left, const SignInSession& right) {
      return std::tie(left.created, left.id) > std::tie(right.created, right.id);
    });
    if (list.size() > 1000) list.resize(1000);
    return list;
  }

  Result<bool> end_session(std::string_view id, const SignInEnd& end) override {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(id);
    if (found == sessions_.end() || found->second.ended) return false;
    finish(found->second, end);
    return true;
  }

  Result<std::vector<std::string>> end_sessions_of(std::string_view person, const SignInEnd& end) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> ids;
    for (auto& [id, session] : sessions_) {
      if (session.ended || fold_case(session.person) != fold_case(person)) continue;
      finish(session, end);
      ids.push_back(id);
    }
    return ids;
  }

  Result<std::vector<std::string>> ended_since(Instant since) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> ids;
    for (const auto& [id, session] : sessions_) {
      if (session.ended && *session.ended >= since) ids.push_back(id);
    }
    return ids;
  }

  Result<void> publish_key(const TokenKey& key) override {
    const std::lock_guard lock(mutex_);
    keys_[key.id] = key;
    ++generation_;
    return {};
  }

  Result<std::vector<TokenKey>> keys() override {
    const std::lock_guard lock(mutex_);
    std::vector<TokenKey> list;
    list.reserve(keys_.size());
    for (const auto& [id, key] : keys_) list.push_back(key);
    return list;
  }

  Result<void> forget_expired(Instant before) override {
    const std::lock_guard lock(mutex_);
    std::erase_if(grants_, [&](const auto& entry) { return entry.second.expires < before; });
    std::erase_if(sessions_, [&](const auto& entry) { return entry.second.expires < before; });
    if (std::erase_if(keys_, [&](const auto& entry) { return entry.second.retired < before; }) > 0) ++generation_;
    return {};
  }

  std::uint64_t generation() const override { return generation_.load(); }

 private:
  void finish(SignInSession& session, const SignInEnd& end) {
    session.ended = end.when;
    session.why = end.why;
    if (note_) note_(kSignInEndedKind, sign_in_ended_detail(session.id, session.person, end));
    ++generation_;
  }

  const std::function<void(std::string_view, const std::string&)> note_;

  std::mutex mutex_;
  std::map<std::pair<GrantKind, Sha256>, Grant> grants_;
  std::map<std::string, SignInSession, std::less<>> sessions_;
  std::map<std::string, TokenKey> keys_;
  std::atomic<std::uint64_t> generation_{1};
};

}  // namespace

std::unique_ptr<GrantStore> make_memory_grant_store(
    std::function<void(std::string_view kind, const std::string& detail)> note) {
  return std::make_unique<MemoryGrantStore>(std::move(note));
}

}  // namespace reeve::identity
