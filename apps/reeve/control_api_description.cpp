#include "reeve/control_api_description.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/check.h"
#include "core/json.h"
#include "policy/policy.h"
#include "reeve/api_route.h"
#include "reeve/starter.h"

namespace reeve::app {

namespace {

struct Status {
  int code;
  std::string_view text;
};
/// What a status tells, wherever it is answered.
constexpr std::array kStatuses = {
    Status{200, "As asked."},
    Status{201, "It was not there and is now."},
    Status{202, "It is under way; Location says where to look."},
    Status{400, "A parameter, a header or a member of the body makes no sense; errors names members by JSON Pointer."},
    Status{401, "No credential, or not a valid one."},
    Status{403, "The person has no role with this permission, or the key lacks the scope; detail says which."},
    Status{404, "There is none of that name."},
    Status{409, "What is there does not allow it, or somebody else changed it at this moment."},
    Status{412, "The ETag is not that of what is there; or with If-None-Match, it is there."},
    Status{413, "The body is too long."},
    Status{422, "The Idempotency-Key was used for another request."},
    Status{428, "It is there, so If-Match is needed."},
    Status{429, "Too many requests of this credential or address; Retry-After says when the next is taken."},
    Status{503, "Too many wait, or storage cannot be read or written."},
};

struct HeaderField {
  std::string_view name, text;
  bool is_taken;
};

void write_reference(JsonWriter& json, std::string_view schema) {
  json.begin_object().member("$ref", "#/components/schemas/" + std::string(schema)).end_object();
}

void write_content(JsonWriter& json, std::string_view type, std::string_view schema) {
  json.key("content").begin_object().key(type).begin_object().key("schema");
  write_reference(json, schema);
  json.end_object().end_object();
}

void write_parameter(JsonWriter& json, std::string_view name, std::string_view in, std::string_view text,
                     std::string_view schema) {
  json.begin_object().member("name", name).member("in", in).member("required", in == "path");
  json.member("description", text).key("schema").raw(schema).end_object();
}

void write_parameters(JsonWriter& json, const ApiRoute& route) {
  constexpr std::string_view kText = R"({"type":"string"})";
  const std::array<HeaderField, 3> headers{
      {{"If-Match",
        route.needs_if_match ? "The ETag of what is changed; needed where it is there" : "The ETag of what is changed",
        route.takes_if_match},
       {"If-None-Match", "*: only where there is none of that name", route.takes_if_none_match},
       {"Idempotency-Key", "1 to 255 visible characters: for a day, the same request gets the same answer",
        route.takes_idempotency_key}}};
  json.key("parameters").begin_array();
  if (const std::size_t open = route.path.find('{'); open != std::string_view::npos) {
    const std::size_t end = route.path.find('}');
    write_parameter(json, route.path.substr(open + 1, end - open - 1), "path", route.named, kText);
  }
  for (const ApiParameter& parameter : route.parameters) {
    write_parameter(json, parameter.name, "query", parameter.text, parameter.schema);
  }
  for (const HeaderField& header : headers) {
    if (header.is_taken) write_parameter(json, header.name, "header", header.text, kText);
  }
  json.end_array();
}

std::set<int> statuses_of(const ApiRoute& route) {
  std::set<int> all{400, 401, 403, 429, 503};
  all.insert(route.fine.begin(), route.fine.end());
  all.insert(route.refuses.begin(), route.refuses.end());
  if (!route.named.empty()) all.insert(404);
  if (!route.takes.empty()) all.insert(413);
  if (route.takes_if_match || route.takes_if_none_match) all.insert(412);
  if (route.needs_if_match) all.insert(428);
  if (route.takes_idempotency_key) all.insert(422);
  return all;
}

/// An answer's header fields that somebody has to act on.
void write_answer_headers(JsonWriter& json, const ApiRoute& route, int status) {
  const bool tells_etag = route.tells_etag && status < 300;
  if (!tells_etag && status != 429) return;
  json.key("headers").begin_object().key(tells_etag ? "ETag" : "Retry-After").begin_object();
  json.member("description", tells_etag ? "What If-Match takes" : "Seconds").key("schema").begin_object();
  json.member("type", tells_etag ? "string" : "integer").end_object().end_object().end_object();
}

/// "get_budgets_name": the method, and the words of the path.
std::string operation_id(const ApiRoute& route) {
  std::string id = to_lower(method_name(route.method));
  for (const char c : route.path.substr(std::string_view("/api/v1").size())) {
    if (c == '{' || c == '}') continue;
    id += c == '/' || c == '-' || c == '.' ? '_' : c;
  }
  return id;
}

void write_operation(JsonWriter& json, const ApiRoute& route) {
  json.key(to_lower(method_name(route.method))).begin_object().member("operationId", operation_id(route));
  json.member("summary", route.summary);
  json.member("x-reeve-effect", effect_name(route.effect));
  json.member("x-reeve-permission", route.permission ? identity::permission_name(*route.permission) : "none");
  json.member("x-reeve-scope", route.permission ? "control:" + std::string(scope_of(route)) : "none");
  write_parameters(json, route);
  if (!route.takes.empty()) {
    json.key("requestBody").begin_object().member("required", !route.body_may_lack);
    write_content(json, "application/json", route.takes);
    json.member("x-reeve-bytes-max", static_cast<std::uint64_t>(route.body_bytes_max)).end_object();
  }
  const std::set<int> statuses = statuses_of(route);
  json.key("responses").begin_object();
  for (const Status& status : kStatuses) {
    if (!statuses.contains(status.code)) continue;
    json.key(std::to_string(status.code)).begin_object().member("description", status.text);
    write_answer_headers(json, route, status.code);
    const bool fine = status.code < 400;
    write_content(json, fine ? route.media_type : "application/problem+json",
                  fine ? route.gives : std::string_view("Problem"));
    json.end_object();
  }
  json.end_object().end_object();
}

/// A path is one object, wherever its operations stand in the table.
void write_paths(JsonWriter& json) {
  std::set<std::string_view> written;
  json.key("paths").begin_object();
  for (const ApiRoute& first : api_routes()) {
    if (!written.insert(first.path).second) continue;
    json.key(first.path).begin_object();
    for (const ApiRoute& route : api_routes()) {
      if (route.path == first.path) write_operation(json, route);
    }
    json.end_object();
  }
  json.end_object();
}

/// The members that the governance directory's schema gives a Budget document, `kind` and `name` left to the path.
void write_budget_schema(JsonWriter& json) {
  const auto schema = JsonDocument::parse(policy::governance_schema());
  CHECK(schema.ok());
  for (const JsonValue& kind : schema->root()["oneOf"].items()) {
    if (kind["title"].string_or("") != "Budget") continue;
    json.key("Budget").begin_object();
    for (const auto& [name, member] : kind.members()) {
      if (name != "required") json.key(name).raw(member.to_json());
    }
    json.key("required").begin_array();
    for (const JsonValue& name : kind["required"].items()) {
      if (name.string_or("") != "kind" && name.string_or("") != "name") json.value(name.string_or(""));
    }
    json.end_array().end_object();
  }
}

void write_components(JsonWriter& json) {
  json.key("components").begin_object().key("securitySchemes").begin_object().key("key").begin_object();
  json.member("type", "http").member("scheme", "bearer");
  json.member("description",
              "A Reeve key or token. A machine's key needs the operation's x-reeve-scope; a person a role with its "
              "x-reeve-permission, once there are roles");
  json.end_object().key("console").begin_object().member("type", "apiKey").member("in", "cookie");
  json.member("name", "__Host-reeve-session");
  json.member("description", "Of a browser that is signed in to the console, from the console's own pages");
  json.end_object().end_object().key("schemas").begin_object();
  write_budget_schema(json);
  for (const StarterFile& file : api_schemas()) {
    const auto schemas = JsonDocument::parse(file.content);
    CHECK(schemas.ok());
    for (const auto& [name, schema] : schemas->root().members()) json.key(name).raw(schema.to_json());
  }
  json.end_object().end_object();
}

std::string description() {
  JsonWriter json;
  json.begin_object().member("openapi", "3.1.0").key("info").begin_object();
  json.member("title", "Reeve control API").member("version", "1").end_object();
  json.key("security").begin_array().begin_object().key("key").begin_array().end_array().end_object();
  json.begin_object().key("console").begin_array().end_array().end_object().end_array();
  write_paths(json);
  write_components(json);
  return json.end_object().take();
}

}  // namespace

const std::string& control_api_description() {
  static const std::string text = description();
  return text;
}

}  // namespace reeve::app
