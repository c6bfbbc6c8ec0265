#include "reeve/intake_routes.h"

#include <algorithm>

#include "core/bytes.h"
#include "reeve/api_callers.h"
#include "reeve/api_route.h"
#include "reeve/exception_desk.h"
#include "reeve/list_page.h"
#include "reeve/register_requests.h"

namespace reeve::app {

namespace {

using Sources = ControlApi::Sources;
using control::IntakeCase;
using control::RegisterRow;
/// So many rows are looked at for a list that is sorted by time.
constexpr std::size_t kOverdueMax = 1'000;

void write_item(JsonWriter& json, const control::Item& item) {
  const auto stored = JsonDocument::parse(control::item_to_json(item));
  CHECK(stored.ok());
  json.key("item").begin_object();
  for (const auto& [name, value] : stored->root().members()) {
    if (name != "status_before") json.key(name).raw(value.to_json());
  }
  json.end_object();
}

ApiAnswer answer_with(int status, const RegisterDesk& desk, const IntakeCase& one, Instant now, bool with_form) {
  JsonWriter json;
  json.begin_object();
  if (with_form && desk.rules.questions() != nullptr) {
    json.key("form");
    control::write_form(json, *desk.rules.questions());
  }
  json.key("intake");
  control::write_intake(json, one, desk.rules, now);
  write_item(json, one.item);
  return {status, json.end_object().take(), etag_of_version(one.intake.version)};
}

Result<JsonDocument> read_object(const ApiRequest& request, std::initializer_list<std::string_view> known) {
  auto document = JsonDocument::parse(request.body, /*depth_max=*/5);
  if (!document || !document->root().is_object()) return Error{ErrorCode::kInvalid, "the body is a JSON object"};
  for (const auto& [name, value] : document->root().members()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return Error{ErrorCode::kInvalid, "the body has no member '" + printable(name, 40) + "'"};
    }
  }
  return document;
}

Result<std::string> text_of(JsonValue body, std::string_view name) {
  const JsonValue value = body[name];
  if (!value.present()) return std::string();
  if (const auto text = value.as_string()) return std::string(trim(*text));
  return Error{ErrorCode::kInvalid, "'" + std::string(name) + "' is a text"};
}

Result<std::vector<std::string>> texts_of(JsonValue value, std::string_view name) {
  std::vector<std::string> texts;
  bool good = !value.present() || value.is_array();
  for (const JsonValue& item : value.items()) {
    good = good && item.as_string();
    texts.emplace_back(trim(item.string_or("")));
  }
  if (good) return texts;
  return Error{ErrorCode::kInvalid, "'" + std::string(name) + "' is a list of texts"};
}

/// What all routes that change an intake do: the desk, repetitions, the intake as it is, who asks, If-Match; then the
/// change, which is told and answered with.
template <typename Step>
ApiAnswer change(const Sources& sources, const ApiRequest& request, std::string_view told, const Step& step) {
  const Instant now = system_clock().now();
  const auto desk = register_desk_of(sources);
  if (!desk) return problem_of(desk.error());
  if (auto again = repeated_answer(*desk, request)) return *std::move(again);
  const auto before = desk->intake(request.name);
  if (!before) return problem_of(before.error());
  if (auto stop = check_if_match(request, before->intake.version, false)) return *std::move(stop);
  const auto by = actor_of(sources, request, now);
  if (!by) return problem_of(by.error());
  const Result<IntakeCase> after = step(*desk, *before, *by, now);
  if (!after) return refusal_of(after.error());
  return carry_out(*desk, request, control::change_of_intake(*after, &*before, told, by->name, now),
                   answer_with(200, *desk, *after, now, false));
}

}  // namespace

ApiAnswer list_intakes(const Sources& sources, const ApiRequest& request) {
  const auto limit = limit_of(request);
  if (!limit) return problem_of(limit.error());
  const auto cursor = cursor_of(request);
  if (!cursor) return problem_of(cursor.error());
  const auto desk = register_desk_of(sources);
  if (!desk) return problem_of(desk.error());
  const std::string state = value_of(request, "state");
  const std::string item = value_of(request, "item");
  const bool mine = value_of(request, "mine") == "1";
  const bool overdue = value_of(request, "overdue") == "1";
  const Instant now = system_clock().now();
  std::vector<std::pair<std::int64_t, control::Intake>> found;
  const std::size_t most = overdue ? kOverdueMax : *limit + 1;
  const auto read = each_row(
      desk->rows(), control::kIntakeRegister, overdue ? 0 : *cursor, [&](const RegisterRow& row) -> Result<bool> {
        auto intake = control::intake_from_json(row.document);
        if (!intake) return std::move(intake).error();
        const bool own =
            equal_ignoring_case(intake->requested_by, request.who) || equal_ignoring_case(intake->owner, request.who);
        const bool wanted = (state.empty() || state == control::intake_state_name(intake->state)) &&
                            (item.empty() || item == intake->item) && (!mine || own) &&
                            (!overdue || intake->is_overdue(now));
        if (wanted) found.emplace_back(row.number, *std::move(intake));
        return found.size() < most;
      });
  if (!read) return problem_of(read.error());
  if (overdue) {
    std::sort(found.begin(), found.end(), [](const auto& left, const auto& right) {
      return std::pair(*left.second.due, left.first) < std::pair(*right.second.due, right.first);
    });
  }
  JsonWriter json;
  json.begin_object().key("intakes").begin_array();
  for (std::size_t i = 0; i < std::min(found.size(), *limit); ++i) {
    const auto about = desk->item(found[i].second.item);
    if (!about) return problem_of(about.error());
    control::write_intake(json, {found[i].second, *about}, desk->rules, now);
  }
  json.end_array();
  if (!overdue && found.size() > *limit) json.member("next", std::to_string(found[*limit - 1].first));
  return {200, json.end_object().take(), {}};
}

ApiAnswer start_intake(const Sources& sources, const ApiRequest& request) {
  const Instant now = system_clock().now();
  const auto desk = register_desk_of(sources);
  if (!desk) return problem_of(desk.error());
  if (auto again = repeated_answer(*desk, request)) return *std::move(again);
  const auto texts = read_texts(request, {"kind", "title", "owner", "item"});
  if (!texts) return problem_of(texts.error());
  const auto text = [&](const char* name) {
    const auto found = texts->find(name);
    return found == texts->end() ? std::string() : std::string(trim(found->second));
  };
  control::IntakeStart start{text("kind"), text("title"), text("owner"), request.who};
  IntakeCase before;
  if (const std::string id = text("item"); !id.empty()) {
    auto item = desk->item(id);
    if (!item) return problem_of(item.error());
    if (!start.kind.empty()) return problem(400, "Bad request", "An item that is there has its kind already.");
    before.item = *std::move(item);
    start.existing = &before.item;
  }
  const auto made = desk->start(start, now);
  if (!made) return refusal_of(made.error());
  return carry_out(*desk, request,
                   control::change_of_intake(*made, start.existing == nullptr ? nullptr : &before,
                                             "register.intake_started", request.who, now),
                   answer_with(201, *desk, *made, now, true));
}

ApiAnswer show_intake_form(const Sources& sources, const ApiRequest&) {
  const auto desk = register_desk_of(sources);
  if (!desk) return problem_of(desk.error());
  if (desk->rules.questions() == nullptr) {
    return problem(404, "Not found", "There is no IntakeQuestions document in the governance directory.");
  }
  JsonWriter json;
  control::write_form(json, *desk->rules.questions());
  return {200, json.take(), {}};
}

namespace {

/// What the caller may do now: by the workflow, and by the routes.
void write_may(JsonWriter& json, const ApiRequest& request, const RegisterDesk& desk, const IntakeCase& one,
               const control::Actor& by) {
  using enum identity::Permission;
  const bool asks = is_permitted(request, kAskIntake, "write");
  const bool decides = is_permitted(request, kDecideIntake, "write");
  json.key("may").begin_array();
  for (const std::string& what : control::what_may(one, by, desk.rules)) {
    if (what == "answer" || what == "withdraw" ? asks : decides) json.value(what);
  }
  json.end_array().key("why_not").begin_object();
  const auto tell = [&](std::string_view what, bool permitted, std::string_view roles, const Result<void>& may) {
    if (!may) {
      json.member(what, may.error().message);
    } else if (!permitted) {
      json.member(what, "this needs the role " + std::string(roles));
    }
  };
  tell("answer", asks, "developer or administrator", control::may_answer(one.intake, by.name));
  tell("decide", decides, "approver", control::may_decide(one, by, desk.rules));
  json.end_object();
}

}  // namespace

ApiAnswer show_intake(const Sources& sources, const ApiRequest& request) {
  const Instant now = system_clock().now();
  const auto desk = register_desk_of(sources);
  if (!desk) return problem_of(desk.error());
  const auto one = desk->intake(request.name);
  if (!one) return problem_of(one.error());
  const auto by = actor_of(sources, request, now);
  if (!by) return problem_of(by.error());
  JsonWriter json;
  json.begin_object();
  if (desk->rules.questions() != nullptr) {
    json.key("form");
    control::write_form(json, *desk->rules.questions());
  }
  json.key("intake");
  control::write_intake(json, *one, desk->rules, now);
  write_item(json, one->item);
  write_may(json, request, *desk, *one, *by);
  return {200, json.end_object().take(), etag_of_version(one->intake.version)};
}

ApiAnswer answer_intake(const Sources& sources, const ApiRequest& request) {
  const auto body = read_object(request, {"answers"});
  if (!body) return problem_of(body.error());
  control::Answers answers;
  for (const auto& [question, value] : body->root()["answers"].members()) {
    std::vector<std::string>& values = answers[std::string(question)];
    if (value.is_null()) continue;
    if (const auto text = value.as_string()) {
      if (!trim(*text).empty()) values.emplace_back(trim(*text));
      continue;
    }
    auto texts = texts_of(value, question);
    if (!value.is_array() || !texts) {
      return problem(400, "Bad request", "An answer is a text, or a list of texts: '" + printable(question, 40) + "'");
    }
    values = *std::move(texts);
  }
  if (answers.empty()) return problem(400, "Bad request", "'answers' is an object of questions and answers.");
  return change(sources, request, "register.intake_answered",
                [&](const RegisterDesk& desk, const IntakeCase& before, const control::Actor& by, Instant now) {
                  return control::answer_intake(before, answers, by.name, desk.rules, now);
                });
}

ApiAnswer review_intake(const Sources& sources, const ApiRequest& request) {
  const auto body = read_object(request, {"checklist", "verdict", "answers", "comment", "digest"});
  if (!body) return problem_of(body.error());
  const JsonValue root = body->root();
  control::ChecklistReview review;
  review.checklist = root["checklist"].string_or("");
  review.comment = trim(root["comment"].string_or(""));
  const auto verdict = control::verdict_from_name(root["verdict"].string_or(""));
  if (!verdict) return problem(400, "Bad request", "'verdict' is pass, concerns or fail.");
  review.verdict = *verdict;
  for (const auto& [question, answer] : root["answers"].members()) {
    review.answers[std::string(question)] = answer.string_or("");
  }
  const auto digest = text_of(root, "digest");
  if (!digest) return problem_of(digest.error());
  return change(sources, request, "register.intake_reviewed",
                [&](const RegisterDesk& desk, const IntakeCase& before, const control::Actor& by, Instant now) {
                  return control::review_intake(before, review, by, *digest, desk.rules, now);
                });
}

ApiAnswer decide_intake(const Sources& sources, const ApiRequest& request) {
  const auto body = read_object(request, {"decision", "reason", "conditions", "until", "exception", "digest"});
  if (!body) return problem_of(body.error());
  const JsonValue root = body->root();
  control::IntakeDecision decision;
  const auto kind = control::decision_from_name(root["decision"].string_or(""));
  if (!kind) {
    return problem(400, "Bad request",
                   "'decision' is approve, approve_with_conditions, approve_with_exception or deny.");
  }
  decision.kind = *kind;
  decision.reason = trim(root["reason"].string_or(""));
  auto conditions = texts_of(root["conditions"], "conditions");
  if (!conditions) return problem_of(conditions.error());
  decision.conditions = *std::move(conditions);
  decision.exception = root["exception"].string_or("");
  decision.digest = root["digest"].string_or("");
  // What somebody has not seen nobody decides about: it may have changed since it was shown.
  if (decision.digest.empty()) return problem(400, "Bad request", "'digest' is that of the intake as you saw it.");
  if (const std::string_view until = root["until"].string_or(""); !until.empty()) {
    const auto time = parse_until(until, system_clock().now());
    if (!time) return problem_of(with_context(time.error(), "until"));
    decision.until = *time;
  }
  return change(sources, request, "register.intake_decided",
                [&](const RegisterDesk& desk, const IntakeCase& before, const control::Actor& by,
                    Instant now) -> Result<IntakeCase> {
                  if (auto known = desk.check_exception(decision.exception); !known) return std::move(known).error();
                  return control::decide_intake(before, decision, by, desk.rules, now);
                });
}

ApiAnswer withdraw_intake(const Sources& sources, const ApiRequest& request) {
  const auto texts = read_texts(request, {"reason"});
  if (!texts) return problem_of(texts.error());
  const auto said = texts->find("reason");
  const std::string reason(said == texts->end() ? std::string_view() : trim(said->second));
  return change(sources, request, "register.intake_withdrawn",
                [&](const RegisterDesk&, const IntakeCase& before, const control::Actor& by, Instant now) {
                  return control::withdraw_intake(before, by.name, reason, now);
                });
}

namespace {

/// What somebody writes to an intake that is there.
ApiRoute writing(std::string_view path, std::string_view summary, identity::Permission permission,
                 decltype(ApiRoute::answer) answer, std::string_view takes) {
  constexpr std::size_t kBytesMax = 32UL << 10U;
  return {.method = net::Method::kPost,
          .path = path,
          .summary = summary,
          .permission = permission,
          .answer = answer,
          .gives = "IntakeAnswer",
          .effect = ApiEffect::kWrite,
          .refuses = {409},
          .named = "The intake's id",
          .takes = takes,
          .body_bytes_max = kBytesMax,
          .tells_etag = true,
          .takes_if_match = true,
          .takes_idempotency_key = true};
}

}  // namespace

std::vector<ApiRoute> intake_api_routes() {
  using identity::Permission;
  constexpr std::string_view kAll = "/api/v1/intake";
  constexpr std::string_view kOne = "/api/v1/intake/{id}";
  constexpr std::string_view kFlag = R"({"type":"string","enum":["1"]})";
  constexpr std::string_view kNumber = R"({"type":"integer","minimum":1,"maximum":200})";
  ApiRoute withdraws =
      writing(kOne, "Takes an intake back; only who asked does", Permission::kAskIntake, withdraw_intake, "Reason");
  withdraws.method = net::Method::kDelete;
  withdraws.body_may_lack = true;
  ApiRoute starts = writing(kAll, "Asks for something new, or for what is there to be looked at again",
                            Permission::kAskIntake, start_intake, "IntakeStart");
  starts.fine = {201};
  starts.refuses = {404, 409};
  starts.named = {};
  starts.takes_if_match = false;
  return {{.path = kAll,
           .summary = "Intakes, newest first; with overdue=1 the longest overdue first",
           .permission = Permission::kReadIntake,
           .answer = list_intakes,
           .gives = "IntakeList",
           .parameters = {{"state", "Only those",
                           R"({"type":"string","enum":["open","in_review","approved","approved_with_conditions",)"
                           R"("approved_with_exception","denied","withdrawn"]})"},
                          {"mine", "1: only those that the caller asked for or owns", kFlag},
                          {"overdue", "1: only those whose time is over", kFlag},
                          {"item", "Only those about this item"},
                          {"limit", "100 without it", kNumber},
                          kCursorParameter}},
          starts,
          {.path = "/api/v1/intake/form",
           .summary = "The questions as they are asked now",
           .permission = Permission::kReadIntake,
           .answer = show_intake_form,
           .gives = "IntakeForm",
           .refuses = {404}},
          {.path = kOne,
           .summary = "One intake, what the caller may do with it, and its ETag",
           .permission = Permission::kReadIntake,
           .answer = show_intake,
           .gives = "IntakeAnswer",
           .named = "The intake's id",
           .tells_etag = true},
          withdraws,
          writing("/api/v1/intake/{id}/answers", "Answers questions; the last answer hands it in",
                  Permission::kAskIntake, answer_intake, "IntakeAnswers"),
          writing("/api/v1/intake/{id}/reviews", "Fills a checklist; never of one's own", Permission::kDecideIntake,
                  review_intake, "IntakeReview"),
          writing("/api/v1/intake/{id}/decision", "Decides in writing; never about one's own",
                  Permission::kDecideIntake, decide_intake, "IntakeDecision")};
}

}  // namespace reeve::app
