#pragma once

// One model call, from its head to its outcome record.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/answer_content.h"
#include "gateway/call_facts.h"
#include "gateway/call_spend.h"
#include "gateway/routing.h"
#include "gateway/worker.h"

namespace reeve::gateway {

/// The uses that a call took of exceptions with a limit.
struct ExceptionUses {
  using Exceptions = std::vector<const policy::ExceptionInfo*>;
  Exceptions taken;
  // Where all nodes count, a use is taken after the decision that needs it, and the call is decided again without those
  // that were not to be had.
  Exceptions wanted, refused;
  bool asks = false;  // wanted ones may be counted on; else only taken ones are
};

/// However often a call is decided, it uses an exception once.
class UsesOfOneCall final : public policy::UseGate {
 public:
  UsesOfOneCall(const Worker& worker, ExceptionUses& uses)
      : counter_(worker.exception_uses), shared_(worker.use_claims != nullptr), uses_(uses) {}
  bool admit(const policy::ExceptionInfo& exception) override;

 private:
  policy::UseCounter* counter_;
  const bool shared_;
  ExceptionUses& uses_;
};

/// The first model entry that matches and has a provider for the dialect: a name may be listed once per dialect.
std::pair<const Model*, const Provider*> find_upstream(const Settings& settings, std::string_view name,
                                                       wire::Dialect dialect);

/// What an attempt cost, and what that was found by.
struct PricedCall {
  std::string_view provider, model;  // as the price list was asked for them
  Instant time;
  ServiceTier tier = ServiceTier::kStandard;
  spend::Cost cost;

  ledger::Entry::Cost for_entry() const;  // refers to this
};

class ModelCall final : private LiveCall {
 public:
  ModelCall(Worker& worker, net::Exchange& exchange, wire::Route route);
  ModelCall(const ModelCall&) = delete;
  ModelCall& operator=(const ModelCall&) = delete;
  ~ModelCall() override;

  /// The whole pipeline; answers the exchange.
  Task<void> run();

 private:
  struct Relay;

  // The steps, in order. A step that ends the call returns the refusal.
  std::optional<wire::Refusal> check_form();
  Task<std::optional<wire::Refusal>> authenticate();
  // agent_call.cpp
  std::optional<wire::Refusal> refuse_claimed_agent() const;
  std::optional<wire::Refusal> refuse_beyond_permission();
  std::optional<wire::Refusal> refuse_operation() const;
  /// Whether something holds the call to some tools.
  bool is_held_to_tools() const;
  wire::ToolJudge tool_judge();
  void evaluate_actors(const CallFacts::Parts& parts, policy::UseGate& uses);

  /// What the kill switch says of what is known by now.
  std::optional<wire::Refusal> refuse_cut_off();
  Task<std::optional<wire::Refusal>> read();
  /// Claude Code, signed in here, labels its requests for us: the label becomes the work item.
  void take_tags();
  void tell_settings();
  std::optional<wire::Refusal> choose_upstream();
  Task<std::optional<wire::Refusal>> decide();
  /// By the rules, with the uses of exceptions that they need.
  Task<std::optional<wire::Refusal>> decide_by_rules();
  /// True when not all that were wanted were to be had: the call is to be decided again.
  Task<Result<bool>> claim_uses();
  std::optional<wire::Refusal> refuse_by_rules();
  /// A `route` rule that matched and whose demand the chosen provider does not meet: others are tried.
  bool route_elsewhere();
  void evaluate();
  /// Carries out the redact rules that matched.
  std::optional<wire::Refusal> redact_by_rules();
  std::optional<wire::Refusal> redact();
  /// Holds what the next attempt may cost.
  Task<std::optional<wire::Refusal>> reserve();
  /// As budgets see the call with this model of that provider. Views into the call and into both.
  spend::CallScope spend_scope(std::string_view model, const Provider& provider) const;
  /// The budget for which a new conversation with the model would get a cheaper one; empty for none.
  std::string stepping_down(std::string_view model, const Provider& provider) const;
  CallSpend::Call spend_call() const;

  // A cheaper model in place of the one asked for.
  void step_down_before_admission();
  bool step_down_by_budget();
  void step_down(std::string_view ladder, std::string_view by);
  Result<void> answer_with(const std::string& model, std::string_view by);
  std::vector<spend::LadderModel> models_in_reach() const;
  spend::LadderModel ladder_model(std::string name, const Provider& provider) const;
  std::string conversation_id() const;
  void remember_model();
  // The provider's keys, and the provider itself where several would do.
  /// What stands for the session; without one, for whoever calls.
  std::uint64_t session_hash() const;
  /// Goes on with the provider that answered the session last, where the model is served by several.
  void stay_with_provider();
  void take_key();
  void begin_attempt(ChosenKey chosen);
  /// The answer's head is here: whether another key takes the same call. Then this attempt has its end.
  bool goes_to_next_key(const net::ClientResponse& response);
  void settle_forbidden_keys(bool another_was_taken);
  void tell_of_key(const ProviderKey& key, bool set_aside, int status) const;
  void remember_place(int status);

  /// What goes to the provider.
  const std::string& sent_model() const;
  const wire::Route& sent_route() const;
  std::string_view body_to_send() const;
  /// Has a stream tell its usage that would not.
  void ask_for_usage();
  void record_growth();

  // LiveCall
  std::optional<CallUnderWay> view() const override;
  identity::CutoffSubject subject() const override;
  void stop_waiting() override {
    if (cancel_upstream_) cancel_upstream_();
  }
  bool waits_for_client() const override { return gives_; }
  void abandon() override { exchange_.abandon(); }
  wire::Refusal refusal_of_cutoff() const;
  Task<void> answer_cut_off(const net::SendFailure& failure);

  wire::Refusal refusal_of_budget() const;
  Task<std::optional<wire::Refusal>> record_intent();
  /// Keeps what leaves, where the house keeps content.
  std::vector<std::string> found_classes() const;
  Task<Result<void>> seal_request();
  Task<void> seal_answer(std::string bytes);
  Task<void> forward();

  Task<void> list_models();
  bool would_be_open(std::string_view name, const Model& model, const Provider& provider) const;
  std::vector<std::string> names_of(const Model& model, const Provider& provider) const;
  void add_listed_models(const Model& model, const Provider& provider, std::vector<wire::ModelEntry>& entries) const;
  Task<void> refuse(wire::Refusal refusal);

  bool is_of_claude_code() const { return principal_->client == identity::kClaudeCodeClient; }
  void leave_out_tags_beta();

  // Forwarding.
  net::ClientRequest upstream_request();
  Task<net::Client::Sent> send(const net::ClientRequest& request);
  Task<void> relay(net::ClientResponse& response);
  void look_into(Relay& relay, std::string_view content_type, std::string_view content_encoding);
  Task<void> pass_on(net::ClientResponse& response, Relay& relay);
  Task<void> end_relay(net::ClientResponse& response, Relay& relay);
  Task<void> tell_of_end(Relay& relay);
  wire::Refusal refusal_of_stop(const Relay& relay) const;
  /// What the developer is told inside the answer; empty for nothing.
  std::string note_in_answer() const;
  std::optional<wire::BudgetUse> budget_use() const;
  /// What the answer must pass through on its way; null when it may pass as it is.
  std::unique_ptr<AnswerContent> answer_content(int status);
  AnswerContent::Verdict judge_answer(const FindingGroups& found, const content::Finding* finding, std::string& why);
  Task<void> answer_redirect(int status);
  Task<void> answer_refused_key();
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
  void charge_unheard(wire::AnswerSummary& summary) const;
  PricedCall price_of(const wire::AnswerSummary& summary, std::string_view served) const;
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
  Moment sent_;  // when the attempt under way was sent
  std::int64_t attempt_ = 0;

  wire::ClientHints hints_;
  std::shared_ptr<const identity::Principal> principal_;
  std::string_view body_;
  std::optional<wire::TaggedRequest> tagged_;  // body_ is its, where there were tags
  wire::RequestView view_;
  wire::CallNeeds needs_;  // where the settings step down
  std::vector<BodyText> texts_;
  std::optional<std::string> body_asking_usage_;  // what is sent, where the client did not ask for it
  CallContent content_;
  CallSpend spend_;
  /// The cheaper model that answers.
  struct Cheaper {
    wire::ModelSwap swap;
    std::string body;  // with what readers may read behind it
    std::string by;    // the rule or budget that wanted it
  };
  std::optional<Cheaper> cheaper_;
  bool told_ = false;                               // of the cheaper model, in an earlier answer of the conversation
  std::optional<wire::Refusal> refused_after_all_;  // by the rules, when the asked model took its place again
  std::string kept_because_;                        // a cheaper model was wanted, and there is none
  const Model* model_ = nullptr;
  const Provider* provider_ = nullptr;
  KeyAttempt key_attempt_;
  std::string key_detail_;  // of the attempt's entries: {"key": NAME}, where the provider has several
  std::vector<const ProviderKey*> keys_tried_;
  std::vector<const ProviderKey*> keys_forbidden_;  // that this call had set aside by a 403
  policy::Decision decision_;
  bool decision_made_ = false;
  Duration evaluation_{};
  std::string decision_time_, input_digest_, checks_, approvals_, inventory_;
  std::vector<std::string_view> rule_names_, shadow_names_, exception_names_;
  std::vector<std::string> ended_, rule_errors_;
  ExceptionUses exception_uses_;
  std::string refused_detail_;        // of the entry of a refusal: what an agent may not do
  policy::Decision answer_decision_;  // on what the answer says
  FindingGroups answer_found_;
  std::string answer_incomplete_;  // why not all of the answer could be looked at
  std::string request_digest_;
  std::optional<ledger::SealedContent> sealed_request_, sealed_answer_;
  bool client_gone_ = false;
  std::uint64_t answer_bytes_ = 0;  // that the provider gave so far
  bool answers_ = false;            // bytes of an answer are on their way to the client
  bool gives_ = false;              // and what the call waits for is that the client takes some
  std::function<void()> cancel_upstream_;

  std::vector<std::pair<std::string, std::string>> request_headers_;  // that go on in another form
  std::string upstream_target_;
  std::string authorization_;
  std::vector<std::pair<std::string, std::string>> budget_headers_;
};

}  // namespace reeve::gateway
