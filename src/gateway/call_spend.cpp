#include "gateway/call_spend.h"

#include <algorithm>

#include "gateway/budget_notices.h"

namespace reeve::gateway {

namespace {

/// How far what is held stays ahead of what was used, so that an answer is ended before it passes a limit and not
/// after. A piece of a stream rarely brings more.
constexpr std::int64_t kOutputAhead = 256;  // tokens
/// What a growing answer asks for beyond that, so that it need not ask for each piece.
constexpr std::int64_t kTopUpOutput = 1'024;  // tokens
/// Four bytes are taken for a token. No answer has twice as many on average, be it long words or indented code.
constexpr std::int64_t kEstimateErrorMost = 2;  // times

std::int64_t all_tokens(const TokenUsage& usage) { return usage.input_total() + usage.output; }

TokenUsage with_more_output(TokenUsage usage, std::int64_t tokens) {
  usage.output += tokens;
  return usage;
}

}  // namespace

std::int64_t output_within(const spend::PriceMatch& price, TokenUsage usage, ServiceTier tier, std::int64_t tokens,
                           Money money) {
  usage.output = 0;
  const std::int64_t most = std::max<std::int64_t>(0, tokens - usage.input_total());
  const std::int64_t without = spend::cost_of(price, usage, tier).total.nanos;
  const std::int64_t with = spend::cost_of(price, with_more_output(usage, most), tier).total.nanos;
  if (with <= money.nanos || with == without) return most;
  if (without >= money.nanos) return 0;
  // Input was held at more tokens than it is taken for here; they must not turn into dearer output.
  const double share = static_cast<double>(money.nanos - without) / static_cast<double>(with - without);
  return static_cast<std::int64_t>(static_cast<double>(most) * share);
}

Money CallSpend::cost_of(const TokenUsage& usage) const { return spend::cost_of(call_.price, usage, call_.tier).total; }

Task<bool> CallSpend::reserve(const Call& call) {
  call_ = call;
  refusal_.reset();
  reached_.clear();
  fullest_.reset();
  admitted_ = may_outgrow_ = false;
  held_ = {};
  next_look_output_ = next_look_input_ = 0;
  if (worker_.budgets == nullptr) co_return true;
  const spend::Amounts maximum = call.free ? spend::Amounts() : spend::HoldEstimator::maximum(call.shape, call.price);
  const bool learns = worker_.hold_estimator != nullptr && !call.free;
  const spend::Amounts likely = learns ? worker_.hold_estimator->learned(call.shape, call.price) : maximum;
  spend::Admission admission = worker_.budgets->admit_now(call.scope, likely, maximum);
  if (admission.verdict == spend::Admission::Verdict::kAsk) {
    admission = co_await worker_.budgets->admit(call.scope, likely, maximum, worker_.loop);
  }
  reached_ = std::move(admission.reached);
  for (const spend::Reached& reached : reached_) {
    std::string name = reached.budget->name + " " + std::to_string(reached.threshold->percent);
    const bool told = std::find(reached_names_.begin(), reached_names_.end(), name) != reached_names_.end();
    if (!told) reached_names_.push_back(std::move(name));
    if (reached.newly) tell_of(reached);
  }
  fullest_ = std::move(admission.fullest);
  if (admission.verdict == spend::Admission::Verdict::kRefused) {
    refusal_ = std::move(admission.refusal);
    co_return false;
  }
  reservation_ = std::move(admission.reservation);
  admitted_ = reservation_.counted();
  if (reservation_) {
    held_ = reservation_.amounts();
    admitted_at_ = reservation_.time();
  }
  may_outgrow_ = admitted_ && (held_.money < maximum.money || held_.tokens < maximum.tokens);
  co_return true;
}

/// The answer when so many more tokens have come. The provider writes and bills no more than the call allows, so none
/// is ended for lack of room that it cannot fill. What it wrote so far is estimated from bytes, and long words make
/// that too much: only well past the maximum is it the provider that does not keep it.
TokenUsage CallSpend::grown(TokenUsage so_far, std::int64_t output) const {
  const std::optional<std::int64_t>& most = call_.shape.output_max;
  const bool keeps_it = most && so_far.output / kEstimateErrorMost <= *most;
  so_far.output += output;
  if (keeps_it) so_far.output = std::min(so_far.output, *most);
  return so_far;
}

bool CallSpend::fits(const TokenUsage& so_far) const {
  const spend::Amounts& held = reservation_.amounts();
  const TokenUsage soon = grown(so_far, kOutputAhead);
  return cost_of(soon) <= held.money && all_tokens(soon) <= held.tokens;
}

/// What has to be held beyond what is, so that so many more tokens may come.
spend::Amounts CallSpend::missing(const TokenUsage& so_far, std::int64_t output) const {
  const spend::Amounts& held = reservation_.amounts();
  const TokenUsage soon = grown(so_far, output);
  return {{std::max<std::int64_t>(0, cost_of(soon).nanos - held.money.nanos)},
          std::max<std::int64_t>(0, all_tokens(soon) - held.tokens),
          0};
}

bool CallSpend::may_go_on(const TokenUsage& so_far) {
  // Nothing comes any more where the model has stopped: cut off, the client would only miss the end.
  if (!reservation_ || so_far.output_reported) return true;
  if (so_far.output < next_look_output_ && so_far.input_total() <= next_look_input_) return true;
  if (!fits(so_far)) {
    spend::BudgetRefusal why;
    // The longer the answer, the more at once.
    const std::int64_t ahead = kOutputAhead + std::max(kTopUpOutput, so_far.output / 2);
    if (!worker_.budgets->top_up(reservation_, missing(so_far, ahead)) &&
        !worker_.budgets->top_up(reservation_, missing(so_far, kOutputAhead), &why)) {
      refusal_ = std::move(why);
      return false;
    }
    refusal_.reset();
  }
  next_look_output_ = so_far.output + kOutputAhead / 4;
  next_look_input_ = so_far.input_total();
  return true;
}

Task<bool> CallSpend::may_go_on_with_others(const TokenUsage& so_far) {
  spend::BudgetRefusal why;
  if (co_await worker_.budgets->top_up(reservation_, missing(so_far, kOutputAhead), why, worker_.loop)) {
    refusal_.reset();
    co_return true;
  }
  refusal_ = std::move(why);
  tell_of_refusal();
  co_return false;
}

bool CallSpend::grew() {
  if (!admitted_ || !reservation_) return false;
  const spend::Amounts& now = reservation_.amounts();
  if (now.tokens - held_.tokens <= held_.tokens / 2) return false;
  held_ = now;
  return true;
}

std::int64_t CallSpend::held_output(const TokenUsage& usage) const {
  if (!reservation_.counted()) return 0;
  const spend::Amounts& held = reservation_.amounts();
  return output_within(call_.price, usage, call_.tier, held.tokens, held.money);
}

void CallSpend::tell_of(const spend::Reached& reached) {
  const auto& budgets = worker_.settings()->budgets;
  if (!worker_.tell || !budgets) return;
  worker_.tell(notice_of_threshold(reached, *budgets, call_.scope, worker_.clock.now()));
}

void CallSpend::tell_of_refusal() {
  const auto& budgets = worker_.settings()->budgets;
  if (!worker_.tell || !refusal_ || !budgets) return;
  auto notice = notice_of_refusal(*refusal_, *budgets, call_.scope, worker_.clock.now());
  if (notice) worker_.tell(*std::move(notice));
}

void CallSpend::settle(const TokenUsage& usage, Money cost) {
  if (worker_.hold_estimator != nullptr && usage.reported()) {
    worker_.hold_estimator->learn(call_.shape, usage.input_total(), usage.output);
  }
  if (!reservation_) return;
  worker_.budgets->settle(std::move(reservation_), {cost, all_tokens(usage), 1});
  reservation_ = {};
}

void CallSpend::settle_free() {
  if (!reservation_) return;
  worker_.budgets->settle(std::move(reservation_), {});
  reservation_ = {};
}

void CallSpend::release() {
  if (!reservation_) return;
  worker_.budgets->release(std::move(reservation_));
  reservation_ = {};
}

void CallSpend::fill_held(ledger::Entry::Budget& entry) const {
  entry.held_nanos = held_.money.nanos;
  entry.held_tokens = held_.tokens;
}

void CallSpend::fill(ledger::Entry::Budget& entry) const {
  entry.reached = reached_names_;
  if (admitted_ || reservation_.counted()) {
    fill_held(entry);
    entry.admitted = admitted_at_;
  }
  if (!refusal_) return;
  entry.name = refusal_->budget;
  entry.scope = refusal_->scope;
  entry.quantity = spend::quantity_name(refusal_->quantity);
  entry.limit = refusal_->limit;
  entry.spent = refusal_->spent;
  entry.reserved = refusal_->reserved;
  entry.asked = refusal_->asked;
}

std::string budget_sentence(const spend::BudgetRefusal& refusal) {
  std::string sentence = refusal.sentence;
  if (!refusal.message.empty()) sentence.append(" ").append(refusal.message);
  if (!passes_by_itself(refusal)) {
    sentence.append(" Ask for more with \"reeve exception request --budget ").append(refusal.budget).append("\".");
  }
  return sentence;
}

}  // namespace reeve::gateway
