#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/bytes.h"
#include "identity/identity.h"

namespace reeve::identity {
namespace {

class InMemory final : public BreakGlassStore {
 public:
  Result<void> seal(const BreakGlassSeal& given, const BreakGlassEvent& event) override {
    seals.push_back(given);
    seals.back().number = static_cast<std::int64_t>(seals.size());
    told.push_back(event.kind);
    return {};
  }
  Result<std::optional<BreakGlassSeal>> newest() override {
    return seals.empty() ? std::optional<BreakGlassSeal>() : std::optional(seals.back());
  }
  Result<void> open(const BreakGlassSeal& given, const BreakGlassEvent& event) override {
    if (seals.back().opened_at || opened_meanwhile) return Error{ErrorCode::kConflict, "opened meanwhile"};
    seals.back() = given;
    told.push_back(event.kind);
    return {};
  }
  Result<void> count_failure(std::int64_t, const BreakGlassEvent& event) override {
    ++seals.back().failures;
    told.push_back(event.kind);
    return {};
  }
  std::vector<BreakGlassSeal> seals;
  std::vector<std::string> told;
  bool opened_meanwhile = false;
};

/// A full disk.
class TakesNoKeys final : public KeyStore {
 public:
  Result<void> insert(const VirtualKey&) override { return Error{ErrorCode::kUnavailable, "the disk is full"}; }
  Result<std::vector<VirtualKey>> list() override { return std::vector<VirtualKey>(); }
  Result<void> revoke(std::string_view, Instant) override { return {}; }
  Result<std::uint64_t> read_changes(std::uint64_t, KeyReader&) override { return std::uint64_t{1}; }
  std::uint64_t generation() const override { return 1; }
};

class BreakGlass : public ::testing::Test {
 protected:
  Result<OpenedGlass> open(const std::string& code, const std::string& reason = "nobody is there",
                           Duration time_to_live = kBreakGlassLongest) {
    return open_break_glass(store_, *keys_, code, "ada", reason, time_to_live, now_);
  }
  const Instant now_ = from_unix_seconds(1'700'000'000);
  InMemory store_;
  std::unique_ptr<KeyStore> keys_ = make_memory_key_store();
};

TEST_F(BreakGlass, ASealOpensOnceForAnHourAndIsTold) {
  EXPECT_FALSE(open("anything").ok()) << "there is none";
  const auto code = seal_break_glass(store_, "ada", now_);
  ASSERT_TRUE(code.ok());
  EXPECT_EQ(store_.seals.back().code_hash.find(*code), std::string::npos);
  EXPECT_FALSE(open(*code, " ").ok()) << "without a reason";
  EXPECT_FALSE(open(*code, "x", std::chrono::hours(2)).ok());
  const auto opened = open(to_lower(*code));
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const auto keys = keys_->list();
  ASSERT_EQ(keys->size(), 1u);
  EXPECT_EQ(keys->front().expires, now_ + std::chrono::hours(1));
  EXPECT_THAT(keys->front().scopes, ::testing::Contains("control:*"));
  EXPECT_FALSE(open(*code).ok()) << "a second time";
  EXPECT_THAT(store_.told, ::testing::ElementsAre("break_glass.sealed", "break_glass.opened"));
}

TEST_F(BreakGlass, AKeyThatCannotBeMadeDoesNotCostTheCode) {
  const auto code = seal_break_glass(store_, "ada", now_);
  TakesNoKeys full;
  EXPECT_FALSE(open_break_glass(store_, full, *code, "ada", "fire", kBreakGlassLongest, now_).ok());
  EXPECT_FALSE(store_.seals.back().opened_at);
  EXPECT_TRUE(open(*code).ok());
}

TEST_F(BreakGlass, WhoeverIsSecondGetsNoKeyThatWorks) {
  const auto code = seal_break_glass(store_, "ada", now_);
  store_.opened_meanwhile = true;
  EXPECT_FALSE(open(*code).ok());
  const auto keys = keys_->list();
  ASSERT_EQ(keys->size(), 1u);
  EXPECT_TRUE(keys->front().revoked);
}

TEST_F(BreakGlass, NobodyElseHasItsName) {
  for (const char* name : {"break-glass", "Break-Glass", " break-glass ", "break-gla\u017F\u017F"}) {
    KeyRequest request;
    request.owner = name;
    request.type = "service";
    EXPECT_FALSE(create_key(*keys_, request, now_).ok()) << name;
  }
}

TEST_F(BreakGlass, WrongCodesAreToldAndVoidTheSeal) {
  const auto code = seal_break_glass(store_, "ada", now_);
  for (int i = 0; i < kBreakGlassFailuresMax; ++i) EXPECT_FALSE(open("AAAAA-AAAAA").ok());
  EXPECT_FALSE(open(*code).ok());
  EXPECT_EQ(std::count(store_.told.begin(), store_.told.end(), "break_glass.refused"), kBreakGlassFailuresMax);
  EXPECT_TRUE(keys_->list()->empty());
  const auto next = seal_break_glass(store_, "ada", now_);
  EXPECT_FALSE(open(*code).ok()) << "of an earlier seal";
  EXPECT_TRUE(open(*next).ok());
}

}  // namespace
}  // namespace reeve::identity
