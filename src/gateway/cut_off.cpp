// Cut off: what the kill switch means for one call.

#include "core/bytes.h"
#include "gateway/model_call.h"

namespace reeve::gateway {

identity::CutoffSubject ModelCall::subject() const {
  identity::CutoffSubject subject;
  if (provider_ != nullptr) {
    subject.provider = provider_->name;
    subject.model_sent = sent_model();
  }
  subject.model_asked = view_.model;
  if (principal_) {
    subject.person = principal_->id;
    subject.groups = principal_->groups;
    subject.key_id = principal_->key_id;
    subject.issued = principal_->issued;
    if (principal_->type == "agent") subject.verified_agent = principal_->id;
    subject.actors = principal_->actors;
    subject.owners = principal_->owners;
  }
  subject.agent = bounded(hints_.agent_id);
  subject.parent_agent = bounded(hints_.parent_agent_id);
  subject.session = bounded(hints_.session_id);
  return subject;
}

std::optional<CallUnderWay> ModelCall::view() const {
  if (!principal_) return std::nullopt;
  CallUnderWay view;
  view.request_id = request_id_;
  view.person = principal_->id;
  view.key_id = principal_->key_id;
  view.client = wire::client_name(hints_.kind);
  view.session = bounded(hints_.session_id);
  view.agent = agent_of(*principal_, hints_);
  view.parent_agent = parent_agent_of(*principal_, hints_);
  if (provider_ != nullptr) {
    view.provider = provider_->name;
    view.model = bounded(sent_model());
  }
  view.started = worker_.clock.now() - (worker_.clock.steady() - started_);
  view.answer_bytes = answer_bytes_;
  view.answers = answers_;
  view.cut = cut() != nullptr;
  return view;
}

std::optional<wire::Refusal> ModelCall::refuse_cut_off() {
  if (cut() == nullptr) {
    if (!worker_.cutoffs_known()) {
      // It passes by itself, but for as long as nobody knows when, asking again at once helps nobody.
      constexpr Duration kAskAgainIn = std::chrono::seconds(5);
      wire::Refusal no = refusal(wire::RefusalReason::kUnavailable, identity::unknown_cutoffs_sentence());
      no.retry_after = kAskAgainIn;
      return no;
    }
    const identity::CutoffSet& cutoffs = worker_.cutoffs();
    if (cutoffs.empty()) return std::nullopt;
    const identity::Cutoff* const cutoff = cutoffs.covers(subject(), worker_.clock.now());
    if (cutoff == nullptr) return std::nullopt;
    end_by(*cutoff);
  }
  return refusal_of_cutoff();
}

wire::Refusal ModelCall::refusal_of_cutoff() const {
  std::string sentence = identity::cutoff_sentence(*cut());
  const identity::CutoffScope& scope = cut()->scope;
  // Whoever calls may wonder what that person has to do with it.
  if (principal_ && scope.kind == identity::CutoffKind::kPerson && scope.name != principal_->id) {
    sentence += " " + printable(scope.name, 80) +
                " answers for an agent of this call; with 'reeve agent transfer' somebody else does.";
  }
  return refusal(wire::RefusalReason::kKilled, std::move(sentence));
}

/// Before anything of an answer came. Its intent is in the ledger already.
Task<void> ModelCall::answer_cut_off(const net::SendFailure& failure) {
  record_unanswered(failure, "killed", cut()->id + ": " + cut()->reason);
  count_call("killed");
  if (!client_gone_) co_await answer_in_place(refusal_of_cutoff());
  ended();
}

}  // namespace reeve::gateway
