#pragma once

// The money of one call: what its attempts reserve, whether a growing answer may go on, and what it came to.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/gateway.h"
#include "gateway/worker.h"
#include "spend/spend.h"

namespace reeve::gateway {

/// One attempt at a time: reserve(), then either settle() or release().
class CallSpend {
 public:
  explicit CallSpend(Worker& worker) : worker_(worker) {}

  /// What is known of the call before it runs. The views must outlive this.
  struct Call {
    spend::CallScope scope;
    spend::CallShape shape;
    spend::PriceMatch price;
    ServiceTier tier = ServiceTier::kStandard;
    bool free = false;  // counts tokens: it counts where requests of a minute and calls at once are limited
  };

  /// Holds what the next attempt may cost under every budget that applies. False: refused, and refusal() says why.
  /// Without budgets every call is admitted and nothing is held.
  Task<bool> reserve(const Call& call);
  const std::optional<spend::BudgetRefusal>& refusal() const { return refusal_; }
  /// The thresholds that the call stands at; empty for most.
  const std::vector<spend::Reached>& reached() const { return reached_; }
  const std::optional<spend::Standing>& fullest() const { return fullest_; }

  /// Tells of the refusal that refusal() has: to be called once it stands, as another model may still fit.
  void tell_of_refusal();

  /// Whether the answer may outgrow what is held, so that it may have to end early.
  bool may_outgrow() const { return may_outgrow_; }
  /// Whether the answer may go on, having used so much. Holds more, where the estimate was too low. False: it has to
  /// end here, and refusal() says why. Cheap when there is nothing to do.
  bool may_go_on(const TokenUsage& so_far);
  /// After a no: the same where other nodes may have what is missing.
  Task<bool> may_go_on_with_others(const TokenUsage& so_far);
  /// Once after what is held became half again as much as the ledger knows: what it should be told.
  bool grew();
  /// As much output as is held under budgets beside the rest of `usage`: no dearer than what is held. 0 where no budget
  /// counts the call.
  std::int64_t held_output(const TokenUsage& usage) const;

  /// What the attempt came to. Once for each reserve().
  void settle(const TokenUsage& usage, Money cost);
  /// The attempt was sent, and is free.
  void settle_free();
  /// Nothing was sent that a provider bills.
  void release();

  /// What the entries of the attempt tell.
  void fill(ledger::Entry::Budget& entry) const;
  void fill_held(ledger::Entry::Budget& entry) const;

 private:
  Money cost_of(const TokenUsage& usage) const;
  TokenUsage grown(TokenUsage so_far, std::int64_t output) const;
  bool fits(const TokenUsage& so_far) const;
  spend::Amounts missing(const TokenUsage& so_far, std::int64_t output) const;
  void tell_of(const spend::Reached& reached);

  Worker& worker_;
  Call call_;
  spend::Reservation reservation_;
  spend::Amounts held_;  // as the ledger knows it: at admission what the intent tells
  Instant admitted_at_;
  bool admitted_ = false;
  bool may_outgrow_ = false;
  std::optional<spend::BudgetRefusal> refusal_;
  std::vector<spend::Reached> reached_;
  std::vector<std::string> reached_names_;  // by whatever model was tried
  std::optional<spend::Standing> fullest_;
  // Until the answer is as large as this there is nothing to look at.
  std::int64_t next_look_output_ = 0, next_look_input_ = 0;
};

/// How much output fits beside the rest of `usage` into so many tokens and so much money.
std::int64_t output_within(const spend::PriceMatch& price, TokenUsage usage, ServiceTier tier, std::int64_t tokens,
                           Money money);

/// The refusal as the client hears it: the figures, the budget's own words, and how to ask for more.
std::string budget_sentence(const spend::BudgetRefusal& refusal);

}  // namespace reeve::gateway
