#include "reeve/scim_api.h"

#include "core/bytes.h"
#include "core/json.h"

namespace reeve::app {

namespace {

constexpr std::string_view kPrefix = "/scim/v2";

ApiAnswer refused(int status, std::string_view detail) {
  return {status, identity::Scim::refuse(status, detail).body, {}};
}

/// What the API says of a caller, in the words of SCIM.
ApiAnswer in_scim(const ApiAnswer& problem) {
  const auto document = JsonDocument::parse(problem.body);
  return refused(problem.status, document ? document->root()["detail"].string_or("") : "");
}

/// What locations begin with: as the client reached this server.
std::string base_of(const net::Exchange& exchange) {
  return std::string(exchange.over_tls() ? "https://" : "http://") +
         printable(exchange.head().headers.get("host"), 300) + std::string(kPrefix);
}

Task<void> respond_as_scim(net::Exchange& exchange, const ApiAnswer& answer) {
  net::Headers headers{{"cache-control", "no-store"}};
  if (!answer.body.empty()) headers.add("content-type", "application/scim+json; charset=utf-8");
  if (answer.status == 401) headers.add("www-authenticate", "Bearer");
  if (answer.status == 503) headers.add("retry-after", "1");
  if (!answer.etag.empty()) headers.add("etag", answer.etag);
  if (!answer.location.empty()) headers.add("location", answer.location);
  // A client that has gone is nobody to tell.
  const auto sent = co_await exchange.respond(answer.status, headers, answer.body);
  static_cast<void>(sent);
}

Task<std::optional<ApiAnswer>> read_body(net::Exchange& exchange, identity::ScimRequest& request) {
  const net::RequestHead& head = exchange.head();
  const std::string too_large = "The body is longer than " + std::to_string(identity::kScimBodyBytesMax) + " bytes.";
  if (!head.has_body()) co_return std::nullopt;
  const auto body = co_await exchange.read_body();
  if (!body && body.error().code == ErrorCode::kTooLarge) co_return refused(413, too_large);
  if (!body) co_return refused(400, "The body cannot be read: " + body.error().message);
  if (body->size() > identity::kScimBodyBytesMax) co_return refused(413, too_large);
  request.body = std::string(*body);
  co_return std::nullopt;
}

std::optional<ApiAnswer> read_tags(const net::Headers& headers, identity::ScimRequest& request) {
  for (const auto& [name, into] :
       {std::pair("if-match", &request.if_match), std::pair("if-none-match", &request.if_none_match)}) {
    if (headers.count(name) > 1) return refused(400, "The header " + std::string(name) + " came twice; send it once.");
    if (const auto found = headers.find(name)) *into = std::string(*found);
  }
  return std::nullopt;
}

/// All that it refuses, but for looking for what is not there, which providers do before they make it.
bool is_worth_telling(const net::RequestHead& head, const ApiAnswer& answer) {
  if (answer.status < 400 || answer.status >= 500) return false;
  return answer.status != 404 || head.method != net::Method::kGet;
}

/// Searching changes nothing.
bool writes(const net::RequestHead& head) {
  return head.method != net::Method::kGet && !head.path.ends_with("/.search");
}

}  // namespace

ScimApi::ScimApi(identity::DirectoryStore* entries, ApiCallers& callers) : callers_(callers) {
  if (entries != nullptr) scim_.emplace(*entries, system_clock());
}

Task<void> ScimApi::handle(net::Exchange& exchange) {
  std::shared_ptr<const identity::Principal> caller;
  ApiAnswer answer = co_await decide(exchange, caller);
  if (is_worth_telling(exchange.head(), answer)) co_await callers_.tell_refusal(exchange, "SCIM", caller, answer);
  if (answer.status == 503 && answer.body.empty()) {
    answer = refused(503, "Too many requests for the directory wait; try again.");
  }
  co_await respond_as_scim(exchange, answer);
}

/// Who asks is known before anything of the request is looked at.
Task<ApiAnswer> ScimApi::decide(net::Exchange& exchange, std::shared_ptr<const identity::Principal>& who) {
  const net::RequestHead& head = exchange.head();
  const ApiCallers::Caller caller = co_await callers_.identify(exchange);
  if (!caller.principal) co_return in_scim(caller.refusal);
  who = caller.principal;
  if (const auto no = refuse_any_scope(*caller.principal, "scim")) co_return in_scim(*no);
  if (caller.principal->key_id.empty()) co_return refused(403, "Only a Reeve key with a scope of scim is taken here.");
  // Whoever writes groups can give roles: that is for the identity provider, never for a person's own key.
  if (caller.principal->type != "service") {
    co_return refused(403,
                      "Only a key of type service is taken here: reeve key create --type service --scope scim:write.");
  }
  const std::string_view scope = writes(head) ? "write" : "read";
  if (const auto no = refuse_scope(*caller.principal, "scim", scope)) co_return in_scim(*no);
  if (!scim_) {
    co_return refused(404,
                      "No directory is in force here; reeve.yaml puts one in force with identity: {directory: "
                      "required} or optional.");
  }
  identity::ScimRequest request;
  request.method = head.method;
  request.path = std::string(head.path.substr(kPrefix.size()));
  request.query = std::string(head.query);
  request.by = caller.principal->id + " (" + caller.principal->key_id + ")";
  request.base = base_of(exchange);
  if (auto no = read_tags(head.headers, request)) co_return *std::move(no);
  if (auto no = co_await read_body(exchange, request)) co_return *std::move(no);
  auto work = [this, given = std::move(request)] {
    identity::ScimAnswer made = scim_->answer(given);
    return ApiAnswer{made.status, std::move(made.body), std::move(made.etag), std::move(made.location)};
  };
  co_return co_await thread_.answer(std::move(work), exchange.loop());
}

}  // namespace reeve::app
