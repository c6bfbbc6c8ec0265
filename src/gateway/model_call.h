#pragma once

// One model call, from its head to its outcome record.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "gateway/answer_content.h"
#include "gateway/call_facts.h"
#include "gateway/worker.h"

namespace reeve::gateway {

/// However often a call is decided, it uses an exception once.
class UsesOfOneCall final : public policy::UseGate {
 public:
  UsesOfOneCall(policy::UseCounter* counter, std::vector<const policy::ExceptionInfo*>& taken)
      : counter_(counter), taken_(taken) {}
  bool admit(const policy::ExceptionInfo& exception) override;

 private:
  policy::UseCounter* counter_;
  std::vector<const policy::ExceptionInfo*>& taken_;
};

class ModelCall {
 public:
  ModelCall(Worker& worker, net::Exchange& exchange, wire::Route route);
  ModelCall(const ModelCall&) = delete;
  ModelCall& operator=(const ModelCall&) = delete;
  ~ModelCall();

  /// The whole pipeline; answers the exchange.
  Task<void> run();

 private:
  struct Relay;

  // The steps, in order. A step that ends the call returns the refusal.
  std::optional<wire::Refusal> check_form();
  Task<std::optional<wire::Refusal>> authenticate();
  Task<std::optional<wire::Refusal>> read();
  std::optional<wire::Refusal> choose_upstream();
  std::optional<wire::Refusal> decide();
  std::optional<wire::Refusal> refuse_by_rules();
  /// A `route` rule that matched and whose demand the chosen provider does not meet: others are tried.
  bool route_elsewhere();
  void evaluate();
  /// Carries out the redact rules that matched.
  std::optional<wire::Refusal> redact();
  Task<std::optional<wire::Refusal>> record_intent();
  /// Keeps what leaves, where the house keeps content.
  Task<Result<void>> seal_request();
  Task<void> seal_answer(std::string bytes);
  Task<void> forward();

  Task<void> list_models();
  bool would_be_open(std::string_view name, const Model& model, const Provider& provider) const;
  void add_listed_models(const Model& model, const Provider& provider, std::vector<wire::ModelEntry>& entries) const;
  Task<void> refuse(wire::Refusal refusal);

  // Forwarding.
  net::ClientRequest upstream_request();
  Task<net::Client::Sent> send(const net::ClientRequest& request);
  Task<void> relay(net::ClientResponse& response);
  Task<void> pass_on(net::ClientResponse& response, Relay& relay);
  Task<void> end_relay(net::ClientResponse& response, Relay& relay);
  wire::Refusal refusal_of_answer(const Error& why) const;
  /// What the answer must pass through on its way; null when it may pass as it is.
  std::unique_ptr<AnswerContent> answer_content(int status);
  AnswerContent::Verdict judge_answer(const FindingGroups& found, const content::Finding* finding, std::string& why);
  Task<void> answer_redirect(int status);
  Task<void> answer_in_place(const wire::Refusal& refusal);
  Task<void> answer_unreachable(const net::SendFailure& failure);
  void add_reeve_headers(net::Headers& headers) const;

  // Recording.
  void fill_entry(ledger::Entry& entry) const;
  void fill_decision(ledger::Entry::Decision& decision) const;
  void keep_decision_names();
  ledger::Entry::Timing timing() const;
  /// One attempt's outcome. `billed`: the provider bills what the summary tells.
  void record_outcome(const wire::AnswerSummary& summary, std::string_view status, std::string_view reason,
                      int http_status, bool billed);
  /// Of an attempt that failed before its answer began.
  void record_unanswered(const net::SendFailure& failure, std::string_view status, std::string_view reason);
  spend::Cost cost_of(const wire::AnswerSummary& summary, std::string_view served) const;
  void count_call(std::string_view status) const;
  Task<void> record_refusal(const wire::Refusal& refusal, int http_status);
  void note_lost_outcome() const;
  wire::Refusal refusal(wire::RefusalReason reason, std::string message) const;

  Worker& worker_;
  net::Exchange& exchange_;
  wire::Route route_;
  std::shared_ptr<const Settings> settings_;
  std::string request_id_;
  Moment started_;
  Moment decided_;
  Moment first_byte_;
  std::int64_t attempt_ = 0;

  wire::ClientHints hints_;
  std::shared_ptr<const identity::Principal> principal_;
  std::string_view body_;
  wire::RequestView view_;
  std::vector<BodyText> texts_;
  CallContent content_;
  const Model* model_ = nullptr;
  const Provider* provider_ = nullptr;
  policy::Decision decision_;
  bool decision_made_ = false;
  Duration evaluation_{};
  std::string decision_time_, input_digest_, checks_;
  std::vector<std::string_view> rule_names_, shadow_names_, exception_names_;
  std::vector<std::string> ended_, rule_errors_;
  std::vector<const policy::ExceptionInfo*> exceptions_taken_;
  policy::Decision answer_decision_;  // on what the answer says
  FindingGroups answer_found_;
  std::string answer_incomplete_;  // why not all of the answer could be looked at
  std::string request_digest_;
  std::optional<ledger::SealedContent> sealed_request_, sealed_answer_;
  bool client_gone_ = false;
  std::function<void()> cancel_upstream_;

  std::string upstream_target_;
  std::string authorization_;
};

}  // namespace reeve::gateway
