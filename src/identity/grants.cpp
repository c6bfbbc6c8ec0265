#include <algorithm>

#include "core/bytes.h"
#include "core/id.h"
#include "core/json.h"
#include "identity/grant_documents.h"
#include "identity/identity.h"
#include "identity/own_token_verifier.h"

namespace reeve::identity {

namespace {

constexpr std::size_t kPollingMax = 10'000;
constexpr Duration kKeptAfterExpiry = std::chrono::hours(1);  // so that what comes late is told why

std::string make_secret() { return to_base64url(random_bytes(32)); }
std::string hex_hash(std::string_view secret) { return to_hex(as_bytes(sha256(secret))); }

Error denied(std::string message) { return {ErrorCode::kDenied, std::move(message)}; }

Sha256 hash_from_hex(std::string_view hex) {
  Sha256 hash{};
  const auto bytes = from_hex(hex);
  if (bytes && bytes->size() == hash.size()) std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

TokenAnswer refused(std::string error, std::string description) {
  TokenAnswer answer;
  answer.error = std::move(error);
  answer.description = std::move(description);
  return answer;
}

TokenAnswer refused_by(const Error& error) {
  if (error.code == ErrorCode::kConflict) {
    return refused("invalid_grant", "Somebody else used this first. Sign in again.");
  }
  if (error.code == ErrorCode::kTooLarge) return refused("access_denied", error.message);
  if (error.code == ErrorCode::kDenied) return refused("invalid_grant", error.message);
  return refused("temporarily_unavailable", "Reeve cannot do this at the moment: " + error.message);
}

/// The next version of a grant, with what its document says now.
Grant next(Grant grant, GrantDocument& document) {
  document.mark = make_id("chg");
  grant.document = to_json(document);
  ++grant.version;
  return grant;
}

Grant make_grant(GrantKind kind, std::string_view secret, const GrantDocument& document, Instant expires) {
  return {kind, sha256(secret), to_json(document), 1, expires};
}

std::string signed_in_detail(const SignInSession& session, const Principal& person, const Asking& asking) {
  JsonWriter json;
  json.begin_object().member_if("address", asking.address).member_if("client", session.client);
  json.member_if("device", asking.device).member("expires", format_time(session.expires)).key("groups").begin_array();
  for (const std::string& group : person.groups) json.value(group);
  json.end_array().member_if("issuer", person.issuer).member("person", person.id);
  return json.member("sign_in", session.id).end_object().take();
}

}  // namespace

std::string sign_in_ended_detail(std::string_view session, std::string_view person, const SignInEnd& end) {
  JsonWriter json;
  json.begin_object().member_if("by", end.by).member_if("person", person).member("reason", end.why);
  return json.member("sign_in", session).end_object().take();
}

// ---- Devices ----

Result<Grants::DeviceCodes> Grants::begin_device(const Asking& asking) {
  const std::string code = make_user_code();
  DeviceCodes codes{make_secret(), code.substr(0, 4) + "-" + code.substr(4)};
  const Instant expires = clock_.now() + kCodesLive;
  GrantDocument device;
  device.purpose.asking = asking;
  device.user_code = hex_hash(code);
  GrantDocument pointer;
  pointer.purpose.device_hash = hex_hash(codes.device_code);
  GrantChange change;
  change.inserted.push_back(make_grant(GrantKind::kDevice, codes.device_code, device, expires));
  change.inserted.push_back(make_grant(GrantKind::kUserCode, code, pointer, expires));
  if (auto stored = store_.apply(change); !stored) return std::move(stored).error();
  return codes;
}

Result<Purpose> Grants::find_device(std::string_view user_code) {
  const Error unknown{ErrorCode::kNotFound, "No device waits with this code. Codes are good for ten minutes."};
  const std::string code = normal_user_code(user_code);
  if (code.empty()) return unknown;
  const auto pointer = store_.find(GrantKind::kUserCode, sha256(code));
  if (!pointer) return pointer.error();
  if (!*pointer || (*pointer)->expires <= clock_.now()) return unknown;
  const auto pointed = grant_document_from_json((*pointer)->document);
  if (!pointed) return pointed.error();
  const auto device = store_.find(GrantKind::kDevice, hash_from_hex(pointed->purpose.device_hash));
  if (!device) return device.error();
  if (!*device) return unknown;
  auto document = grant_document_from_json((*device)->document);
  if (!document) return std::move(document).error();
  if (document->state != GrantState::kWaiting) return unknown;
  document->purpose.device_hash = pointed->purpose.device_hash;
  return document->purpose;
}

// ---- The way to the provider and back ----

Result<std::string> Grants::begin_attempt(const Purpose& purpose, const std::string& issuer, std::string_view browser) {
  std::string state = make_secret();
  GrantDocument document;
  document.purpose = purpose;
  document.issuer = issuer;
  document.browser = hex_hash(browser);
  GrantChange change;
  change.inserted.push_back(make_grant(GrantKind::kAttempt, state, document, clock_.now() + kCodesLive));
  if (auto stored = store_.apply(change); !stored) return std::move(stored).error();
  return state;
}

/// What waits under the secret is used up by this, when it is there for this browser. The grant, as it was.
Result<Grant> Grants::take(GrantKind kind, std::string_view secret, std::string_view browser) {
  const auto found = store_.find(kind, sha256(secret));
  if (!found) return found.error();
  if (!*found || (*found)->expires <= clock_.now()) {
    return denied("This sign-in is not known here, or it took too long. Begin again.");
  }
  auto document = grant_document_from_json((*found)->document);
  if (!document) return std::move(document).error();
  if (browser.empty() || !equal_constant_time(document->browser, hex_hash(browser))) {
    return denied("This sign-in was begun in another browser. Begin again in this one.");
  }
  if (document->state != GrantState::kWaiting) return denied("This page was used already. Begin again.");
  const Grant before = **found;
  document->state = GrantState::kUsed;
  GrantChange change;
  change.replaced.push_back(next(before, *document));
  auto taken = store_.apply(change);
  if (!taken && taken.error().code == ErrorCode::kConflict) return denied("This page was used already. Begin again.");
  if (!taken) return std::move(taken).error();
  return before;
}

Result<Grants::Attempt> Grants::take_attempt(std::string_view state, std::string_view browser) {
  const auto taken = take(GrantKind::kAttempt, state, browser);
  if (!taken) return taken.error();
  auto document = grant_document_from_json(taken->document);
  if (!document) return std::move(document).error();
  return Attempt{document->purpose, document->issuer};
}

Result<std::string> Grants::begin_confirmation(const Purpose& purpose, const Principal& person,
                                               std::string_view browser) {
  if (auto admitted = admit(person, clock_.now()); !admitted) return std::move(admitted).error();
  std::string secret = make_secret();
  GrantDocument document;
  document.purpose = purpose;
  document.browser = hex_hash(browser);
  document.person = person;
  GrantChange change;
  change.inserted.push_back(make_grant(GrantKind::kConfirmation, secret, document, clock_.now() + kCodesLive));
  if (auto stored = store_.apply(change); !stored) return std::move(stored).error();
  return secret;
}

Result<Grants::Confirmed> Grants::confirm(std::string_view secret, std::string_view browser, bool yes) {
  const auto taken = take(GrantKind::kConfirmation, secret, browser);
  if (!taken) return taken.error();
  auto confirmation = grant_document_from_json(taken->document);
  if (!confirmation) return std::move(confirmation).error();
  Confirmed confirmed{confirmation->purpose, confirmation->person.value_or(Principal()), {}};
  GrantChange change;
  if (confirmed.purpose.device_hash.empty()) {
    if (!yes) return confirmed;
    confirmed.code = make_secret();
    GrantDocument code;
    code.purpose = confirmed.purpose;
    code.person = confirmed.person;
    change.inserted.push_back(
        make_grant(GrantKind::kCode, confirmed.code, code, clock_.now() + kAuthorizationCodeLives));
  } else {
    const auto device = store_.find(GrantKind::kDevice, hash_from_hex(confirmed.purpose.device_hash));
    if (!device) return device.error();
    auto document = *device ? grant_document_from_json((*device)->document) : Result<GrantDocument>(GrantDocument());
    if (!document) return std::move(document).error();
    if (!*device || (*device)->expires <= clock_.now() || document->state != GrantState::kWaiting) {
      return denied("The device waits no longer. Begin again there.");
    }
    document->state = yes ? GrantState::kApproved : GrantState::kDenied;
    if (yes) document->person = confirmed.person;
    change.replaced.push_back(next(**device, *document));
  }
  auto stored = store_.apply(change);
  if (!stored && stored.error().code == ErrorCode::kConflict) {
    return denied("The device waits no longer. Begin again there.");
  }
  if (!stored) return std::move(stored).error();
  return confirmed;
}

// ---- Tokens ----

/// A session with its first tokens, not stored yet.
struct Grants::Begun {
  SignInSession session;
  Principal person;
  TokenAnswer answer;
};

/// What the directory makes of somebody who was known to be themselves since then.
AuthOutcome Grants::ask_directory(const Principal& person, Instant vouched) const {
  auto asked = std::make_shared<Principal>(person);
  asked->issued = vouched;
  return directory_ == nullptr ? AuthOutcome{std::move(asked), {}, {}} : directory_->admit(asked);
}

Result<void> Grants::admit(const Principal& person, Instant vouched) const {
  AuthOutcome admitted = ask_directory(person, vouched);
  if (admitted.ok()) return {};
  const bool away = admitted.failure == AuthFailure::kUnavailable;
  return Error{away ? ErrorCode::kUnavailable : ErrorCode::kDenied, std::move(admitted.message)};
}

Result<Grants::Begun> Grants::begin_session(const Principal& person, const std::string& client, Instant vouched) const {
  if (auto admitted = admit(person, vouched); !admitted) return std::move(admitted).error();
  const Instant now = clock_.now();
  Begun begun;
  begun.person = person;
  begun.session = {make_id("sgn"), person.id, client, principal_to_json(person), now, now + tokens_.settings().session,
                   std::nullopt,   {}};
  auto made = tokens_.make(person, begun.session);
  if (!made) return std::move(made).error();
  begun.answer.access_token = std::move(made->token);
  begun.answer.refresh_token = make_secret();
  begun.answer.expires_in = made->expires - now;
  begun.answer.person = person;
  begun.answer.session = begun.session;
  return begun;
}

/// Recorded before it can be used: what is lost after that is a session that nobody has.
Result<TokenAnswer> Grants::finish(Begun begun, GrantChange change, const Asking& asking) {
  auto recorded = record_("identity.signed_in", signed_in_detail(begun.session, begun.person, asking));
  if (!recorded) return std::move(recorded).error();
  GrantDocument refresh;
  refresh.session = begun.session.id;
  refresh.purpose.asking.client = begun.session.client;
  change.inserted.push_back(
      make_grant(GrantKind::kRefresh, begun.answer.refresh_token, refresh, begun.session.expires));
  change.begun = begun.session;
  if (auto stored = store_.apply(change); !stored) {
    // So that the ledger names no sign-in that goes on for ever and that nobody has.
    static_cast<void>(record_(kSignInEndedKind,
                              sign_in_ended_detail(begun.session.id, begun.session.person,
                                                   {clock_.now(), "it was not kept, and nobody has its tokens", {}})));
    return std::move(stored).error();
  }
  return std::move(begun.answer);
}

TokenAnswer Grants::refuse_device(std::string_view error, const Sha256& hash) {
  if (error == "authorization_pending" && polls_too_often(hash)) error = "slow_down";
  const std::string_view why = error == "access_denied"   ? "Its owner said no."
                               : error == "expired_token" ? "The code has expired; begin again."
                                                          : "Its owner has not signed in yet.";
  return refused(std::string(error), std::string(why));
}

/// RFC 8628 section 3.5: whoever polls too often waits five seconds longer from then on.
bool Grants::polls_too_often(const Sha256& hash) {
  const std::lock_guard lock(mutex_);
  const Moment now = clock_.steady();
  if (polling_.size() >= kPollingMax) {
    std::erase_if(polling_, [&](const auto& entry) { return now - entry.second.last > kCodesLive; });
    if (polling_.size() >= kPollingMax) return true;
  }
  const auto [entry, is_first] = polling_.try_emplace(hash, Polling{now, kInterval});
  if (is_first) return false;
  Polling& polling = entry->second;
  // A little early is not too often: clocks differ, and networks hurry.
  const bool too_often = now - polling.last < polling.interval - std::chrono::milliseconds(500);
  if (too_often) polling.interval += kInterval;
  polling.last = now;
  return too_often;
}

TokenAnswer Grants::exchange_device(std::string_view device_code, std::string_view client) {
  const Sha256 hash = sha256(device_code);
  const auto found = store_.find(GrantKind::kDevice, hash);
  if (!found) return refused_by(found.error());
  if (!*found) return refused("invalid_grant", "This device code is not known here. Begin again.");
  auto document = grant_document_from_json((*found)->document);
  if (!document) return refused_by(document.error());
  if (!may_be(client, document->purpose.asking.client)) {
    return refused("invalid_grant", "This device code is of another client.");
  }
  if ((*found)->expires <= clock_.now()) return refuse_device("expired_token", hash);
  if (document->state == GrantState::kDenied) return refuse_device("access_denied", hash);
  if (document->state == GrantState::kWaiting) return refuse_device("authorization_pending", hash);
  if (document->state == GrantState::kUsed || !document->person) {
    return refused("invalid_grant", "This device code was used already. Begin again.");
  }
  auto begun = begin_session(*document->person, document->purpose.asking.client, (*found)->expires - kCodesLive);
  if (!begun) return refused_by(begun.error());
  document->state = GrantState::kUsed;
  document->session = begun->session.id;
  GrantChange change;
  change.replaced.push_back(next(**found, *document));
  auto finished = finish(*std::move(begun), std::move(change), document->purpose.asking);
  return finished ? *std::move(finished) : refused_by(finished.error());
}

TokenAnswer Grants::exchange_code(std::string_view code, std::string_view client, std::string_view redirect_uri,
                                  std::string_view verifier) {
  const auto found = store_.find(GrantKind::kCode, sha256(code));
  if (!found) return refused_by(found.error());
  if (!*found) return refused("invalid_grant", "This code is not known here. Sign in again.");
  auto document = grant_document_from_json((*found)->document);
  if (!document) return refused_by(document.error());
  // Somebody has a copy of it (RFC 6749 section 4.1.2).
  if (document->state == GrantState::kUsed) return end_for_reuse(document->session, "an authorization code");
  const Purpose& purpose = document->purpose;
  if ((*found)->expires <= clock_.now()) return refused("invalid_grant", "This code has expired. Sign in again.");
  if (purpose.asking.client != client || purpose.redirect_uri != redirect_uri) {
    return refused("invalid_grant", "This code was made for another client or another address.");
  }
  const bool well_formed = verifier.size() >= 43 && verifier.size() <= 128;
  if (!well_formed || !equal_constant_time(to_base64url(as_bytes(sha256(verifier))), purpose.challenge)) {
    return refused("invalid_grant", "The code_verifier is not the one that belongs to this code.");
  }
  auto begun = begin_session(document->person.value_or(Principal()), purpose.asking.client,
                             (*found)->expires - kAuthorizationCodeLives);
  if (!begun) return refused_by(begun.error());
  document->state = GrantState::kUsed;
  document->session = begun->session.id;
  GrantChange change;
  change.replaced.push_back(next(**found, *document));
  auto finished = finish(*std::move(begun), std::move(change), purpose.asking);
  if (finished) return *std::move(finished);
  if (finished.error().code != ErrorCode::kConflict) return refused_by(finished.error());
  // Two came with the code at once, and this is the second: what the first bought ends, as if it had come later.
  const auto taken = store_.find(GrantKind::kCode, sha256(code));
  if (!taken) return refused_by(taken.error());
  const auto winner = *taken ? grant_document_from_json((*taken)->document) : Result<GrantDocument>(GrantDocument());
  if (!winner) return refused_by(winner.error());
  return end_for_reuse(winner->session, "an authorization code");
}

const ClientTraits* Grants::traits_of(std::string_view client) const {
  const auto found =
      std::find_if(clients_.begin(), clients_.end(), [&](const ClientTraits& one) { return one.id == client; });
  return found == clients_.end() ? nullptr : &*found;
}

/// Whether a request that names `asked` may be one of the client that the grant was made for.
bool Grants::may_be(std::string_view asked, std::string_view granted) const {
  if (asked == granted) return true;
  const ClientTraits* const traits = traits_of(granted);
  return asked.empty() && traits != nullptr && traits->sends_no_id;
}

/// The token was used before. Read again: who used it may have been faster by a moment only.
TokenAnswer Grants::refuse_used_refresh(const Sha256& hash, std::string_view address) {
  const auto found = store_.find(GrantKind::kRefresh, hash);
  if (!found) return refused_by(found.error());
  const auto document = *found ? grant_document_from_json((*found)->document) : Result<GrantDocument>(GrantDocument());
  if (!document) return refused_by(document.error());
  const Asking& user = document->purpose.asking;
  const ClientTraits* const traits = traits_of(user.client);
  if (traits == nullptr || !traits->shares_tokens || address.empty() || user.address != address) {
    return end_for_reuse(document->session, "a refresh token");
  }
  return refused("invalid_grant", "Another process of this sign-in has renewed it. Use what that one got.");
}

TokenAnswer Grants::refresh(std::string_view refresh_token, std::string_view client, std::string_view address) {
  const Sha256 hash = sha256(refresh_token);
  const auto found = store_.find(GrantKind::kRefresh, hash);
  if (!found) return refused_by(found.error());
  TokenAnswer ended = refused("invalid_grant", "This sign-in has ended. Sign in again.");
  if (!*found) return ended;
  auto document = grant_document_from_json((*found)->document);
  if (!document) return refused_by(document.error());
  if (!may_be(client, document->purpose.asking.client)) {
    return refused("invalid_grant", "This token is of another client.");
  }
  if (document->state == GrantState::kUsed) return refuse_used_refresh(hash, address);
  const auto session = store_.session(document->session);
  if (!session) return refused_by(session.error());
  if (!*session) return ended;
  const auto person = principal_from_json((*session)->document);
  if ((*session)->ended || (*session)->expires <= clock_.now()) {
    if (!person) return ended;
    // Whoever left is not sent to sign in again.
    const AuthOutcome admitted = ask_directory(*person, (*session)->created);
    const bool has_left = !admitted.ok() && admitted.failure == AuthFailure::kRevoked;
    return has_left ? refused("invalid_grant", admitted.message) : ended;
  }
  if (!person) return refused_by(person.error());
  // Also where their sign-ins could not be ended when they were cut off.
  if (const AuthOutcome admitted = ask_directory(*person, (*session)->created); !admitted.ok()) {
    if (admitted.failure == AuthFailure::kUnavailable) return refused("temporarily_unavailable", admitted.message);
    auto gone = end_session((*session)->id, std::string(kNotActive), {});
    return gone ? refused("invalid_grant", admitted.message) : refused_by(gone.error());
  }
  auto made = tokens_.make(*person, **session);
  if (!made) return refused_by(made.error());

  TokenAnswer answer;
  answer.access_token = std::move(made->token);
  answer.refresh_token = make_secret();
  answer.expires_in = made->expires - clock_.now();
  answer.person = *person;
  answer.session = **session;
  GrantChange change;
  GrantDocument successor = *document;
  change.inserted.push_back(make_grant(GrantKind::kRefresh, answer.refresh_token, successor, (*session)->expires));
  document->state = GrantState::kUsed;
  document->purpose.asking.address = address;
  change.replaced.push_back(next(**found, *document));
  auto stored = store_.apply(change);
  // Two came with the same token at once, and this is the second.
  if (!stored && stored.error().code == ErrorCode::kConflict) return refuse_used_refresh(hash, address);
  if (!stored) return refused_by(stored.error());
  return answer;
}

TokenAnswer Grants::end_for_reuse(const std::string& session, std::string_view what) {
  const std::string why = std::string(what) + " came a second time";
  if (auto ended = end_session(session, why, {}); !ended) return refused_by(ended.error());
  return refused("invalid_grant",
                 "This was used before, so somebody else may have a copy: the sign-in has ended. Sign in again.");
}

// ---- Ends ----

/// The store keeps what the ledger has to tell with the end: it holds also where the ledger cannot be written.
Result<bool> Grants::end_session(const std::string& id, const std::string& why, const std::string& by) {
  return store_.end_session(id, {clock_.now(), why, by});
}

Result<bool> Grants::revoke(std::string_view token, std::string_view why) {
  if (OwnTokenVerifier::is_own(token)) {
    const AuthOutcome outcome = OwnTokenVerifier(tokens_, clock_).decide(token);
    // It belongs to the sign-in of whoever the chain begins with, which is not its holder's to end.
    if (outcome.ok() && outcome.principal->is_delegated()) {
      return Error{ErrorCode::kInvalid,
                   "A token with which an agent acts for somebody ends by itself, and with that person's sign-in."};
    }
    return outcome.ok() ? end_session(outcome.principal->sign_in, std::string(why), outcome.principal->id)
                        : Result<bool>(false);
  }
  const auto found = store_.find(GrantKind::kRefresh, sha256(token));
  if (!found) return found.error();
  if (!*found) return false;
  const auto document = grant_document_from_json((*found)->document);
  if (!document) return document.error();
  const auto session = store_.session(document->session);
  if (!session) return session.error();
  return end_session(document->session, std::string(why), *session ? (*session)->person : std::string());
}

Result<void> Grants::look() {
  if (auto looked = tokens_.look(); !looked) return looked;
  return store_.forget_expired(clock_.now() - kKeptAfterExpiry);
}

}  // namespace reeve::identity
