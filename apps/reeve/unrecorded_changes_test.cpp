#include "reeve/unrecorded_changes.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace reeve::app {
namespace {

class CheckReportsTest : public testing::Test {
 protected:
  CheckReportsTest() {
    std::string name = (std::filesystem::temp_directory_path() / "reeve-reports-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    store_ = store::Store::open_embedded(directory_).value();
  }
  ~CheckReportsTest() override { std::filesystem::remove_all(directory_); }

  void report(const std::string& name, bool green) {
    const auto reported = store_->checks().report({.name = name,
                                                   .green = green,
                                                   .reason = "said \"so\"",
                                                   .reported_by = "auditor",
                                                   .reported_at = from_unix_seconds(1'700'000'000),
                                                   .until = from_unix_seconds(1'700'003'600)});
    ASSERT_TRUE(reported.ok()) << reported.error().message;
  }
  CheckReports reports() {
    return {*store_, [this](std::string_view kind, const std::string& detail) -> std::optional<std::uint64_t> {
              if (!writable_) return std::nullopt;
              ledger_.push_back(std::string(kind) + " " + detail);
              return ledger_.size() - 1;
            }};
  }

  std::filesystem::path directory_;
  std::unique_ptr<store::Store> store_;
  std::vector<std::string> ledger_;
  bool writable_ = true;
};

TEST_F(CheckReportsTest, RecordsEachReportOnce) {
  report("sessions-audited", true);
  CheckReports first = reports();
  for (int i = 0; i < 3; ++i) first.look();
  ASSERT_EQ(ledger_.size(), 1U);
  EXPECT_EQ(ledger_[0],
            R"(check.reported {"at":"2023-11-14T22:13:20.000000Z","by":"auditor","check":"sessions-audited",)"
            R"("green":true,"reason":"said \"so\"","until":"2023-11-14T23:13:20.000000Z"})");
  report("sessions-audited", false);
  report("sessions-audited", true);
  for (int i = 0; i < 3; ++i) first.look();
  ASSERT_EQ(ledger_.size(), 3U) << "also a report that another one followed at once";
  EXPECT_NE(ledger_[1].find(R"("green":false)"), std::string::npos);
  EXPECT_NE(ledger_[2].find(R"("green":true)"), std::string::npos);
  CheckReports restarted = reports();
  restarted.look();
  EXPECT_EQ(ledger_.size(), 3U);
}

TEST_F(CheckReportsTest, TriesAgainWhatCouldNotBeRecorded) {
  report("sessions-audited", true);
  CheckReports reports_to_ledger = reports();
  writable_ = false;
  reports_to_ledger.look();
  EXPECT_TRUE(ledger_.empty());
  writable_ = true;
  reports_to_ledger.look();
  EXPECT_EQ(ledger_.size(), 1U);
}

TEST_F(CheckReportsTest, RecordsALongBacklogOverSeveralLooks) {
  for (int i = 0; i < 250; ++i) report("sessions-audited", i % 2 == 0);
  CheckReports reports_to_ledger = reports();
  reports_to_ledger.look();
  EXPECT_GT(ledger_.size(), 0U);
  EXPECT_LT(ledger_.size(), 250U) << "a look must not hold the server up";
  for (int i = 0; i < 5; ++i) reports_to_ledger.look();
  EXPECT_EQ(ledger_.size(), 250U);
}

TEST_F(CheckReportsTest, KeysAreToldInTheSameWay) {
  identity::VirtualKey key;
  key.id = "key_1";
  key.owner = "dev@example.com";
  key.created = from_unix_seconds(1'700'000'000);
  ASSERT_TRUE(store_->keys().insert(key).ok());
  KeyChanges changes(*store_, [this](std::string_view kind, const std::string& detail) -> std::optional<std::uint64_t> {
    if (!writable_) return std::nullopt;
    ledger_.push_back(std::string(kind) + " " + detail);
    return ledger_.size() - 1;
  });
  writable_ = false;
  changes.look();
  writable_ = true;
  for (int i = 0; i < 3; ++i) changes.look();
  ASSERT_EQ(ledger_.size(), 1U);
  ASSERT_TRUE(store_->keys().revoke(key.id, from_unix_seconds(1'700'000'001)).ok());
  for (int i = 0; i < 3; ++i) changes.look();
  ASSERT_EQ(ledger_.size(), 2U);
  EXPECT_NE(ledger_[1].find("revoked"), std::string::npos) << ledger_[1];
}

}  // namespace
}  // namespace reeve::app
