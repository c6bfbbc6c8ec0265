// Keys: which of the provider's a call is sent with, and who takes it over where the provider refuses one.

#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"
#include "core/log.h"
#include "gateway/model_call.h"

namespace reeve::gateway {

namespace {

/// So many keys one call tries: each attempt is a record and a wait of its own.
constexpr std::size_t kKeysMax = 4;

bool is_about_the_key(int status) { return status == 401 || status == 403 || status == 429; }

std::string_view reason_of(int status) { return status == 429 ? "key_rate_limited" : "key_refused"; }

}  // namespace

std::uint64_t ModelCall::session_hash() const {
  const std::uint64_t person = hash_text(principal_->id);
  return hash_text(hints_.session_id.empty() ? std::string_view(principal_->key_id) : hints_.session_id, person);
}

void ModelCall::stay_with_provider() {
  if (worker_.session_places == nullptr || hints_.session_id.empty() || model_->providers.size() < 2) return;
  const auto place = worker_.session_places->find(hash_text(model_->pattern, session_hash()));
  if (!place) return;
  for (const std::size_t index : model_->providers) {
    const Provider& provider = settings_->providers[index];
    if (*place != hash_text(provider.name) || !provider.speaks(route_.dialect)) continue;
    if (has_key_that_serves(provider, worker_.clock.steady())) provider_ = &provider;
    return;
  }
}

void ModelCall::take_key() {
  const std::vector<ProviderKey>& keys = provider_->keys;
  const auto is_current = [this](const ProviderKey& key) { return &key == key_attempt_.key(); };
  // The one that takes over, or the same again where nobody had read what was sent.
  if (key_attempt_.is_open() && std::any_of(keys.begin(), keys.end(), is_current)) return;
  // Most providers have one key, and nothing to choose.
  const std::uint64_t session = keys.size() > 1 ? session_hash() : 0;
  std::optional<std::uint64_t> place;
  if (worker_.session_places != nullptr && !hints_.session_id.empty() && keys.size() > 1) {
    place = worker_.session_places->find(hash_text(provider_->name, session));
  }
  begin_attempt(choose_key(*provider_, session, place, keys_tried_, worker_.clock.steady()));
}

void ModelCall::begin_attempt(ChosenKey chosen) {
  key_attempt_.begin(chosen);
  key_detail_.clear();
  if (chosen.key == nullptr || chosen.key->name.empty()) return;
  JsonWriter json;
  json.begin_object().member("key", chosen.key->name).end_object();
  key_detail_ = json.take();
}

bool ModelCall::goes_to_next_key(const net::ClientResponse& response) {
  const ProviderKey* const key = key_attempt_.key();
  const int status = response.status();
  if (key == nullptr) {
    remember_place(status);
    return false;
  }
  const Instant now = worker_.clock.now();
  const net::Headers& headers = response.headers();
  const auto rest = status == 429 ? said_rest(headers.get("retry-after-ms"), headers.get("retry-after"), now)
                                  : std::optional<Duration>();
  const bool changed = key_attempt_.answered(status, rest, worker_.clock.steady(), now);
  if (changed && status == 403) {
    keys_forbidden_.push_back(key);
  } else if (changed) {
    tell_of_key(*key, status == 401, status);
  }
  if (!is_about_the_key(status)) {
    settle_forbidden_keys(/*another_was_taken=*/status < 500);
    remember_place(status);
    return false;
  }
  keys_tried_.push_back(key);
  ChosenKey next;
  if (!client_gone_ && cut() == nullptr && keys_tried_.size() < kKeysMax) {
    next = choose_key(*provider_, session_hash(), std::nullopt, keys_tried_, worker_.clock.steady());
  }
  if (next.key == nullptr) {
    settle_forbidden_keys(false);
    return false;
  }
  log_info("another key of the provider takes a call",
           {{"provider", provider_->name}, {"request_id", request_id_}, {"key", next.key->name}, {"status", status}});
  record_outcome({}, "upstream_error", reason_of(status), status, false);
  begin_attempt(next);
  return true;
}

/// A 403 may be about the key or about what was asked: it counts against a key when another one was taken for the same
/// call.
void ModelCall::settle_forbidden_keys(bool another_was_taken) {
  for (const ProviderKey* key : std::exchange(keys_forbidden_, {})) {
    if (another_was_taken) {
      tell_of_key(*key, true, 403);
    } else {
      key->health->take_back();
    }
  }
}

void ModelCall::tell_of_key(const ProviderKey& key, bool set_aside, int status) const {
  const Instant now = worker_.clock.now();
  const std::string name = key.name.empty() ? "default" : key.name;
  std::string sentence = "The key '" + name + "' of the provider '" + provider_->name + "' ";
  if (set_aside) {
    sentence += "is refused (" + std::to_string(status) + ") and set aside; ";
    sentence += has_key_that_serves(*provider_, worker_.clock.steady())
                    ? "its other keys take its calls."
                    : "no other key of it serves, so calls to it fail.";
    log_error("a provider refuses a key", {{"provider", provider_->name}, {"key", name}, {"status", status}});
  } else {
    sentence += "is taken again.";
    log_info("a provider takes a key again", {{"provider", provider_->name}, {"key", name}});
  }
  if (!worker_.tell) return;
  Notice notice;
  notice.kind = set_aside ? "provider.key_set_aside" : "provider.key_restored";
  notice.time = now;
  notice.key = "provider-key:" + to_hex(std::string_view(provider_->name + "." + name)) + ":" +
               (set_aside ? "aside:" : "restored:") + std::to_string(now.nanoseconds);
  JsonWriter json;
  json.begin_object().member("key", name).member("provider", provider_->name).member("sentence", sentence);
  if (set_aside) json.member("status", status);
  notice.detail = json.end_object().take();
  worker_.tell(std::move(notice));
}

void ModelCall::remember_place(int status) {
  if (worker_.session_places == nullptr || hints_.session_id.empty() || status < 200 || status >= 300) return;
  if (provider_->keys.size() < 2 && model_->providers.size() < 2) return;
  const std::uint64_t session = session_hash();
  if (provider_->keys.size() > 1 && key_attempt_.key() != nullptr) {
    worker_.session_places->remember(hash_text(provider_->name, session),
                                     place_of_key(*provider_, *key_attempt_.key()));
  }
  if (model_->providers.size() > 1) {
    worker_.session_places->remember(hash_text(model_->pattern, session), hash_text(provider_->name));
  }
}

}  // namespace reeve::gateway
