#include "core/bytes.h"
#include "core/id.h"
#include "core/json.h"
#include "core/log.h"
#include "core/private_file.h"
#include "core/sealing.h"
#include "identity/identity.h"
#include "identity/own_token_form.h"

namespace reeve::identity {

namespace {

constexpr Duration kKeysOutlive = std::chrono::hours(2);  // their last token
constexpr Duration kReadAgainAfter = std::chrono::milliseconds(250);

/// With microseconds: a NumericDate of RFC 7519 may have a fraction, and whoever signs in again within the second in
/// which they were cut off is let in.
std::string format_seconds(Instant at) {
  const std::string fraction = std::to_string(1'000'000 + at.nanoseconds / 1'000 % 1'000'000).substr(1);
  return std::to_string(unix_seconds(at)) + "." + fraction;
}

void write_names(JsonWriter& json, std::string_view name, const std::vector<std::string>& values) {
  json.key(name).begin_array();
  for (const std::string& value : values) json.value(value);
  json.end_array();
}

std::string place_of_key(const std::filesystem::path& file) { return "data." + file.filename().string(); }

/// One that lies in clear from before.
Result<void> seal_where_configured(const std::filesystem::path& file) {
  const auto seals = sealing().configured();
  if (!seals) return seals.error();
  if (!*seals) return {};
  auto sealed = seal_private_file(file, place_of_key(file));
  return sealed ? Result<void>() : Result<void>(std::move(sealed).error());
}

/// RFC 8693 section 4.1: who acts now is outermost. An agent for itself is its own subject.
void write_actors(JsonWriter& json, const Principal& person) {
  const std::size_t actors = person.actors.size() - (person.type == "agent" && !person.actors.empty() ? 1 : 0);
  for (std::size_t i = 0; i < actors; ++i) {
    json.key("act").begin_object().member("sub", std::string(kAgentPrefix) + person.actors[i]);
  }
  for (std::size_t i = 0; i < actors; ++i) json.end_object();
  if (person.held_to.empty()) return;
  json.key("held_to").begin_array();
  for (const std::vector<std::string>& scopes : person.held_to) {
    json.begin_array();
    for (const std::string& scope : scopes) json.value(scope);
    json.end_array();
  }
  json.end_array();
}

}  // namespace

Result<void> check_token_settings(const TokenSettings& settings) {
  using std::chrono::hours;
  using std::chrono::minutes;
  if (settings.audience.empty()) return Error{ErrorCode::kInvalid, "the audience of tokens must be named"};
  if (settings.lifetime < minutes(1) || settings.lifetime > hours(1)) {
    return Error{ErrorCode::kInvalid, "the lifetime of a token must be 1m to 1h"};
  }
  if (settings.session < minutes(5) || settings.session > hours(24 * 90)) {
    return Error{ErrorCode::kInvalid, "a sign-in must last for 5m to 90d"};
  }
  if (settings.rotate_keys < hours(1) || settings.rotate_keys > hours(24 * 366)) {
    return Error{ErrorCode::kInvalid, "keys must be rotated every 1h to 366d"};
  }
  return {};
}

Result<std::unique_ptr<OwnTokens>> OwnTokens::open(std::filesystem::path key_file, TokenSettings settings,
                                                   GrantStore& store, const Clock& clock) {
  if (auto checked = check_token_settings(settings); !checked) return std::move(checked).error();
  std::unique_ptr<OwnTokens> tokens(new OwnTokens(std::move(key_file), std::move(settings), store, clock));
  if (auto read = tokens->read_key(); !read) return std::move(read).error();
  return tokens;
}

Result<void> OwnTokens::read_key() {
  auto content = read_private_file(key_file_);
  if (!content) return std::move(content).error();
  if (!*content) {
    auto made = make_key();
    if (!made) return std::move(made).error();
    signing_ = std::make_shared<const SigningKey>(*std::move(made));
    return publish(*signing_);
  }
  if (!is_sealed(**content)) {
    if (auto sealed = seal_where_configured(key_file_); !sealed) return sealed;
  }
  const auto text = sealing().from_file(**std::move(content), place_of_key(key_file_));
  if (!text) return with_context(text.error(), key_file_.string());
  const auto json = JsonDocument::parse(*text, /*depth_max=*/2);
  const Error damaged{ErrorCode::kCorrupt, key_file_.string() +
                                               " cannot be read as a signing key of tokens; restore it from a backup, "
                                               "or remove it: then everybody signs in again"};
  if (!json) return damaged;
  const JsonValue root = json->root();
  const auto seed = from_base64url(root["seed"].string_or(""));
  auto key = seed ? Ed25519Key::from_seed(*seed) : Result<Ed25519Key>(damaged);
  const auto created = parse_time(root["created"].string_or(""));
  if (!key || !created || !root["id"].string_or("").starts_with(kOwnKeyPrefix)) return damaged;
  signing_ = std::make_shared<const SigningKey>(SigningKey{std::string(root["id"].string_or("")), *key, *created});
  return publish(*signing_);
}

/// On disk before anybody sees a token of it.
Result<OwnTokens::SigningKey> OwnTokens::make_key() const {
  SigningKey made{std::string(kOwnKeyPrefix) + to_base64url(random_bytes(12)), Ed25519Key::generate(), clock_->now()};
  JsonWriter json;
  json.begin_object().member("created", format_time(made.created)).member("id", made.id);
  json.member("seed", to_base64url(made.key.seed())).end_object();
  // Held from sealing to writing: whoever seals files anew must not bring back the key of before.
  const auto lock = DirectoryLock::take(key_file_.has_parent_path() ? key_file_.parent_path() : ".");
  if (!lock) return lock.error();
  const auto content = sealing().to_file(json.text(), place_of_key(key_file_));
  if (!content) return with_context(content.error(), key_file_.string());
  if (auto written = write_private_file(key_file_, *content); !written) return std::move(written).error();
  return made;
}

Result<void> OwnTokens::publish(const SigningKey& key) {
  const Instant retired = key.created + settings_.rotate_keys + settings_.lifetime + kKeysOutlive;
  // An old one that is still in use retires later than its age says.
  const Instant soonest = clock_->now() + settings_.lifetime + kKeysOutlive;
  return store_->publish_key({key.id, key.key.public_key(), key.created, std::max(retired, soonest)});
}

Result<void> OwnTokens::look() {
  std::shared_ptr<const SigningKey> signing;
  {
    const std::lock_guard lock(mutex_);
    signing = signing_;
  }
  if (clock_->now() - signing->created < settings_.rotate_keys) return {};
  auto made = make_key();
  if (!made) return std::move(made).error();
  if (auto published = publish(*made); !published) return published;
  log_info("another key signs tokens", {{"key", made->id}});
  const std::lock_guard lock(mutex_);
  signing_ = std::make_shared<const SigningKey>(*std::move(made));
  return {};
}

Result<OwnTokens::Made> OwnTokens::make(const Principal& person, const SignInSession& session) const {
  std::shared_ptr<const SigningKey> signing;
  {
    const std::lock_guard lock(mutex_);
    signing = signing_;
  }
  const Instant now = clock_->now();
  Made made{{}, std::min(now + settings_.lifetime, session.expires)};
  JsonWriter claims;
  claims.begin_object().member("iss", issuer_).member("aud", settings_.audience).member("sub", person.id);
  claims.member("iat", unix_seconds(now)).member("exp", unix_seconds(made.expires)).member("jti", make_id("tok"));
  claims.key("auth_time").raw(format_seconds(session.created));
  claims.member("sid", session.id).member_if("client_id", session.client).member("principal_type", person.type);
  claims.member_if("team", person.team).member_if("idp", person.issuer);
  if (session.client == kClaudeCodeClient) claims.member("billing_group_tag", kWorkItemTag);
  write_names(claims, "groups", person.groups);
  std::string scope;
  for (const std::string& name : person.scopes) scope += (scope.empty() ? "" : " ") + name;
  claims.member_if("scope", scope);
  write_actors(claims, person);
  claims.end_object();
  made.token = own_token_header(signing->id) + "." + to_base64url(claims.text());
  made.token += "." + to_base64url(signing->key.sign(made.token));
  if (made.token.size() > kOwnTokenBytesMax) {
    return Error{ErrorCode::kTooLarge,
                 "you are in so many groups that a token cannot hold their names; whoever runs Reeve can keep those "
                 "that matter with group_map and unmapped_groups: drop"};
  }
  return made;
}

Result<std::string> OwnTokens::key_set() const {
  const auto keys = store_->keys();
  if (!keys) return keys.error();
  JsonWriter json;
  json.begin_object().key("keys").begin_array();
  for (const TokenKey& key : *keys) {
    if (key.retired <= clock_->now()) continue;
    json.begin_object().member("kty", "OKP").member("crv", "Ed25519").member("x", to_base64url(key.public_key));
    json.member("kid", key.id).member("use", "sig").member("alg", "EdDSA").end_object();
  }
  return json.end_array().end_object().take();
}

Result<std::shared_ptr<const OwnTokens::Known>> OwnTokens::known() {
  const std::lock_guard lock(mutex_);
  // Read before the rest: a change in between makes what is known newer than its number.
  const std::uint64_t generation = store_->generation();
  if (known_ && known_->generation == generation) return known_;
  const Error unreadable{ErrorCode::kUnavailable, "sign-ins cannot be read"};
  if (failed_at_ != Moment{} && clock_->steady() - failed_at_ < kReadAgainAfter) return unreadable;
  auto keys = store_->keys();
  auto ended = store_->ended_since(clock_->now() - settings_.lifetime - kKeysOutlive);
  if (!keys || !ended) {
    log_error("sign-ins cannot be read", {{"error", (keys ? ended.error() : keys.error()).message}});
    failed_at_ = clock_->steady();
    return unreadable;
  }
  auto known = std::make_shared<Known>();
  known->generation = generation;
  for (TokenKey& key : *keys) known->keys.emplace(key.id, key);
  known->ended.insert(ended->begin(), ended->end());
  failed_at_ = {};
  known_ = std::move(known);
  return known_;
}

}  // namespace reeve::identity
