// Several changes in one request (RFC 7644 section 3.7). Each is one of its own: what went well stays.

#include <algorithm>
#include <map>

#include "core/bytes.h"
#include "identity/scim/service.h"

namespace reeve::identity::scim {

namespace {

constexpr std::string_view kBulkRequest = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
constexpr std::string_view kBulkResponse = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
constexpr std::string_view kReference = "bulkId:";
/// References to what the same request makes are resolved round by round.
constexpr std::size_t kRoundsMax = 20;

struct Step {
  net::Method method = net::Method::kOther;
  std::string method_text, path, bulk_id, version;
  Value data;
  bool done = false;
  ScimAnswer answer;
};

std::string_view text_of(const Value& object, std::string_view name) {
  const Value::Members* members = object.members();
  if (members == nullptr) return {};
  for (const auto& [known, value] : *members) {
    if (equal_ignoring_case(known, name) && value.text() != nullptr) return *value.text();
  }
  return {};
}

net::Method method_of(std::string_view text) {
  if (equal_ignoring_case(text, "POST")) return net::Method::kPost;
  if (equal_ignoring_case(text, "PUT")) return net::Method::kPut;
  if (equal_ignoring_case(text, "PATCH")) return net::Method::kPatch;
  return equal_ignoring_case(text, "DELETE") ? net::Method::kDelete : net::Method::kOther;
}

Step read_step(const Value& given) {
  Step step;
  step.method_text = text_of(given, "method");
  step.method = method_of(step.method_text);
  step.path = text_of(given, "path");
  step.bulk_id = text_of(given, "bulkId");
  step.version = text_of(given, "version");
  if (const Value* data = given.find("data")) step.data = *data;
  return step;
}

/// Puts ids for references that are known; true when none is left.
bool resolve(Value& value, const std::map<std::string, std::string, std::less<>>& ids) {
  if (const std::string* text = value.text()) {
    if (!text->starts_with(kReference)) return true;
    const auto known = ids.find(std::string_view(*text).substr(kReference.size()));
    if (known == ids.end()) return false;
    value = Value(known->second);
    return true;
  }
  bool all = true;
  if (Value::List* list = value.list()) {
    for (Value& item : *list) all = resolve(item, ids) && all;
  } else if (Value::Members* members = value.members()) {
    for (auto& [name, member] : *members) all = resolve(member, ids) && all;
  }
  return all;
}

bool resolve_path(std::string& path, const std::map<std::string, std::string, std::less<>>& ids) {
  const std::size_t at = path.find(kReference);
  if (at == std::string::npos) return true;
  const auto known = ids.find(std::string_view(path).substr(at + kReference.size()));
  if (known == ids.end()) return false;
  path = path.substr(0, at) + known->second;
  return true;
}

ScimAnswer carry_out(const Writer& writer, const ScimRequest& request, const Step& step) {
  std::string_view rest;
  const ResourceType* type = type_at(step.path, rest);
  if (type == nullptr) return answer_of({404, "", "path is /Users, /Groups, or one of theirs"});
  if (step.method == net::Method::kOther)
    return answer_of({400, "invalidSyntax", "method is POST, PUT, PATCH or DELETE"});
  const bool post = step.method == net::Method::kPost;
  if (post == !rest.empty())
    return answer_of({400, "invalidSyntax", "POST goes to a collection, others to a resource"});
  if (post && step.bulk_id.empty()) return answer_of({400, "invalidSyntax", "POST needs a bulkId"});
  ScimRequest own;
  own.method = step.method;
  own.by = request.by;
  own.base = request.base;
  if (!step.version.empty()) own.if_match = step.version;
  return write_resource(writer, own, *type, std::string(rest), step.data);
}

void write_step(JsonWriter& json, const Step& step) {
  json.begin_object().member("method", step.method_text).member_if("bulkId", step.bulk_id);
  json.member_if("location", step.answer.location).member_if("version", step.answer.etag);
  json.member("status", std::to_string(step.answer.status));
  if (step.answer.status >= 400) json.key("response").raw(step.answer.body);
  json.end_object();
}

OrProblem<std::vector<Step>> read_steps(const Value& body) {
  const Value* schemas = body.find("schemas");
  const Value::List* named = schemas == nullptr ? nullptr : schemas->list();
  if (named == nullptr || std::find(named->begin(), named->end(), Value(kBulkRequest)) == named->end()) {
    return Problem{400, "invalidSyntax", "schemas must name " + std::string(kBulkRequest)};
  }
  const Value* given = body.find("Operations");
  const Value::List* list = given == nullptr ? nullptr : given->list();
  if (list == nullptr) return Problem{400, "invalidSyntax", "Operations is a list"};
  if (list->size() > kScimBulkOperationsMax) {
    return Problem{413, "tooMany", "at most " + std::to_string(kScimBulkOperationsMax) + " operations are taken"};
  }
  std::vector<Step> steps;
  std::map<std::string, bool> bulk_ids;
  for (const Value& item : *list) {
    steps.push_back(read_step(item));
    const std::string& id = steps.back().bulk_id;
    if (!id.empty() && !bulk_ids.emplace(id, true).second) {
      return Problem{400, "invalidSyntax", "the bulkId " + printable(id, 60) + " stands twice"};
    }
  }
  return steps;
}

}  // namespace

ScimAnswer bulk(const Writer& writer, const ScimRequest& request, const Value& body) {
  auto read = read_steps(body);
  if (const auto* wrong = std::get_if<Problem>(&read)) return answer_of(*wrong);
  auto& steps = std::get<std::vector<Step>>(read);
  double errors_max = 0;
  const Value* fail_on = body.find("failOnErrors");
  if (fail_on != nullptr) static_cast<void>(fail_on->number(errors_max));
  std::map<std::string, std::string, std::less<>> ids;
  std::size_t errors = 0;
  const auto stopped = [&] { return errors_max > 0 && static_cast<double>(errors) >= errors_max; };
  bool progress = true;
  for (std::size_t round = 0; progress && round < kRoundsMax && !stopped(); ++round) {
    progress = false;
    for (Step& step : steps) {
      if (step.done || stopped()) continue;
      const bool whole = resolve(step.data, ids);
      if (!resolve_path(step.path, ids) || !whole) continue;
      step.answer = carry_out(writer, request, step);
      step.done = progress = true;
      if (step.answer.status >= 400) ++errors;
      if (step.answer.status == 201)
        ids[step.bulk_id] = step.answer.location.substr(step.answer.location.rfind('/') + 1);
    }
  }
  JsonWriter json;
  json.begin_object().key("schemas").begin_array().value(kBulkResponse).end_array().key("Operations").begin_array();
  for (Step& step : steps) {
    if (!step.done && stopped()) continue;
    if (!step.done) step.answer = answer_of({409, "invalidValue", "it refers to a bulkId that was not made"});
    write_step(json, step);
  }
  return {200, json.end_array().end_object().take(), {}, {}};
}

}  // namespace reeve::identity::scim
