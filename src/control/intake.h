#pragma once

// Intake: questions, the risk tier that follows from the answers, reviewers with checklists, and a written decision.
// Part of the control room's face; docs/registers.md describes the documents, the rules and every member.
//
// The functions are pure: they take rows, documents and the time, and give rows or say why not. Errors: kInvalid (it
// makes no sense), kDenied (not this person), kConflict (not in that state). Each message says what to do.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/inventory.h"
#include "core/json.h"
#include "core/result.h"
#include "core/time.h"
#include "core/yaml.h"

namespace reeve::control {

struct Actor;

inline constexpr int kTiers = 3;
inline constexpr std::size_t kQuestionsMax = 10;

// ---- What the documents say ----

struct OfferedAnswer {
  std::string id, text, value;  // value: what the item gets
  std::int64_t points = 0;      // 0 to 100
  int at_least = 1;             // the tier is no lower
  std::string why;
};

struct Question {
  std::string id, text, help;
  std::string fills;  // a member of the item; empty: none
  bool many = false, optional = false;
  std::vector<OfferedAnswer> answers;  // none: it takes a text
};

/// A `kind: IntakeQuestions` document.
struct IntakeQuestions {
  std::string name, version;
  std::int64_t tier2_from = 0, tier3_from = 0;  // points
  std::vector<Question> questions;
  const Question* find(std::string_view id) const;
};

struct People {
  std::vector<std::string> groups, people;
  bool names(const Actor& actor) const;
  std::string in_words() const;  // "the group leads, boss@example.com"
};

/// A `kind: Checklist` document.
struct Checklist {
  std::string name, title;
  People reviewers;
  std::vector<std::pair<std::string, std::string>> questions;  // id and text
};

/// A `kind: Review` document: what a tier needs.
struct ReviewRule {
  std::string name;
  int tier = 0;
  Duration due{}, review_again{}, grace{}, longest_exception{};
  std::vector<std::string> checklists;
  People deciders;
  int decisions = 1;
};

class IntakeRules {
 public:
  /// Reads the documents of these kinds; others are left alone.
  static IntakeRules build(const std::vector<YamlValue>& documents, std::vector<Diagnostic>& complaints);
  /// Null when there is no such document: then nobody can ask, or decide.
  const IntakeQuestions* questions() const { return questions_ ? &*questions_ : nullptr; }
  const ReviewRule* for_tier(int tier) const;
  const Checklist* checklist(std::string_view name) const;

 private:
  std::optional<IntakeQuestions> questions_;
  std::vector<ReviewRule> reviews_;
  std::vector<Checklist> checklists_;
};

// ---- The tier ----

/// By question: the ids of answers, or one text.
using Answers = std::map<std::string, std::vector<std::string>, std::less<>>;

struct Tiering {
  int tier = 1;
  std::int64_t points = 0;
  struct Because {
    std::string question, answer;
    std::int64_t points = 0;
    int at_least = 1;
    std::string why;
  };
  std::vector<Because> because;  // the answers that weigh anything
};
/// Adding an answer never lowers it.
Tiering tier_of(const IntakeQuestions& questions, const Answers& answers);
/// Ids of questions that need an answer yet.
std::vector<std::string> missing_answers(const IntakeQuestions& questions, const Answers& answers);

// ---- The rows ----

enum class IntakePurpose : std::uint8_t { kNew, kRecertification, kChange };
std::string_view purpose_name(IntakePurpose purpose);  // "new", "recertification", "change"
enum class IntakeState : std::uint8_t {
  kOpen,
  kInReview,
  kApproved,
  kApprovedWithConditions,
  kApprovedWithException,
  kDenied,
  kWithdrawn
};
std::string_view intake_state_name(IntakeState state);  // "open", "in_review", …
std::optional<IntakeState> intake_state_from_name(std::string_view name);

enum class Verdict : std::uint8_t { kPass, kConcerns, kFail };
std::string_view verdict_name(Verdict verdict);  // "pass", "concerns", "fail"
std::optional<Verdict> verdict_from_name(std::string_view name);
struct ChecklistReview {
  std::string checklist, by;
  Instant at;
  Verdict verdict = Verdict::kPass;
  std::map<std::string, std::string> answers;  // by question of the checklist: "yes", "no", "na"
  std::string comment;
};

enum class DecisionKind : std::uint8_t { kApprove, kApproveWithConditions, kApproveWithException, kDeny };
std::string_view decision_name(DecisionKind kind);  // "approve", "approve_with_conditions", …
std::optional<DecisionKind> decision_from_name(std::string_view name);
struct IntakeDecision {
  DecisionKind kind = DecisionKind::kDeny;
  std::string by;
  Instant at;
  std::string reason;
  std::vector<std::string> conditions;
  std::optional<Instant> until;  // of an exception
  std::string exception;         // its id in the register of exceptions, or empty
  std::string digest;            // of what it is about
};

struct Intake {
  std::string id;
  std::uint64_t version = 1;
  IntakePurpose purpose = IntakePurpose::kNew;
  std::string item, kind, title, owner, requested_by;
  std::string questions_name, questions_version;
  Answers answers;
  std::optional<Tiering> tier;  // once nothing is missing
  IntakeState state = IntakeState::kOpen;
  Instant started;
  std::optional<Instant> submitted, due, decided;
  std::vector<ChecklistReview> reviews;
  std::vector<IntakeDecision> decisions;
  std::string end_reason;                       // of what was withdrawn
  ItemStatus item_was = ItemStatus::kProposed;  // before it began
  bool made_item = false;                       // the item came with it
  bool is_over() const { return state != IntakeState::kOpen && state != IntakeState::kInReview; }
  bool is_overdue(Instant now) const { return !is_over() && due && *due <= now; }
};
std::string intake_to_json(const Intake& intake);
Result<Intake> intake_from_json(std::string_view text);

/// An intake with its item: most steps change both.
struct IntakeCase {
  Intake intake;
  Item item;
};
/// "sha256:…" over the item as it would be, the answers, the tier and the reviews.
std::string digest_of(const IntakeCase& one);

// ---- The steps ----

/// Of something new (`kind`, `title`, `owner`), or of an item that is there (`existing`). The item's version is 1 when
/// it is made, else one more than that of `existing` where it changed.
struct IntakeStart {
  std::string kind, title, owner, by;
  const Item* existing = nullptr;
};
Result<IntakeCase> start_intake(const IntakeStart& start, const IntakeRules& rules, Instant now);
/// `given`: an empty list takes an answer back. In review, other answers void reviews and decisions.
Result<IntakeCase> answer_intake(const IntakeCase& before, const Answers& given, std::string_view by,
                                 const IntakeRules& rules, Instant now);
/// `seen`: the digest that the reviewer saw, or empty.
Result<IntakeCase> review_intake(const IntakeCase& before, ChecklistReview review, const Actor& by,
                                 std::string_view seen, const IntakeRules& rules, Instant now);
/// The decision's digest is what was seen.
Result<IntakeCase> decide_intake(const IntakeCase& before, IntakeDecision decision, const Actor& by,
                                 const IntakeRules& rules, Instant now);
Result<IntakeCase> withdraw_intake(const IntakeCase& before, std::string_view by, std::string_view reason, Instant now);

/// Whether this person may do so now; otherwise why not.
Result<void> may_answer(const Intake& intake, std::string_view by);
Result<void> may_review(const IntakeCase& one, std::string_view checklist, const Actor& by, const IntakeRules& rules);
Result<void> may_decide(const IntakeCase& one, const Actor& by, const IntakeRules& rules);
/// "answer", "review:security", "decide", "withdraw".
std::vector<std::string> what_may(const IntakeCase& one, const Actor& by, const IntakeRules& rules);

/// What the register is told: the intake, and the item where that changed.
RegisterChange change_of_intake(const IntakeCase& after, const IntakeCase* before, std::string_view step,
                                std::string_view by, Instant now);
/// The intake for whoever reads it: with what is missing, checklists and who decides. An object.
void write_intake(JsonWriter& json, const IntakeCase& one, const IntakeRules& rules, Instant now);
/// The form: an object with the questions.
void write_form(JsonWriter& json, const IntakeQuestions& questions);

}  // namespace reeve::control
