#include "identity/key_ring.h"

#include "identity/key_format.h"

namespace reeve::identity {

namespace {

AuthOutcome refused(AuthFailure failure, std::string message) { return {nullptr, failure, std::move(message)}; }

}  // namespace

/// Null: there is no such key.
const KeyRing::Remembered* KeyRing::look_up(const Sha256& hash) {
  // Before the answer: a change in between makes it look again too early, never too late.
  const std::uint64_t version = table_->version();
  const Remembered* known = remembered_.find(hash);
  if (known != nullptr && known->version == version) return known;
  KeyTable::Found found = table_->find(hash, known == nullptr ? 0 : known->stamp);
  if (found.stamp == 0) {
    if (known != nullptr) remembered_.erase(hash);
    return nullptr;
  }
  if (!found.principal) found.principal = known->principal;
  remembered_.put(hash, {std::move(found.principal), version, found.stamp, found.revoked});
  return remembered_.find(hash);
}

AuthOutcome KeyRing::authenticate(std::string_view secret) {
  if (secret.size() != kSecretBytes) {
    return refused(AuthFailure::kMalformed,
                   "This Reeve key is damaged: a key starts with rv_ and has 46 characters. Check that it was copied "
                   "whole, without quotes or line breaks.");
  }
  if (!table_->serves_now()) {
    return refused(AuthFailure::kUnavailable,
                   "Reeve cannot read its keys at the moment, so it cannot tell whose key this is. Try again shortly; "
                   "whoever runs Reeve finds the cause in its log.");
  }
  const Remembered* key = look_up(sha256(secret));
  if (key == nullptr) {
    return refused(AuthFailure::kUnknown,
                   "Reeve does not know this key. Ask whoever runs Reeve for a new one (reeve key create).");
  }
  const std::string& id = key->principal->key_id;
  if (key->revoked) {
    return refused(AuthFailure::kRevoked, "The Reeve key " + id + " was revoked at " + format_time(*key->revoked) +
                                              ". Ask whoever runs Reeve for a new one.");
  }
  if (key->principal->expires && table_->clock().now() >= *key->principal->expires) {
    return refused(AuthFailure::kExpired, "The Reeve key " + id + " expired at " +
                                              format_time(*key->principal->expires) +
                                              ". Ask whoever runs Reeve for a new one (reeve key create).");
  }
  return {key->principal, AuthFailure::kUnknown, {}};
}

}  // namespace reeve::identity
