// What people see: the code of a device, the way to the company's provider and back, and the question whether it was
// them. Every form is bound to the browser's cookie, and so is every way back.

#include "core/bytes.h"
#include "core/crypto.h"
#include "reeve/sign_in_routes.h"

namespace reeve::app {

namespace {

constexpr std::size_t kStateBytesMax = 512;
constexpr const char* kBeginAgain = "Begin again: run 'reeve login', or what you were signing in to.";

std::string with_fields(const std::string& address, const std::vector<std::pair<std::string, std::string>>& fields) {
  return address + (address.find('?') == std::string::npos ? "?" : "&") + identity::web_form(fields);
}

/// 43 characters of base64url: a SHA-256 (RFC 7636 section 4.2).
bool is_challenge(const std::string& text) {
  const auto bytes = from_base64url(text);
  return bytes && bytes->size() == 32;
}

}  // namespace

std::string derived(std::string_view purpose, std::string_view browser, std::string_view state) {
  return to_base64url(as_bytes(hmac_sha256(browser, std::string(purpose) + ":" + std::string(state))));
}

WebAnswer redirect_page(int status, const std::string& address) {
  WebAnswer answer = make_page(status, "Going on", "");
  answer.headers.emplace_back("location", address);
  return answer;
}

std::string SignInRoutes::form_token(const std::string& browser) {
  return to_base64url(as_bytes(hmac_sha256(browser, "form")));
}

bool SignInRoutes::is_own_form(const Request& request) const {
  if (request.is_new_browser) return false;
  if (!request.origin.empty() && request.origin != sources_.tokens->issuer()) return false;
  if (!request.fetch_site.empty() && request.fetch_site != "same-origin") return false;
  return equal_constant_time(request.field("form"), form_token(request.browser));
}

// ---- Limits ----

std::optional<WebAnswer> SignInRoutes::refuse_departure(const Request& request, Moment now) {
  constexpr const char* kLater = "Wait ten minutes, then begin again.";
  using enum RateLimit::Answer;
  const bool known = !request.is_new_browser;
  if (known && browser_departures_.admit(request.browser, now) != kYes) {
    return failure_page(429, "This browser has begun to sign in very often.", kLater);
  }
  switch (departures_.admit(request.neighbours, now)) {
    case kYes: return std::nullopt;
    case kOneTooMany: return failure_page(429, "Very many sign-ins were begun from your network.", kLater);
    case kFlood: break;
  }
  return failure_page(429, "Very many sign-ins are being begun at this moment, from many places.", kLater);
}

std::optional<WebAnswer> SignInRoutes::refuse_code(const Request& request, Moment now) {
  constexpr const char* kLater = "Try again in ten minutes.";
  using enum RateLimit::Answer;
  if (browser_wrong_codes_.would_admit(request.browser, now) != kYes) {
    return failure_page(429, "Too many wrong codes were entered in this browser.", kLater);
  }
  switch (wrong_codes_.would_admit(request.neighbours, now)) {
    case kYes: return std::nullopt;
    case kOneTooMany: return failure_page(429, "Too many wrong codes came from your network.", kLater);
    case kFlood: break;
  }
  return failure_page(429, "Somebody tries out codes at this moment, and a wrong one came from your network, too.",
                      kLater);
}

// ---- Devices ----

Task<WebAnswer> SignInRoutes::show_code_form(Request request, net::Loop&) {
  co_return code_page(form_token(request.browser), request.field("code"), {});
}

Task<WebAnswer> SignInRoutes::take_code(Request request, net::Loop& loop) {
  const std::string form = form_token(request.browser);
  const std::string& code = request.field("user_code");
  if (!is_own_form(request)) {
    co_await note_refusal("form", "it came from another page or without its cookie", request.address, loop);
    co_return failure_page(403, "This form did not come from this page, or your browser keeps no cookies.",
                           "Open " + public_address("/sign-in") + " and enter the code there.");
  }
  if (auto refused = refuse_code(request, loop.now())) {
    co_await note_refusal("user code", "too many were wrong", request.address, loop);
    co_return *std::move(refused);
  }
  identity::Grants* const grants = sources_.grants;
  const auto purpose =
      co_await on_thread<identity::Purpose>([grants, code] { return grants->find_device(code); }, loop);
  if (!purpose && purpose.error().code == ErrorCode::kNotFound) {
    wrong_codes_.admit(request.neighbours, loop.now());
    browser_wrong_codes_.admit(request.browser, loop.now());
    co_await note_refusal("user code", "no device waits with it", request.address, loop);
    co_return code_page(form, code, purpose.error().message);
  }
  if (!purpose) co_return failure_page(503, purpose.error().message, "Try again in a moment.");
  if (request.field("provider").empty() && providers_.size() > 1) co_return providers_page(form, code, providers_);
  const auto provider = static_cast<std::size_t>(parse_int(request.field("provider")).value_or(0));
  if (provider >= providers_.size()) co_return failure_page(400, "There is no such provider.", kBeginAgain);
  if (auto refused = refuse_departure(request, loop.now())) {
    co_await note_refusal("departure", "too many", request.address, loop);
    co_return *std::move(refused);
  }
  const auto address = co_await depart(*purpose, provider, request.browser, loop);
  if (!address) co_return failure_page(503, address.error().message, "Try again in a moment.");
  co_return leaving_page(*address, provider_name(providers_[provider]));
}

/// Where the browser goes to sign in.
Task<Result<std::string>> SignInRoutes::depart(identity::Purpose purpose, std::size_t provider, std::string browser,
                                               net::Loop& loop) {
  identity::Grants* const grants = sources_.grants;
  const std::string issuer = providers_[provider].issuer;
  const auto state = co_await on_thread<std::string>(
      [grants, purpose, issuer, browser] { return grants->begin_attempt(purpose, issuer, browser); }, loop);
  if (!state) co_return state.error();
  co_return co_await workers_[loop.index()].providers->departure_address(
      issuer, {public_address("/sign-in/callback"), *state, derived("nonce", browser, *state),
               derived("verifier", browser, *state)});
}

// ---- Programs that wait for a code ----

/// What the program that sent it is told; its address is registered by then.
std::optional<SignInRoutes::Complaint> SignInRoutes::complaint_about(const Request& request) const {
  if (request.field("response_type") != "code") return Complaint{"unsupported_response_type", "Ask for code."};
  if (request.field("code_challenge_method") != "S256" || !is_challenge(request.field("code_challenge"))) {
    return Complaint{"invalid_request", "A code_challenge by S256 is needed."};
  }
  if (providers_.empty()) {
    return Complaint{"access_denied", "Nobody can sign in here: no provider has a client_id."};
  }
  const std::string& chosen = request.field("provider");
  const auto provider = parse_int(chosen);
  if (chosen.empty() || (provider && *provider >= 0 && static_cast<std::size_t>(*provider) < providers_.size())) {
    return std::nullopt;
  }
  return Complaint{"invalid_request", "There is no such provider."};
}

Task<WebAnswer> SignInRoutes::authorize(Request request, net::Loop& loop) {
  const SignInClient* const client = find_sign_in_client(request.field("client_id"));
  const std::string redirect_uri = request.field("redirect_uri");
  // Before anything is sent there.
  if (client == nullptr || !may_redirect(*client, redirect_uri, sources_.tokens->issuer())) {
    co_await note_refusal("authorize", "the client or its redirect_uri is not registered", request.address, loop);
    co_return failure_page(400, "A program that is not registered here wants to sign you in.",
                           "Close this page. If you were signing in to something, tell whoever runs it.");
  }
  const std::string& state = request.field("state");
  if (state.size() > kStateBytesMax) {
    co_await note_refusal("authorize", "its state is too long", request.address, loop);
    co_return failure_page(400, "The program that wants to sign you in sent a state of more than 512 bytes.",
                           "Close this page and tell whoever makes that program.");
  }
  if (const auto wrong = complaint_about(request)) {
    co_await note_refusal("authorize", wrong->error + ": " + wrong->description, request.address, loop);
    std::vector<std::pair<std::string, std::string>> fields{{"error", wrong->error},
                                                            {"error_description", wrong->description}};
    if (!state.empty()) fields.emplace_back("state", state);
    fields.emplace_back("iss", sources_.tokens->issuer());
    co_return redirect_page(302, with_fields(redirect_uri, fields));
  }
  if (request.field("provider").empty() && providers_.size() > 1) {
    co_return provider_links_page("/oauth/authorize?" + request.query, providers_);
  }
  const auto provider = static_cast<std::size_t>(parse_int(request.field("provider")).value_or(0));
  if (auto refused = refuse_departure(request, loop.now())) {
    co_await note_refusal("departure", "too many", request.address, loop);
    co_return *std::move(refused);
  }
  identity::Purpose purpose;
  purpose.asking = {std::string(client->id), {}, request.address};
  purpose.redirect_uri = redirect_uri;
  purpose.challenge = request.field("code_challenge");
  purpose.state = state;
  purpose.from_own_page = request.fetch_site == "same-origin";
  const auto address = co_await depart(purpose, provider, request.browser, loop);
  if (!address) co_return failure_page(503, address.error().message, "Try again in a moment.");
  co_return redirect_page(302, *address);
}

// ---- Back from the provider ----

Task<WebAnswer> SignInRoutes::come_back(Request request, net::Loop& loop) {
  identity::Grants* const grants = sources_.grants;
  const std::string& state = request.field("state");
  const std::string browser = request.is_new_browser ? std::string() : request.browser;
  const auto attempt = co_await on_thread<identity::Grants::Attempt>(
      [grants, state, browser] { return grants->take_attempt(state, browser); }, loop);
  if (!attempt) {
    co_await note_refusal("callback", attempt.error().message, request.address, loop);
    co_return failure_page(status_of(attempt.error()), attempt.error().message, kBeginAgain);
  }
  // RFC 9207: an answer of another provider is not taken for this one's.
  if (!request.field("iss").empty() && request.field("iss") != attempt->issuer) {
    co_await note_refusal("callback", "the answer is another provider's", request.address, loop);
    co_return failure_page(403, "The answer came from another provider than the one you went to.", kBeginAgain);
  }
  if (request.field("code").empty()) {
    const std::string said =
        request.field("error_description").empty() ? request.field("error") : request.field("error_description");
    co_await note_refusal("callback", "the provider said: " + printable(request.field("error"), 80), request.address,
                          loop);
    co_return failure_page(403, "Your company's sign-in said no" + (said.empty() ? "." : ": " + said), kBeginAgain);
  }
  auto person = co_await workers_[loop.index()].providers->arrive(
      attempt->issuer, {request.field("code"), public_address("/sign-in/callback"), derived("nonce", browser, state),
                        derived("verifier", browser, state), request.field("iss")});
  if (!person) {
    co_await note_refusal("callback", person.error().message, request.address, loop);
    co_return failure_page(status_of(person.error()), person.error().message, kBeginAgain);
  }
  const identity::Purpose purpose = attempt->purpose;
  const auto secret = co_await on_thread<std::string>(
      [grants, purpose, person = *person, browser] { return grants->begin_confirmation(purpose, person, browser); },
      loop);
  if (!secret && secret.error().code == ErrorCode::kDenied) {
    co_await note_refusal("callback", secret.error().message, request.address, loop);
    co_return failure_page(403, secret.error().message, "Close this page; what waits for you on your device gives up.");
  }
  if (!secret) co_return failure_page(503, secret.error().message, "Try again in a moment.");
  const SignInClient* const client = find_sign_in_client(purpose.asking.client);
  // Whoever came from one of our own pages wants to go back there; anybody may put a link to the rest into a mail.
  if (client != nullptr && client->is_console && purpose.from_own_page)
    co_return co_await finish_confirmation(*secret, request, true, loop);
  co_return confirmation_page(
      {form_token(browser), *secret, purpose, *person, std::string(client == nullptr ? "" : client->name)});
}

Task<WebAnswer> SignInRoutes::take_confirmation(Request request, net::Loop& loop) {
  const std::string& said = request.field("answer");
  if (!is_own_form(request) || (said != "yes" && said != "no")) {
    co_await note_refusal("form", "it came from another page or without its cookie", request.address, loop);
    co_return failure_page(403, "This form did not come from this page, or your browser keeps no cookies.",
                           kBeginAgain);
  }
  const std::string secret = request.field("confirmation");
  const bool yes = said == "yes";
  co_return co_await finish_confirmation(secret, std::move(request), yes, loop);
}

Task<WebAnswer> SignInRoutes::finish_confirmation(std::string secret, Request request, bool yes, net::Loop& loop) {
  identity::Grants* const grants = sources_.grants;
  const std::string browser = request.browser;
  const auto confirmed = co_await on_thread<identity::Grants::Confirmed>(
      [grants, secret, browser, yes] { return grants->confirm(secret, browser, yes); }, loop);
  if (!confirmed) {
    co_await note_refusal("confirmation", confirmed.error().message, request.address, loop);
    co_return failure_page(status_of(confirmed.error()), confirmed.error().message, kBeginAgain);
  }
  const identity::Purpose& purpose = confirmed->purpose;
  if (!yes) {
    co_await note_refusal("confirmation", "its owner said no", purpose.asking.address, loop);
    if (!purpose.device_hash.empty()) co_return declined_page();
  }
  if (!purpose.device_hash.empty()) co_return signed_in_page(confirmed->person);
  std::vector<std::pair<std::string, std::string>> fields{
      yes ? std::pair<std::string, std::string>("code", confirmed->code)
          : std::pair<std::string, std::string>("error", "access_denied")};
  if (!purpose.state.empty()) fields.emplace_back("state", purpose.state);
  fields.emplace_back("iss", sources_.tokens->issuer());
  co_return redirect_page(303, with_fields(purpose.redirect_uri, fields));
}

}  // namespace reeve::app
