// A sign-in as a browser holds it: the cookie's secret stands for the sign-in and never changes, so that pages that ask
// at the same time do not end each other; what it may do is asked of the sign-in each time. And links, for machines
// where no company's provider is configured.

#include "core/bytes.h"
#include "core/id.h"
#include "identity/grant_parts.h"

namespace reeve::identity {

namespace {

Error ended() { return {ErrorCode::kDenied, "This sign-in has ended. Sign in again."}; }
Error no_link() {
  return {ErrorCode::kNotFound, "This link was used already, or it is older than ten minutes. Make another one."};
}

}  // namespace

Result<std::string> Grants::begin_browser(const SignInSession& session) {
  std::string secret = make_grant_secret();
  GrantDocument document;
  document.session = session.id;
  document.purpose.asking.client = session.client;
  GrantChange change;
  change.inserted.push_back(make_grant(GrantKind::kBrowser, secret, document, session.expires));
  if (auto stored = store_.apply(change); !stored) return std::move(stored).error();
  return secret;
}

Result<OwnTokens::Made> Grants::token_of_browser(std::string_view secret) {
  const auto found = store_.find(GrantKind::kBrowser, sha256(secret));
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

Result<bool> Grants::end_browser(std::string_view secret, std::string_view why) {
  const auto found = store_.find(GrantKind::kBrowser, sha256(secret));
  if (!found) return found.error();
  if (!*found) return false;
  const auto document = grant_document_from_json((*found)->document);
  if (!document) return document.error();
  const auto session = store_.session(document->session);
  if (!session) return session.error();
  return end_session(document->session, std::string(why), *session ? (*session)->person : std::string());
}

// ---- Links ----

Result<std::string> make_sign_in_link(GrantStore& store, const Principal& person, Instant now) {
  std::string secret = make_grant_secret();
  GrantDocument document;
  document.person = person;
  document.purpose.asking.client = "console";
  GrantChange change;
  change.inserted.push_back(make_grant(GrantKind::kLink, secret, document, now + Grants::kLinkLives));
  if (auto stored = store.apply(change); !stored) return std::move(stored).error();
  return secret;
}

Result<Principal> Grants::find_link(std::string_view secret) {
  const auto found = store_.find(GrantKind::kLink, sha256(secret));
  if (!found) return found.error();
  if (!*found || (*found)->expires <= clock_.now()) return no_link();
  const auto document = grant_document_from_json((*found)->document);
  if (!document) return document.error();
  if (document->state != GrantState::kWaiting || !document->person) return no_link();
  return *document->person;
}

TokenAnswer Grants::take_link(std::string_view secret, const Asking& asking) {
  const auto found = store_.find(GrantKind::kLink, sha256(secret));
  if (!found) return refused_by(found.error());
  auto document = *found ? grant_document_from_json((*found)->document) : Result<GrantDocument>(GrantDocument());
  if (!document) return refused_by(document.error());
  const bool waits = *found && (*found)->expires > clock_.now() && document->state == GrantState::kWaiting;
  if (!waits || !document->person) return refused("invalid_grant", no_link().message);
  auto begun = begin_session(*document->person, asking.client);
  if (!begun) return refused_by(begun.error());
  document->state = GrantState::kUsed;
  document->session = begun->session.id;
  GrantChange change;
  // A second one that opens it at the same moment finds another version, and gets nothing.
  change.replaced.push_back(next(**found, *document));
  return finish(*std::move(begun), std::move(change), asking);
}

}  // namespace reeve::identity
