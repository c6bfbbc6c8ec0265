#include "spend/refusal_text.h"

#include <gtest/gtest.h>

namespace reeve::spend {

namespace {

TEST(RefusalSentence, CountsRequestsApartThatAreNotMadeYet) {
  Budget budget;
  budget.period = Period::kMonth;
  BudgetRefusal refusal;
  refusal.quantity = Quantity::kRequests;
  refusal.limit = 1'000;
  refusal.spent = 988;
  EXPECT_EQ(refusal_sentence(budget, refusal), "The organisation has made 988 of 1,000 requests this month.");
  refusal.reserved = 12;
  EXPECT_EQ(refusal_sentence(budget, refusal),
            "The organisation has made 988 of 1,000 requests this month; 12 more are under way or set aside.");
}

TEST(RefusalSentence, SaysWhatIsHeldAndWhatTheCallMayCost) {
  Budget budget;
  budget.period = Period::kDay;
  BudgetRefusal refusal;
  refusal.scope = "team payments";
  refusal.quantity = Quantity::kTokens;
  refusal.limit = 50'000;
  refusal.spent = 41'000;
  refusal.reserved = 6'000;
  refusal.asked = 4'000;
  EXPECT_EQ(refusal_sentence(budget, refusal),
            "The team payments has used 41,000 of 50,000 tokens today; calls under way hold 6,000, and this one may "
            "need 4,000.");
}

}  // namespace

}  // namespace reeve::spend
