#include "spend/ladder.h"

#include <algorithm>

#include "core/bytes.h"

namespace reeve::spend {

std::string_view safe_point_name(SafePoint point) {
  switch (point) {
    case SafePoint::kNone: return "none";
    case SafePoint::kNewConversation: return "new_conversation";
    case SafePoint::kCompacted: return "compacted";
    case SafePoint::kSameFamily: return "same_family";
  }
  return "none";
}

SafePoint safe_point(const Conversation& conversation) {
  if (!conversation.bound_by.empty()) return SafePoint::kNone;
  if (conversation.assistant_turns == 0) return SafePoint::kNewConversation;
  // The summary itself may be an answer of the model, or be followed by one that acknowledges it.
  if (conversation.opens_with_summary && conversation.assistant_turns == 1) return SafePoint::kCompacted;
  if (conversation.messages < conversation.messages_before) return SafePoint::kCompacted;
  return SafePoint::kSameFamily;
}

namespace {

std::optional<std::int64_t> rate_of(const std::optional<TieredRate>& rate, std::int64_t input_tokens) {
  if (!rate) return std::nullopt;
  return rate->at(input_tokens).nanos_per_million;
}

}  // namespace

bool is_cheaper(const PriceMatch& candidate, const PriceMatch& than, std::int64_t input_tokens) {
  if (candidate.price == nullptr || than.price == nullptr || !candidate.known) return false;
  const auto input = rate_of(candidate.price->input, input_tokens);
  const auto output = rate_of(candidate.price->output, input_tokens);
  const auto input_than = rate_of(than.price->input, input_tokens);
  const auto output_than = rate_of(than.price->output, input_tokens);
  if (!input || !output || !input_than || !output_than) return false;
  const bool no_dearer = *input <= *input_than && *output <= *output_than;
  return no_dearer && (*input < *input_than || *output < *output_than);
}

namespace {

std::string why_passed_over(const LadderQuestion& question, const LadderModel& model) {
  if (model.name == question.asked.name) return "it is the one asked for";
  if (!model.price.known) return "its price is not known";
  if (!is_cheaper(model.price, question.asked.price, question.input_tokens)) return "it is not cheaper";
  const bool same_family = !model.family.empty() && model.family == question.asked.family;
  if (question.point == SafePoint::kSameFamily && !same_family) {
    return "it is of another family, and the conversation is under way";
  }
  return question.why_unable ? question.why_unable(model) : "";
}

std::string why_none(const LadderQuestion& question, const LadderAnswer& answer) {
  std::string reason = "No step of the ladder \"" + std::string(question.ladder) + "\" below " + question.asked.name;
  if (answer.passed_over.empty()) return reason + " has a model that is configured.";
  const auto& [model, why] = answer.passed_over.front();
  reason += " can answer: " + model + " is left out because " + why;
  if (answer.passed_over.size() > 1) {
    reason += ", and " + std::to_string(answer.passed_over.size() - 1) + " more";
  }
  return reason + ".";
}

}  // namespace

LadderAnswer step_down(const LadderQuestion& question) {
  LadderAnswer answer;
  if (question.point == SafePoint::kNone) {
    answer.reason = "The conversation cannot change its model here: it holds " + std::string(question.bound_by) + ".";
    return answer;
  }
  const auto asked_step =
      std::find_if(question.steps.begin(), question.steps.end(),
                   [&question](const std::string& step) { return glob_match(step, question.asked.name); });
  if (asked_step == question.steps.end()) {
    answer.reason = question.asked.name + " stands on no step of the ladder \"" + std::string(question.ladder) + "\".";
    return answer;
  }
  for (auto step = asked_step + 1; step != question.steps.end(); ++step) {
    for (const LadderModel& model : question.models) {
      if (!glob_match(*step, model.name)) continue;
      std::string why = why_passed_over(question, model);
      if (why.empty()) {
        answer.model = model;
        answer.reason = model.name + " answers in place of " + question.asked.name + " (ladder \"" +
                        std::string(question.ladder) + "\").";
        return answer;
      }
      const bool told = std::any_of(answer.passed_over.begin(), answer.passed_over.end(),
                                    [&model](const auto& other) { return other.first == model.name; });
      if (!told) answer.passed_over.emplace_back(model.name, std::move(why));
    }
  }
  answer.reason = why_none(question, answer);
  return answer;
}

namespace {

// The model that the conversation has, when it is still there and can answer what it is asked now.
std::optional<LadderModel> still_there(const LadderQuestion& question, const std::string& name) {
  const auto found = std::find_if(question.models.begin(), question.models.end(),
                                  [&name](const LadderModel& model) { return model.name == name; });
  if (found == question.models.end()) return std::nullopt;
  if (question.why_unable && !question.why_unable(*found).empty()) return std::nullopt;
  return *found;
}

}  // namespace

ModelChoice choose_model(LadderQuestion question, bool due, std::string_view conversation_id, Conversation conversation,
                         SwapMemory& memory) {
  std::optional<SwapMemory::Remembered> before;
  if (!conversation_id.empty()) before = memory.find(conversation_id, question.asked.name);
  if (before) conversation.messages_before = before->messages;
  question.point = safe_point(conversation);
  question.bound_by = conversation.bound_by;

  const bool begins_anew = question.point == SafePoint::kNewConversation || question.point == SafePoint::kCompacted;
  if (before && !before->model.empty() && !begins_anew) {
    // What it holds was written by that model, so nothing in it is in the way.
    if (std::optional<LadderModel> model = still_there(question, before->model)) {
      return {ModelChoice::Kind::kStays, std::move(model), {}};
    }
  }
  if (!due) return {};
  LadderAnswer answer = step_down(question);
  const auto kind = answer.model ? ModelChoice::Kind::kSteppedDown : ModelChoice::Kind::kCannot;
  return {kind, answer.model, std::move(answer)};
}

}  // namespace reeve::spend
