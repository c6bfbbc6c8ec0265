#include "gateway/provider_keys.h"

#include <algorithm>
#include <cmath>
#include <ctime>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/json.h"
#include "gateway/gateway.h"

namespace reeve::gateway {

namespace {

bool serves(const ProviderKey& key, Moment now) {
  return !key.health || key.health->view(now).state == KeyState::kServes;
}

/// Of two keys the one with the smaller is taken: an exponential variable with the key's weight as its rate, so that
/// each gets its share of sessions, and one that goes takes only its own sessions with it.
double draw(std::uint64_t session, const Provider& provider, const ProviderKey& key) {
  const std::uint64_t mixed = mix_hash(session ^ place_of_key(provider, key));
  const double uniform = (static_cast<double>(mixed >> 11U) + 0.5) / 9007199254740992.0;  // 2^53: never 0, never 1
  return -std::log(uniform) / key.weight;
}

bool is_among(std::span<const ProviderKey* const> keys, const ProviderKey& key) {
  return std::find(keys.begin(), keys.end(), &key) != keys.end();
}

}  // namespace

std::string_view key_state_name(KeyState state) {
  switch (state) {
    case KeyState::kServes: return "serves";
    case KeyState::kRests: return "rests";
    case KeyState::kSetAside: return "set_aside";
  }
  return "";
}

// ---- Health ----

std::optional<KeyUse> KeyHealth::take(Moment now) {
  if (serves_.load(std::memory_order_acquire)) return KeyUse::kOrdinary;
  const std::lock_guard lock(mutex_);
  if (now < until_) return std::nullopt;
  if (state_ != KeyState::kSetAside) {
    state_ = KeyState::kServes;
    serves_.store(true, std::memory_order_release);
    return KeyUse::kOrdinary;
  }
  if (probing_) return std::nullopt;
  probing_ = true;
  return KeyUse::kProbe;
}

bool KeyHealth::set_aside(int status, Moment now, Instant wall) {
  const bool newly = state_ != KeyState::kSetAside;
  failures_ = std::min(newly ? 1 : failures_ + 1, 10);
  until_ = now + std::min<Duration>(kAsideFirst * (1 << (failures_ - 1)), kAsideMost);
  status_ = status;
  state_ = KeyState::kSetAside;
  serves_.store(false, std::memory_order_release);
  if (newly) since_ = wall;
  return newly;
}

bool KeyHealth::serve_again(Instant wall) {
  const bool was_aside = state_ == KeyState::kSetAside;
  state_ = KeyState::kServes;
  since_ = wall;
  failures_ = 0;
  serves_.store(true, std::memory_order_release);
  return was_aside;
}

bool KeyHealth::answered(KeyUse use, int status, std::optional<Duration> rest, Moment now, Instant wall) {
  attempts_.fetch_add(1, std::memory_order_relaxed);
  const bool refused = status == 401 || status == 403;
  if (refused) refused_.fetch_add(1, std::memory_order_relaxed);
  if (status == 429) limited_.fetch_add(1, std::memory_order_relaxed);
  if (!refused && status != 429 && use == KeyUse::kOrdinary) return false;
  const std::lock_guard lock(mutex_);
  if (use == KeyUse::kProbe) probing_ = false;
  // A call that left before the key was set aside must not push its next trial away.
  if (refused && use == KeyUse::kOrdinary && state_ == KeyState::kSetAside) return false;
  if (refused) return set_aside(status, now, wall);
  // What a provider's own failure says about a key is nothing.
  const bool taken = status < 500;
  const bool restored = use != KeyUse::kOrdinary && taken && serve_again(wall);
  if (status == 429 && state_ != KeyState::kSetAside) {
    state_ = KeyState::kRests;
    status_ = status;
    since_ = wall;
    until_ = now + std::clamp<Duration>(rest.value_or(kRestUnsaid), kRestLeast, kRestMost);
    serves_.store(false, std::memory_order_release);
  }
  return restored;
}

void KeyHealth::unheard(KeyUse use) {
  attempts_.fetch_add(1, std::memory_order_relaxed);
  if (use != KeyUse::kProbe) return;
  const std::lock_guard lock(mutex_);
  probing_ = false;
}

void KeyHealth::take_back() {
  const std::lock_guard lock(mutex_);
  serve_again(since_);
}

KeyHealth::View KeyHealth::view(Moment now) const {
  View view;
  view.attempts = attempts_.load(std::memory_order_relaxed);
  view.refused = refused_.load(std::memory_order_relaxed);
  view.limited = limited_.load(std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  const bool rested = state_ == KeyState::kRests && now >= until_;
  view.state = rested ? KeyState::kServes : state_;
  view.status = view.state == KeyState::kServes ? 0 : status_;
  view.since = since_;
  if (view.state != KeyState::kServes) view.until = std::max<Duration>(Duration::zero(), until_ - now);
  return view;
}

std::shared_ptr<KeyHealth> KeyHealthBook::of(std::string_view provider, const ProviderKey& key) {
  // Of the secret only a hash is kept.
  std::string id(provider);
  id.append(1, '\0').append(key.name).append(1, '\0').append(as_bytes(sha256(key.secret.view())));
  const std::lock_guard lock(mutex_);
  std::erase_if(by_key_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<KeyHealth>& known = by_key_[id];
  auto health = known.lock();
  if (!health) known = health = std::make_shared<KeyHealth>();
  return health;
}

// ---- Choice ----

std::uint64_t place_of_key(const Provider& provider, const ProviderKey& key) {
  return hash_text(key.name, hash_text(provider.name));
}

ChosenKey choose_key(const Provider& provider, std::uint64_t session, std::optional<std::uint64_t> stays_with,
                     std::span<const ProviderKey* const> tried, Moment now) {
  if (provider.keys.size() == 1) {
    const ProviderKey& only = provider.keys.front();
    if (is_among(tried, only)) return {};
    return {&only, only.health ? only.health->take(now).value_or(KeyUse::kLastResort) : KeyUse::kOrdinary};
  }
  struct Candidate {
    const ProviderKey* key;
    bool stays;
    double draw;
  };
  std::vector<Candidate> candidates;
  for (const ProviderKey& key : provider.keys) {
    if (is_among(tried, key)) continue;
    const bool stays = stays_with && *stays_with == place_of_key(provider, key) && serves(key, now);
    candidates.push_back({&key, stays, draw(session, provider, key)});
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& left, const Candidate& right) {
    if (left.stays != right.stays) return left.stays;
    if (left.key->priority != right.key->priority) return left.key->priority < right.key->priority;
    return left.draw < right.draw;
  });
  for (const Candidate& candidate : candidates) {
    if (!candidate.key->health) return {candidate.key, KeyUse::kOrdinary};
    if (const auto use = candidate.key->health->take(now)) return {candidate.key, *use};
  }
  if (candidates.empty() || candidates.size() < provider.keys.size()) return {};
  const auto rank = [now](const Candidate& candidate) {
    const KeyHealth::View view = candidate.key->health->view(now);
    return std::pair(view.state, view.until.value_or(Duration::zero()));
  };
  const auto next = std::min_element(candidates.begin(), candidates.end(),
                                     [&](const auto& left, const auto& right) { return rank(left) < rank(right); });
  return {next->key, KeyUse::kLastResort};
}

bool has_key_that_serves(const Provider& provider, Moment now) {
  return provider.keys.empty() || std::any_of(provider.keys.begin(), provider.keys.end(),
                                              [now](const ProviderKey& key) { return serves(key, now); });
}

std::optional<Duration> said_rest(std::string_view milliseconds, std::string_view retry_after, Instant now) {
  if (const auto count = parse_int(milliseconds); count && *count >= 0) {
    return std::min<Duration>(std::chrono::milliseconds(std::min<std::int64_t>(*count, 1'000'000'000)),
                              KeyHealth::kRestMost);
  }
  if (const auto count = parse_int(retry_after); count && *count >= 0) {
    return std::min<Duration>(std::chrono::seconds(std::min<std::int64_t>(*count, 1'000'000)), KeyHealth::kRestMost);
  }
  std::tm date{};
  const std::string text(retry_after.substr(0, 64));
  if (text.empty() || ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) == nullptr) return std::nullopt;
  return std::max<Duration>(Duration::zero(), from_unix_seconds(::timegm(&date)) - now);
}

// ---- What people see ----

std::size_t keys_set_aside(const std::vector<Provider>& providers, Moment now) {
  std::size_t count = 0;
  for (const Provider& provider : providers) {
    for (const ProviderKey& key : provider.keys) {
      if (key.health && key.health->view(now).state == KeyState::kSetAside) ++count;
    }
  }
  return count;
}

std::string key_metrics(const std::vector<Provider>& providers, Moment now) {
  struct Metric {
    const char *name, *type, *help;
    std::uint64_t (*value)(const KeyHealth::View& view);
  };
  static constexpr Metric kMetrics[] = {
      {"reeve_provider_key_serves", "gauge", "1 while a provider's key serves, 0 while it rests or is set aside",
       [](const KeyHealth::View& view) -> std::uint64_t { return view.state == KeyState::kServes ? 1 : 0; }},
      {"reeve_provider_key_attempts_total", "counter", "Attempts with a provider's key",
       [](const KeyHealth::View& view) { return view.attempts; }},
      {"reeve_provider_key_refused_total", "counter", "Attempts that the provider answered with 401 or 403",
       [](const KeyHealth::View& view) { return view.refused; }},
      {"reeve_provider_key_limited_total", "counter", "Attempts that the provider answered with 429",
       [](const KeyHealth::View& view) { return view.limited; }},
  };
  std::string text;
  for (const Metric& metric : kMetrics) {
    text.append("# HELP ").append(metric.name).append(" ").append(metric.help).append("\n# TYPE ");
    text.append(metric.name).append(" ").append(metric.type).append("\n");
    for (const Provider& provider : providers) {
      for (const ProviderKey& key : provider.keys) {
        if (!key.health) continue;
        text.append(metric.name).append("{provider=");
        append_json_string(text, provider.name);
        text.append(",key=");
        append_json_string(text, key.name.empty() ? "default" : key.name);
        text.append("} ").append(std::to_string(metric.value(key.health->view(now)))).append("\n");
      }
    }
  }
  return text;
}

std::string key_report(const std::vector<Provider>& providers, Instant wall, Moment now) {
  JsonWriter json;
  json.begin_object().key("providers").begin_array();
  for (const Provider& provider : providers) {
    json.begin_object().key("keys").begin_array();
    for (const ProviderKey& key : provider.keys) {
      const KeyHealth::View view = key.health ? key.health->view(now) : KeyHealth::View{};
      json.begin_object()
          .member("name", key.name.empty() ? "default" : key.name)
          .member("priority", static_cast<std::int64_t>(key.priority));
      if (view.since.nanoseconds != 0) json.member("since", format_time(view.since));
      json.member("state", key_state_name(view.state));
      if (view.status != 0) json.member("status", view.status);
      if (view.until) {
        // To the second: it follows from two clocks, and who compares reports should not see them drift.
        const Instant until = wall + *view.until + std::chrono::milliseconds(500);
        json.member("until", format_time(from_unix_seconds(unix_seconds(until))));
      }
      json.member("weight", static_cast<std::int64_t>(key.weight)).end_object();
    }
    json.end_array().member("name", provider.name).end_object();
  }
  return json.end_array().end_object().take();
}

}  // namespace reeve::gateway
