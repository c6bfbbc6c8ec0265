#include "reeve/client_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reeve/claude_code_routes.h"

namespace reeve::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::shared_ptr<const harness::ClientSettingsSet> settings(const std::string& values) {
  std::vector<Diagnostic> complaints;
  const auto documents = parse_yaml(
      "kind: ClientSettings\nname: a\nclient: claude-code\nmatch: {groups: [developers]}\nsettings: " + values + "\n",
      "a.yaml", complaints);
  auto set = harness::ClientSettingsSet::build(documents, complaints);
  EXPECT_TRUE(set) << complaints.front().to_string();
  return set;
}

constexpr const char* kAsked = R"({env: {CLAUDE_CODE_GATEWAY_HINT_HEADERS: "1"}})";

class ClientReportsTest : public ::testing::Test {
 protected:
  void see(const std::string& checksum, std::vector<std::string> groups = {"developers"}) {
    identity::Principal person;
    person.id = "dev@example.com";
    person.groups = std::move(groups);
    person.client = "claude-code";
    person.sign_in = "sgn_1";
    reports_.settings_seen({std::make_shared<const identity::Principal>(person), "session-1", "2.1.329", checksum});
  }
  std::string checksum() const {
    return reports_.settings()
        ->settings_for("claude-code", "dev@example.com", std::vector<std::string>{"developers"})
        ->checksum;
  }
  std::vector<std::string> told() {
    std::vector<std::string> list;
    reports_.look(now_, [&](std::string_view kind, const std::string& detail) {
      list.push_back(std::string(kind) + " " + detail);
    });
    return list;
  }

  ClientReports reports_;
  Instant now_ = from_unix_seconds(1'800'000'000);
};

TEST_F(ClientReportsTest, OtherSettingsAreTold) {
  reports_.use(settings(kAsked), now_);
  see(checksum());
  EXPECT_THAT(told(), IsEmpty());
  see("sha256:other");
  EXPECT_THAT(told(),
              ElementsAre(R"(client.settings_drift {"client":"claude-code","client_version":"2.1.329","expected":")" +
                          checksum() +
                          R"(","person":"dev@example.com","reported":"sha256:other","session":"session-1",)"
                          R"("sign_in":"sgn_1"})"));
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_THAT(reports_.metrics(), HasSubstr("sessions_total{state=\"drifted\"} 1"));
}

TEST_F(ClientReportsTest, SettingsOfBeforeAreNoDriftForAWhile) {
  reports_.use(settings("{model: a}"), now_);
  const std::string before = checksum();
  reports_.use(settings("{model: b}"), now_);
  see(before);
  EXPECT_THAT(told(), IsEmpty());
  now_ = now_ + ClientReports::kOlderSettingsHold;
  see(before);
  EXPECT_THAT(told(), ElementsAre(HasSubstr("client.settings_drift")));
}

TEST_F(ClientReportsTest, SilenceIsDriftOnlyForWhoeverIsAsked) {
  reports_.use(settings("{}"), now_);
  see("");
  EXPECT_THAT(told(), IsEmpty());
  reports_.use(settings(kAsked), now_);
  see("");
  EXPECT_THAT(told(), ElementsAre(HasSubstr("client.settings_drift")));
  see("", {"contractors"});
  EXPECT_THAT(told(), IsEmpty()) << "no policy";
}

TEST_F(ClientReportsTest, TelemetryIsCountedBySignIn) {
  identity::Principal person;
  person.id = "dev@example.com";
  person.sign_in = "sgn_1";
  EXPECT_THAT(told(), IsEmpty());
  reports_.telemetry_came(person, ClientReports::Signal::kMetrics, 7);
  EXPECT_THAT(told(), ElementsAre(HasSubstr(R"("batches":{"logs":0,"metrics":1,"traces":0},"bytes":7)")));
  reports_.telemetry_came(person, ClientReports::Signal::kLogs, 100);
  reports_.telemetry_came(person, ClientReports::Signal::kLogs, 50);
  reports_.telemetry_came(person, ClientReports::Signal::kTraces, 1);
  EXPECT_THAT(told(), IsEmpty()) << "not with every batch";
  now_ = now_ + ClientReports::kTelemetryTold;
  EXPECT_THAT(told(), ElementsAre(HasSubstr(R"("batches":{"logs":2,"metrics":0,"traces":1},"bytes":151)")));
  EXPECT_THAT(reports_.metrics(), HasSubstr("batches_total{signal=\"logs\"} 2"));
}

TEST(ClaudeCodeRoutes, ATagNamesAChecksumHoweverItIsSent) {
  EXPECT_TRUE(names_checksum("\"sha256:a\"", "sha256:a"));
  EXPECT_TRUE(names_checksum("W/\"sha256:a\"", "sha256:a"));
  EXPECT_TRUE(names_checksum("\"b\" , \"sha256:a\"", "sha256:a"));
  for (const char* other : {"", "*", "sha256:a", "\"sha256:ab\"", "\"sha256:\""}) {
    EXPECT_FALSE(names_checksum(other, "sha256:a")) << other;
  }
}

}  // namespace
}  // namespace reeve::app
