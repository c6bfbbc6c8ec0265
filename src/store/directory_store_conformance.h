#pragma once

// What every identity::DirectoryStore must do. A subject has make() and directory().

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <thread>

#include "identity/identity.h"

namespace reeve::store {

/// Everything that a reader was told, as it stands.
class DirectoryPicture final : public identity::DirectoryReader {
 public:
  void forget_all() override { people.clear(), groups.clear(), members.clear(), cut.clear(), ++wholes; }
  void person(std::string_view id, std::string_view logins, std::string_view team, bool active) override {
    people[std::string(id)] = std::string(logins) + "|" + std::string(team) + "|" + (active ? "active" : "not");
  }
  void group(std::string_view id, std::string_view name) override { groups[std::string(id)] = name; }
  void gone(std::string_view id) override {
    people.erase(std::string(id)), groups.erase(std::string(id));
    std::erase_if(members, [&](const auto& pair) { return pair.first == id || pair.second == id; });
  }
  void member(std::string_view group, std::string_view member, bool is_one) override {
    const std::pair<std::string, std::string> pair(group, member);
    is_one ? static_cast<void>(members.insert(pair)) : static_cast<void>(members.erase(pair));
  }
  void cut_off(std::string_view login, Instant at) override { cut[std::string(login)] = at.nanoseconds; }
  bool operator==(const DirectoryPicture& other) const {
    return people == other.people && groups == other.groups && members == other.members && cut == other.cut;
  }

  std::map<std::string, std::string> people, groups;
  std::set<std::pair<std::string, std::string>> members;
  std::map<std::string, std::int64_t> cut;
  int wholes = 0;
};

template <typename Subject>
class DirectoryStoreConformance : public ::testing::Test {
 protected:
  using Change = identity::DirectoryChange;
  using Outcome = identity::ChangeOutcome;

  static identity::DirectoryEntry entry(identity::EntryKind kind, const std::string& id, const std::string& name) {
    identity::DirectoryEntry entry;
    entry.id = id;
    entry.kind = kind;
    entry.name = name;
    entry.folded_name = identity::fold_name(name);
    entry.external_id = "ext-" + id;
    if (kind == identity::EntryKind::kPerson) entry.logins = {entry.folded_name, "alias-" + id};
    entry.team = kind == identity::EntryKind::kPerson ? "engines" : "";
    entry.created = entry.modified = {1'700'000'000'000'000'000};
    entry.document = R"({"userName":")" + name + "\"}";
    return entry;
  }
  static identity::DirectoryEntry person(const std::string& id, const std::string& name) {
    return entry(identity::EntryKind::kPerson, id, name);
  }
  static identity::DirectoryEntry group(const std::string& id, const std::string& name) {
    return entry(identity::EntryKind::kGroup, id, name);
  }
  Outcome put(const identity::DirectoryEntry& entry, std::vector<std::string> added = {},
              std::vector<std::string> removed = {}, std::vector<std::string> cut_off = {}) {
    return change({entry, false, std::move(added), std::move(removed), std::move(cut_off), "identity.changed", "{}"});
  }
  Outcome remove(identity::DirectoryEntry entry) {
    ++entry.version;
    return change({entry, true, {}, {}, {}, "identity.removed", "{}"});
  }
  Outcome change(const Change& change) {
    const auto outcome = store().change(change);
    EXPECT_TRUE(outcome.ok()) << outcome.error().message;
    return outcome ? *outcome : Outcome::kChangedMeanwhile;
  }
  identity::DirectoryStore& store() { return subject_->directory(); }

  std::unique_ptr<Subject> subject_ = Subject::make();
};
TYPED_TEST_SUITE_P(DirectoryStoreConformance);

TYPED_TEST_P(DirectoryStoreConformance, KeepsEveryField) {
  auto ada = this->person("usr_1", "Ada@example.com");
  ada.active = false;
  ASSERT_EQ(this->put(ada), identity::ChangeOutcome::kDone);
  const auto kept = this->store().entry(identity::EntryKind::kPerson, "usr_1");
  ASSERT_TRUE(kept.ok() && kept->has_value());
  const identity::DirectoryEntry& found = **kept;
  EXPECT_EQ(found.name, ada.name);
  EXPECT_EQ(found.folded_name, ada.folded_name);
  EXPECT_EQ(found.external_id, ada.external_id);
  EXPECT_EQ(found.active, ada.active);
  EXPECT_EQ(found.logins, ada.logins);
  EXPECT_EQ(found.team, ada.team);
  EXPECT_EQ(found.version, 1u);
  EXPECT_EQ(found.created, ada.created);
  EXPECT_EQ(found.document, ada.document);
  EXPECT_FALSE(this->store().entry(identity::EntryKind::kGroup, "usr_1")->has_value()) << "not of that kind";
}

TYPED_TEST_P(DirectoryStoreConformance, ChangesOnlyWhatWasRead) {
  auto ada = this->person("usr_1", "ada");
  ASSERT_EQ(this->put(ada), identity::ChangeOutcome::kDone);
  EXPECT_EQ(this->put(ada), identity::ChangeOutcome::kChangedMeanwhile) << "there already";
  ada.version = 3;
  EXPECT_EQ(this->put(ada), identity::ChangeOutcome::kChangedMeanwhile);
  ada.version = 2;
  ada.name = ada.folded_name = "countess";
  EXPECT_EQ(this->put(ada), identity::ChangeOutcome::kDone);
  ada.version = 1;
  EXPECT_EQ(this->remove(ada), identity::ChangeOutcome::kChangedMeanwhile);
  ada.version = 2;
  EXPECT_EQ(this->remove(ada), identity::ChangeOutcome::kDone);
  EXPECT_FALSE(this->store().entry(identity::EntryKind::kPerson, "usr_1")->has_value());
}

TYPED_TEST_P(DirectoryStoreConformance, NamesAreUniqueWithinAKind) {
  ASSERT_EQ(this->put(this->person("usr_1", "ada")), identity::ChangeOutcome::kDone);
  EXPECT_EQ(this->put(this->person("usr_2", "ADA")), identity::ChangeOutcome::kNameTaken);
  EXPECT_EQ(this->put(this->group("grp_1", "ada")), identity::ChangeOutcome::kDone);
}

TYPED_TEST_P(DirectoryStoreConformance, FindsByNameAndByTheProvidersId) {
  for (int i = 0; i < 5; ++i) this->put(this->person("usr_" + std::to_string(i), "p" + std::to_string(i)));
  identity::DirectoryQuery query;
  query.limit = 2;
  query.offset = 1;
  auto page = this->store().find(query);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->total, 5u);
  ASSERT_EQ(page->entries.size(), 2u);
  EXPECT_EQ(page->entries.front().id, "usr_1") << "oldest first";
  query = {};
  query.folded_name = "p3";
  EXPECT_EQ(this->store().find(query)->entries.front().id, "usr_3");
  query.external_id = "ext-usr_4";
  EXPECT_EQ(this->store().find(query)->total, 0u);
  query.folded_name.reset();
  EXPECT_EQ(this->store().find(query)->entries.front().id, "usr_4");
}

TYPED_TEST_P(DirectoryStoreConformance, MembersAreEntriesAndGoWithThem) {
  const auto ada = this->person("usr_1", "ada");
  this->put(ada);
  auto inner = this->group("grp_1", "inner");
  EXPECT_EQ(this->put(inner, {"usr_1", "usr_9"}), identity::ChangeOutcome::kNoSuchMember);
  EXPECT_FALSE(this->store().entry(identity::EntryKind::kGroup, "grp_1")->has_value()) << "all or nothing";
  ASSERT_EQ(this->put(inner, {"usr_1"}), identity::ChangeOutcome::kDone);
  ASSERT_EQ(this->put(this->group("grp_2", "outer"), {"grp_1"}), identity::ChangeOutcome::kDone);
  EXPECT_EQ(this->store().groups_of("usr_1")->front().name, "inner");
  EXPECT_EQ(this->store().members_of("grp_2")->front().kind, identity::EntryKind::kGroup);
  ASSERT_EQ(this->remove(ada), identity::ChangeOutcome::kDone);
  EXPECT_TRUE(this->store().members_of("grp_1")->empty());
  EXPECT_EQ((*this->store().entry(identity::EntryKind::kGroup, "grp_1"))->version, 2u) << "it lost a member";
}

TYPED_TEST_P(DirectoryStoreConformance, WhatChangedIsWhatEverythingIs) {
  auto& store = this->store();
  DirectoryPicture followed;
  auto until = store.read_changes(0, followed);
  ASSERT_TRUE(until.ok());
  EXPECT_EQ(followed.wholes, 1);
  auto ada = this->person("usr_1", "ada");
  auto inner = this->group("grp_1", "inner");
  const auto outer = this->group("grp_2", "outer");
  const std::vector<std::function<void()>> steps{
      [&] { this->put(ada); },
      [&] { this->put(this->person("usr_2", "bob")); },
      [&] { this->put(inner, {"usr_1", "usr_2"}); },
      [&] { this->put(outer, {"grp_1"}); },
      [&] { inner.version = 2, this->put(inner, {}, {"usr_2"}); },
      [&] { ada.version = 2, ada.active = false, this->put(ada, {}, {}, ada.logins); },
      [&] { inner.version = 3, this->put(inner, {"usr_2"}); },
      [&] { ada.version = 3, ada.active = true, this->put(ada); },
      [&] { this->remove(ada); },
      [&] { this->remove(outer); },
  };
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::uint64_t generation = store.generation();
    steps[i]();
    EXPECT_NE(store.generation(), generation) << i;
    until = store.read_changes(*until, followed);
    ASSERT_TRUE(until.ok());
    DirectoryPicture whole;
    ASSERT_TRUE(store.read_changes(0, whole).ok());
    EXPECT_TRUE(followed == whole) << "after step " << i;
  }
  EXPECT_EQ(followed.wholes, 1) << "the rest was read by and by";
  EXPECT_EQ(followed.cut.size(), 2u);
  ASSERT_TRUE(store.read_changes(*until + 1000, followed).ok());
  EXPECT_EQ(followed.wholes, 2) << "a number from another time reads everything";
}

TYPED_TEST_P(DirectoryStoreConformance, ManyThreadsLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kEach = 10;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([this, t] {
        for (int i = 0; i < kEach; ++i) {
          const std::string name = std::to_string(t) + "-" + std::to_string(i);
          EXPECT_EQ(this->put(this->person("usr_" + name, name)), identity::ChangeOutcome::kDone);
        }
      });
    }
  }
  DirectoryPicture whole;
  ASSERT_TRUE(this->store().read_changes(0, whole).ok());
  EXPECT_EQ(whole.people.size(), static_cast<std::size_t>(kThreads * kEach));
}

REGISTER_TYPED_TEST_SUITE_P(DirectoryStoreConformance, KeepsEveryField, ChangesOnlyWhatWasRead,
                            NamesAreUniqueWithinAKind, FindsByNameAndByTheProvidersId, MembersAreEntriesAndGoWithThem,
                            WhatChangedIsWhatEverythingIs, ManyThreadsLoseNothing);

}  // namespace reeve::store
