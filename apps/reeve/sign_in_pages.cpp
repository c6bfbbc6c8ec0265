#include "reeve/sign_in_pages.h"

#include "core/bytes.h"
#include "core/crypto.h"
#include "net/net.h"

namespace reeve::app {

namespace {

constexpr std::string_view kStyle =
    ":root{color-scheme:light dark;--ink:#1a1c1f;--soft:#565c66;--paper:#f6f7f9;--card:#fff;--line:#c9ced6;"
    "--act:#0b5cad;--on-act:#fff;--bad:#a3231f}"
    "@media(prefers-color-scheme:dark){:root{--ink:#eceef1;--soft:#a9b0bb;--paper:#15171a;--card:#1f2226;"
    "--line:#4a505a;--act:#7db8f5;--on-act:#0b1a2b;--bad:#ff9d97}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}"
    "main{max-width:32rem;margin:10vh auto;padding:2rem;background:var(--card);border:1px solid var(--line);"
    "border-radius:.75rem}h1{margin:0 0 1rem;font-size:1.5rem;line-height:1.25}p{margin:0 0 1rem}"
    "label{display:block;font-weight:600;margin-bottom:.375rem}"
    "input{width:100%;font:1.5rem/1.5 ui-monospace,monospace;letter-spacing:.15em;text-transform:uppercase;"
    "padding:.5rem .75rem;border:1px solid var(--soft);border-radius:.5rem;background:var(--card);color:var(--ink)}"
    "button,.go{display:inline-block;margin:1rem .5rem 0 0;padding:.625rem 1.25rem;border:1px solid var(--act);"
    "border-radius:.5rem;background:var(--act);color:var(--on-act);font:600 1rem/1.5 system-ui,sans-serif;"
    "text-decoration:none;cursor:pointer}button.no{background:none;color:var(--act)}"
    ":focus-visible{outline:3px solid var(--act);outline-offset:3px}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.375rem 1rem;margin:0 0 1rem}"
    "dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}.bad{color:var(--bad);font-weight:600}"
    ".soft{color:var(--soft)}#hint{margin-top:.75rem}@media(max-width:36rem){main{margin:0;border:0;border-radius:0;"
    "min-height:100vh}}";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text, 2000)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string hidden(const std::string& name, const std::string& value) {
  return "<input type=\"hidden\" name=\"" + name + "\" value=\"" + escaped(value) + "\">";
}

std::string row(const char* what, const std::string& value) {
  return value.empty() ? std::string() : std::string("<dt>") + what + "</dt><dd>" + escaped(value) + "</dd>";
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace

WebAnswer make_page(int status, const std::string& title, const std::string& content, const std::string& form_targets) {
  static const std::string style_hash = to_base64(as_bytes(sha256(kStyle)));
  WebAnswer page;
  page.status = status;
  page.type = "text/html; charset=utf-8";
  page.body = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + escaped(title) +
              " - Reeve</title><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><style>" +
              std::string(kStyle) + "</style></head><body><main><h1>" + escaped(title) + "</h1>" + content +
              "</main></body></html>";
  page.headers = {{"content-security-policy", "default-src 'none'; style-src 'sha256-" + style_hash +
                                                  "'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'" +
                                                  (form_targets.empty() ? "" : " " + form_targets)},
                  // So that our own forms say where they come from, and nobody else learns of an address.
                  {"referrer-policy", "same-origin"},
                  {"x-content-type-options", "nosniff"},
                  {"x-frame-options", "DENY"},
                  {"cross-origin-opener-policy", "same-origin"}};
  return page;
}

std::string provider_name(const identity::OidcIssuer& provider) {
  if (!provider.name.empty()) return provider.name;
  const auto url = net::parse_url(provider.issuer);
  return url ? url->authority() : provider.issuer;
}

WebAnswer code_page(const std::string& form, const std::string& code, const std::string& complaint) {
  const std::string says =
      complaint.empty() ? "" : "<p class=\"bad\" role=\"alert\" id=\"says\">" + escaped(complaint) + "</p>";
  const std::string described = complaint.empty() ? "hint" : "says hint";
  return make_page(complaint.empty() ? 200 : 400, "Sign a device in",
                   says +
                       "<form method=\"post\" action=\"/sign-in\"><label for=\"code\">Code from your device</label>"
                       "<input id=\"code\" name=\"user_code\" value=\"" +
                       escaped(code) + "\" aria-describedby=\"" + described +
                       "\" autocomplete=\"one-time-code\" autocapitalize=\"characters\" spellcheck=\"false\" required "
                       "maxlength=\"20\" "
                       "autofocus>" +
                       hidden("form", form) +
                       "<p class=\"soft\" id=\"hint\">Eight letters, such as BCDF-GHJK. Only go on when you began this "
                       "yourself, on a "
                       "device in front of you.</p><button>Continue</button></form>");
}

WebAnswer providers_page(const std::string& form, const std::string& code,
                         const std::vector<identity::OidcIssuer>& providers) {
  std::string buttons;
  for (std::size_t i = 0; i < providers.size(); ++i) {
    buttons += "<button name=\"provider\" value=\"" + std::to_string(i) + "\">" + escaped(provider_name(providers[i])) +
               "</button>";
  }
  return make_page(200, "Where do you sign in?",
                   "<form method=\"post\" action=\"/sign-in\">" + hidden("form", form) + hidden("user_code", code) +
                       buttons + "</form>");
}

WebAnswer provider_links_page(const std::string& address, const std::vector<identity::OidcIssuer>& providers) {
  std::string links;
  for (std::size_t i = 0; i < providers.size(); ++i) {
    links += "<a class=\"go\" href=\"" + escaped(address) + "&amp;provider=" + std::to_string(i) + "\">" +
             escaped(provider_name(providers[i])) + "</a>";
  }
  return make_page(200, "Where do you sign in?", links);
}

WebAnswer leaving_page(const std::string& address, const std::string& provider) {
  // A form that was redirected could not go to another host under the policy; a page that goes on can.
  WebAnswer page = make_page(200, "Going to " + provider,
                             "<p>You sign in there, and come back here.</p><a class=\"go\" href=\"" + escaped(address) +
                                 "\">Continue to " + escaped(provider) + "</a>");
  page.headers.emplace_back("refresh", "0;url=" + address);
  return page;
}

WebAnswer confirmation_page(const Confirmation& confirmation) {
  const identity::Asking& asking = confirmation.purpose.asking;
  const bool device = !confirmation.purpose.device_hash.empty();
  const std::string rows = row("You are", confirmation.person.id) + row("Groups", joined(confirmation.person.groups)) +
                           row("Program", confirmation.client_name) + row("It says it is", asking.device) +
                           row("Asked from", asking.address);
  // What a redirect behind a form may lead to is named in the policy.
  std::string target;
  if (!device) {
    const auto url = net::parse_url(confirmation.purpose.redirect_uri);
    // A policy cannot name an address in brackets.
    const bool named = url && url->host.find(':') == std::string::npos;
    if (url) target = named ? (url->tls ? "https://" : "http://") + url->authority() : "http:";
  }
  return make_page(
      200, device ? "Sign this device in?" : "Sign this program in?",
      "<dl>" + rows +
          "</dl><p>It will make model calls in your name, and they count as yours. Say no if you did not just begin "
          "this yourself.</p><form method=\"post\" action=\"/sign-in/confirm\">" +
          hidden("form", confirmation.form) + hidden("confirmation", confirmation.secret) +
          "<button name=\"answer\" value=\"yes\">Sign in</button><button class=\"no\" name=\"answer\" value=\"no\">No, "
          "this was not me</button></form>",
      target);
}

WebAnswer link_page(const std::string& form, const std::string& link, const identity::Principal& person) {
  return make_page(200, "Open the console?",
                   "<dl>" + row("You are", person.id) +
                       "</dl><p>The link was made on this machine by somebody who may write Reeve's data. It works "
                       "once.</p><form method=\"post\" action=\"/console/enter\">" +
                       hidden("form", form) + hidden("link", link) +
                       "<button autofocus>Open the console</button></form>");
}

WebAnswer signed_in_page(const identity::Principal& person) {
  return make_page(200, "Signed in",
                   "<p role=\"status\">Your device is signed in as <strong>" + escaped(person.id) +
                       "</strong>. You can close this page and go back to it.</p><p class=\"soft\">To end it: run "
                       "<code>reeve logout</code> there.</p>");
}

WebAnswer declined_page() {
  return make_page(200, "Not signed in",
                   "<p role=\"status\">Nothing was signed in. If somebody sent you here, tell your security team: they "
                   "may have tried to act in your name.</p>");
}

WebAnswer failure_page(int status, const std::string& what, const std::string& next) {
  return make_page(status, "This did not work",
                   "<p class=\"bad\" role=\"alert\">" + escaped(what) + "</p><p>" + escaped(next) + "</p>");
}

}  // namespace reeve::app
