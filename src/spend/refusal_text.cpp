#include "spend/refusal_text.h"

#include "core/time.h"

namespace reeve::spend {

namespace {

std::string with_thousands(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3 && digits[at - 4] != '-'; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string when(const Budget& budget) {
  switch (budget.period) {
    case Period::kSession: return "in this session";
    case Period::kHour: return "this hour";
    case Period::kDay: return "today";
    case Period::kWeek: return "this week";
    case Period::kMonth: return "this month";
    case Period::kQuarter: return "this quarter";
    case Period::kRolling: return "within " + format_duration(budget.rolling);
  }
  return {};
}

std::string amounts(const Budget& budget, const BudgetRefusal& refusal) {
  const auto money = [](std::int64_t nanos) { return format_money({nanos}); };
  const std::string held =
      refusal.reserved == 0 ? "" : "calls under way hold " + with_thousands(refusal.reserved) + ", and ";
  switch (refusal.quantity) {
    case Quantity::kMoney:
      return "has spent " + money(refusal.spent) + " of " + money(refusal.limit) + " " + when(budget) + "; " +
             (refusal.reserved == 0 ? "" : "calls under way hold " + money(refusal.reserved) + ", and ") +
             "this one may cost " + money(refusal.asked) + ".";
    case Quantity::kTokens:
      return "has used " + with_thousands(refusal.spent) + " of " + with_thousands(refusal.limit) + " tokens " +
             when(budget) + "; " + held + "this one may need " + with_thousands(refusal.asked) + ".";
    case Quantity::kRequests:
      return "has made " + with_thousands(refusal.spent) + " of " + with_thousands(refusal.limit) + " requests " +
             when(budget) +
             (refusal.reserved == 0 ? "."
                                    : "; " + with_thousands(refusal.reserved) + " more are under way or set aside.");
    case Quantity::kConcurrent:
      return "has " + with_thousands(refusal.reserved) + " calls under way, of " + with_thousands(refusal.limit) +
             " at once.";
    case Quantity::kTokensPerMinute:
      return "has used " + with_thousands(refusal.spent) + " of " + with_thousands(refusal.limit) +
             " tokens in this minute; this call may need " + with_thousands(refusal.asked) + ".";
    case Quantity::kRequestsPerMinute:
      return "has made " + with_thousands(refusal.spent) + " of " + with_thousands(refusal.limit) +
             " requests in this minute.";
  }
  return {};
}

}  // namespace

std::string refusal_sentence(const Budget& budget, const BudgetRefusal& refusal) {
  const std::string subject = refusal.scope.empty() ? "The organisation" : "The " + refusal.scope;
  return subject + " " + amounts(budget, refusal);
}

}  // namespace reeve::spend
