#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include "identity/identity.h"

namespace reeve::identity {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class DirectoryDecides : public ::testing::Test {
 protected:
  DirectoryEntry person(const std::string& id, std::vector<std::string> logins, bool active = true) {
    DirectoryEntry entry;
    entry.id = id;
    entry.name = entry.folded_name = logins.front();
    entry.logins = std::move(logins);
    entry.active = active;
    entry.created = entry.modified = clock_.now();
    return entry;
  }
  DirectoryEntry group(const std::string& id, const std::string& name) {
    DirectoryEntry entry = person(id, {name});
    entry.kind = EntryKind::kGroup;
    entry.logins.clear();
    return entry;
  }
  ChangeOutcome put(const DirectoryEntry& entry, std::vector<std::string> members = {},
                    std::vector<std::string> cut_off = {}) {
    DirectoryChange change;
    change.entry = entry;
    change.entry.modified = clock_.now();
    change.members_added = std::move(members);
    change.cut_off = std::move(cut_off);
    change.kind = "identity.changed";
    return store_->change(change).value();
  }
  void remove(DirectoryEntry entry) {
    DirectoryChange change;
    ++entry.version;
    change.entry = entry;
    change.entry.modified = clock_.now();
    change.removes = true;
    change.cut_off = entry.logins;
    ASSERT_EQ(store_->change(change).value(), ChangeOutcome::kDone);
  }
  std::shared_ptr<const Principal> principal(const std::string& id, const std::string& type = "person") {
    auto made = std::make_shared<Principal>();
    made->id = id;
    made->type = type;
    made->groups = {"of-the-key"};
    made->issued = clock_.now();
    return made;
  }
  AuthOutcome admit(const std::string& id, DirectoryMode mode = DirectoryMode::kRequired) {
    Directory directory(*store_, mode, clock_);
    return directory.admit(principal(id));
  }

  ManualClock clock_{from_unix_seconds(1'700'000'000)};
  std::unique_ptr<DirectoryStore> store_ = make_memory_directory();
};

TEST_F(DirectoryDecides, RequiredMeansInItAndActiveWithItsGroupsAlone) {
  put(person("usr_1", {"ada@example.com"}));
  put(group("grp_1", "engineers"), {"usr_1"});
  put(group("grp_2", "everybody"), {"grp_1"});
  const auto outcome = admit("ADA@example.com");
  ASSERT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_THAT(outcome.principal->groups, ElementsAre("engineers", "everybody"));
  const auto stranger = admit("eve@example.com");
  EXPECT_EQ(stranger.failure, AuthFailure::kRevoked);
  EXPECT_THAT(stranger.message, HasSubstr("not in the directory"));
  Directory directory(*store_, DirectoryMode::kRequired, clock_);
  EXPECT_TRUE(directory.admit(principal("ci-runner", "service")).ok()) << "machines are not people";
}

TEST_F(DirectoryDecides, OptionalAddsToWhatTheCredentialSays) {
  put(person("usr_1", {"ada@example.com"}));
  put(group("grp_1", "engineers"), {"usr_1"});
  EXPECT_THAT(admit("ada@example.com", DirectoryMode::kOptional).principal->groups,
              ElementsAre("engineers", "of-the-key"));
  EXPECT_TRUE(admit("eve@example.com", DirectoryMode::kOptional).ok());
}

TEST_F(DirectoryDecides, WhoeverIsDeactivatedIsRefusedWithTheNextRequestAndTheirCredentialsStayVoid) {
  DirectoryEntry ada = person("usr_1", {"ada@example.com", "countess@example.com"});
  put(ada);
  Directory directory(*store_, DirectoryMode::kOptional, clock_);
  std::vector<std::string> cut;
  directory.on_cutoff([&cut](const Cutoff& cutoff) { cut.push_back(cutoff.scope.name); });
  const auto before = principal("countess@example.com");
  ASSERT_TRUE(directory.admit(before).ok());
  const std::uint64_t version = directory.version();
  clock_.advance(std::chrono::seconds(1));
  ada.version = 2;
  ada.active = false;
  put(ada, {}, ada.logins);
  EXPECT_FALSE(directory.serves_now());
  EXPECT_THAT(directory.admit(before).message, AllOf(HasSubstr("directory ended the access of countess@example.com"),
                                                     HasSubstr("identity provider"), Not(HasSubstr("sign in"))));
  EXPECT_NE(directory.version(), version);
  EXPECT_THAT(cut, ElementsAre("ada@example.com", "countess@example.com"));
  ada.version = 3;
  ada.active = true;
  put(ada);
  EXPECT_THAT(directory.admit(before).message, HasSubstr("sign in anew")) << "what was issued before";
  clock_.advance(std::chrono::seconds(1));
  EXPECT_TRUE(directory.admit(principal("countess@example.com")).ok());
}

TEST_F(DirectoryDecides, ANamesakeOfSomebodyRemovedInheritsNothing) {
  const DirectoryEntry first = person("usr_1", {"ada@example.com"});
  put(first);
  const auto old = principal("ada@example.com");
  clock_.advance(std::chrono::seconds(1));
  remove(first);
  EXPECT_FALSE(admit("ada@example.com").ok());
  put(person("usr_2", {"ada@example.com"}));
  Directory directory(*store_, DirectoryMode::kRequired, clock_);
  EXPECT_FALSE(directory.admit(old).ok());
  clock_.advance(std::chrono::seconds(1));
  EXPECT_TRUE(directory.admit(principal("ada@example.com")).ok());
}

TEST_F(DirectoryDecides, AUserNameGoesBeforeAnAddressAndAnAddressOfSeveralIsNobodys) {
  put(person("usr_1", {"ada@example.com"}, false));
  put(person("usr_2", {"boss@example.com", "ada@example.com", "sales@example.com"}));
  put(person("usr_3", {"bob@example.com", "sales@example.com"}));
  EXPECT_FALSE(admit("ada@example.com").ok()) << "the leaver's, whoever reads their mail now";
  EXPECT_FALSE(admit("sales@example.com").ok());
  EXPECT_TRUE(admit("bob@example.com").ok());
}

TEST_F(DirectoryDecides, ChangesOfMembershipAreFollowedAndARingOfGroupsEnds) {
  put(person("usr_1", {"ada@example.com"}));
  DirectoryEntry inner = group("grp_1", "inner");
  put(inner, {"usr_1"});
  put(group("grp_2", "outer"), {"grp_1"});
  Directory directory(*store_, DirectoryMode::kRequired, clock_);
  ASSERT_TRUE(directory.look().ok());
  EXPECT_THAT(directory.groups_of("ada@example.com"), ::testing::Optional(ElementsAre("inner", "outer")));
  // A ring, as two nodes could make it at the same moment.
  inner.version = 2;
  put(inner, {"grp_2"});
  ASSERT_TRUE(directory.look().ok());
  EXPECT_THAT(directory.groups_of("ada@example.com"), ::testing::Optional(ElementsAre("inner", "outer")));
  remove(inner);
  ASSERT_TRUE(directory.look().ok());
  EXPECT_THAT(directory.groups_of("ada@example.com"), ::testing::Optional(ElementsAre()));
  EXPECT_EQ(directory.groups(), 1u);
  EXPECT_EQ(directory.people(), 1u);
}

/// A store that tells everything from the beginning each time, as after a restore.
class FromTheBeginning final : public DirectoryStore {
 public:
  std::string logins;
  std::uint64_t moment = 1;
  Result<ChangeOutcome> change(const DirectoryChange&) override { return ChangeOutcome::kDone; }
  Result<std::optional<DirectoryEntry>> entry(EntryKind, std::string_view) override {
    return std::optional<DirectoryEntry>();
  }
  Result<DirectoryPage> find(const DirectoryQuery&) override { return DirectoryPage(); }
  Result<std::vector<DirectoryLink>> members_of(std::string_view) override { return std::vector<DirectoryLink>(); }
  Result<std::vector<DirectoryLink>> groups_of(std::string_view) override { return std::vector<DirectoryLink>(); }
  std::uint64_t generation() const override { return moment; }
  Result<std::uint64_t> read_changes(std::uint64_t, DirectoryReader& reader) override {
    reader.forget_all();
    reader.person("usr_1", logins, "", true);
    return moment;
  }
};

TEST(DirectoryReadAnew, ALoginThatSomebodyActiveLostEndsWhatIsUnderWay) {
  FromTheBeginning store;
  const ManualClock clock(from_unix_seconds(1'700'000'000));
  Directory directory(store, DirectoryMode::kOptional, clock);
  std::vector<std::string> cut;
  directory.on_cutoff([&cut](const Cutoff& cutoff) { cut.push_back(cutoff.scope.name); });
  store.logins = "ada@example.com\ncountess@example.com";
  ASSERT_TRUE(directory.look().ok());
  store.logins = "ada@example.com";
  store.moment = 2;
  ASSERT_TRUE(directory.look().ok());
  EXPECT_THAT(cut, ElementsAre("countess@example.com"));
}

TEST_F(DirectoryDecides, NobodyIsFoundUnderANameThatOnlyLooksLikeTheirs) {
  put(person("usr_1", {"admin@example.com"}));
  for (const char* look_alike : {"adm\u0131n@example.com", "\u0130admin@example.com", "adm\u0131n@EXAMPLE.com"}) {
    EXPECT_FALSE(admit(look_alike).ok()) << look_alike;
  }
  put(person("usr_2", {fold_case("Y\u0131ld\u0131z")}));
  EXPECT_TRUE(admit("y\u0131ld\u0131Z").ok()) << "their own name, in another case";
  EXPECT_FALSE(admit("yildiz").ok());
}

/// Many people and groups that are nowhere but in what is told of them.
class MadeUp final : public DirectoryStore {
 public:
  static constexpr int kPeople = 100'000;
  static constexpr int kGroups = 10'000;
  static constexpr int kGroupsEach = 10;
  Result<ChangeOutcome> change(const DirectoryChange&) override { return ChangeOutcome::kDone; }
  Result<std::optional<DirectoryEntry>> entry(EntryKind, std::string_view) override {
    return std::optional<DirectoryEntry>();
  }
  Result<DirectoryPage> find(const DirectoryQuery&) override { return DirectoryPage(); }
  Result<std::vector<DirectoryLink>> members_of(std::string_view) override { return std::vector<DirectoryLink>(); }
  Result<std::vector<DirectoryLink>> groups_of(std::string_view) override { return std::vector<DirectoryLink>(); }
  std::uint64_t generation() const override { return 1; }
  Result<std::uint64_t> read_changes(std::uint64_t, DirectoryReader& reader) override {
    reader.forget_all();
    for (int i = 0; i < kPeople; ++i) {
      const std::string name = "person." + std::to_string(i);
      reader.person(person_id(i), name + "@example.com\n" + name + "@mail.example.com", "team-" + name, true);
    }
    for (int i = 0; i < kGroups; ++i) reader.group(group_id(i), "a-group-of-people-" + std::to_string(i));
    for (int i = 0; i < kPeople * kGroupsEach; ++i)
      reader.member(group_id(i % kGroups), person_id(i / kGroupsEach), true);
    return std::uint64_t{2};
  }

 private:
  static std::string person_id(int i) { return "usr_01HZZZZZZZZZZZZZZZ" + std::to_string(10'000'000 + i); }
  static std::string group_id(int i) { return "grp_01HZZZZZZZZZZZZZZZ" + std::to_string(10'000'000 + i); }
};

TEST(DirectoryMemory, AHundredThousandPeopleFitInAHundredMegabytes) {
  MadeUp store;
  const ManualClock clock(from_unix_seconds(1'700'000'000));
  const std::size_t before = ::mallinfo2().uordblks;
  Directory directory(store, DirectoryMode::kRequired, clock);
  ASSERT_TRUE(directory.look().ok());
  const std::size_t used = ::mallinfo2().uordblks - before;
  RecordProperty("bytes", std::to_string(used));
  EXPECT_EQ(directory.people(), 100'000u);
  EXPECT_EQ(directory.groups_of("person.99999@mail.example.com")->size(), 10u);
  EXPECT_LE(used, 100U * 1024 * 1024);
}

TEST(DirectoryNames, AreTheSameInAnyCase) {
  EXPECT_EQ(fold_name("ADA@Example.COM"), "ada@example.com");
  EXPECT_EQ(fold_name("JOSÉ"), fold_name("josé"));
  EXPECT_EQ(fold_name("ИВАН"), fold_name("иван"));
  EXPECT_EQ(fold_name("ΣΊΣΥΦΟΣ"), fold_name("σίσυφος"));
  EXPECT_EQ(fold_name("Łódź"), fold_name("łÓDŹ"));
  EXPECT_EQ(fold_name("\u212Aim"), "kim") << "the Kelvin sign";
  EXPECT_EQ(fold_name("\u017Fam"), "sam") << "the long s";
  EXPECT_NE(fold_name("ada"), fold_name("adа")) << "a Cyrillic letter stays another";
  EXPECT_EQ(fold_name("adm\u0131n"), "admin") << "the i without its dot keeps another from the name";
  EXPECT_EQ(fold_case("ADM\u0131N"), "adm\u0131n") << "and finds nobody by it";
  EXPECT_EQ(fold_case("\u212Aim"), "\u212Aim");
  EXPECT_EQ(fold_case("JOSÉ"), "josé");
}

TEST(DirectoryNames, ThatLookLikeOthersAreRefused) {
  for (const char* good :
       {"ada@example.com", "José Ñandú", "иван@example.com", "Łódź-team", "李明", "O'Brien", "a.b+c"}) {
    EXPECT_TRUE(check_directory_name(good).ok()) << good;
  }
  for (const char* bad : {"",
                          " ada",
                          "ada ",
                          "adа@example.com" /* Cyrillic a */,
                          "αda",
                          "ada\u200B@example.com",
                          "\u202Eada",
                          "ａda",
                          "\U0001D41Ada",
                          "e\u0301milie",
                          "ada\u00ADb",
                          "ada\uFEFF",
                          "a\nb",
                          "ada\u00A0b",
                          "\u2160van",
                          "\u13AAda" /* Cherokee */,
                          "ada\U000E0041",
                          "break-glass",
                          "BREAK-GLASS",
                          "break-gla\u017F\u017F"}) {
    EXPECT_FALSE(check_directory_name(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace reeve::identity
