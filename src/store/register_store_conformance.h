#pragma once

// What every implementation of control::RegisterStore must do, whichever storage is below. A test file instantiates the
// suite with a type that has `static std::unique_ptr<T> make()`, `control::RegisterStore& rows()`,
// `control::NotificationQueue& queue()` and `Result<std::vector<Note>> notes()`, each instance with storage of its own.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "store/store.h"

namespace reeve::store {

inline control::RowChange sample_row(std::string id, std::uint64_t version = 1,
                                     std::string_view name = control::kInventoryRegister) {
  control::RowChange change;
  change.row = {std::string(name), std::move(id), version, "{\"v\":" + std::to_string(version) + ",\"q\":\"it's --\"}"};
  change.step = {version == 1 ? "register.item_seen" : "register.item_changed", "{\"a\":1}"};
  change.at = from_unix_seconds(1'800'000'000 + static_cast<std::int64_t>(version));
  change.by = version == 1 ? "" : "ada@example.com";
  change.history = R"({"changes":[]})";
  return change;
}

template <typename Storage>
class RegisterStoreConformance : public ::testing::Test {
 protected:
  std::unique_ptr<Storage> storage_ = Storage::make();
  control::RegisterStore& rows() { return storage_->rows(); }
  Result<void> put(std::vector<control::RowChange> changes, std::optional<spend::KeptAnswer> answer = {}) {
    return rows().change({std::move(changes), std::move(answer)});
  }
  std::vector<std::string> listed(std::int64_t before = 0, std::size_t limit = 100,
                                  std::string_view name = control::kInventoryRegister) {
    std::vector<std::string> ids;
    const auto list = rows().list(name, before, limit);
    EXPECT_TRUE(list.ok());
    for (const auto& row : *list) ids.push_back(row.id);
    return ids;
  }
  std::vector<std::string> noted() {
    std::vector<std::string> kinds;
    const auto notes = storage_->notes();
    EXPECT_TRUE(notes.ok());
    for (const Note& note : *notes) kinds.push_back(note.kind);
    return kinds;
  }
};
TYPED_TEST_SUITE_P(RegisterStoreConformance);

using RegisterTexts = std::vector<std::string>;

TYPED_TEST_P(RegisterStoreConformance, ListsTheNewestFirstPageByPage) {
  for (const char* id : {"it-a", "it-b", "it-c"}) ASSERT_TRUE(this->put({sample_row(id)}).ok());
  ASSERT_TRUE(this->put({sample_row("in-a", 1, control::kIntakeRegister)}).ok());
  EXPECT_EQ(this->listed(), (RegisterTexts{"it-c", "it-b", "it-a"}));
  const auto page = this->rows().list(control::kInventoryRegister, 0, 2).value();
  ASSERT_EQ(page.size(), 2u);
  EXPECT_EQ(this->listed(page.back().number, 2), RegisterTexts{"it-a"});
  ASSERT_TRUE(this->put({sample_row("it-a", 2)}).ok());
  EXPECT_EQ(this->listed(), (RegisterTexts{"it-c", "it-b", "it-a"})) << "a change does not move it";
  EXPECT_EQ(this->rows().find(control::kInventoryRegister, "it-a").value()->document,
            sample_row("it-a", 2).row.document);
  EXPECT_FALSE(this->rows().find(control::kIntakeRegister, "it-a").value());
}

TYPED_TEST_P(RegisterStoreConformance, TellsThatSomethingChanged) {
  const auto changes = [&](std::string_view name) { return this->rows().changes_of(name).value(); };
  EXPECT_EQ(changes(control::kInventoryRegister), 0u);
  ASSERT_TRUE(this->put({sample_row("it-a"), sample_row("in-a", 1, control::kIntakeRegister)}).ok());
  const std::uint64_t intakes = changes(control::kIntakeRegister);
  std::uint64_t seen = changes(control::kInventoryRegister);
  EXPECT_GT(seen, 0u);
  for (const auto& row : {sample_row("it-b"), sample_row("it-a", 2), sample_row("it-b", 2)}) {
    ASSERT_TRUE(this->put({row}).ok());
    EXPECT_GT(changes(control::kInventoryRegister), std::exchange(seen, changes(control::kInventoryRegister)));
  }
  EXPECT_FALSE(this->put({sample_row("it-a")}).ok());
  EXPECT_EQ(changes(control::kInventoryRegister), seen) << "what did not happen";
  EXPECT_EQ(changes(control::kIntakeRegister), intakes) << "of another register";
}

TYPED_TEST_P(RegisterStoreConformance, RowsThatChangeTogetherChangeTogether) {
  ASSERT_TRUE(this->put({sample_row("in-a", 1, control::kIntakeRegister), sample_row("it-a")}).ok());
  EXPECT_EQ(this->noted().size(), 2u);
  const auto half = this->put({sample_row("in-a", 2, control::kIntakeRegister), sample_row("it-a", 3)});
  EXPECT_EQ(half.error().code, ErrorCode::kConflict) << "the second one is not there yet";
  EXPECT_EQ(this->rows().find(control::kIntakeRegister, "in-a").value()->version, 1u);
  EXPECT_EQ(this->noted().size(), 2u) << "what did not happen is not told";
  EXPECT_EQ(this->put({sample_row("it-a")}).error().code, ErrorCode::kConflict) << "it is there";
  auto too_long = sample_row("it-a", 2);
  too_long.step.detail = std::string(10'000, ' ');
  EXPECT_FALSE(this->put({too_long}).ok()) << "what cannot be told does not happen";
  EXPECT_FALSE(this->put({}).ok());
  ASSERT_TRUE(this->put({sample_row("in-a", 2, control::kIntakeRegister), sample_row("it-a", 2)}).ok());
  const auto history = this->rows().history(control::kInventoryRegister, "it-a").value();
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].version, 2u);
  EXPECT_EQ(history[0].by, "ada@example.com");
  EXPECT_EQ(history[0].step, "register.item_changed");
  EXPECT_EQ(history[0].at, sample_row("it-a", 2).at);
  EXPECT_EQ(history[1].text, R"({"changes":[]})");
  const auto events = this->storage_->queue().unrouted().value();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].kind, "register.seen");
}

TYPED_TEST_P(RegisterStoreConformance, OfManyWhoChangeAVersionOneSucceeds) {
  ASSERT_TRUE(this->put({sample_row("it-a")}).ok());
  for (std::uint64_t version = 2; version < 6; ++version) {
    std::atomic<int> succeeded{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] { succeeded += this->put({sample_row("it-a", version)}).ok() ? 1 : 0; });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(succeeded, 1);
  }
  EXPECT_EQ(this->noted().size(), 5u);
}

TYPED_TEST_P(RegisterStoreConformance, KeepsTheAnswerWithTheChange) {
  const Instant at = from_unix_seconds(1'800'000'000);
  const spend::KeptAnswer answer{"ada@example.com", "key-1", "sha256:x", 201, "{}", "\"1\"", at};
  ASSERT_TRUE(this->put({sample_row("it-a")}, answer).ok());
  const auto kept = this->rows().answer_of("ada@example.com", "key-1", at).value();
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->status, 201);
  EXPECT_FALSE(this->rows().answer_of("bob@example.com", "key-1", at).value());
  EXPECT_EQ(this->put({sample_row("it-b")}, answer).error().code, ErrorCode::kConflict);
  EXPECT_EQ(this->listed(), RegisterTexts{"it-a"});
}

TYPED_TEST_P(RegisterStoreConformance, SumsWhatNodesSaw) {
  const auto at = [](std::int64_t seconds) { return from_unix_seconds(seconds); };
  const control::Traffic one{"model:a", at(5), at(9), 3, Money{30}, {1, 0xFFFFFFFFFFFFFFFF}};
  const control::Traffic other{"model:a", at(2), at(7), 2, Money{20}, {1, 7}};
  ASSERT_TRUE(this->rows().put_traffic("node-1", std::vector{one}, 12).ok());
  ASSERT_TRUE(this->rows().put_traffic("node-1", std::vector{one}, 13).ok()) << "it says what is, not what is added";
  ASSERT_TRUE(this->rows().put_traffic("node-2", std::vector{other}, 4).ok());
  const auto sums = this->rows().traffic().value();
  ASSERT_EQ(sums.size(), 1u);
  EXPECT_EQ(sums[0].calls, 5u);
  EXPECT_EQ(sums[0].cost.nanos, 50);
  EXPECT_EQ(sums[0].first, at(2));
  EXPECT_EQ(sums[0].last, at(9));
  EXPECT_EQ(sums[0].people, (std::set<std::uint64_t>{1, 7, 0xFFFFFFFFFFFFFFFF}));
  const auto mine = this->rows().traffic_of("node-1").value();
  EXPECT_EQ(mine.second, 13u);
  EXPECT_EQ(mine.first.at(0).calls, 3u);
  EXPECT_EQ(this->rows().traffic_of("node-3").value().second, 0u);
}

REGISTER_TYPED_TEST_SUITE_P(RegisterStoreConformance, ListsTheNewestFirstPageByPage, TellsThatSomethingChanged,
                            RowsThatChangeTogetherChangeTogether, OfManyWhoChangeAVersionOneSucceeds,
                            KeepsTheAnswerWithTheChange, SumsWhatNodesSaw);

}  // namespace reeve::store
