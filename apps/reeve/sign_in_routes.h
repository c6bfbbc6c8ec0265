#pragma once

// Signing in over HTTP: the endpoints of OAuth 2.0 for programs (sign_in_endpoints.cpp), and the pages for people
// (sign_in_browser.cpp), and what the console's pages need of it (sign_in_console.cpp). docs/sign-in.md describes all.
//
// A loop reads the request and talks with the company's provider; what asks the store or the ledger runs on one thread
// of its own, since those block.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/identity.h"
#include "net/net.h"
#include "reeve/api_thread.h"
#include "reeve/browser_sessions.h"
#include "reeve/demo_visitors.h"
#include "reeve/refusals.h"
#include "reeve/sign_in_clients.h"
#include "reeve/sign_in_limits.h"
#include "reeve/sign_in_pages.h"

namespace reeve::app {

class SignInRoutes {
 public:
  /// All of it outlives the routes.
  struct Sources {
    identity::Grants* grants;
    identity::BrowserGrants* browsers;
    identity::OwnTokens* tokens;
    std::vector<identity::OidcIssuer> issuers;
    net::ClientTls tls;
    Refusals* refusals;
    identity::TrustedProxies proxies;
    const identity::KillSwitch* kill_switch;
    // For agents; null where no register of them is in force.
    identity::AgentTokens* agent_tokens = nullptr;
    identity::Agents* agents = nullptr;
    const identity::AgentTrust* trust = nullptr;
    identity::KeyTable* keys = nullptr;
    identity::Directory* directory = nullptr;
    // Of demonstration data: people as whom somebody on this machine may look at it, and where to.
    bool is_demonstration = false;
    std::vector<DemoVisitor> visitors = {};
    identity::GrantStore* store = nullptr;  // where links are made
  };
  static Result<std::unique_ptr<SignInRoutes>> create(net::Runtime& runtime, Sources sources);

  static bool serves(std::string_view path);
  Task<void> handle(net::Exchange& exchange);
  /// Ends its thread. Once no exchange is under way.
  void stop() { thread_.stop(); }
  /// Who is signed in to the console.
  BrowserSessions& browsers() { return browsers_; }

 private:
  /// What is taken from an exchange, copied: it is used on two threads.
  struct Request {
    net::Method method = net::Method::kGet;
    std::string path, query;
    std::map<std::string, std::string, std::less<>> fields;  // of the query, or of the form that was sent
    std::string browser;                                     // the secret of its cookie; made when it has none
    bool is_new_browser = false;
    std::string address;     // of the client, also behind a trusted proxy
    std::string neighbours;  // whom limits count together with it
    std::string origin, fetch_site, user_agent;
    std::vector<std::string> certificates;  // of the client, where it was asked
    bool is_form = false;
    std::string session;        // the secret of the console's cookie, or empty
    bool is_foreign = false;    // another site's page may have made it
    bool is_forwarded = false;  // a proxy says that it passes it on
    const std::string& field(std::string_view name) const;
  };
  struct Worker {
    std::unique_ptr<net::Client> client;
    std::unique_ptr<identity::ProviderSignIn> providers;
    // For agents:
    std::unique_ptr<identity::Authenticator> authenticator;
    std::unique_ptr<identity::AgentCredentials> credentials;
  };
  struct ActingAgent {
    identity::Principal principal;
    Instant expires;  // of its credential
  };
  using Route = Task<WebAnswer> (SignInRoutes::*)(Request request, net::Loop& loop);
  struct Path {
    std::string_view path;
    net::Method method;
    Route route;
    bool is_for_people;
  };
  static std::span<const Path> paths();

  explicit SignInRoutes(Sources sources);
  std::string client_address(const net::Exchange& exchange) const;
  Task<Result<Request>> read(net::Exchange& exchange);
  Task<WebAnswer> answer(net::Exchange& exchange);
  /// Runs `work` on the thread.
  template <typename T>
  Task<Result<T>> on_thread(std::function<Result<T>()> work, net::Loop& loop);
  struct Complaint {
    std::string error, description;  // RFC 6749 section 4.1.2.1
  };
  std::optional<Complaint> complaint_about(const Request& request) const;
  /// What keeps one more person from going to the provider now; nothing when nothing does.
  std::optional<WebAnswer> refuse_departure(const Request& request, Moment now);
  std::optional<WebAnswer> refuse_code(const Request& request, Moment now);
  Task<void> note_refusal(std::string what, std::string why, std::string address, net::Loop& loop);
  std::string public_address(std::string_view path) const { return sources_.tokens->issuer() + std::string(path); }
  bool is_secure() const { return sources_.tokens->issuer().starts_with("https://"); }
  std::string cookie_name() const { return is_secure() ? "__Host-reeve-browser" : "reeve-browser"; }

  // sign_in_endpoints.cpp
  Task<WebAnswer> describe(Request request, net::Loop& loop);
  Task<WebAnswer> give_keys(Request request, net::Loop& loop);
  Task<WebAnswer> begin_device(Request request, net::Loop& loop);
  Task<WebAnswer> give_tokens(Request request, net::Loop& loop);
  Task<WebAnswer> revoke(Request request, net::Loop& loop);
  identity::TokenAnswer exchange(const Request& request) const;

  // sign_in_agents.cpp
  static bool is_of_agents(std::string_view grant);
  Task<WebAnswer> give_agent_tokens(Request request, net::Loop& loop);
  Task<identity::TokenAnswer> sign_agent_in(Request request, net::Loop& loop);
  Task<identity::TokenAnswer> exchange_for_agent(Request request, net::Loop& loop);
  Task<Result<ActingAgent>> find_agent(std::string token, std::vector<std::string> certificates, net::Loop& loop);

  // sign_in_browser.cpp
  Task<WebAnswer> authorize(Request request, net::Loop& loop);
  Task<WebAnswer> show_code_form(Request request, net::Loop& loop);
  Task<WebAnswer> take_code(Request request, net::Loop& loop);
  Task<WebAnswer> come_back(Request request, net::Loop& loop);
  Task<WebAnswer> take_confirmation(Request request, net::Loop& loop);
  Task<Result<std::string>> depart(identity::Purpose purpose, std::size_t provider, std::string browser,
                                   net::Loop& loop);
  Task<WebAnswer> finish_confirmation(std::string secret, Request request, bool yes, net::Loop& loop);

  // sign_in_console.cpp
  Task<WebAnswer> sign_in_to_console(Request request, net::Loop& loop);
  Task<WebAnswer> take_console_code(Request request, net::Loop& loop);
  Task<WebAnswer> begin_console(identity::TokenAnswer tokens, std::string target, std::string address, net::Loop& loop);
  Task<WebAnswer> show_link(Request request, net::Loop& loop);
  Task<WebAnswer> take_link(Request request, net::Loop& loop);
  Task<WebAnswer> enter_as_visitor(Request request, net::Loop& loop);
  Task<WebAnswer> redeem_link(std::string link, std::string device, Request request, net::Loop& loop);
  Task<WebAnswer> tell_console(Request request, net::Loop& loop);
  Task<WebAnswer> sign_out_of_console(Request request, net::Loop& loop);

  static std::string form_token(const std::string& browser);
  bool is_own_form(const Request& request) const;

  const Sources sources_;
  std::vector<identity::OidcIssuer> providers_;  // with which people sign in
  std::vector<Worker> workers_;                  // by the index of the loop
  // By address, and by the cookie of a browser, so that one that is tried out does not cost its neighbours theirs.
  RateLimit device_codes_, departures_, browser_departures_, wrong_codes_, browser_wrong_codes_;
  ApiThread thread_;
  BrowserSessions browsers_;
};

template <typename T>
Task<Result<T>> SignInRoutes::on_thread(std::function<Result<T>()> work, net::Loop& loop) {
  // Shared, since the thread may still work for a client that has gone.
  const auto result =
      std::make_shared<Result<T>>(ErrorCode::kUnavailable, "too many people sign in at this moment; try again");
  auto job = [result, own = std::move(work)] {
    *result = own();
    return ApiAnswer{};
  };
  co_await thread_.answer(std::move(job), loop);
  co_return std::move(*result);
}

inline constexpr std::string_view kClientCredentialsGrant = "client_credentials";
inline constexpr std::string_view kTokenExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
inline constexpr std::string_view kJwtAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

// What the files use.
WebAnswer oauth_error(int status, std::string_view error, std::string_view description);
int status_of(const Error& error);
/// Never kept: made from the browser's secret again when it comes back.
std::string derived(std::string_view purpose, std::string_view browser, std::string_view state);
WebAnswer redirect_page(int status, const std::string& address);

}  // namespace reeve::app
