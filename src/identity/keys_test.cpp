#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/bytes.h"
#include "identity/identity.h"
#include "identity/key_ring.h"

namespace reeve::identity {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr Instant kNow = {1'700'000'000'000'000'000};

TEST(CreateKey, GivesASecretOnceAndKeepsItsHash) {
  const auto store = make_memory_key_store();
  const auto made = create_key(*store, {.owner = "dev@example.com", .groups = {"b", "a", "b"}}, kNow);
  ASSERT_TRUE(made.ok());
  EXPECT_THAT(made->secret, StartsWith("rv_"));
  EXPECT_EQ(made->secret.size(), 46u);
  EXPECT_EQ(from_base64url(made->secret.substr(3)).value().size(), 32u);
  EXPECT_THAT(made->key.id, StartsWith("key_"));
  EXPECT_THAT(made->secret, StartsWith(made->key.hint.substr(0, 6)));
  EXPECT_LE(made->key.hint.size(), 12u);
  EXPECT_EQ(made->key.secret_hash, sha256(made->secret));
  EXPECT_EQ(made->key.groups, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(made->key.created, kNow);
  EXPECT_FALSE(made->key.expires);
  const auto stored = store->list().value();
  ASSERT_EQ(stored.size(), 1u);
  EXPECT_EQ(stored[0].secret_hash, made->key.secret_hash);
}

TEST(CreateKey, NeverGivesTheSameSecretTwice) {
  const auto store = make_memory_key_store();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(create_key(*store, {.owner = "dev@example.com"}, kNow).ok());
  EXPECT_EQ(store->list().value().size(), 100u);
}

TEST(CreateKey, OnePersonHasOneName) {
  const auto store = make_memory_key_store();
  EXPECT_EQ(create_key(*store, {.owner = "Dev@Example.COM"}, kNow)->key.owner, "dev@example.com");
  EXPECT_EQ(create_key(*store, {.owner = "Build-Robot", .type = "service"}, kNow)->key.owner, "Build-Robot");
}

TEST(CreateKey, RefusesWhatMakesNoSense) {
  const auto store = make_memory_key_store();
  const std::vector<std::pair<KeyRequest, std::string>> cases = {
      {{.owner = ""}, "owner"},
      {{.owner = " dev@example.com"}, "owner"},
      {{.owner = "dev\n@example.com"}, "owner"},
      {{.owner = "dev\xFF@example.com"}, "owner"},
      {{.owner = std::string(300, 'a')}, "owner"},
      {{.owner = "dev@example.com", .type = "robot"}, "robot"},
      {{.owner = "dev@example.com", .team = "pay\tments"}, "team"},
      {{.owner = "dev@example.com", .groups = {""}}, "group"},
      {{.owner = "dev@example.com", .groups = std::vector<std::string>(1001, "g")}, "1000"},
      {{.owner = "dev@example.com", .scopes = {"model:claude-*"}}, "model:claude-*"},
      {{.owner = "dev@example.com", .scopes = {"models"}}, "models"},
      {{.owner = "dev@example.com", .scopes = {"models:"}}, "models:"},
      {{.owner = "dev@example.com", .scopes = {":x"}}, ":x"},
      {{.owner = "dev@example.com", .note = std::string(501, 'n')}, "note"},
      {{.owner = "dev@example.com", .time_to_live = Duration(0)}, "time to live"},
      {{.owner = "dev@example.com", .time_to_live = Duration(-1)}, "time to live"},
      {{.owner = "dev@example.com", .time_to_live = std::chrono::hours(24 * 365 * 200)}, "time to live"},
  };
  for (const auto& [request, named] : cases) {
    const auto made = create_key(*store, request, kNow);
    ASSERT_FALSE(made.ok()) << named;
    EXPECT_EQ(made.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(made.error().message, HasSubstr(named));
  }
  EXPECT_TRUE(store->list().value().empty());
}

TEST(Principal, ScopesRestrictOnlyTheirKind) {
  Principal principal;
  EXPECT_TRUE(principal.in_scope("models", "anything"));
  principal.scopes = {"models:claude-*", "models:gpt-5"};
  EXPECT_TRUE(principal.in_scope("models", "claude-opus-4"));
  EXPECT_TRUE(principal.in_scope("models", "gpt-5"));
  EXPECT_FALSE(principal.in_scope("models", "gpt-5-mini"));
  EXPECT_FALSE(principal.in_scope("models", ""));
  EXPECT_TRUE(principal.in_scope("operations", "embed"));
  principal.scopes = {"operations:chat"};
  EXPECT_FALSE(principal.in_scope("operations", "embed"));
  EXPECT_TRUE(principal.in_scope("models", "gpt-5"));
}

class Ring : public ::testing::Test {
 protected:
  NewKey make(std::optional<Duration> time_to_live = {}) {
    return create_key(*store_,
                      {.owner = "dev@example.com",
                       .team = "payments",
                       .groups = {"developers"},
                       .scopes = {"models:claude-*"},
                       .time_to_live = time_to_live},
                      clock_.now())
        .value();
  }
  void expect_refused(const std::string& secret, AuthFailure failure) {
    const auto outcome = ring_.authenticate(secret);
    EXPECT_FALSE(outcome.ok());
    EXPECT_EQ(auth_failure_name(outcome.failure), auth_failure_name(failure));
    EXPECT_THAT(outcome.message, Not(testing::IsEmpty()));
    if (secret.size() > 8) {
      EXPECT_THAT(outcome.message, Not(HasSubstr(secret.substr(3, 8))));
    }
  }

  ManualClock clock_{kNow};
  std::unique_ptr<KeyStore> store_ = make_memory_key_store();
  KeyTable table_{*store_, {.clock = &clock_}};
  KeyRing ring_{table_};
};

TEST_F(Ring, KnowsWhoAKeyBelongsTo) {
  const auto made = make(std::chrono::hours(1));
  const auto outcome = ring_.authenticate(made.secret);
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.principal->id, "dev@example.com");
  EXPECT_EQ(outcome.principal->type, "person");
  EXPECT_EQ(outcome.principal->team, "payments");
  EXPECT_EQ(outcome.principal->groups, std::vector<std::string>{"developers"});
  EXPECT_EQ(outcome.principal->scopes, std::vector<std::string>{"models:claude-*"});
  EXPECT_EQ(outcome.principal->key_id, made.key.id);
  EXPECT_EQ(outcome.principal->issuer, "");
  EXPECT_EQ(outcome.principal->expires, made.key.expires);
}

TEST_F(Ring, ARevocationHoldsForTheNextRequest) {
  const auto made = make();
  const auto other = make();
  ASSERT_TRUE(ring_.authenticate(made.secret).ok());
  ASSERT_TRUE(store_->revoke(made.key.id, clock_.now()).ok());
  expect_refused(made.secret, AuthFailure::kRevoked);
  EXPECT_TRUE(ring_.authenticate(other.secret).ok());
}

TEST_F(Ring, ExpiresToTheNanosecond) {
  const auto made = make(std::chrono::seconds(10));
  clock_.advance(std::chrono::seconds(10) - Duration(1));
  EXPECT_TRUE(ring_.authenticate(made.secret).ok());
  clock_.advance(Duration(1));
  expect_refused(made.secret, AuthFailure::kExpired);
  ASSERT_TRUE(store_->revoke(made.key.id, clock_.now()).ok());
  expect_refused(made.secret, AuthFailure::kRevoked);
}

TEST_F(Ring, RefusesWhatIsAlmostAKey) {
  const auto made = make();
  std::string flipped = made.secret;
  flipped.back() = flipped.back() == 'A' ? 'E' : 'A';
  expect_refused(flipped, AuthFailure::kUnknown);
  std::string upper = made.secret;
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  expect_refused(upper, AuthFailure::kUnknown);
  expect_refused(made.secret.substr(0, 45), AuthFailure::kMalformed);
  expect_refused(made.secret + "\n", AuthFailure::kMalformed);
  expect_refused(made.secret + made.secret, AuthFailure::kMalformed);
  expect_refused("rv_", AuthFailure::kMalformed);
  // The stored hash must not be of any use as a credential.
  expect_refused("rv_" + to_base64url(as_bytes(made.key.secret_hash)), AuthFailure::kUnknown);
}

class FailingStore final : public KeyStore {
 public:
  explicit FailingStore(KeyStore& store) : store_(&store) {}
  Result<void> insert(const VirtualKey& key) override { return store_->insert(key); }
  Result<std::vector<VirtualKey>> list() override { return store_->list(); }
  Result<std::uint64_t> read_changes(std::uint64_t since, KeyReader& reader) override {
    ++reads;
    if (broken) return Error{ErrorCode::kCorrupt, "broken for the test"};
    return store_->read_changes(since, reader);
  }
  Duration uncertain_for() const override { return uncertain; }
  Result<void> revoke(std::string_view id, Instant when) override { return store_->revoke(id, when); }
  std::uint64_t generation() const override { return store_->generation(); }
  bool broken = false;
  int reads = 0;
  Duration uncertain{};

 private:
  KeyStore* store_;
};

TEST_F(Ring, RefusesWhenTheStoreCannotBeReadAndComesBack) {
  const auto made = make();
  FailingStore failing(*store_);
  KeyTable table(failing, {.clock = &clock_});
  KeyRing ring(table);
  ASSERT_TRUE(ring.authenticate(made.secret).ok());
  EXPECT_TRUE(ring.authenticate(made.secret).ok());
  EXPECT_EQ(failing.reads, 1) << "an unchanged store is read once";

  failing.broken = true;
  EXPECT_TRUE(ring.authenticate(made.secret).ok()) << "nothing changed, so the snapshot is right";
  make();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(ring.authenticate(made.secret).failure, AuthFailure::kUnavailable);
  }
  EXPECT_EQ(failing.reads, 2) << "a broken store is not hammered";
  failing.broken = false;
  clock_.advance(std::chrono::seconds(1));
  EXPECT_TRUE(ring.authenticate(made.secret).ok());
}

TEST_F(Ring, WhatIsUnchangedStaysTheSameObjectWhenOthersChange) {
  const auto made = make();
  const auto principal = ring_.authenticate(made.secret).principal;
  const auto other = make();
  ASSERT_TRUE(store_->revoke(other.key.id, clock_.now()).ok());
  EXPECT_EQ(ring_.authenticate(made.secret).principal, principal);
}

TEST_F(Ring, OneTableServesAllLoopsAndTellsOfEnds) {
  std::vector<std::string> ended;
  KeyTable table(*store_, {.clock = &clock_});
  table.on_end([&](std::string_view id, std::optional<Instant> revoked) {
    ended.emplace_back(id);
    EXPECT_EQ(revoked, clock_.now());
  });
  const auto long_ended = make();
  ASSERT_TRUE(store_->revoke(long_ended.key.id, clock_.now()).ok());
  const auto made = make();
  KeyRing first(table);
  KeyRing second(table);
  EXPECT_TRUE(first.authenticate(made.secret).ok());
  EXPECT_TRUE(second.authenticate(made.secret).ok());
  ASSERT_TRUE(store_->revoke(made.key.id, clock_.now()).ok());
  EXPECT_FALSE(second.authenticate(made.secret).ok());
  EXPECT_FALSE(first.authenticate(made.secret).ok());
  EXPECT_EQ(ended, std::vector<std::string>{made.key.id});
}

TEST_F(Ring, WithoutReadingOnDemandWhatWasReadServesForItsTime) {
  FailingStore shared(*store_);
  KeyTable table(shared, {.clock = &clock_, .reads_on_demand = false, .serves_unconfirmed = std::chrono::seconds(15)});
  KeyRing ring(table);
  const auto made = make();
  EXPECT_EQ(ring.authenticate(made.secret).failure, AuthFailure::kUnavailable) << "nothing was read yet";
  ASSERT_TRUE(table.look().ok());
  EXPECT_TRUE(ring.authenticate(made.secret).ok());
  ASSERT_TRUE(store_->revoke(made.key.id, clock_.now()).ok());
  shared.broken = true;
  EXPECT_FALSE(table.look().ok());
  shared.uncertain = std::chrono::seconds(15);
  EXPECT_TRUE(ring.authenticate(made.secret).ok());
  shared.uncertain += Duration(1);
  EXPECT_EQ(ring.authenticate(made.secret).failure, AuthFailure::kUnavailable);
  shared.uncertain = {};
  clock_.advance(std::chrono::seconds(15));
  EXPECT_TRUE(ring.authenticate(made.secret).ok());
  clock_.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(ring.authenticate(made.secret).failure, AuthFailure::kUnavailable)
      << "the database answers, its rows do not";
  shared.broken = false;
  shared.uncertain = {};
  ASSERT_TRUE(table.look().ok());
  EXPECT_EQ(ring.authenticate(made.secret).failure, AuthFailure::kRevoked) << "what was revoked meanwhile is not lost";
}

TEST(KeyTableInMemory, FindsEachOfManyAndNothingElse) {
  ManualClock clock(kNow);
  const auto store = make_memory_key_store();
  KeyTable table(*store, {.clock = &clock});
  std::vector<NewKey> made;
  for (int i = 0; i < 3'000; ++i) {
    const std::string number = std::to_string(i);
    made.push_back(create_key(*store, {.owner = "dev" + number + "@example.com"}, kNow).value());
    if (i % 500 == 0) ASSERT_TRUE(table.look().ok());
  }
  ASSERT_TRUE(table.look().ok());
  EXPECT_EQ(table.size(), made.size());
  for (const NewKey& key : made) {
    const auto found = table.find(key.key.secret_hash);
    ASSERT_NE(found.principal, nullptr);
    EXPECT_EQ(found.principal->id, key.key.owner);
    EXPECT_EQ(found.principal->key_id, key.key.id);
    EXPECT_EQ(table.find(key.key.secret_hash, found.stamp).principal, nullptr);
    Sha256 other = key.key.secret_hash;
    other.back() ^= 1U;
    EXPECT_EQ(table.find(other).stamp, 0u);
  }
}

}  // namespace
}  // namespace reeve::identity
