#pragma once

// The control API's table: every route of /api/v1 is described once, beside the function that answers it. The
// dispatcher refuses by these descriptions, and /api/v1/openapi.json is written from them, so that what is promised and
// what is served cannot differ. A new route is one ApiRoute in the list of its file, a new list one line in
// api_routes(), a new shape one member of a file in api_schemas/.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "identity/identity.h"
#include "net/net.h"
#include "reeve/api_request.h"
#include "reeve/control_api.h"

namespace reeve::app {

/// What a route does to what is kept.
enum class ApiEffect : std::uint8_t {
  kRead,
  kRecordedRead,  // who asked what is in the ledger before the answer leaves
  kWrite,         // what was done, and by whom, is in the ledger
};
std::string_view effect_name(ApiEffect effect);  // "read", "recorded-read", "write"

/// Of the query.
struct ApiParameter {
  std::string_view name, text;
  std::string_view schema = R"({"type":"string"})";  // JSON Schema of the value, as text
};

/// Those that several routes take.
inline constexpr ApiParameter kSinceParameter{"since", "A duration before now, as 30d, or a time"};
inline constexpr ApiParameter kUntilParameter{"until", "The same; now without it"};
inline constexpr ApiParameter kCursorParameter{"cursor", "The member next of the answer before"};
/// A body that says why, and little else.
inline constexpr std::size_t kReasonBytesMax = 4UL << 10U;

struct ApiRoute {
  net::Method method = net::Method::kGet;
  std::string_view path;     // "/api/v1/budgets/{name}"; at most one part in braces, which becomes ApiRequest::name
  std::string_view summary;  // one sentence without a full stop
  std::optional<identity::Permission> permission;  // of people; nothing: everybody who is known
  ApiAnswer (*answer)(const ControlApi::Sources& sources, const ApiRequest& request) = nullptr;
  std::string_view gives;  // name of the schema of what 200 and 201 bring
  ApiEffect effect = ApiEffect::kRead;
  std::vector<int> fine = {200};  // what it answers when it does as asked
  /// Besides 400, 401, 403, 429 and 503, which every route may answer, 413 where there is a body, 404 where there is a
  /// name, and what goes with the header fields below.
  std::vector<int> refuses = {};
  std::string_view named = {};  // what the part in braces is: "The budget's name"
  std::vector<ApiParameter> parameters = {};
  std::string_view takes = {};       // name of the schema of the body; empty: none
  std::size_t body_bytes_max = 0;    // of the body, where there is one
  bool body_may_lack = false;        // it can be left out
  std::string_view scope = {};       // machines', of the kind `control`; empty: read for GET, else write
  bool tells_etag = false;           // the answer has one
  bool takes_if_match = false;       // 412 when it is another's
  bool needs_if_match = false;       // 428 without it, where the thing is there
  bool takes_if_none_match = false;  // "*" only
  bool takes_idempotency_key = false;
  bool is_slow = false;    // it takes seconds: answered on a thread of its own, so that nothing waits behind it
  bool is_urgent = false;  // it cuts somebody off: waits behind nothing else, several are answered at once
  std::string_view media_type = "application/json";  // of what it gives
};

/// In the order in which they are described. The first call puts the table together; later ones only read it.
std::span<const ApiRoute> api_routes();

/// The value of the scope that machines need.
std::string_view scope_of(const ApiRoute& route);
std::string_view method_name(net::Method method);  // "GET"
/// What stands for the part in braces, as it was sent; nothing when the path is another. A path without braces is
/// answered with "".
std::optional<std::string_view> name_in(const ApiRoute& route, std::string_view path);
/// The route of a path and a method; null when there is none. Where a path also fits a name, the path goes before.
const ApiRoute* find_route(net::Method method, std::string_view path);
/// What a path takes, as the field Allow has it: "GET, PUT"; empty when nothing is there.
std::string methods_at(std::string_view path);

// ---- The lists, each in the file of its functions ----

std::vector<ApiRoute> budget_api_routes();
std::vector<ApiRoute> spend_api_routes();
std::vector<ApiRoute> insight_api_routes();
std::vector<ApiRoute> exception_api_routes();
std::vector<ApiRoute> ledger_api_routes();
std::vector<ApiRoute> kill_api_routes();
std::vector<ApiRoute> sign_in_api_routes();
std::vector<ApiRoute> agent_api_routes();
std::vector<ApiRoute> inventory_api_routes();
std::vector<ApiRoute> intake_api_routes();
std::vector<ApiRoute> approvals_api_routes();
std::vector<ApiRoute> evidence_api_routes();
std::vector<ApiRoute> change_api_routes();
std::vector<ApiRoute> person_api_routes();
std::vector<ApiRoute> decision_api_routes();
std::vector<ApiRoute> policy_api_routes();
std::vector<ApiRoute> content_api_routes();
std::vector<ApiRoute> people_api_routes();
std::vector<ApiRoute> server_api_routes();
std::vector<ApiRoute> own_api_routes();
std::vector<ApiRoute> provider_api_routes();

}  // namespace reeve::app
