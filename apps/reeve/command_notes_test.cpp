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
    const auto record = [this](std::span<store::Note> notes) {
      ++groups_;
      std::size_t done = 0;
      while (done < notes.size() && taken_left_ > 0) {
        --taken_left_;
        recorded_.push_back(notes[done].kind + " " + notes[done].detail);
        notes[done++].entry = recorded_.size();
      }
      return done;
    };
    return CommandNotes(*store_, &*vault_, record, &readings_);
  }

  const std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("reeve-notes-test-" + to_hex(random_bytes(8)));
  std::unique_ptr<store::Store> store_ = store::Store::open_embedded(directory_).value();
  std::optional<content::Vault> vault_;
  std::vector<std::string> recorded_;
  RecentReadings readings_;
  std::size_t taken_left_ = 1'000'000;  // so many entries the ledger still takes
  int groups_ = 0;
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
  taken_left_ = 0;
  EXPECT_FALSE(looking.look());
  taken_left_ = 1;
  looking.look();
  EXPECT_EQ(recorded_.size(), 1U);
}

TEST_F(CommandNotesTest, ThousandsAreRecordedTogetherAndInOrder) {
  constexpr std::size_t kNotes = 2'500;
  std::vector<store::KeyedNote> left;
  for (std::size_t i = 0; i < kNotes; ++i) left.push_back({std::to_string(i), std::to_string(i)});
  ASSERT_TRUE(store_->note_once("person.added", left).ok());
  CommandNotes looking = notes();
  EXPECT_TRUE(looking.look());
  EXPECT_TRUE(looking.look());
  EXPECT_FALSE(looking.look()) << "there are no more";
  EXPECT_EQ(groups_, 3);
  ASSERT_EQ(recorded_.size(), kNotes);
  for (std::size_t i = 0; i < kNotes; ++i) ASSERT_EQ(recorded_[i], "person.added " + std::to_string(i));
}

TEST_F(CommandNotesTest, ALedgerThatEndsAmidOnesIsGivenTheRestLaterAndNothingTwice) {
  std::vector<store::KeyedNote> left;
  for (int i = 0; i < 10; ++i) left.push_back({std::to_string(i), std::to_string(i)});
  ASSERT_TRUE(store_->note_once("person.added", left).ok());
  taken_left_ = 4;
  EXPECT_FALSE(notes().look());
  taken_left_ = 100;
  EXPECT_FALSE(notes().look()) << "there are no more";
  ASSERT_EQ(recorded_.size(), 10U);
  EXPECT_EQ(recorded_.front(), "person.added 0");
  EXPECT_EQ(recorded_.back(), "person.added 9");
}

TEST_F(CommandNotesTest, AReadingSpeaksForTheNextAlsoAmongOtherNotes) {
  const Reading reading{"ann", "true", "reeve ledger query", 1, "", Instant{1'700'000'000'000'000'000}};
  Reading again = reading;
  again.at = again.at + std::chrono::seconds(5);
  ASSERT_TRUE(store_->note("person.added", "1").ok());
  ASSERT_TRUE(store_->note(kReadKind, detail_of(reading)).ok());
  ASSERT_TRUE(store_->note("person.added", "2").ok());
  ASSERT_TRUE(store_->note(kReadKind, detail_of(again)).ok());
  ASSERT_TRUE(store_->note(kReadKind, R"({"by":"ann","request_id":"r"})").ok());
  notes().look();
  ASSERT_EQ(recorded_.size(), 4U);
  EXPECT_EQ(recorded_[2], "person.added 2");
  EXPECT_TRUE(recorded_[3].find("request_id") != std::string::npos) << "kept content: each is one of its own";
  EXPECT_TRUE(store_->unrecorded_notes()->empty());
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
