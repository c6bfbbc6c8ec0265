#include "reeve/command_notes.h"

#include <gtest/gtest.h>

#include "core/bytes.h"
#include "core/crypto.h"

namespace reeve::app {
namespace {

class CommandNotesTest : public ::testing::Test {
 protected:
  CommandNotesTest() {
    content::Vault::Options options;
    options.key = std::string(32, 'k');
    vault_.emplace(std::move(options));
  }
  ~CommandNotesTest() override {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  CommandNotes notes() {
    return CommandNotes(*store_, &*vault_, [this](std::string_view kind, const std::string& detail) {
      if (refuses_) return std::optional<std::uint64_t>();
      recorded_.push_back(std::string(kind) + " " + detail);
      return std::optional<std::uint64_t>(recorded_.size());
    });
  }

  const std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("reeve-notes-test-" + to_hex(random_bytes(8)));
  std::unique_ptr<store::Store> store_ = store::Store::open_embedded(directory_).value();
  std::optional<content::Vault> vault_;
  std::vector<std::string> recorded_;
  bool refuses_ = false;
};

TEST_F(CommandNotesTest, EachBecomesOneEntryInOrder) {
  ASSERT_TRUE(store_->note("ledger.read", R"({"by":"ann"})").ok());
  ASSERT_TRUE(store_->note("ledger.read", R"({"by":"bob"})").ok());
  CommandNotes looking = notes();
  looking.look();
  looking.look();
  EXPECT_EQ(recorded_, (std::vector<std::string>{R"(ledger.read {"by":"ann"})", R"(ledger.read {"by":"bob"})"}));
  CommandNotes after_a_restart = notes();
  after_a_restart.look();
  EXPECT_EQ(recorded_.size(), 2U);
}

TEST_F(CommandNotesTest, WhatCannotBeRecordedWaits) {
  ASSERT_TRUE(store_->note("ledger.read", "{}").ok());
  CommandNotes looking = notes();
  refuses_ = true;
  looking.look();
  refuses_ = false;
  looking.look();
  EXPECT_EQ(recorded_.size(), 1U);
}

TEST_F(CommandNotesTest, AnErasureReachesTheMemoryOfTheServer) {
  const std::string ann = vault_->session("ann", "1").placeholder("secret", "hers").value();
  const std::string bob = vault_->session("bob", "1").placeholder("secret", "his").value();
  ASSERT_TRUE(store_->note("content.erased", R"({"reason":"asked","subject":"ann"})").ok());
  notes().look();
  EXPECT_EQ(vault_->session("ann", "1").value(ann), std::nullopt);
  EXPECT_EQ(vault_->session("bob", "1").value(bob), "his");
  EXPECT_EQ(recorded_.size(), 1U);
}

}  // namespace
}  // namespace reeve::app
