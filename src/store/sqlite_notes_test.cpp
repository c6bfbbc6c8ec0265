#include "store/sqlite_notes.h"

#include <gtest/gtest.h>

#include "store/temporary_directory.h"

namespace reeve::store {
namespace {

class Notes : public ::testing::Test {
 protected:
  std::unique_ptr<Store> open() { return Store::open_embedded(directory_.path()).value(); }
  TemporaryDirectory directory_;
};

TEST_F(Notes, WaitUntilTheyAreRecorded) {
  ASSERT_TRUE(open()->note("ledger.read", R"({"by":"ann'); DROP TABLE note; --"})").ok());
  const auto store = open();  // another process
  ASSERT_TRUE(store->note("content.erased", "{}").ok());
  auto notes = store->unrecorded_notes().value();
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_EQ(notes[0].kind, "ledger.read");
  EXPECT_EQ(notes[0].detail, R"({"by":"ann'); DROP TABLE note; --"})");
  EXPECT_EQ(notes[1].kind, "content.erased");
  notes[0].entry = 17;
  ASSERT_TRUE(store->notes_recorded(std::span(notes).first(1)).ok());
  const auto left = store->unrecorded_notes().value();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].number, notes[1].number);
}

TEST_F(Notes, AShorterLedgerIsToldAgain) {
  const auto store = open();
  for (const char* kind : {"one", "two", "three"}) ASSERT_TRUE(store->note(kind, "{}").ok());
  auto notes = store->unrecorded_notes().value();
  for (std::size_t i = 0; i < notes.size(); ++i) notes[i].entry = 10 + i;
  ASSERT_TRUE(store->notes_recorded(notes).ok());
  ASSERT_TRUE(store->unrecorded_notes()->empty());
  ASSERT_TRUE(store->ledger_ends_at(11).ok());
  const auto again = store->unrecorded_notes().value();
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(again[0].kind, "two");
}

TEST_F(Notes, OfOneKeyAreLeftOnce) {
  const std::vector<KeyedNote> notes{{"r\n1", "{}"}, {"r\n2", "{}"}, {"r\n1", R"({"again":true})"}};
  EXPECT_EQ(open()->note_once("change.merged", notes).value(), (std::vector{true, true, false}));
  const auto store = open();
  EXPECT_EQ(store->note_once("change.merged", std::span(notes).first(1)).value(), std::vector{false});
  EXPECT_EQ(store->note_once("another.kind", std::span(notes).first(1)).value(), std::vector{true});
  const auto left = store->unrecorded_notes().value();
  ASSERT_EQ(left.size(), 3U);
  EXPECT_EQ(left[0].detail, "{}");
  // Also once they are in the ledger.
  auto recorded = left;
  for (Note& note : recorded) note.entry = 5;
  ASSERT_TRUE(store->notes_recorded(recorded).ok());
  EXPECT_EQ(store->note_once("change.merged", notes).value(), (std::vector{false, false, false}));
}

TEST_F(Notes, AreLeftAllOrNone) {
  const auto store = open();
  const std::vector<KeyedNote> notes{{"1", "{}"}, {"", "{}"}};
  EXPECT_FALSE(store->note_once("change.merged", notes).ok());
  EXPECT_TRUE(store->unrecorded_notes()->empty());
  EXPECT_EQ(store->note_once("change.merged", std::span(notes).first(1)).value(), std::vector{true});
}

TEST_F(Notes, RefuseWhatAnEntryCannotKeep) {
  const auto store = open();
  EXPECT_FALSE(store->note("", "{}").ok());
  EXPECT_FALSE(store->note("kind", std::string(10'000, 'x')).ok());
  EXPECT_TRUE(store->unrecorded_notes()->empty());
}

}  // namespace
}  // namespace reeve::store
