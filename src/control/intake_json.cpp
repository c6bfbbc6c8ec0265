// An intake as canonical JSON for the store and the ledger, and as whoever looks at it is shown it.

#include <algorithm>

#include "control/control.h"
#include "control/text_checks.h"
#include "core/bytes.h"
#include "core/crypto.h"

namespace reeve::control {

namespace {

constexpr std::array<std::string_view, 3> kPurposes{"new", "recertification", "change"};
constexpr std::array<std::string_view, 7> kStates{
    "open", "in_review", "approved", "approved_with_conditions", "approved_with_exception", "denied", "withdrawn"};
constexpr std::array<std::string_view, 3> kVerdicts{"pass", "concerns", "fail"};
constexpr std::array<std::string_view, 4> kDecisions{"approve", "approve_with_conditions", "approve_with_exception",
                                                     "deny"};
/// Of what the ledger is told; the register has the whole.
constexpr std::size_t kToldReasonBytesMax = 1'000;
constexpr std::size_t kToldAnswersMax = 20;

template <typename Enum, std::size_t Count>
std::optional<Enum> from_name(const std::array<std::string_view, Count>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

void write_list(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).begin_array();
  for (const std::string& text : texts) json.value(text);
  json.end_array();
}

void write_time(JsonWriter& json, std::string_view name, const std::optional<Instant>& at) {
  if (at) json.member(name, format_time(*at));
}

void write_answers(JsonWriter& json, const Answers& answers) {
  json.key("answers").begin_object();
  for (const auto& [question, values] : answers) {
    if (values.size() == 1) {
      json.member(question, values.front());
    } else {
      write_list(json, question, values);
    }
  }
  json.end_object();
}

void write_tier(JsonWriter& json, const std::optional<Tiering>& tier) {
  if (!tier) return;
  json.key("tier").begin_object().key("because").begin_array();
  for (const Tiering::Because& one : tier->because) {
    json.begin_object().member("answer", one.answer).member("at_least", one.at_least).member("points", one.points);
    json.member("question", one.question).member_if("why", one.why).end_object();
  }
  json.end_array().member("points", tier->points).member("tier", tier->tier).end_object();
}

void write_review(JsonWriter& json, const ChecklistReview& review) {
  json.begin_object().key("answers").begin_object();
  for (const auto& [id, answer] : review.answers) json.member(id, answer);
  json.end_object().member("at", format_time(review.at)).member("by", review.by).member("checklist", review.checklist);
  json.member_if("comment", review.comment).member("verdict", verdict_name(review.verdict)).end_object();
}

void write_reviews(JsonWriter& json, const Intake& intake) {
  json.key("reviews").begin_array();
  for (const ChecklistReview& review : intake.reviews) write_review(json, review);
  json.end_array();
}

void write_decision(JsonWriter& json, const IntakeDecision& decision) {
  json.begin_object().member("at", format_time(decision.at)).member("by", decision.by);
  if (!decision.conditions.empty()) write_list(json, "conditions", decision.conditions);
  json.member("decision", decision_name(decision.kind)).member("digest", decision.digest);
  json.member_if("exception", decision.exception).member("reason", decision.reason);
  write_time(json, "until", decision.until);
  json.end_object();
}

void write_questions(JsonWriter& json, const Intake& intake) {
  json.key("questions").begin_object().member("name", intake.questions_name);
  json.member("version", intake.questions_version).end_object();
}

std::vector<std::string> texts_of(JsonValue value) {
  std::vector<std::string> texts;
  if (const auto text = value.as_string()) texts.emplace_back(*text);
  for (const JsonValue& item : value.items()) texts.emplace_back(item.string_or(""));
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
  std::optional<Instant> optional_time(JsonValue value) {
    return value.present() ? std::optional(time(value)) : std::nullopt;
  }
  template <typename Enum>
  Enum known(const std::optional<Enum>& value, Enum fallback) {
    good = good && value.has_value();
    return value.value_or(fallback);
  }

  Tiering tier(JsonValue json) {
    Tiering tier{.tier = static_cast<int>(json["tier"].int_or(0)), .points = json["points"].int_or(0)};
    for (const JsonValue& one : json["because"].items()) {
      tier.because.push_back({std::string(one["question"].string_or("")), std::string(one["answer"].string_or("")),
                              one["points"].int_or(0), static_cast<int>(one["at_least"].int_or(1)),
                              std::string(one["why"].string_or(""))});
    }
    good = good && tier.tier >= 1 && tier.tier <= kTiers;
    return tier;
  }
  ChecklistReview review(JsonValue json) {
    ChecklistReview review{.checklist = std::string(json["checklist"].string_or("")),
                           .by = std::string(json["by"].string_or("")),
                           .at = time(json["at"])};
    review.verdict = known(verdict_from_name(json["verdict"].string_or("")), Verdict::kFail);
    for (const auto& [id, answer] : json["answers"].members()) review.answers[std::string(id)] = answer.string_or("");
    review.comment = json["comment"].string_or("");
    return review;
  }
  IntakeDecision decision(JsonValue json) {
    IntakeDecision decision;
    decision.kind = known(decision_from_name(json["decision"].string_or("")), DecisionKind::kDeny);
    decision.by = json["by"].string_or("");
    decision.at = time(json["at"]);
    decision.reason = json["reason"].string_or("");
    decision.conditions = texts_of(json["conditions"]);
    decision.until = optional_time(json["until"]);
    decision.exception = json["exception"].string_or("");
    decision.digest = json["digest"].string_or("");
    return decision;
  }
  Intake intake(JsonValue root) {
    Intake intake;
    intake.id = root["id"].string_or("");
    intake.version = static_cast<std::uint64_t>(root["version"].int_or(0));
    intake.purpose = known(from_name<IntakePurpose>(kPurposes, root["purpose"].string_or("")), IntakePurpose::kNew);
    intake.item = root["item"].string_or("");
    intake.kind = root["kind"].string_or("");
    intake.title = root["title"].string_or("");
    intake.owner = root["owner"].string_or("");
    intake.requested_by = root["requested_by"].string_or("");
    intake.questions_name = root["questions"]["name"].string_or("");
    intake.questions_version = root["questions"]["version"].string_or("");
    for (const auto& [id, value] : root["answers"].members()) intake.answers[std::string(id)] = texts_of(value);
    if (root["tier"].present()) intake.tier = tier(root["tier"]);
    intake.state = known(intake_state_from_name(root["state"].string_or("")), IntakeState::kDenied);
    intake.started = time(root["started"]);
    intake.submitted = optional_time(root["submitted"]);
    intake.due = optional_time(root["due"]);
    intake.decided = optional_time(root["decided"]);
    for (const JsonValue& one : root["reviews"].items()) intake.reviews.push_back(review(one));
    for (const JsonValue& one : root["decisions"].items()) intake.decisions.push_back(decision(one));
    intake.end_reason = root["end_reason"].string_or("");
    intake.item_was = known(item_status_from_name(root["item_was"].string_or("")), ItemStatus::kProposed);
    intake.made_item = root["made_item"].as_bool().value_or(false);
    good = good && intake.version > 0 && !intake.id.empty() && !intake.item.empty();
    return intake;
  }
};

/// What an entry of the ledger can hold.
std::string told(const IntakeCase& one, std::string_view step, std::string_view by, Instant now) {
  const Intake& intake = one.intake;
  JsonWriter json;
  json.begin_object().member("at", format_time(now)).member_if("by", by);
  if (step == "register.intake_decided" && !intake.decisions.empty()) {
    json.key("decision");
    write_decision(json, intake.decisions.back());
  }
  json.member("digest", digest_of(one));
  write_time(json, "due", intake.due);
  json.member("id", intake.id).member("item", intake.item).member("kind", intake.kind).member("owner", intake.owner);
  if (intake.state == IntakeState::kWithdrawn) json.member_if("reason", intake.end_reason);
  json.member("purpose", purpose_name(intake.purpose)).member("requested_by", intake.requested_by);
  if (step == "register.intake_reviewed" && !intake.reviews.empty()) {
    const ChecklistReview& review = intake.reviews.back();
    json.key("review").begin_object().member("checklist", review.checklist);
    json.member_if("comment", printable(review.comment, kToldReasonBytesMax));
    json.member("verdict", verdict_name(review.verdict)).end_object();
  }
  json.member("state", intake_state_name(intake.state));
  if (intake.tier) {
    json.key("tier").begin_object().key("because").begin_array();
    for (std::size_t i = 0; i < std::min(intake.tier->because.size(), kToldAnswersMax); ++i) {
      json.value(intake.tier->because[i].question + "=" + intake.tier->because[i].answer);
    }
    json.end_array().member("points", intake.tier->points).member("tier", intake.tier->tier).end_object();
  }
  return json.member("title", intake.title).member("version", intake.version).end_object().take();
}

}  // namespace

std::string_view purpose_name(IntakePurpose purpose) { return kPurposes[static_cast<std::size_t>(purpose)]; }
std::string_view intake_state_name(IntakeState state) { return kStates[static_cast<std::size_t>(state)]; }
std::optional<IntakeState> intake_state_from_name(std::string_view name) {
  return from_name<IntakeState>(kStates, name);
}
std::string_view verdict_name(Verdict verdict) { return kVerdicts[static_cast<std::size_t>(verdict)]; }
std::optional<Verdict> verdict_from_name(std::string_view name) { return from_name<Verdict>(kVerdicts, name); }
std::string_view decision_name(DecisionKind kind) { return kDecisions[static_cast<std::size_t>(kind)]; }
std::optional<DecisionKind> decision_from_name(std::string_view name) {
  return from_name<DecisionKind>(kDecisions, name);
}

std::string digest_of(const IntakeCase& one) {
  JsonWriter json;
  json.begin_object();
  write_answers(json, one.intake.answers);
  json.member("id", one.intake.id).key("item").raw(item_text(one.item));
  json.member("purpose", purpose_name(one.intake.purpose));
  write_questions(json, one.intake);
  json.member("requested_by", one.intake.requested_by);
  write_reviews(json, one.intake);
  write_tier(json, one.intake.tier);
  return "sha256:" + to_hex(as_bytes(sha256(json.end_object().text())));
}

std::string intake_to_json(const Intake& intake) {
  JsonWriter json;
  json.begin_object();
  write_answers(json, intake.answers);
  write_time(json, "decided", intake.decided);
  json.key("decisions").begin_array();
  for (const IntakeDecision& decision : intake.decisions) write_decision(json, decision);
  json.end_array();
  write_time(json, "due", intake.due);
  json.member_if("end_reason", intake.end_reason).member("id", intake.id).member("item", intake.item);
  json.member("item_was", item_status_name(intake.item_was)).member("kind", intake.kind);
  json.member("made_item", intake.made_item).member("owner", intake.owner);
  json.member("purpose", purpose_name(intake.purpose));
  write_questions(json, intake);
  json.member("requested_by", intake.requested_by);
  write_reviews(json, intake);
  json.member("started", format_time(intake.started)).member("state", intake_state_name(intake.state));
  write_time(json, "submitted", intake.submitted);
  write_tier(json, intake.tier);
  return json.member("title", intake.title).member("version", intake.version).end_object().take();
}

Result<Intake> intake_from_json(std::string_view text) {
  const auto document = JsonDocument::parse(text);
  RowReader reader;
  Intake intake;
  if (document) intake = reader.intake(document->root());
  if (document && reader.good) return intake;
  return Error{ErrorCode::kCorrupt,
               "the stored intake " + printable(intake.id, 60) + " is damaged; restore the database from a backup"};
}

RegisterChange change_of_intake(const IntakeCase& after, const IntakeCase* before, std::string_view step,
                                std::string_view by, Instant now) {
  RegisterChange change;
  // Reviewers are told once there is something for them to look at.
  const bool submitted = step == "register.intake_answered" && after.intake.state == IntakeState::kInReview;
  if (submitted) step = "register.intake_submitted";
  RowChange row;
  row.row = {std::string(kIntakeRegister), after.intake.id, after.intake.version, intake_to_json(after.intake)};
  row.step = {std::string(step), told(after, step, by, now)};
  row.at = now;
  row.by = by;
  JsonWriter history;
  row.history = history.begin_object().member("state", intake_state_name(after.intake.state)).end_object().take();
  change.rows.push_back(std::move(row));
  const Item* const old = before == nullptr ? nullptr : &before->item;
  if (old != nullptr && old->version == after.item.version) return change;
  const bool is_new = after.item.version == 1;
  const std::string_view item_step = is_new                                               ? "register.item_registered"
                                     : old != nullptr && old->status != after.item.status ? "register.item_status"
                                                                                          : "register.item_changed";
  const std::string reason = "intake " + after.intake.id;
  change.rows.push_back(change_of_item(after.item, is_new ? nullptr : old, item_step, by, reason, now));
  return change;
}

void write_form(JsonWriter& json, const IntakeQuestions& questions) {
  json.begin_object().member("name", questions.name).key("questions").begin_array();
  for (const Question& question : questions.questions) {
    json.begin_object().key("answers").begin_array();
    for (const OfferedAnswer& answer : question.answers) {
      json.begin_object().member("id", answer.id).member("text", answer.text).end_object();
    }
    json.end_array().member_if("fills", question.fills).member_if("help", question.help).member("id", question.id);
    json.member("many", question.many).member("optional", question.optional).member("text", question.text);
    json.end_object();
  }
  json.end_array().key("tiers").begin_object().member("2", questions.tier2_from).member("3", questions.tier3_from);
  json.end_object().member("version", questions.version).end_object();
}

namespace {

void write_checklists(JsonWriter& json, const Intake& intake, const ReviewRule& rule, const IntakeRules& rules) {
  json.key("checklists").begin_array();
  for (const std::string& name : rule.checklists) {
    const Checklist* const list = rules.checklist(name);
    if (list == nullptr) continue;
    const bool done = std::any_of(intake.reviews.begin(), intake.reviews.end(),
                                  [&](const ChecklistReview& review) { return review.checklist == name; });
    json.begin_object().member("done", done).member("name", name).key("questions").begin_array();
    for (const auto& [id, text] : list->questions) {
      json.begin_object().member("id", id).member("text", text).end_object();
    }
    json.end_array().member("reviewers", list->reviewers.in_words()).member("title", list->title).end_object();
  }
  json.end_array();
}

}  // namespace

void write_intake(JsonWriter& json, const IntakeCase& one, const IntakeRules& rules, Instant now) {
  const Intake& intake = one.intake;
  const auto stored = JsonDocument::parse(intake_to_json(intake));
  CHECK(stored.ok());
  json.begin_object();
  for (const auto& [name, value] : stored->root().members()) {
    if (name != "item_was" && name != "made_item") json.key(name).raw(value.to_json());
  }
  if (const ReviewRule* rule = intake.tier ? rules.for_tier(intake.tier->tier) : nullptr) {
    write_checklists(json, intake, *rule, rules);
    json.member("deciders", rule->deciders.in_words()).member("decisions_needed", rule->decisions);
  }
  json.member("digest", digest_of(one));
  const IntakeQuestions* const questions = rules.questions();
  const bool asks = questions != nullptr && intake.state == IntakeState::kOpen;
  write_list(json, "missing", asks ? missing_answers(*questions, intake.answers) : std::vector<std::string>());
  json.member("overdue", intake.is_overdue(now)).end_object();
}

}  // namespace reeve::control
