// Requests of SCIM: where they go, and the reading and writing of one resource.

#include "identity/scim/service.h"

#include <algorithm>

#include "core/bytes.h"
#include "identity/jwt.h"
#include "identity/scim/patch.h"

namespace reeve::identity::scim {

namespace {

constexpr std::size_t kJsonDepthMax = 24;
constexpr int kTriesMax = 5;
/// Groups with more members are not shown again to whoever changed them.
constexpr std::size_t kMembersShown = 1'000;

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const Result<std::string> byte = text[i] == '%' ? from_hex(to_lower(text.substr(i + 1, 2))) : std::string();
    const bool escape = byte && byte->size() == 1;
    out += escape ? byte->front() : text[i] == '+' ? ' ' : text[i];
    i += escape ? 2 : 0;
  }
  return out;
}

OrProblem<Parameters> read_query(std::string_view query) {
  Parameters parameters;
  for (const std::string_view part : split(query, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    std::string name = to_lower(percent_decoded(part.substr(0, equals)));
    std::string value = percent_decoded(part.substr(std::min(equals + 1, part.size())));
    if (!is_utf8(value)) return Problem{400, "invalidValue", "a parameter is no UTF-8"};
    if (!parameters.emplace(std::move(name), std::move(value)).second) {
      return Problem{400, "invalidValue", "a parameter stands twice"};
    }
  }
  return parameters;
}

/// The body of a search request, as the parameters of a query (RFC 7644 section 3.4.3).
OrProblem<Parameters> read_search(const Value& body) {
  Parameters parameters;
  if (body.members() == nullptr) return Problem{400, "invalidSyntax", "the body is no JSON object"};
  for (const auto& [name, value] : *body.members()) {
    std::string text;
    double number = 0;
    if (value.text() != nullptr) {
      text = *value.text();
    } else if (const Value::List* list = value.list()) {
      for (const Value& item : *list) {
        if (item.text() != nullptr) text += (text.empty() ? "" : ",") + *item.text();
      }
    } else if (value.number(number)) {
      text = value.to_json();
    }
    parameters.emplace(to_lower(name), std::move(text));
  }
  return parameters;
}

bool names_tag(const std::string& header, const std::string& etag) {
  if (trim(header) == "*") return true;
  for (const std::string_view tag : split(header, ',')) {
    std::string_view given = trim(tag);
    if (given.starts_with("W/")) given.remove_prefix(2);
    if (given == std::string_view(etag).substr(2)) return true;
  }
  return false;
}

ScimAnswer shown(DirectoryStore& store, const ScimRequest& request, const ResourceType& type,
                 const DirectoryEntry& entry, int status, const Projection& projection) {
  const auto resource = resource_of(store, type, entry, request.base, projection);
  if (!resource) return answer_of(unavailable(resource.error()));
  return {status, resource->to_json(), etag_of(entry), location_of(type, entry, request.base)};
}

ScimAnswer read_one(DirectoryStore& store, const ScimRequest& request, const ResourceType& type, const std::string& id,
                    const Parameters& parameters) {
  const auto entry = store.entry(type.kind, id);
  if (!entry) return answer_of(unavailable(entry.error()));
  if (!*entry) return answer_of({404, "", "There is no " + std::string(type.name) + " of that id."});
  if (request.if_none_match && names_tag(*request.if_none_match, etag_of(**entry))) {
    return {304, "", etag_of(**entry), {}};
  }
  const auto value_of_name = [&](std::string_view name) {
    const auto found = parameters.find(name);
    return found == parameters.end() ? std::string_view() : std::string_view(found->second);
  };
  const auto projection = read_projection(type, value_of_name("attributes"), value_of_name("excludedattributes"));
  return shown(store, request, type, **entry, 200, projection);
}

/// What a PUT or PATCH makes of the entry.
OrProblem<Value> changed(const Writer& writer, net::Method method, const ResourceType& type,
                         const DirectoryEntry& before, const Value& body) {
  if (method == net::Method::kPut) {
    const std::string_view id = body.text_of("id");
    if (!id.empty() && id != before.id) return Problem{400, "mutability", "the id is not the one of the path"};
    return read_resource(type, body);
  }
  const auto operations = read_operations(body);
  if (const auto* wrong = std::get_if<Problem>(&operations)) return *wrong;
  auto attributes = attributes_of(writer.store, type, before);
  if (!attributes) return unavailable(attributes.error());
  for (const Operation& operation : std::get<std::vector<Operation>>(operations)) {
    if (auto wrong = apply(type, operation, *attributes, writer.work)) return *std::move(wrong);
  }
  return *std::move(attributes);
}

ScimAnswer create(const Writer& writer, const ScimRequest& request, const ResourceType& type, const Value& body) {
  auto attributes = read_resource(type, body);
  if (const auto* wrong = std::get_if<Problem>(&attributes)) return answer_of(*wrong);
  const auto entry = writer.write(type, nullptr, std::move(std::get<Value>(attributes)));
  if (const auto* wrong = std::get_if<Problem>(&entry)) return answer_of(*wrong);
  return shown(writer.store, request, type, std::get<DirectoryEntry>(entry), 201, {});
}

/// One try; 412 with is_changed_meanwhile() may be worth another.
OrProblem<DirectoryEntry> change_once(const Writer& writer, const ScimRequest& request, const ResourceType& type,
                                      const std::string& id, const Value& body) {
  const auto before = writer.store.entry(type.kind, id);
  if (!before) return unavailable(before.error());
  if (!*before) return Problem{404, "", "There is no " + std::string(type.name) + " of that id."};
  if (request.if_match && !names_tag(*request.if_match, etag_of(**before))) {
    return Problem{412, "", "It was changed since that ETag; read it again."};
  }
  if (request.method == net::Method::kDelete) {
    if (auto wrong = writer.remove(type, **before)) return *std::move(wrong);
    return **before;
  }
  auto attributes = changed(writer, request.method, type, **before, body);
  if (auto* wrong = std::get_if<Problem>(&attributes)) return std::move(*wrong);
  return writer.write(type, &**before, std::move(std::get<Value>(attributes)));
}

}  // namespace

ScimAnswer answer_of(const Problem& problem) { return Scim::refuse(problem.status, problem.detail, problem.type); }

OrProblem<Value> read_body(std::string_view body) {
  const auto document = JsonDocument::parse(body, kJsonDepthMax);
  if (!document) return Problem{400, "invalidSyntax", "the body is " + document.error().message};
  if (!document->root().is_object()) return Problem{400, "invalidSyntax", "the body is no JSON object"};
  if (!has_unique_names(document->root())) return Problem{400, "invalidSyntax", "a member of the body stands twice"};
  return value_of(document->root());
}

const ResourceType* type_at(std::string_view path, std::string_view& rest) {
  for (const ResourceType* type : {&user_type(), &group_type()}) {
    if (!path.starts_with(type->endpoint)) continue;
    rest = path.substr(type->endpoint.size());
    if (rest.empty()) return type;
    if (rest.front() != '/' || rest.find('/', 1) != std::string_view::npos) return nullptr;
    rest.remove_prefix(1);
    return type;
  }
  return nullptr;
}

ScimAnswer write_resource(const Writer& writer, const ScimRequest& request, const ResourceType& type,
                          const std::string& id, const Value& body) {
  if (request.method == net::Method::kPost) return create(writer, request, type, body);
  for (int tries = 0; tries < kTriesMax; ++tries) {
    const auto entry = change_once(writer, request, type, id, body);
    if (const auto* wrong = std::get_if<Problem>(&entry)) {
      if (is_changed_meanwhile(*wrong) && !request.if_match) continue;
      return answer_of(*wrong);
    }
    if (request.method == net::Method::kDelete) return {204, "", "", ""};
    const auto& now = std::get<DirectoryEntry>(entry);
    if (type.kind == EntryKind::kGroup) {
      const auto members = writer.store.members_of(id);
      if (members && members->size() > kMembersShown) return {204, "", etag_of(now), ""};
    }
    return shown(writer.store, request, type, now, 200, {});
  }
  return answer_of({409, "", "Others change it at the same time; try again."});
}

}  // namespace reeve::identity::scim

namespace reeve::identity {

namespace {

using namespace scim;  // NOLINT: the face of what is in there

ScimAnswer not_allowed(std::string_view methods) {
  return Scim::refuse(405, "This path takes " + std::string(methods) + " only.");
}

ScimAnswer search_at(DirectoryStore& store, const ScimRequest& request, const std::vector<const ResourceType*>& types) {
  if (request.method != net::Method::kPost) return not_allowed("POST");
  const auto body = read_body(request.body);
  if (const auto* wrong = std::get_if<Problem>(&body)) return answer_of(*wrong);
  const auto parameters = read_search(std::get<Value>(body));
  if (const auto* wrong = std::get_if<Problem>(&parameters)) return answer_of(*wrong);
  return search(store, types, std::get<Parameters>(parameters), request.base);
}

ScimAnswer answer_resource(const Writer& writer, const ScimRequest& request, const ResourceType& type,
                           const std::string& id) {
  using net::Method;
  if (id == ".search") return search_at(writer.store, request, {&type});
  if (request.method == Method::kGet) {
    const auto parameters = read_query(request.query);
    if (const auto* wrong = std::get_if<Problem>(&parameters)) return answer_of(*wrong);
    if (id.empty()) return search(writer.store, {&type}, std::get<Parameters>(parameters), request.base);
    return read_one(writer.store, request, type, id, std::get<Parameters>(parameters));
  }
  if (id.empty() && request.method != Method::kPost) return not_allowed("GET and POST");
  const bool known =
      request.method == Method::kPut || request.method == Method::kPatch || request.method == Method::kDelete;
  if (!id.empty() && !known) return not_allowed("GET, PUT, PATCH and DELETE");
  if (request.method == Method::kDelete) return write_resource(writer, request, type, id, Value());
  const auto body = read_body(request.body);
  if (const auto* wrong = std::get_if<Problem>(&body)) return answer_of(*wrong);
  return write_resource(writer, request, type, id, std::get<Value>(body));
}

ScimAnswer answer_bulk(const Writer& writer, const ScimRequest& request) {
  if (request.method != net::Method::kPost) return not_allowed("POST");
  if (request.body.size() > kScimBulkBytesMax) {
    return Scim::refuse(413, "A bulk request has at most " + std::to_string(kScimBulkBytesMax) + " bytes.");
  }
  const auto body = read_body(request.body);
  if (const auto* wrong = std::get_if<Problem>(&body)) return answer_of(*wrong);
  return bulk(writer, request, std::get<Value>(body));
}

}  // namespace

ScimAnswer Scim::refuse(int status, std::string_view detail, std::string_view scim_type) {
  JsonWriter json;
  json.begin_object().key("schemas").begin_array().value(kErrorMessage).end_array();
  json.member("status", std::to_string(status)).member_if("scimType", scim_type).member("detail", detail);
  return {status, json.end_object().take(), {}, {}};
}

ScimAnswer Scim::answer(const ScimRequest& request) {
  if (request.body.size() > kScimBodyBytesMax) {
    return refuse(413, "A body has at most " + std::to_string(kScimBodyBytesMax) + " bytes.");
  }
  Work work;
  const Writer writer{store_, request.by, clock_, work};
  const std::string path = percent_decoded(request.path);
  if (!is_utf8(path) || path.find('\0') != std::string::npos) return describe("", request.base);
  std::string_view rest;
  if (const ResourceType* type = type_at(path, rest)) return answer_resource(writer, request, *type, std::string(rest));
  if (path == "/Bulk") return answer_bulk(writer, request);
  if (path == "/.search") return search_at(store_, request, {&user_type(), &group_type()});
  if (path == "/Me") return refuse(501, "A key of SCIM is nobody's account: there is no /Me.");
  ScimAnswer description = describe(path, request.base);
  if (description.status == 200 && request.method != net::Method::kGet) return not_allowed("GET");
  return description;
}

}  // namespace reeve::identity
