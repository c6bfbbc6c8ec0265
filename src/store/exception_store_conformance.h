#pragma once

// What every implementation of control::ExceptionStore and control::NotificationQueue must do, whichever storage is
// below. A test file instantiates the suites with a type that has `static std::unique_ptr<T> make()` and
// `Store& store()` with `exceptions()`, `notifications()` and `unrecorded_notes()`, each instance with storage of its
// own.

#include <gtest/gtest.h>

#include <thread>

#include "store/store.h"

namespace reeve::store {

inline control::ExceptionRequest sample_request(
    const std::string& reason = "it's '); DROP TABLE exception_request; --") {
  control::Asked asked;
  asked.kind = control::ExceptionKind::kBudget;
  asked.budget = "payments-month";
  asked.extra.money = Money{50'000'000'000};
  asked.reason = reason;
  asked.requested_by = "dev@example.com";
  asked.from = from_unix_seconds(1'800'000'000);
  asked.until = from_unix_seconds(1'800'500'000);
  return control::make_request(asked, asked.from).value();
}

inline control::Step sample_step(const control::ExceptionRequest& request, std::string_view kind) {
  return control::step_of(request, kind, "dev@example.com", request.made);
}

template <typename Storage>
class ExceptionStoreConformance : public ::testing::Test {
 protected:
  std::unique_ptr<Storage> storage_ = Storage::make();
  control::ExceptionStore& exceptions() { return storage_->store().exceptions(); }
  control::NotificationQueue& queue() { return storage_->store().notifications(); }
  Result<void> insert(const control::ExceptionRequest& request) {
    return exceptions().insert(request, sample_step(request, "exception.requested"));
  }
  Result<void> update(const control::ExceptionRequest& request, std::string_view kind = "exception.withdrawn") {
    return exceptions().update(request, sample_step(request, kind));
  }
  std::vector<std::string> listed() {
    std::vector<std::string> rows;
    const auto list = exceptions().list();
    EXPECT_TRUE(list.ok());
    for (const auto& request : *list) rows.push_back(control::request_to_json(request));
    return rows;
  }
  /// The kinds of the notes that the ledger lacks.
  std::vector<std::string> noted() {
    std::vector<std::string> kinds;
    const auto notes = storage_->store().unrecorded_notes();
    EXPECT_TRUE(notes.ok());
    for (const Note& note : *notes) kinds.push_back(note.kind);
    return kinds;
  }
  std::vector<std::string> unrouted() {
    std::vector<std::string> keys;
    const auto events = queue().unrouted();
    EXPECT_TRUE(events.ok());
    for (const control::Event& event : *events) keys.push_back(event.key);
    return keys;
  }
};
TYPED_TEST_SUITE_P(ExceptionStoreConformance);

using Texts = std::vector<std::string>;

TYPED_TEST_P(ExceptionStoreConformance, KeepsRowsInTheirOrder) {
  EXPECT_TRUE(this->listed().empty());
  const auto first = sample_request();
  const auto second = sample_request("another");
  ASSERT_TRUE(this->insert(first).ok());
  ASSERT_TRUE(this->insert(second).ok());
  EXPECT_EQ(this->listed(), (Texts{control::request_to_json(first), control::request_to_json(second)}));
}

TYPED_TEST_P(ExceptionStoreConformance, AChangeItsNoteAndItsEventAreOne) {
  auto request = sample_request();
  ASSERT_TRUE(this->insert(request).ok());
  ++request.version;
  request.state = control::ExceptionState::kWithdrawn;
  ASSERT_TRUE(this->update(request).ok());
  EXPECT_EQ(this->noted(), (Texts{"exception.requested", "exception.withdrawn"}));
  EXPECT_EQ(this->unrouted(), (Texts{request.id + ":1", request.id + ":2"}));
  const auto notes = this->noted();
  EXPECT_EQ(this->insert(request).error().code, ErrorCode::kConflict);
  EXPECT_EQ(this->update(request).error().code, ErrorCode::kConflict) << "this version is stored already";
  EXPECT_EQ(this->noted(), notes) << "what did not happen is not told";
  EXPECT_EQ(this->unrouted().size(), 2u);
  control::Step too_long{"exception.approved", std::string(10'000, ' ')};
  ++request.version;
  EXPECT_FALSE(this->exceptions().update(request, too_long).ok());
  EXPECT_EQ(control::request_from_json(this->listed().front())->version, 2u) << "what cannot be told does not happen";
}

TYPED_TEST_P(ExceptionStoreConformance, GenerationMovesWithEveryChangeAndOnlyThen) {
  const auto start = this->exceptions().generation();
  auto request = sample_request();
  ASSERT_TRUE(this->insert(request).ok());
  const auto inserted = this->exceptions().generation();
  EXPECT_GT(inserted, start);
  EXPECT_FALSE(this->insert(request).ok());
  EXPECT_FALSE(this->update(request).ok());
  this->listed();
  EXPECT_EQ(this->exceptions().generation(), inserted);
  ++request.version;
  ASSERT_TRUE(this->update(request).ok());
  EXPECT_GT(this->exceptions().generation(), inserted);
}

TYPED_TEST_P(ExceptionStoreConformance, OfManyWhoChangeAVersionOneSucceeds) {
  auto request = sample_request();
  ASSERT_TRUE(this->insert(request).ok());
  for (std::uint64_t version = 2; version < 6; ++version) {
    request.version = version;
    std::atomic<int> succeeded{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] { succeeded += this->update(request).ok() ? 1 : 0; });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(succeeded, 1);
  }
  EXPECT_EQ(this->noted().size(), 5u);
}

TYPED_TEST_P(ExceptionStoreConformance, AnEventIsAnnouncedOnce) {
  const control::Event event{"budget:payments:80:2026-11", "budget.threshold", from_unix_seconds(5), "{\"a\":1}"};
  ASSERT_TRUE(this->queue().announce(event).ok());
  ASSERT_TRUE(this->queue().announce(event).ok());
  EXPECT_EQ(this->unrouted(), Texts{event.key});
  const Texts to{"mail", "hook"};
  ASSERT_TRUE(this->queue().route(event.key, to, from_unix_seconds(6)).ok());
  ASSERT_TRUE(this->queue().route(event.key, to, from_unix_seconds(7)).ok());
  ASSERT_TRUE(this->queue().announce(event).ok());
  EXPECT_TRUE(this->unrouted().empty());
  const auto all = this->queue().list(std::nullopt, 10);
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ(all->back().event.detail, event.detail);
  EXPECT_EQ(all->back().event.time, event.time);
}

TYPED_TEST_P(ExceptionStoreConformance, ADestinationGetsItsEventsInOrder) {
  const Texts both{"mail", "hook"};
  for (const char* key : {"one", "two"}) {
    ASSERT_TRUE(this->queue().announce({key, "anomaly", from_unix_seconds(1), "{}"}).ok());
    ASSERT_TRUE(this->queue().route(key, both, from_unix_seconds(1)).ok());
  }
  const auto claim = [&](std::int64_t seconds) {
    Texts found;
    const auto due = this->queue().claim(from_unix_seconds(seconds), std::chrono::seconds(60));
    EXPECT_TRUE(due.ok());
    for (const auto& delivery : *due) found.push_back(delivery.destination + " " + delivery.event.key);
    return std::pair(found, due->empty() ? 0 : due->front().number);
  };
  EXPECT_TRUE(claim(0).first.empty()) << "not before its time";
  const auto [first, mail] = claim(10);
  EXPECT_EQ(first, (Texts{"mail one", "hook one"}));
  EXPECT_TRUE(claim(11).first.empty()) << "they are under way";
  ASSERT_TRUE(this->queue().delivered(mail, from_unix_seconds(12)).ok());
  EXPECT_EQ(claim(13).first, Texts{"mail two"}) << "the other destination still waits for its first";
  EXPECT_EQ(claim(71).first, Texts{"hook one"}) << "whoever had it is gone";
}

TYPED_TEST_P(ExceptionStoreConformance, WhatFailsWaitsAndWhatIsGivenUpLetsOthersPass) {
  const Texts hook{"hook"};
  for (const char* key : {"one", "two"}) {
    ASSERT_TRUE(this->queue().announce({key, "anomaly", from_unix_seconds(1), "{}"}).ok());
    ASSERT_TRUE(this->queue().route(key, hook, from_unix_seconds(1)).ok());
  }
  const auto claim = [&](std::int64_t seconds) {
    return this->queue().claim(from_unix_seconds(seconds), std::chrono::seconds(60)).value();
  };
  const auto first = claim(1);
  ASSERT_EQ(first.size(), 1u);
  ASSERT_TRUE(this->queue().failed(first[0].number, "500", from_unix_seconds(20), from_unix_seconds(2)).ok());
  EXPECT_TRUE(claim(19).empty()) << "the second one does not overtake the first";
  const auto again = claim(20);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].event.key, "one");
  EXPECT_EQ(again[0].attempts, 1);
  ASSERT_TRUE(this->queue().failed(again[0].number, "gone", std::nullopt, from_unix_seconds(21)).ok());
  EXPECT_EQ(claim(22).front().event.key, "two");
  const auto dead = this->queue().list(control::Delivery::State::kDead, 10);
  ASSERT_EQ(dead->size(), 1u);
  EXPECT_EQ(dead->front().last_error, "gone");
  EXPECT_EQ(this->queue().retry(first[0].number + 100, from_unix_seconds(23)).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(this->queue().retry(dead->front().number, from_unix_seconds(23)).ok());
  EXPECT_EQ(claim(24).front().event.key, "one");
}

TYPED_TEST_P(ExceptionStoreConformance, ForgetsWhatIsDoneAndOldOnly) {
  for (const char* key : {"done", "waiting", "nowhere"}) {
    ASSERT_TRUE(this->queue().announce({key, "anomaly", from_unix_seconds(1), "{}"}).ok());
    const Texts hook{"hook"};
    const bool somewhere = std::string_view(key) != "nowhere";
    ASSERT_TRUE(this->queue().route(key, somewhere ? hook : Texts(), from_unix_seconds(1)).ok());
  }
  const auto due = this->queue().claim(from_unix_seconds(1), std::chrono::seconds(1));
  ASSERT_TRUE(this->queue().delivered(due->front().number, from_unix_seconds(2)).ok());
  ASSERT_TRUE(this->queue().forget(from_unix_seconds(2)).ok());
  EXPECT_EQ(this->queue().list(std::nullopt, 10)->size(), 2u);
  ASSERT_TRUE(this->queue().forget(from_unix_seconds(3)).ok());
  const auto left = this->queue().list(std::nullopt, 10);
  ASSERT_EQ(left->size(), 1u);
  EXPECT_EQ(left->front().event.key, "waiting");
}

REGISTER_TYPED_TEST_SUITE_P(ExceptionStoreConformance, KeepsRowsInTheirOrder, AChangeItsNoteAndItsEventAreOne,
                            GenerationMovesWithEveryChangeAndOnlyThen, OfManyWhoChangeAVersionOneSucceeds,
                            AnEventIsAnnouncedOnce, ADestinationGetsItsEventsInOrder,
                            WhatFailsWaitsAndWhatIsGivenUpLetsOthersPass, ForgetsWhatIsDoneAndOldOnly);

}  // namespace reeve::store
