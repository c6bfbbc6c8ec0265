#include "reeve/health.h"

#include <gtest/gtest.h>

namespace reeve::app {
namespace {

const Instant kNow = from_unix_seconds(1'700'000'000);

identity::Cutoff cutoff(std::string_view scope) {
  return identity::make_cutoff({identity::parse_cutoff_scope(scope).value(), "a leak", "sec", {}, {}}, kNow).value();
}
std::string line_of(std::vector<identity::Cutoff> cutoffs) {
  return kill_switch_line(identity::CutoffSet(std::move(cutoffs)), kNow);
}

TEST(Health, TellsOfTheKillSwitchWithoutNames) {
  EXPECT_EQ(line_of({}), "");
  EXPECT_EQ(line_of({cutoff("person:ada@example.com")}), "KILL SWITCH IS ON: 1 cutoff\n");
  EXPECT_EQ(line_of({cutoff("person:ada@example.com"), cutoff("provider:p")}), "KILL SWITCH IS ON: 2 cutoffs\n");
  EXPECT_EQ(line_of({cutoff("person:ada@example.com"), cutoff("all")}),
            "KILL SWITCH IS ON: every model call is refused\n");
}

TEST(Health, SaysNothingOfSessionsPracticeAndWhatIsOver) {
  identity::Cutoff practice = cutoff("all");
  practice.practice = true;
  identity::Cutoff over = cutoff("all");
  over.until = kNow;
  EXPECT_EQ(line_of({cutoff("session:s-1"), practice, over}), "");
}

}  // namespace
}  // namespace reeve::app
