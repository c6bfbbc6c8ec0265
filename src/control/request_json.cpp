// A request as canonical JSON: members in the order of their names, those with nothing in them left out.

#include <algorithm>
#include <array>

#include "control/control.h"
#include "core/bytes.h"
#include "core/crypto.h"

namespace reeve::control {

namespace {

constexpr std::array<std::string_view, 3> kKinds{"budget", "rule", "approval"};
constexpr std::array<std::string_view, 7> kStates{
    "requested", "approved", "approved_with_conditions", "denied", "expired", "withdrawn", "renewed"};

template <typename Enum, std::size_t Count>
std::optional<Enum> from_name(const std::array<std::string_view, Count>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

void member_if(JsonWriter& json, std::string_view name, std::int64_t number) {
  if (number != 0) json.member(name, number);
}

void member_if(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  json.key(name).begin_array();
  for (const std::string& text : texts) json.value(text);
  json.end_array();
}

void write_scope(JsonWriter& json, const Asked& asked) {
  if (asked.scope.empty()) return;
  json.key("scope").begin_object();
  for (const auto& [key, values] : asked.scope) member_if(json, key, values);
  json.end_object();
}

void write_asked(JsonWriter& json, const Asked& asked) {
  json.member_if("budget", asked.budget).member_if("compensating_check", asked.compensating_check);
  member_if(json, "extra_nanos", asked.extra.money.nanos);
  member_if(json, "extra_requests", asked.extra.requests);
  member_if(json, "extra_tokens", asked.extra.tokens);
  json.member("from", format_time(asked.from)).member("kind", kind_name(asked.kind)).member("reason", asked.reason);
  json.member("requested_by", asked.requested_by).member("requested_for", asked.requested_for);
  member_if(json, "rules", asked.rules);
  write_scope(json, asked);
  json.member("until", format_time(asked.until));
  if (asked.uses) json.member("uses", *asked.uses);
  json.member_if("when", asked.when).member_if("work_item", asked.work_item);
}

void write_review(JsonWriter& json, const Review& review) {
  json.begin_object().member("approved", review.approved).member("at", format_time(review.at)).member("by", review.by);
  member_if(json, "conditions", review.conditions);
  json.member("digest", review.digest);
  member_if(json, "groups", review.groups);
  json.member_if("policy", review.policy).member_if("reason", review.reason);
  if (review.until) json.member("until", format_time(*review.until));
  json.end_object();
}

std::vector<std::string> texts_of(JsonValue array) {
  std::vector<std::string> texts;
  for (const JsonValue& item : array.items()) texts.emplace_back(item.string_or(""));
  return texts;
}

/// Damage is remembered and told once at the end.
struct RowReader {
  bool good = true;

  Instant time(JsonValue value) {
    const auto read = parse_time(value.string_or(""));
    good = good && read.ok();
    return read ? *read : Instant();
  }

  Asked asked(JsonValue json) {
    Asked asked;
    const auto kind = kind_from_name(json["kind"].string_or(""));
    good = good && kind.has_value();
    asked.kind = kind.value_or(ExceptionKind::kRule);
    asked.budget = json["budget"].string_or("");
    asked.compensating_check = json["compensating_check"].string_or("");
    asked.extra = {Money{json["extra_nanos"].int_or(0)}, json["extra_tokens"].int_or(0),
                   json["extra_requests"].int_or(0)};
    asked.from = time(json["from"]);
    asked.until = time(json["until"]);
    asked.reason = json["reason"].string_or("");
    asked.requested_by = json["requested_by"].string_or("");
    asked.requested_for = json["requested_for"].string_or("");
    asked.rules = texts_of(json["rules"]);
    for (const auto& [key, values] : json["scope"].members()) asked.scope[std::string(key)] = texts_of(values);
    if (const auto uses = json["uses"].as_int()) asked.uses = static_cast<std::uint64_t>(*uses);
    asked.when = json["when"].string_or("");
    asked.work_item = json["work_item"].string_or("");
    return asked;
  }

  Review review(JsonValue json) {
    Review review;
    review.approved = json["approved"].as_bool().value_or(false);
    review.at = time(json["at"]);
    review.by = json["by"].string_or("");
    review.conditions = texts_of(json["conditions"]);
    review.digest = json["digest"].string_or("");
    review.groups = texts_of(json["groups"]);
    review.policy = json["policy"].string_or("");
    review.reason = json["reason"].string_or("");
    if (json["until"].present()) review.until = time(json["until"]);
    return review;
  }
};

}  // namespace

std::string_view kind_name(ExceptionKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }
std::optional<ExceptionKind> kind_from_name(std::string_view name) { return from_name<ExceptionKind>(kKinds, name); }
std::string_view state_name(ExceptionState state) { return kStates[static_cast<std::size_t>(state)]; }
std::optional<ExceptionState> state_from_name(std::string_view name) {
  return from_name<ExceptionState>(kStates, name);
}

std::string digest_of(const ExceptionRequest& request) {
  JsonWriter json;
  json.begin_object().key("asked").begin_object();
  write_asked(json, request.asked);
  json.end_object().member("id", request.id);
  member_if(json, "renewal", request.renewal);
  json.member_if("renews", request.renews).end_object();
  return "sha256:" + to_hex(as_bytes(sha256(json.text())));
}

std::string request_to_json(const ExceptionRequest& request) {
  JsonWriter json;
  json.begin_object().key("asked").begin_object();
  write_asked(json, request.asked);
  json.end_object().member_if("end_reason", request.end_reason).member_if("ended_by", request.ended_by);
  json.member("id", request.id).member("made", format_time(request.made));
  member_if(json, "renewal", request.renewal);
  json.member_if("renews", request.renews).key("reviews").begin_array();
  for (const Review& review : request.reviews) write_review(json, review);
  json.end_array().member("state", state_name(request.state)).member("version", request.version);
  return json.end_object().take();
}

Result<ExceptionRequest> request_from_json(std::string_view text) {
  const auto document = JsonDocument::parse(text);
  ExceptionRequest request;
  RowReader reader;
  if (document) {
    const JsonValue root = document->root();
    request.id = root["id"].string_or("");
    request.asked = reader.asked(root["asked"]);
    request.made = reader.time(root["made"]);
    request.renewal = static_cast<int>(root["renewal"].int_or(0));
    request.renews = root["renews"].string_or("");
    request.ended_by = root["ended_by"].string_or("");
    request.end_reason = root["end_reason"].string_or("");
    for (const JsonValue& review : root["reviews"].items()) request.reviews.push_back(reader.review(review));
    request.version = static_cast<std::uint64_t>(root["version"].int_or(0));
    const auto state = state_from_name(root["state"].string_or(""));
    reader.good = reader.good && state && request.version > 0 && !request.id.empty();
    request.state = state.value_or(ExceptionState::kDenied);
  }
  if (document && reader.good) return request;
  return Error{ErrorCode::kCorrupt,
               "the stored exception " + printable(request.id, 60) + " is damaged; restore the database from a backup"};
}

Step step_of(const ExceptionRequest& request, std::string_view kind, std::string_view by, Instant now) {
  JsonWriter json;
  json.begin_object().key("asked").begin_object();
  write_asked(json, request.asked);
  json.end_object().member("at", format_time(now)).member_if("by", by).member("digest", digest_of(request));
  json.member_if("end_reason", request.end_reason).member("ends", format_time(request.ends()));
  json.member("id", request.id);
  member_if(json, "renewal", request.renewal);
  json.member_if("renews", request.renews);
  const bool reviewed = kind == "exception.approved" || kind == "exception.denied";
  if (reviewed && !request.reviews.empty()) {
    json.key("review");
    write_review(json, request.reviews.back());
  }
  json.member("state", state_name(request.state)).member("version", request.version).end_object();
  return {std::string(kind), json.take()};
}

Instant ExceptionRequest::ends() const {
  Instant end = asked.until;
  for (const Review& review : reviews) {
    if (review.approved && review.until) end = std::min(end, *review.until);
  }
  return end;
}

bool ExceptionRequest::granted() const {
  const bool approved = state == ExceptionState::kApproved || state == ExceptionState::kApprovedWithConditions ||
                        state == ExceptionState::kRenewed;
  // A row that was changed behind the workflow's back has another digest than the one people said yes to.
  const std::string digest = digest_of(*this);
  return approved && !reviews.empty() && std::all_of(reviews.begin(), reviews.end(), [&](const Review& review) {
           return review.approved && review.digest == digest;
         });
}

}  // namespace reeve::control
