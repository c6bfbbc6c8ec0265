#include "reeve/control_api_description.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "policy/policy.h"

namespace reeve::app {

namespace {

struct Parameter {
  std::string_view name, in, text;
  bool required = false;
};
constexpr Parameter kName{"name", "path", "The budget's name", true};
constexpr Parameter kBy{"by", "query", "Dimensions, separated by commas; person,model without it"};
constexpr Parameter kSince{"since", "query", "A duration before now or a time; 30d without it"};
constexpr Parameter kUntil{"until", "query", "The same; now without it"};
constexpr Parameter kMonth{"month", "query", "As 2026-11; the current one without it"};
constexpr Parameter kDimension{"by", "query", "One dimension to split by"};
constexpr Parameter kException{"id", "path", "The exception's id", true};
constexpr Parameter kSeq{"seq", "path", "The entry's number", true};
constexpr Parameter kSession{"session", "path", "The session's id", true};
constexpr Parameter kSessionState{"state", "query", "live, or not there"};
constexpr Parameter kSignIn{"id", "path", "The sign-in's id", true};
constexpr Parameter kSignInPerson{"person", "query", "Only this person's, in whatever case of letters"};
constexpr Parameter kSignInState{"state", "query", "open, or all; open without it"};
constexpr Parameter kAgent{"id", "path", "The agent's id", true};
constexpr Parameter kAgentState{"state", "query", "requested, approved, denied, suspended or retired; all without it"};
constexpr Parameter kAgentMatch{"If-Match", "header", "The ETag of the version that is replaced"};
constexpr Parameter kCutoff{"id", "path", "The cutoff's id", true};
constexpr Parameter kCutoffState{"state", "query", "on, or all; on without it"};
constexpr Parameter kFilter{"filter", "query", "A condition over the members of entries"};
constexpr Parameter kLimit{"limit", "query", "From 1 to 200; 50 without it"};
constexpr Parameter kOrder{"order", "query", "newest, or oldest; newest without it"};
constexpr Parameter kProof{"proof", "query", "1: each entry with the proof that it is in the log"};
constexpr Parameter kCursor{"cursor", "query", "The member next of the answer before"};
constexpr Parameter kPack{"id", "path", "The pack's id"};
constexpr Parameter kPackFile{"name", "path", "The pack's id and .zip"};
constexpr Parameter kIfMatch{"If-Match", "header", "The ETag of what is changed; needed where the budget is there"};
constexpr Parameter kIfNoneMatch{"If-None-Match", "header", "*: only where there is none of that name"};
constexpr Parameter kIdempotencyKey{"Idempotency-Key", "header",
                                    "1 to 255 visible characters: for a day, the same request gets the same answer"};

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
    Status{401, "No key, or not a valid one."},
    Status{403,
           "The key lacks the scope: control:read, control:write for what changes something, control:kill for the kill "
           "switch and sessions, or control:agents for decisions about agents."},
    Status{404, "There is none of that name."},
    Status{409, "A file declares the budget, or somebody else changed it at this moment."},
    Status{412, "The ETag is not that of what is there; or with If-None-Match, it is there."},
    Status{413, "The body is too long."},
    Status{422, "The Idempotency-Key was used for another request."},
    Status{428, "It is there, so If-Match is needed."},
    Status{503, "Too many wait, or storage cannot be read or written."},
};

struct Operation {
  std::string_view path, method, summary;
  std::vector<Parameter> parameters;
  std::vector<int> statuses;   // besides 200, 401, 403 and 503, which all have
  std::string_view body = {};  // the schema of what is sent; empty: nothing
};

std::vector<Operation> operations_about_money() {
  return {
      {"/api/v1/budgets", "get", "Budgets in force and their counters at this moment", {}, {}},
      {"/api/v1/budgets/{name}", "get", "One budget, with its ETag", {kName}, {404}},
      {"/api/v1/budgets/{name}",
       "put",
       "Writes a budget: a new one, or another text of one that was written here",
       {kName, kIfMatch, kIfNoneMatch, kIdempotencyKey},
       {201, 400, 409, 412, 413, 422, 428},
       "Budget"},
      {"/api/v1/budgets/{name}",
       "delete",
       "Removes a budget that was written here",
       {kName, kIfMatch, kIdempotencyKey},
       {400, 404, 409, 412, 422, 428}},
      {"/api/v1/spend", "get", "Sums of recorded cost", {kBy, kSince, kUntil}, {400}},
      {"/api/v1/reservations", "get", "What is held for calls under way", {}, {}},
      {"/api/v1/spend/changes",
       "get",
       "Why a month costs more or less than the one before",
       {kMonth, kDimension},
       {400}},
      {"/api/v1/spend/forecast", "get", "What the month will come to", {}, {}},
      {"/api/v1/spend/advice", "get", "Who could have used a cheaper model", {kSince, kUntil}, {400}},
      {"/api/v1/content/flows", "get", "What was found in requests, and where they went", {kSince}, {400}},
      {"/api/v1/exceptions", "get", "Exceptions, oldest first, 200 at a time", {kCursor}, {400}},
      {"/api/v1/exceptions",
       "post",
       "Asks for an exception, for whoever asks",
       {},
       {201, 400, 413},
       "ExceptionRequest"},
      {"/api/v1/exceptions/{id}", "get", "One exception, and who may decide about it", {kException}, {400, 404}},
      {"/api/v1/exceptions/{id}",
       "post",
       "Approves or denies it; nobody decides about their own",
       {kException},
       {400, 404, 409, 413},
       "ExceptionDecision"},
  };
}

std::vector<Operation> operations_about_records() {
  return {
      {"/api/v1/ledger/entries",
       "get",
       "Entries of the ledger; who reads them is recorded",
       {kFilter, kSince, kUntil, kCursor, kLimit, kOrder, kProof},
       {400}},
      {"/api/v1/ledger/entries/{seq}", "get", "One entry", {kSeq, kProof}, {400, 404}},
      {"/api/v1/sessions",
       "get",
       "Sessions of the ledger, the last begun first; with state=live those of the last hour and what is under way",
       {kSince, kCursor, kLimit, kSessionState},
       {400}},
      {"/api/v1/sessions/{session}", "get", "The calls of a session along time", {kSession}, {400, 404}},
      {"/api/v1/sessions/{session}",
       "delete",
       "Ends a session: its calls under way, and all that follow",
       {kSession, kIdempotencyKey},
       {201, 400, 413, 422},
       "Reason"},
      {"/api/v1/sign-ins",
       "get",
       "Who is signed in, the last begun first",
       {kSignInPerson, kSignInState, kCursor},
       {400}},
      {"/api/v1/sign-ins/end", "post", "Ends all sign-ins of a person", {}, {400, 413}, "SignInsEnd"},
      {"/api/v1/sign-ins/{id}", "delete", "Ends a sign-in", {kSignIn}, {400, 404, 413}, "Reason"},
      {"/api/v1/kill-switch", "get", "What is cut off", {kCutoffState}, {400}},
      {"/api/v1/kill-switch",
       "post",
       "Cuts off: new calls are refused, those under way end",
       {kIdempotencyKey},
       {201, 400, 413, 422},
       "CutoffRequest"},
      {"/api/v1/kill-switch/{id}", "get", "One cutoff", {kCutoff}, {404}},
      {"/api/v1/kill-switch/{id}", "delete", "Lets on again", {kCutoff}, {400, 404, 413}, "Reason"},
      {"/api/v1/me", "get", "Who asks, and what of the API is theirs; for everybody who is known", {}, {}},
      {"/api/v1/agents", "get", "Agents of the register, 200 at a time", {kAgentState, kCursor}, {400}},
      {"/api/v1/agents", "post", "Asks for an agent", {}, {201, 400, 409, 413}, "AgentRequest"},
      {"/api/v1/agents/{id}", "get", "One agent, with its ETag", {kAgent}, {404}},
      {"/api/v1/agents/{id}",
       "put",
       "Asks for it anew, with other permissions; it does not act until it is approved again",
       {kAgent, kAgentMatch},
       {400, 404, 409, 412, 413},
       "AgentRequest"},
      {"/api/v1/agents/{id}",
       "post",
       "Decides: approve, deny, suspend or retire; nobody approves what they own or asked for",
       {kAgent},
       {400, 404, 409, 413},
       "AgentDecision"},
      {"/api/v1/evidence", "get", "What evidence packs can be made for, and those of the last day", {}, {}},
      {"/api/v1/evidence",
       "post",
       "Begins to make an evidence pack; one at a time",
       {},
       {202, 400, 404, 409, 413},
       "EvidenceRequest"},
      {"/api/v1/evidence/{id}", "get", "How far a pack is, and what is in it", {kPack}, {404}},
      {"/api/v1/evidence/files/{name}", "get", "The pack as a ZIP file", {kPackFile}, {404, 409}},
      {"/api/v1/openapi.json", "get", "This description", {}, {}},
      {"/api/v1/changes",
       "post",
       "Tells of a merged change, or of {\"changes\": [...]}; each counts once",
       {},
       {201, 400, 413},
       "Change"},
  };
}

std::vector<Operation> operations() {
  std::vector<Operation> all = operations_about_money();
  for (Operation& operation : operations_about_records()) all.push_back(std::move(operation));
  return all;
}

void write_content(JsonWriter& json, std::string_view type, std::string_view schema) {
  json.key("content").begin_object().key(type).begin_object().key("schema").begin_object();
  if (schema.empty()) {
    json.member("type", "object");
  } else {
    json.member("$ref", "#/components/schemas/" + std::string(schema));
  }
  json.end_object().end_object().end_object();
}

void write_operation(JsonWriter& json, const Operation& operation) {
  json.key(operation.method).begin_object().member("summary", operation.summary);
  if (!operation.parameters.empty()) {
    json.key("parameters").begin_array();
    for (const Parameter& parameter : operation.parameters) {
      json.begin_object().member("name", parameter.name).member("in", parameter.in);
      json.member("required", parameter.required).member("description", parameter.text);
      json.key("schema").begin_object().member("type", "string").end_object().end_object();
    }
    json.end_array();
  }
  if (!operation.body.empty()) {
    json.key("requestBody").begin_object().member("required", true);
    write_content(json, "application/json", operation.body);
    json.end_object();
  }
  std::vector<int> statuses{200, 401, 403, 503};
  statuses.insert(statuses.end(), operation.statuses.begin(), operation.statuses.end());
  json.key("responses").begin_object();
  for (const Status& status : kStatuses) {
    if (std::find(statuses.begin(), statuses.end(), status.code) == statuses.end()) continue;
    json.key(std::to_string(status.code)).begin_object().member("description", status.text);
    const bool fine = status.code < 400;
    write_content(json, fine ? "application/json" : "application/problem+json", fine ? "" : "Problem");
    json.end_object();
  }
  json.end_object().end_object();
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

void write_change_schema(JsonWriter& json) {
  json.key("Change").begin_object().member("type", "object");
  json.key("required").begin_array().value("id").value("repo").end_array().key("properties").begin_object();
  for (const char* name : {"at", "author", "branch", "commit", "id", "lines", "repo", "work_item"}) {
    const std::string_view type = std::string_view(name) == "lines" ? "integer" : "string";
    json.key(name).begin_object().member("type", type).end_object();
  }
  json.end_object().end_object();
}

/// Objects of texts.
void write_text_schemas(JsonWriter& json) {
  const auto schema = [&](const char* name, std::initializer_list<const char*> required,
                          std::initializer_list<const char*> members) {
    json.key(name).begin_object().member("type", "object").key("required").begin_array();
    for (const char* member : required) json.value(member);
    json.end_array().key("properties").begin_object();
    for (const char* member : members) json.key(member).begin_object().member("type", "string").end_object();
    json.end_object().end_object();
  };
  schema("CutoffRequest", {"scope", "reason"}, {"scope", "reason", "until"});
  schema("Reason", {}, {"reason"});
  schema("ExceptionRequest", {"until", "reason"},
         {"budget", "rule", "approval", "add", "until", "reason", "work_item"});
  schema("ExceptionDecision", {"decision"}, {"decision", "reason", "digest", "until"});
  schema("EvidenceRequest", {"framework", "from"}, {"framework", "from", "to"});
  schema("SignInsEnd", {"person", "reason"}, {"person", "reason"});
}

void write_agent_schemas(JsonWriter& json) {
  json.key("AgentRequest").begin_object().member("type", "object").key("required").begin_array();
  for (const char* name : {"id", "title", "purpose"}) json.value(name);
  json.end_array().key("properties").begin_object();
  for (const char* name : {"card", "expires", "id", "owner", "purpose", "risk", "team", "title"}) {
    json.key(name).begin_object().member("type", "string").end_object();
  }
  for (const char* name : {"acts_for", "classes", "models", "repos", "spiffe", "tools"}) {
    json.key(name).begin_object().member("type", "array").key("items").begin_object().member("type", "string");
    json.end_object().end_object();
  }
  json.key("workloads").begin_object().member("type", "array").key("items").begin_object().member("type", "object");
  json.key("properties").begin_object().key("issuer").begin_object().member("type", "string").end_object();
  json.key("claims").begin_object().member("type", "object").end_object().end_object().end_object().end_object();
  json.end_object().end_object();
  json.key("AgentDecision").begin_object().member("type", "object").key("required").begin_array().value("decision");
  json.end_array().key("properties").begin_object().key("decision").begin_object().key("enum").begin_array();
  for (const char* name : {"approve", "deny", "suspend", "retire"}) json.value(name);
  json.end_array().end_object().key("reason").begin_object().member("type", "string").end_object();
  json.end_object().end_object();
}

void write_problem_schema(JsonWriter& json) {
  const auto property = [&](std::string_view name, std::string_view type) {
    json.key(name).begin_object().member("type", type).end_object();
  };
  json.key("Problem").begin_object().member("type", "object").member("description", "RFC 9457");
  json.key("required").begin_array().value("detail").value("status").value("title").value("type").end_array();
  json.key("properties").begin_object();
  property("detail", "string");
  json.key("errors").begin_object().member("type", "array").key("items").begin_object().member("type", "object");
  json.key("properties").begin_object();
  property("detail", "string");
  property("pointer", "string");
  json.end_object().end_object().end_object();
  property("status", "integer");
  property("title", "string");
  property("type", "string");
  json.end_object().end_object();
}

std::string description() {
  JsonWriter json;
  json.begin_object().member("openapi", "3.1.0").key("info").begin_object();
  json.member("title", "Reeve control API").member("version", "1").end_object();
  json.key("security").begin_array().begin_object().key("key").begin_array().end_array().end_object().end_array();
  json.key("paths").begin_object();
  std::string_view open;
  for (const Operation& operation : operations()) {
    if (operation.path != open) {
      if (!open.empty()) json.end_object();
      json.key(operation.path).begin_object();
      open = operation.path;
    }
    write_operation(json, operation);
  }
  json.end_object().end_object().key("components").begin_object();
  json.key("securitySchemes").begin_object().key("key").begin_object().member("type", "http");
  json.member("scheme", "bearer");
  json.member("description",
              "A Reeve key with the scope control:read; control:write for what changes something, control:kill for the "
              "kill switch, control:agents for decisions about agents");
  json.end_object().end_object().key("schemas").begin_object();
  write_budget_schema(json);
  write_change_schema(json);
  write_text_schemas(json);
  write_agent_schemas(json);
  write_problem_schema(json);
  return json.end_object().end_object().end_object().take();
}

}  // namespace

const std::string& control_api_description() {
  static const std::string text = description();
  return text;
}

}  // namespace reeve::app
