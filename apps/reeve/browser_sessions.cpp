#include "reeve/browser_sessions.h"

#include <algorithm>

#include "core/bytes.h"

namespace reeve::app {

namespace {

constexpr std::size_t kSecretBytes = 43;  // 32 random bytes in base64url
/// A token is made anew so long before its end.
constexpr Duration kRenewBefore = std::chrono::seconds(30);

}  // namespace

std::string cookie_secret(const net::Headers& headers, std::string_view name) {
  for (const auto& [field, value] : headers) {
    if (!equal_ignoring_case(field, "cookie")) continue;
    for (const std::string_view part : split(value, ';')) {
      const std::string_view cookie = trim(part);
      const std::size_t equals = cookie.find('=');
      if (cookie.substr(0, equals) != name || equals == std::string_view::npos) continue;
      const std::string_view text = cookie.substr(equals + 1);
      if (text.size() == kSecretBytes && from_base64url(text)) return std::string(text);
    }
  }
  return {};
}

std::string BrowserSessions::cookie(const std::string& secret) const {
  return cookie_name() + "=" + secret + "; Path=/; HttpOnly; SameSite=Strict" + (is_secure() ? "; Secure" : "") +
         (secret.empty() ? "; Max-Age=0" : "");
}

/// Browsers say where a request comes from (Fetch Metadata); older ones say it with Origin on whatever writes.
bool BrowserSessions::is_foreign(const net::RequestHead& head) const {
  const std::string_view site = head.headers.get("sec-fetch-site");
  const bool reads = head.method == net::Method::kGet || head.method == net::Method::kHead;
  if (!site.empty()) return site != "same-origin" && !(reads && site == "none");
  const std::string_view origin = head.headers.get("origin");
  return reads ? !origin.empty() && origin != tokens_.issuer() : origin != tokens_.issuer();
}

Task<Result<std::string>> BrowserSessions::token(std::string secret, net::Loop& loop) {
  const Sha256 hash = sha256(secret);
  const Instant now = system_clock().now();
  {
    const std::lock_guard lock(mutex_);
    const auto found = remembered_.find(hash);
    if (found != remembered_.end() && now < found->second.renew_at) co_return found->second.token;
  }
  using Made = Result<identity::OwnTokens::Made>;
  const auto made =
      std::make_shared<Made>(ErrorCode::kUnavailable, "Too many people sign in at this moment; try again.");
  identity::BrowserGrants* const grants = &grants_;
  auto work = [made, grants, secret] {
    *made = grants->token(secret);
    return ApiAnswer{};
  };
  co_await thread_.answer(std::move(work), loop);
  if (!*made) co_return made->error();
  const std::lock_guard lock(mutex_);
  if (remembered_.size() >= kRememberedMax) remembered_.clear();
  remembered_.insert_or_assign(hash, Remembered{(*made)->token, (*made)->expires - kRenewBefore});
  co_return (*made)->token;
}

void BrowserSessions::forget(std::string_view secret) {
  const std::lock_guard lock(mutex_);
  remembered_.erase(sha256(secret));
}

std::string BrowserSessions::refusal_of(const identity::Principal& person, Instant now) const {
  const auto cutoffs = kill_switch_.current();
  for (const identity::Cutoff& cutoff : cutoffs->all()) {
    if (!cutoff.in_force(now) || cutoff.practice) continue;
    const bool is_theirs =
        (cutoff.scope.kind == identity::CutoffKind::kPerson && equal_ignoring_case(cutoff.scope.name, person.id)) ||
        (cutoff.scope.kind == identity::CutoffKind::kGroup &&
         std::find(person.groups.begin(), person.groups.end(), cutoff.scope.name) != person.groups.end());
    if (is_theirs) return identity::cutoff_sentence(cutoff);
  }
  return {};
}

}  // namespace reeve::app
