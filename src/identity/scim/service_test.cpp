#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/identity.h"
#include "identity/scim/schema.h"

namespace reeve::identity::scim {
namespace {

using ::testing::HasSubstr;

class ScimService : public ::testing::Test {
 protected:
  ScimAnswer ask(net::Method method, const std::string& path, const std::string& body = "",
                 std::optional<std::string> if_match = std::nullopt) {
    ScimRequest request;
    request.method = method;
    const std::size_t mark = path.find('?');
    request.path = path.substr(0, mark);
    if (mark != std::string::npos) request.query = path.substr(mark + 1);
    request.body = body;
    request.if_match = std::move(if_match);
    request.by = "idp";
    request.base = "https://reeve.example.com/scim/v2";
    clock_.advance(std::chrono::milliseconds(1));
    return scim_.answer(request);
  }
  ScimAnswer post_user(const std::string& name, const std::string& more = "") {
    return ask(net::Method::kPost, "/Users",
               R"({"schemas":[")" + std::string(kUserSchema) + R"("],"userName":")" + name + "\"" + more + "}");
  }
  std::string make_user(const std::string& name, const std::string& more = "") {
    const ScimAnswer made = post_user(name, more);
    EXPECT_EQ(made.status, 201) << made.body;
    return made.location.substr(made.location.rfind('/') + 1);
  }
  std::string make_group(const std::string& name, const std::string& member = "") {
    const std::string members = member.empty() ? "" : R"(,"members":[{"value":")" + member + R"("}])";
    const ScimAnswer made =
        ask(net::Method::kPost, "/Groups",
            R"({"schemas":[")" + std::string(kGroupSchema) + R"("],"displayName":")" + name + "\"" + members + "}");
    EXPECT_EQ(made.status, 201) << made.body;
    return made.location.substr(made.location.rfind('/') + 1);
  }
  ScimAnswer patch(const std::string& path, const std::string& operations,
                   std::optional<std::string> if_match = std::nullopt) {
    return ask(net::Method::kPatch, path,
               R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":)" + operations + "}",
               std::move(if_match));
  }
  std::int64_t total(const std::string& path) {
    const ScimAnswer answer = ask(net::Method::kGet, path);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return JsonDocument::parse(answer.body)->root()["totalResults"].int_or(-1);
  }

  ManualClock clock_{from_unix_seconds(1'700'000'000)};
  std::unique_ptr<DirectoryStore> store_ = make_memory_directory();
  Scim scim_{*store_, clock_};
};

TEST_F(ScimService, KeepsWhatItIsTold) {
  const std::string id =
      make_user("Ada@example.com", R"(,"externalId":"e-1","emails":[{"value":"a@b.c","type":"work"}])");
  const ScimAnswer read = ask(net::Method::kGet, "/Users/" + id);
  EXPECT_EQ(read.status, 200);
  EXPECT_THAT(read.body, HasSubstr(R"("userName":"Ada@example.com")"));
  EXPECT_THAT(read.body, HasSubstr(R"("active":true)"));
  EXPECT_EQ(read.etag, "W/\"1\"");
  EXPECT_EQ(total("/Users?filter=userName%20eq%20%22ADA@example.com%22"), 1);
  EXPECT_EQ(total("/Users?filter=externalId%20eq%20%22e-1%22"), 1);
  EXPECT_EQ(total("/Users?filter=externalId%20eq%20%22E-1%22"), 0);
  EXPECT_EQ(ask(net::Method::kDelete, "/Users/" + id).status, 204);
  EXPECT_EQ(ask(net::Method::kGet, "/Users/" + id).status, 404);
  EXPECT_EQ(ask(net::Method::kDelete, "/Users/" + id).status, 404);
}

TEST_F(ScimService, NamesAreUniqueInAnyCase) {
  make_user("ada@example.com");
  EXPECT_EQ(post_user("ADA@example.com").status, 409);
  EXPECT_THAT(post_user("ADA@example.com").body, HasSubstr("uniqueness"));
  const std::string other = make_user("bob@example.com");
  EXPECT_EQ(patch("/Users/" + other, R"([{"op":"replace","path":"userName","value":"Ada@Example.com"}])").status, 409);
  make_group("engineers");
  EXPECT_EQ(ask(net::Method::kPost, "/Groups",
                R"({"schemas":[")" + std::string(kGroupSchema) + R"("],"displayName":"ENGINEERS"})")
                .status,
            409);
}

TEST_F(ScimService, TagsKeepChangesApart) {
  const std::string id = make_user("ada@example.com");
  const std::string set = R"([{"op":"replace","path":"title","value":"Countess"}])";
  EXPECT_EQ(patch("/Users/" + id, set, "W/\"7\"").status, 412);
  const ScimAnswer changed = patch("/Users/" + id, set, "W/\"1\"");
  EXPECT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(changed.etag, "W/\"2\"");
  EXPECT_EQ(patch("/Users/" + id, set).etag, "W/\"2\"") << "nothing changed";
  EXPECT_EQ(ask(net::Method::kDelete, "/Users/" + id, "", "W/\"1\"").status, 412);
}

TEST_F(ScimService, GroupsHoldPeopleAndGroupsButNotThemselves) {
  const std::string ada = make_user("ada@example.com");
  const std::string inner = make_group("inner", ada);
  const std::string outer = make_group("outer", inner);
  EXPECT_THAT(ask(net::Method::kGet, "/Users/" + ada).body, HasSubstr(inner));
  const auto add = [&](const std::string& group, const std::string& member) {
    return patch("/Groups/" + group, R"([{"op":"add","path":"members","value":[{"value":")" + member + R"("}]}])")
        .status;
  };
  EXPECT_EQ(add(inner, inner), 400);
  EXPECT_EQ(add(inner, outer), 400);
  EXPECT_EQ(add(inner, "usr_nobody"), 400);
  EXPECT_EQ(add(outer, ada), 200);
  EXPECT_EQ(total("/Groups?filter=members%20eq%20%22" + ada + "%22"), 2);
  EXPECT_EQ(ask(net::Method::kDelete, "/Users/" + ada).status, 204);
  EXPECT_EQ(total("/Groups?filter=members%20eq%20%22" + ada + "%22"), 0);
}

TEST_F(ScimService, ListsInPagesAndOrder) {
  for (const char* name : {"carol", "ada", "bob"}) make_user(name);
  const auto names = [&](const std::string& query) {
    std::string text;
    const ScimAnswer answer = ask(net::Method::kGet, "/Users?" + query);
    const auto document = JsonDocument::parse(answer.body);
    for (const JsonValue item : document->root()["Resources"].items())
      text += std::string(item["userName"].string_or("?")) + " ";
    return text;
  };
  EXPECT_EQ(names(""), "carol ada bob ");
  EXPECT_EQ(names("sortBy=userName"), "ada bob carol ");
  EXPECT_EQ(names("sortBy=userName&sortOrder=descending&count=2"), "carol bob ");
  EXPECT_EQ(names("sortBy=userName&startIndex=2&count=1"), "bob ");
  EXPECT_EQ(names("startIndex=3"), "bob ");
  EXPECT_EQ(names("count=0"), "");
  EXPECT_EQ(names("filter=userName%20ne%20%22ada%22&startIndex=2"), "bob ");
  EXPECT_EQ(names("attributes=active"), "? ? ? ");
  EXPECT_EQ(total("/Users?count=0"), 3);
}

TEST_F(ScimService, BulkMakesWhatRefersToEachOther) {
  const ScimAnswer answer = ask(net::Method::kPost, "/Bulk",
                                R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
      {"method":"POST","path":"/Groups","bulkId":"g","data":{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],
       "displayName":"g","members":[{"value":"bulkId:u"}]}},
      {"method":"POST","path":"/Users","bulkId":"u","data":{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],
       "userName":"ada"}},
      {"method":"POST","path":"/Users","bulkId":"v","data":{"userName":"bob"}},
      {"method":"PATCH","path":"/Users/bulkId:nobody","data":{}}]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto document = JsonDocument::parse(answer.body);
  std::string statuses;
  for (const JsonValue item : document->root()["Operations"].items())
    statuses += std::string(item["status"].string_or("?")) + " ";
  EXPECT_EQ(statuses, "201 201 400 409 ");
  EXPECT_EQ(total("/Groups?filter=members%20pr"), 1);
}

TEST_F(ScimService, DescribesItself) {
  for (const char* path : {"/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/Schemas",
                           "/Schemas/urn:ietf:params:scim:schemas:core:2.0:Group"}) {
    const ScimAnswer answer = ask(net::Method::kGet, path);
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_TRUE(JsonDocument::parse(answer.body).ok()) << path;
    EXPECT_EQ(ask(net::Method::kPost, path).status, 405) << path;
  }
  EXPECT_EQ(ask(net::Method::kGet, "/Schemas/urn:x").status, 404);
  EXPECT_EQ(ask(net::Method::kGet, "/Me").status, 501);
}

TEST_F(ScimService, ANameThatOnlyLooksLikeOneIsNotFoundAndNotTaken) {
  make_user("admin@example.com");
  // Whoever looks whether somebody is there must not be told that it is somebody else: they would be changed instead.
  EXPECT_EQ(total("/Users?filter=userName%20eq%20%22adm%C4%B1n@example.com%22"), 0);
  EXPECT_EQ(total("/Users?filter=userName%20sw%20%22adm%C4%B1n%22"), 0);
  EXPECT_EQ(total("/Users?filter=userName%20eq%20%22ADMIN@example.com%22"), 1);
  EXPECT_EQ(post_user("adm\u0131n@example.com").status, 409);
  make_user("y\u0131ld\u0131z");
  EXPECT_EQ(total("/Users?filter=userName%20eq%20%22Y%C4%B1ld%C4%B1z%22"), 1);
  EXPECT_EQ(post_user("break-glass").status, 400);
}

/// One group with so many members, and nobody else.
class OneHugeGroup final : public DirectoryStore {
 public:
  static constexpr std::size_t kMembers = 60'000;
  Result<ChangeOutcome> change(const DirectoryChange&) override { return ChangeOutcome::kDone; }
  Result<std::optional<DirectoryEntry>> entry(EntryKind, std::string_view) override { return std::optional(group()); }
  Result<DirectoryPage> find(const DirectoryQuery&) override { return DirectoryPage{1, {group()}}; }
  Result<std::vector<DirectoryLink>> members_of(std::string_view) override {
    return std::vector<DirectoryLink>(kMembers, DirectoryLink{"usr_1", EntryKind::kPerson, "ada"});
  }
  Result<std::vector<DirectoryLink>> groups_of(std::string_view) override { return std::vector<DirectoryLink>(); }
  Result<std::uint64_t> read_changes(std::uint64_t, DirectoryReader&) override { return std::uint64_t{1}; }
  std::uint64_t generation() const override { return 1; }

 private:
  static DirectoryEntry group() {
    DirectoryEntry entry;
    entry.id = "grp_1";
    entry.kind = EntryKind::kGroup;
    entry.name = entry.folded_name = "everybody";
    return entry;
  }
};

TEST(ScimWork, AFilterOfAHundredTermsOverAHugeGroupIsRefused) {
  OneHugeGroup store;
  const ManualClock clock(from_unix_seconds(1'700'000'000));
  Scim scim(store, clock);
  const auto search = [&](int terms) {
    ScimRequest request;
    request.path = "/Groups";
    request.query = "filter=members.value+eq+%22a%22";
    for (int i = 1; i < terms; ++i) request.query += "+or+members.value+eq+%22b%22";
    return scim.answer(request);
  };
  EXPECT_EQ(search(1).status, 200);
  const ScimAnswer refused = search(90);
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("tooMany"));
}

/// Time goes on while a request is answered.
class Ticking final : public Clock {
 public:
  Instant now() const override { return from_unix_seconds(1'700'000'000 + ++ticks_); }
  Moment steady() const override { return Moment{} + std::chrono::seconds(ticks_); }

 private:
  mutable std::int64_t ticks_ = 0;
};

TEST(ScimBulk, WhoeverIsCutOffByItIsCutOffAtTheMomentOfTheChange) {
  const auto store = make_memory_directory();
  const Ticking clock;
  Scim scim(*store, clock);
  ScimRequest request;
  request.method = net::Method::kPost;
  request.path = "/Bulk";
  const std::string user = R"("schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName")";
  request.body = R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[)"
                 R"({"method":"POST","path":"/Users","bulkId":"a","data":{)" +
                 user + R"(:"ada"}},{"method":"POST","path":"/Users","bulkId":"b","data":{)" + user + R"(:"bob"}}]})";
  ASSERT_EQ(scim.answer(request).status, 200);
  const auto people = store->find({}).value().entries;
  ASSERT_EQ(people.size(), 2u);
  EXPECT_LT(people[0].modified, people[1].modified);
}

}  // namespace
}  // namespace reeve::identity::scim
