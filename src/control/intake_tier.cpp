// Which risk tier follows from the answers, by rules that the answers themselves are told with.

#include <algorithm>

#include "control/control.h"
#include "core/bytes.h"

namespace reeve::control {

namespace {

const OfferedAnswer* find_answer(const Question& question, std::string_view id) {
  const auto found =
      std::find_if(question.answers.begin(), question.answers.end(), [&](const auto& one) { return one.id == id; });
  return found == question.answers.end() ? nullptr : &*found;
}

}  // namespace

Tiering tier_of(const IntakeQuestions& questions, const Answers& answers) {
  Tiering tiering;
  for (const Question& question : questions.questions) {
    const auto given = answers.find(question.id);
    if (given == answers.end()) continue;
    for (const std::string& id : given->second) {
      const OfferedAnswer* const answer = find_answer(question, id);
      if (answer == nullptr) continue;
      tiering.points += answer->points;
      tiering.tier = std::max(tiering.tier, answer->at_least);
      if (answer->points > 0 || answer->at_least > 1) {
        tiering.because.push_back({question.id, answer->id, answer->points, answer->at_least, answer->why});
      }
    }
  }
  if (tiering.points >= questions.tier2_from) tiering.tier = std::max(tiering.tier, 2);
  if (tiering.points >= questions.tier3_from) tiering.tier = kTiers;
  return tiering;
}

std::vector<std::string> missing_answers(const IntakeQuestions& questions, const Answers& answers) {
  std::vector<std::string> missing;
  for (const Question& question : questions.questions) {
    const auto given = answers.find(question.id);
    const bool none = given == answers.end() || given->second.empty();
    // The document may have changed since: what it does not offer any more has to be answered anew.
    const bool known = none || question.answers.empty() ||
                       std::all_of(given->second.begin(), given->second.end(),
                                   [&](const std::string& id) { return find_answer(question, id) != nullptr; });
    if ((none && !question.optional) || !known) missing.push_back(question.id);
  }
  return missing;
}

}  // namespace reeve::control
