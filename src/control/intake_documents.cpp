// Reading `kind: IntakeQuestions`, `kind: Checklist` and `kind: Review`.

#include <algorithm>

#include "control/control.h"
#include "control/text_checks.h"
#include "core/bytes.h"

namespace reeve::control {

namespace {

constexpr std::int64_t kPointsMax = 100;
constexpr std::size_t kTextBytesMax = 500;
constexpr std::size_t kIdBytesMax = 40;
constexpr std::size_t kAnswersMax = 20;
constexpr std::size_t kChecklistQuestionsMax = 30;
constexpr int kDecisionsMax = 2;
constexpr Duration kLongest = std::chrono::hours(24 * 366 * 3);

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdBytesMax && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

/// Of one document: what is missing or makes no sense is a complaint at its place.
class Reader {
 public:
  Reader(const YamlValue& document, std::vector<Diagnostic>& complaints)
      : document_(document), complaints_(complaints) {}

  void complain(const YamlValue& at, std::string message) { complaints_.push_back(at.complain(std::move(message))); }

  std::string id(const YamlValue& in, std::string_view key) {
    const YamlValue* value = in.find(key);
    if (value != nullptr && is_id(value->text())) return value->text();
    complain(value == nullptr ? in : *value,
             "'" + std::string(key) + "' is a name of a-z, 0-9, '-' and '_', at most 40 characters");
    return {};
  }
  std::string text(const YamlValue& in, std::string_view key, bool needed) {
    const YamlValue* value = in.find(key);
    if (value == nullptr && !needed) return {};
    if (value != nullptr && is_line(value->text(), kTextBytesMax)) return value->text();
    complain(value == nullptr ? in : *value, "'" + std::string(key) + "' is one line of text, at most 500 bytes");
    return {};
  }
  std::int64_t number(const YamlValue& in, std::string_view key, std::int64_t fallback, std::int64_t least,
                      std::int64_t most) {
    const YamlValue* value = in.find(key);
    if (value == nullptr) return fallback;
    const auto number = value->as_int();
    if (number && *number >= least && *number <= most) return *number;
    complain(*value,
             "'" + std::string(key) + "' is a number from " + std::to_string(least) + " to " + std::to_string(most));
    return fallback;
  }
  bool flag(const YamlValue& in, std::string_view key) {
    const YamlValue* value = in.find(key);
    if (value == nullptr) return false;
    if (const auto flag = value->as_bool()) return *flag;
    complain(*value, "'" + std::string(key) + "' is true or false");
    return false;
  }
  Duration time(std::string_view key, Duration fallback) {
    const YamlValue* value = document_.find(key);
    if (value == nullptr) return fallback;
    const auto duration = parse_duration(value->text());
    if (duration && *duration > Duration::zero() && *duration <= kLongest) return *duration;
    complain(*value, "'" + std::string(key) + "' is a time such as 30d, at most three years");
    return fallback;
  }
  std::vector<std::string> names(const YamlValue& in, std::string_view key) {
    std::vector<std::string> names;
    const YamlValue* value = in.find(key);
    if (value == nullptr) return names;
    if (!value->is_sequence()) complain(*value, "'" + std::string(key) + "' is a list of names");
    for (const YamlValue& item : value->items()) {
      if (!is_line(item.text(), kPersonBytesMax)) complain(item, "a name is one line of text");
      names.push_back(item.text());
    }
    return names;
  }
  People people(std::string_view key) {
    const YamlValue* value = document_.find(key);
    if (value == nullptr || !value->is_mapping()) {
      complain(value == nullptr ? document_ : *value,
               "'" + std::string(key) + "' says who: {groups: [leads], people: [boss@example.com]}");
      return {};
    }
    value->refuse_unknown_keys({"groups", "people"}, complaints_);
    People people{names(*value, "groups"), names(*value, "people")};
    if (people.groups.empty() && people.people.empty()) complain(*value, "this names nobody");
    return people;
  }
  std::span<const YamlValue> items(const YamlValue& in, std::string_view key, std::size_t most, bool needed) {
    const YamlValue* value = in.find(key);
    if (value == nullptr) {
      if (needed) complain(in, "'" + std::string(key) + "' is missing");
      return {};
    }
    if (!value->is_sequence() || value->items().empty() || value->items().size() > most) {
      complain(*value, "'" + std::string(key) + "' is a list of 1 to " + std::to_string(most));
      return {};
    }
    return value->items();
  }

  OfferedAnswer answer(const YamlValue& from, const std::string& fills) {
    from.refuse_unknown_keys({"id", "text", "points", "at_least", "why", "value"}, complaints_);
    OfferedAnswer answer{.id = id(from, "id"), .text = text(from, "text", true), .value = text(from, "value", false)};
    answer.points = number(from, "points", 0, 0, kPointsMax);
    answer.at_least = static_cast<int>(number(from, "at_least", 1, 1, kTiers));
    answer.why = text(from, "why", false);
    if (answer.value.empty()) answer.value = answer.id;
    if (!fills.empty() && !answer.value.empty()) {
      if (auto fault = fault_of_member(fills, {answer.value})) complain(from, *fault);
    }
    return answer;
  }

  Question question(const YamlValue& from) {
    from.refuse_unknown_keys({"id", "text", "help", "fills", "many", "optional", "answers"}, complaints_);
    Question question{.id = id(from, "id"), .text = text(from, "text", true), .help = text(from, "help", false)};
    question.fills = text(from, "fills", false);
    if (!question.fills.empty() && !is_item_member(question.fills)) {
      complain(*from.find("fills"), "an item of the inventory has no member of that name");
      question.fills.clear();
    }
    question.many = flag(from, "many");
    question.optional = flag(from, "optional");
    for (const YamlValue& one : items(from, "answers", kAnswersMax, false)) {
      OfferedAnswer read = answer(one, question.fills);
      if (std::any_of(question.answers.begin(), question.answers.end(),
                      [&](const OfferedAnswer& other) { return other.id == read.id; })) {
        complain(one, "this answer is there twice");
      }
      question.answers.push_back(std::move(read));
    }
    return question;
  }

  IntakeQuestions questions() {
    document_.refuse_unknown_keys({"kind", "name", "version", "description", "owner", "tiers", "questions"},
                                  complaints_);
    IntakeQuestions read{.name = id(document_, "name"), .version = text(document_, "version", true)};
    const YamlValue* tiers = document_.find("tiers");
    if (tiers != nullptr && tiers->is_mapping()) {
      tiers->refuse_unknown_keys({"2", "3"}, complaints_);
      read.tier2_from = number(*tiers, "2", 0, 1, 1'000);
      read.tier3_from = number(*tiers, "3", 0, 1, 1'000);
    }
    if (read.tier2_from == 0 || read.tier3_from <= read.tier2_from) {
      complain(tiers == nullptr ? document_ : *tiers, "'tiers' says from how many points on: {2: 4, 3: 9}");
    }
    for (const YamlValue& one : items(document_, "questions", kQuestionsMax, true)) {
      Question question = this->question(one);
      if (read.find(question.id) != nullptr) complain(one, "a question of that id is there already");
      read.questions.push_back(std::move(question));
    }
    return read;
  }

  Checklist checklist() {
    document_.refuse_unknown_keys({"kind", "name", "title", "description", "owner", "reviewers", "questions"},
                                  complaints_);
    Checklist read{.name = id(document_, "name"), .title = text(document_, "title", true)};
    read.reviewers = people("reviewers");
    for (const YamlValue& one : items(document_, "questions", kChecklistQuestionsMax, true)) {
      one.refuse_unknown_keys({"id", "text"}, complaints_);
      read.questions.emplace_back(id(one, "id"), text(one, "text", true));
    }
    return read;
  }

  ReviewRule review() {
    document_.refuse_unknown_keys({"kind", "name", "tier", "description", "owner", "due", "review_again", "grace",
                                   "checklists", "deciders", "decisions", "longest_exception"},
                                  complaints_);
    ReviewRule read{.name = id(document_, "name"), .tier = static_cast<int>(number(document_, "tier", 0, 1, kTiers))};
    if (read.tier == 0) complain(document_, "'tier' is 1, 2 or 3");
    read.due = time("due", std::chrono::days(10));
    read.review_again = time("review_again", std::chrono::days(180));
    read.grace = time("grace", std::chrono::days(30));
    read.longest_exception = time("longest_exception", std::chrono::days(90));
    read.checklists = names(document_, "checklists");
    read.deciders = people("deciders");
    read.decisions = static_cast<int>(number(document_, "decisions", 1, 1, kDecisionsMax));
    return read;
  }

 private:
  const YamlValue& document_;
  std::vector<Diagnostic>& complaints_;
};

}  // namespace

const Question* IntakeQuestions::find(std::string_view id) const {
  const auto found = std::find_if(questions.begin(), questions.end(), [&](const auto& one) { return one.id == id; });
  return found == questions.end() ? nullptr : &*found;
}

bool People::names(const Actor& actor) const {
  return std::any_of(people.begin(), people.end(), [&](const auto& one) { return same_person(one, actor.name); }) ||
         std::any_of(groups.begin(), groups.end(), [&](const std::string& group) {
           return std::find(actor.groups.begin(), actor.groups.end(), group) != actor.groups.end();
         });
}

std::string People::in_words() const {
  std::string text;
  for (const std::string& group : groups) text += (text.empty() ? "the group " : ", the group ") + group;
  for (const std::string& person : people) text += (text.empty() ? "" : ", ") + person;
  return text;
}

IntakeRules IntakeRules::build(const std::vector<YamlValue>& documents, std::vector<Diagnostic>& complaints) {
  IntakeRules rules;
  std::vector<const YamlValue*> reviews;
  for (const YamlValue& document : documents) {
    const YamlValue* kind = document.find("kind");
    if (kind == nullptr) continue;
    Reader reader(document, complaints);
    if (kind->text() == "IntakeQuestions") {
      if (rules.questions_) reader.complain(document, "there are other IntakeQuestions; one set holds at a time");
      rules.questions_ = reader.questions();
    } else if (kind->text() == "Checklist") {
      Checklist read = reader.checklist();
      if (rules.checklist(read.name) != nullptr) reader.complain(document, "another Checklist has that name");
      rules.checklists_.push_back(std::move(read));
    } else if (kind->text() == "Review") {
      ReviewRule read = reader.review();
      if (rules.for_tier(read.tier) != nullptr) reader.complain(document, "another Review is about that tier");
      rules.reviews_.push_back(std::move(read));
      reviews.push_back(&document);
    }
  }
  for (std::size_t i = 0; i < reviews.size(); ++i) {
    for (const std::string& name : rules.reviews_[i].checklists) {
      if (rules.checklist(name) != nullptr) continue;
      complaints.push_back(reviews[i]->complain("there is no Checklist '" + printable(name, kIdBytesMax) + "'"));
    }
  }
  return rules;
}

const ReviewRule* IntakeRules::for_tier(int tier) const {
  const auto found = std::find_if(reviews_.begin(), reviews_.end(), [&](const auto& one) { return one.tier == tier; });
  return found == reviews_.end() ? nullptr : &*found;
}

const Checklist* IntakeRules::checklist(std::string_view name) const {
  const auto found =
      std::find_if(checklists_.begin(), checklists_.end(), [&](const auto& one) { return one.name == name; });
  return found == checklists_.end() ? nullptr : &*found;
}

}  // namespace reeve::control
