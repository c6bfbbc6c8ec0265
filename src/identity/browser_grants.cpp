#include "identity/browser_grants.h"

#include "core/bytes.h"
#include "core/id.h"
#include "identity/grant_documents.h"
#include "identity/identity.h"

namespace reeve::identity {

namespace {

constexpr auto kBrowser = GrantKind::kBrowser;
constexpr auto kLink = GrantKind::kLink;

std::string make_secret() { return to_base64url(random_bytes(32)); }

Error ended() { return {ErrorCode::kDenied, "This sign-in has ended. Sign in again."}; }
Error no_link() {
  return {ErrorCode::kNotFound, "This link was used already, or it is older than ten minutes. Make another one."};
}

Grant make_grant(GrantKind kind, std::string_view secret, const GrantDocument& document, Instant expires) {
  return {kind, sha256(secret), to_json(document), 1, expires};
}

}  // namespace

Result<std::string> BrowserGrants::begin(const SignInSession& session) {
  std::string secret = make_secret();
  GrantDocument document;
  document.session = session.id;
  document.purpose.asking.client = session.client;
  GrantChange change;
  change.inserted.push_back(make_grant(kBrowser, secret, document, session.expires));
  if (auto stored = store_.apply(change); !stored) return std::move(stored).error();
  return secret;
}

Result<OwnTokens::Made> BrowserGrants::token(std::string_view secret) {
  const auto found = store_.find(kBrowser, sha256(secret));
  if (!found) return found.error();
  if (!*found || (*found)->expires <= clock_.now()) return ended();
  const auto document = grant_document_from_json((*found)->document);
  if (!document) return document.error();
  const auto session = store_.session(document->session);
  if (!session) return session.error();
  if (!*session || (*session)->ended || (*session)->expires <= clock_.now()) return ended();
  const auto person = principal_from_json((*session)->document);
  if (!person) return person.error();
  return tokens_.make(*person, **session);
}

Result<bool> BrowserGrants::end(std::string_view secret, std::string_view why) {
  const auto found = store_.find(kBrowser, sha256(secret));
  if (!found) return found.error();
  if (!*found) return false;
  const auto document = grant_document_from_json((*found)->document);
  if (!document) return document.error();
  const auto session = store_.session(document->session);
  if (!session) return session.error();
  return grants_.end_session(document->session, std::string(why), *session ? (*session)->person : std::string());
}

// ---- Links ----

Result<std::string> make_sign_in_link(GrantStore& store, const Principal& person, Instant now) {
  std::string secret = make_secret();
  GrantDocument document;
  document.person = person;
  GrantChange change;
  change.inserted.push_back(make_grant(kLink, secret, document, now + BrowserGrants::kLinkLives));
  if (auto stored = store.apply(change); !stored) return std::move(stored).error();
  return secret;
}

Result<Principal> BrowserGrants::find_link(std::string_view secret) {
  const auto found = store_.find(kLink, sha256(secret));
  if (!found) return found.error();
  if (!*found || (*found)->expires <= clock_.now()) return no_link();
  const auto document = grant_document_from_json((*found)->document);
  if (!document) return document.error();
  if (document->state != GrantState::kWaiting || !document->person) return no_link();
  return *document->person;
}

Result<std::string> BrowserGrants::take_link(std::string_view secret, const Purpose& purpose) {
  const auto found = store_.find(kLink, sha256(secret));
  if (!found) return found.error();
  if (!*found || (*found)->expires <= clock_.now()) return no_link();
  auto document = grant_document_from_json((*found)->document);
  if (!document) return std::move(document).error();
  if (document->state != GrantState::kWaiting || !document->person) return no_link();
  GrantDocument code;
  code.purpose = purpose;
  code.person = document->person;
  document->state = GrantState::kUsed;
  document->mark = make_id("chg");
  Grant used = **found;
  used.document = to_json(*document);
  ++used.version;
  std::string given = make_secret();
  GrantChange change;
  // Whoever opens it at the same moment finds another version, and gets nothing.
  change.replaced.push_back(std::move(used));
  change.inserted.push_back(make_grant(GrantKind::kCode, given, code, clock_.now() + Grants::kAuthorizationCodeLives));
  auto stored = store_.apply(change);
  if (!stored && stored.error().code == ErrorCode::kConflict) return no_link();
  if (!stored) return std::move(stored).error();
  return given;
}

}  // namespace reeve::identity
