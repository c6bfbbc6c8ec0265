#include "identity/key_ring.h"

#include "core/log.h"
#include "identity/key_format.h"

namespace reeve::identity {

namespace {

// A store that fails is not asked again for each of a thousand requests a second.
constexpr Duration kRetryAfter = std::chrono::milliseconds(250);

AuthOutcome refused(AuthFailure failure, std::string message) { return {nullptr, failure, std::move(message)}; }

std::shared_ptr<const Principal> principal_of(VirtualKey key) {
  auto principal = std::make_shared<Principal>();
  principal->id = std::move(key.owner);
  principal->type = std::move(key.type);
  principal->team = std::move(key.team);
  principal->groups = std::move(key.groups);
  principal->scopes = std::move(key.scopes);
  principal->key_id = std::move(key.id);
  principal->expires = key.expires;
  principal->issued = key.created;
  return principal;
}

}  // namespace

bool KeyRing::bring_up_to_date() {
  // Read before the keys: a change in between makes the snapshot newer than its number, so it is only read once more.
  const std::uint64_t generation = store_->generation();
  if (generation_ == generation) return true;
  if (failed_at_ && clock_->steady() - *failed_at_ < kRetryAfter) return false;
  auto keys = store_->list();
  if (!keys) {
    log_error("virtual keys cannot be read", {{"error", keys.error().message}});
    failed_at_ = clock_->steady();
    generation_.reset();
    entries_.clear();
    return false;
  }
  entries_.clear();
  entries_.reserve(keys->size());
  for (VirtualKey& key : *keys) {
    const Sha256 hash = key.secret_hash;
    const std::optional<Instant> revoked = key.revoked;
    entries_.insert_or_assign(hash, Entry{principal_of(std::move(key)), revoked});
  }
  generation_ = generation;
  failed_at_.reset();
  return true;
}

AuthOutcome KeyRing::authenticate(std::string_view secret) {
  if (secret.size() != kSecretBytes) {
    return refused(AuthFailure::kMalformed,
                   "This Reeve key is damaged: a key starts with rv_ and has 46 characters. Check that it was copied "
                   "whole, without quotes or line breaks.");
  }
  if (!bring_up_to_date()) {
    return refused(AuthFailure::kUnavailable,
                   "Reeve cannot read its keys at the moment, so it cannot tell whose key this is. Try again shortly; "
                   "whoever runs Reeve finds the cause in its log.");
  }
  const auto found = entries_.find(sha256(secret));
  if (found == entries_.end()) {
    return refused(AuthFailure::kUnknown,
                   "Reeve does not know this key. Ask whoever runs Reeve for a new one (reeve key create).");
  }
  const Entry& entry = found->second;
  const std::string& id = entry.principal->key_id;
  if (entry.revoked) {
    return refused(AuthFailure::kRevoked, "The Reeve key " + id + " was revoked at " + format_time(*entry.revoked) +
                                              ". Ask whoever runs Reeve for a new one.");
  }
  if (entry.principal->expires && clock_->now() >= *entry.principal->expires) {
    return refused(AuthFailure::kExpired, "The Reeve key " + id + " expired at " +
                                              format_time(*entry.principal->expires) +
                                              ". Ask whoever runs Reeve for a new one (reeve key create).");
  }
  return {entry.principal, AuthFailure::kUnknown, {}};
}

}  // namespace reeve::identity
