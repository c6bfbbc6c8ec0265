// The console's own sign-in: its pages hold no token, so this server takes the code for them (PKCE, RFC 7636) and gives
// the browser a cookie. And the link that `reeve console` makes, for machines without a company's provider.

#include <algorithm>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/json.h"
#include "reeve/sign_in_routes.h"

namespace reeve::app {

namespace {

constexpr std::string_view kHome = "/console/";
constexpr std::size_t kTargetBytesMax = 300;
constexpr const char* kBeginAgain = "Open /console/ and sign in again.";
constexpr const char* kNewLink = "Run 'reeve console' on the machine that Reeve runs on, and open what it prints.";

/// A page of the console to go to afterwards; whatever else was asked for is the first page.
std::string console_page(const std::string& asked) {
  const bool plain = std::all_of(asked.begin(), asked.end(), [](char c) { return c > ' ' && c < 0x7F && c != '\\'; });
  return asked.starts_with(kHome) && plain && asked.size() <= kTargetBytesMax ? asked : std::string(kHome);
}

/// Where to go back to, with the mark of the browser that left: nobody else's state is taken.
std::string make_state(const std::string& browser, const std::string& target) {
  const std::string text = to_base64url(random_bytes(16)) + "." + to_base64url(target);
  return text + "." + derived("console-state", browser, text);
}

std::optional<std::string> target_of(const std::string& browser, const std::string& state) {
  const std::size_t mark = state.rfind('.');
  const std::size_t target = state.find('.');
  if (mark == std::string::npos || target == mark) return std::nullopt;
  const std::string text = state.substr(0, mark);
  if (!equal_constant_time(derived("console-state", browser, text), state.substr(mark + 1))) return std::nullopt;
  const auto path = from_base64url(std::string_view(text).substr(target + 1));
  if (!path) return std::nullopt;
  return console_page(*path);
}

bool is_this_machine(const std::string& address) { return address.starts_with("127.") || address == "::1"; }

}  // namespace

Task<WebAnswer> SignInRoutes::sign_in_to_console(Request request, net::Loop& loop) {
  if (!request.field("code").empty() || !request.field("error").empty()) {
    co_return co_await take_console_code(std::move(request), loop);
  }
  if (providers_.empty()) co_return failure_page(404, "No company's sign-in is configured here.", kNewLink);
  const std::string target = console_page(request.field("to"));
  if (request.field("provider").empty() && providers_.size() > 1) {
    co_return provider_links_page("/console/sign-in?" + identity::web_form({{"to", target}}), providers_);
  }
  const auto provider = static_cast<std::size_t>(parse_int(request.field("provider")).value_or(0));
  if (provider >= providers_.size()) co_return failure_page(400, "There is no such provider.", kBeginAgain);
  if (auto refused = refuse_departure(request, loop.now())) {
    co_await note_refusal("departure", "too many", request.address, loop);
    co_return *std::move(refused);
  }
  const std::string state = make_state(request.browser, target);
  identity::Purpose purpose;
  // This server began it, for this browser alone: `state` and challenge are its own.
  purpose.from_own_page = true;
  purpose.asking = {"console", {}, request.address};
  purpose.redirect_uri = public_address("/console/sign-in");
  purpose.challenge = to_base64url(as_bytes(sha256(derived("console-verifier", request.browser, state))));
  purpose.state = state;
  const auto address = co_await depart(purpose, provider, request.browser, loop);
  if (!address) co_return failure_page(503, address.error().message, "Try again in a moment.");
  co_return redirect_page(302, *address);
}

Task<WebAnswer> SignInRoutes::take_console_code(Request request, net::Loop& loop) {
  const std::string& state = request.field("state");
  const auto target = request.is_new_browser ? std::nullopt : target_of(request.browser, state);
  const bool is_ours = target && request.field("iss") == sources_.tokens->issuer();
  if (!is_ours) {
    co_await note_refusal("console", "the way back is not of this browser", request.address, loop);
    co_return failure_page(403, "This sign-in was begun in another browser, or your browser keeps no cookies.",
                           kBeginAgain);
  }
  if (request.field("code").empty()) {
    co_return failure_page(403, "You were not signed in: " + request.field("error_description"), kBeginAgain);
  }
  const std::string& code = request.field("code");
  const std::string redirect = public_address("/console/sign-in");
  const std::string verifier = derived("console-verifier", request.browser, state);
  identity::Grants* const grants = sources_.grants;
  const auto tokens = co_await on_thread<identity::TokenAnswer>(
      [=]() -> Result<identity::TokenAnswer> { return grants->exchange_code(code, "console", redirect, verifier); },
      loop);
  if (!tokens) co_return failure_page(503, tokens.error().message, "Try again in a moment.");
  co_return co_await begin_console(*tokens, *target, request.address, loop);
}

/// Signed in: the cookie, and on to the page.
Task<WebAnswer> SignInRoutes::begin_console(identity::TokenAnswer tokens, std::string target, std::string address,
                                            net::Loop& loop) {
  if (!tokens.ok()) {
    co_await note_refusal("console", tokens.error + ": " + tokens.description, address, loop);
    co_return failure_page(403, tokens.description, kBeginAgain);
  }
  identity::BrowserGrants* const grants = sources_.browsers;
  const identity::SignInSession session = tokens.session;
  const auto secret = co_await on_thread<std::string>([=] { return grants->begin(session); }, loop);
  if (!secret) co_return failure_page(503, secret.error().message, "Try again in a moment.");
  WebAnswer answer = redirect_page(303, target);
  answer.headers.emplace_back("set-cookie", browsers_.cookie(*secret));
  co_return answer;
}

// ---- Links ----

Task<WebAnswer> SignInRoutes::show_link(Request request, net::Loop& loop) {
  const std::string& link = request.field("link");
  identity::BrowserGrants* const grants = sources_.browsers;
  const auto person = co_await on_thread<identity::Principal>([=] { return grants->find_link(link); }, loop);
  if (!person || !is_this_machine(request.address)) {
    co_await note_refusal("console link", person ? "from another machine" : person.error().message, request.address,
                          loop);
    co_return failure_page(
        403, person ? "This link works on the machine that Reeve runs on only." : person.error().message, kNewLink);
  }
  co_return link_page(form_token(request.browser), link, *person);
}

Task<WebAnswer> SignInRoutes::take_link(Request request, net::Loop& loop) {
  if (!is_own_form(request) || !is_this_machine(request.address)) {
    co_await note_refusal("form", "it came from another page or without its cookie", request.address, loop);
    co_return failure_page(403, "This form did not come from this page, or your browser keeps no cookies.", kNewLink);
  }
  std::string link = request.field("link");
  co_return co_await redeem_link(std::move(link), "a link of this machine", std::move(request), loop);
}

Task<WebAnswer> SignInRoutes::redeem_link(std::string link, std::string device, Request request, net::Loop& loop) {
  const std::string redirect = public_address("/console/sign-in");
  const std::string verifier = derived("console-verifier", request.browser, link);
  identity::Purpose purpose;
  purpose.asking = {"console", std::move(device), request.address};
  purpose.redirect_uri = redirect;
  purpose.challenge = to_base64url(as_bytes(sha256(verifier)));
  identity::BrowserGrants* const browsers = sources_.browsers;
  identity::Grants* const grants = sources_.grants;
  const auto tokens = co_await on_thread<identity::TokenAnswer>(
      [=]() -> Result<identity::TokenAnswer> {
        const auto code = browsers->take_link(link, purpose);
        if (!code) return code.error();
        return grants->exchange_code(*code, "console", redirect, verifier);
      },
      loop);
  if (!tokens) {
    co_await note_refusal("console link", tokens.error().message, request.address, loop);
    co_return failure_page(403, tokens.error().message, kNewLink);
  }
  co_return co_await begin_console(*tokens, std::string(kHome), request.address, loop);
}

// ---- Demonstration data ----

/// Whoever is at this machine looks at made-up data as one of its people. What lets them in is made here and used at
/// once, so that all that holds for links holds for it.
Task<WebAnswer> SignInRoutes::enter_as_visitor(Request request, net::Loop& loop) {
  const std::string& person = request.field("person");
  const auto visitor = std::find_if(sources_.visitors.begin(), sources_.visitors.end(),
                                    [&](const DemoVisitor& one) { return one.person == person; });
  if (visitor == sources_.visitors.end()) {
    co_await note_refusal("demonstration", "there is nobody of that name to look as", request.address, loop);
    co_return failure_page(404, "There is nobody of that name to look as.", kNewLink);
  }
  // A page of another name that leads to this machine has another origin.
  if (request.is_foreign || request.origin != sources_.tokens->issuer() || request.is_forwarded ||
      !is_this_machine(request.address)) {
    co_await note_refusal("demonstration", "not from this machine's own page", request.address, loop);
    co_return failure_page(403, "This works in a browser on the machine that Reeve runs on only.",
                           "Open " + public_address(kHome) + " there.");
  }
  identity::Principal principal;
  principal.id = visitor->person;
  principal.team = visitor->team;
  principal.groups = visitor->groups;
  identity::GrantStore* const store = sources_.store;
  const auto link = co_await on_thread<std::string>(
      [=] { return identity::make_sign_in_link(*store, principal, system_clock().now()); }, loop);
  if (!link) co_return failure_page(503, link.error().message, "Try again in a moment.");
  co_return co_await redeem_link(*link, "a visit to demonstration data", std::move(request), loop);
}

// ---- What the console's pages ask ----

Task<WebAnswer> SignInRoutes::tell_console(Request request, net::Loop&) {
  JsonWriter json;
  json.begin_object().member("demonstration", sources_.is_demonstration).key("providers").begin_array();
  for (const identity::OidcIssuer& provider : providers_) json.value(provider_name(provider));
  json.end_array().key("visitors").begin_array();
  if (is_this_machine(request.address) && !request.is_forwarded) {
    for (const DemoVisitor& one : sources_.visitors) {
      json.begin_object().member("person", one.person).member("role", identity::role_name(one.role)).end_object();
    }
  }
  WebAnswer answer;
  answer.body = json.end_array().end_object().take();
  co_return answer;
}

Task<WebAnswer> SignInRoutes::sign_out_of_console(Request request, net::Loop& loop) {
  if (request.is_foreign) {
    co_await note_refusal("console", "another page wanted to sign somebody out", request.address, loop);
    co_return oauth_error(403, "invalid_request", "This request did not come from the console.");
  }
  identity::BrowserGrants* const grants = sources_.browsers;
  const std::string secret = request.session;
  browsers_.forget(secret);
  const auto done = co_await on_thread<bool>([=] { return grants->end(secret, "signed out"); }, loop);
  if (!done) co_return oauth_error(503, "temporarily_unavailable", done.error().message);
  WebAnswer answer;
  answer.body = "{}";
  answer.headers.emplace_back("set-cookie", browsers_.cookie({}));
  co_return answer;
}

}  // namespace reeve::app
