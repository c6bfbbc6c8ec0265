// What every use of PostgreSQL rests on: connections, their errors and time-outs, transactions, schema steps.

#include "store/postgres/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <limits>
#include <thread>

#include "cutting_proxy.h"
#include "postgres_server.h"
#include "store/postgres/migrations.h"
#include "store/postgres/shared_connection.h"

namespace reeve::store {
namespace {

using postgres_test::CuttingProxy;
using postgres_test::shared_server;
using ::testing::HasSubstr;
using ::testing::Not;

class Connection : public ::testing::Test {
 protected:
  const PostgresOptions options_ = shared_server().options(shared_server().create_database());
  PostgresConnection connection_ = PostgresConnection::open(options_).value();

  static std::int64_t integer(PostgresConnection& connection, std::string_view sql) {
    const auto rows = connection.run(sql);
    EXPECT_TRUE(rows.ok()) << rows.error().message;
    return rows.ok() ? rows->integer(0, 0) : -1;
  }
  static void expect_refused(const PostgresOptions& options, ErrorCode code, std::string_view words) {
    const auto refused = PostgresConnection::open(options);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, code) << refused.error().message;
    EXPECT_THAT(refused.error().message, HasSubstr(std::string(words)));
    EXPECT_THAT(refused.error().message, Not(HasSubstr("secret")));
  }
};

TEST_F(Connection, CarriesValuesUnchanged) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  const std::array<std::int64_t, 4> numbers = {0, -1, kLeast, std::numeric_limits<std::int64_t>::max()};
  const std::string every_byte = [] {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
    return bytes;
  }();
  const std::array<std::string_view, 3> texts = {"", every_byte, "x"};
  const auto rows = connection_.run(
      "SELECT $1::bigint, $2::bytea, $3::boolean, $4::text, number, bytes, 7::smallint, -7::integer, false "
      "FROM unnest($5::bigint[], $6::bytea[]) AS pairs (number, bytes)",
      PostgresParameters().integer(kLeast).bytes(every_byte).truth(true).null().integers(numbers).byte_strings(texts));
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  ASSERT_EQ(rows->size(), numbers.size());
  for (std::size_t row = 0; row < rows->size(); ++row) {
    EXPECT_EQ(rows->integer(row, 0), kLeast);
    EXPECT_EQ(rows->bytes(row, 1), every_byte);
    EXPECT_TRUE(rows->truth(row, 2));
    EXPECT_TRUE(rows->is_null(row, 3));
    EXPECT_EQ(rows->integer(row, 4), numbers[row]);
    if (row < texts.size()) EXPECT_EQ(rows->bytes(row, 5), texts[row]);
    EXPECT_EQ(rows->is_null(row, 5), row >= texts.size());
    EXPECT_EQ(rows->integer(row, 6), 7);
    EXPECT_EQ(rows->integer(row, 7), -7);
    EXPECT_FALSE(rows->truth(row, 8));
  }
  const auto none = connection_.run("SELECT unnest($1::bigint[])", PostgresParameters().integers({}));
  EXPECT_EQ(none->size(), 0u);
}

TEST_F(Connection, CommitsAreDurableWhateverTheServerSays) {
  const std::string database = shared_server().create_database();
  auto superuser = PostgresConnection::open(shared_server().superuser_options()).value();
  ASSERT_TRUE(superuser.execute("ALTER DATABASE " + database + " SET synchronous_commit = off").ok());
  auto connection = PostgresConnection::open(shared_server().options(database)).value();
  EXPECT_EQ(connection.run("SHOW synchronous_commit")->bytes(0, 0), "on");
}

TEST_F(Connection, ErrorsSayWhatToDo) {
  auto options = options_;
  options.url = "postgresql://reeve:wrong-secret@127.0.0.1:" + std::to_string(shared_server().port()) + "/reeve";
  expect_refused(options, ErrorCode::kDenied, "check user, password");
  expect_refused(shared_server().options("nowhere"), ErrorCode::kNotFound, "createdb");
  expect_refused(shared_server().options("reeve", postgres_test::free_port()), ErrorCode::kUnavailable,
                 "check that it runs");
  for (const char* url : {"", "postgresql://reeve:se%secret@host/x", "postgresql://reeve:secret@host:secret/x",
                          "no idea secret", "postgresql://reeve:secret@[host/x"}) {
    options.url = url;
    EXPECT_EQ(check_postgres_url(url).ok(), std::string_view(url).find(":secret/") != std::string_view::npos) << url;
    const auto refused = PostgresConnection::open(options);
    ASSERT_FALSE(refused.ok()) << url;
    EXPECT_THAT(refused.error().message, Not(HasSubstr("se%se"))) << url;
  }
}

TEST_F(Connection, ThePasswordMayBeInAFile) {
  auto options = options_;
  options.url.replace(options.url.find(":reeve-secret"), std::string_view(":reeve-secret").size(), "");
  options.password_file = shared_server().folder() / "password";
  expect_refused(options, ErrorCode::kUnavailable, "password");
  std::ofstream(options.password_file) << "reeve-secret\n";
  EXPECT_TRUE(PostgresConnection::open(options).ok());
  std::ofstream(options.password_file, std::ios::trunc) << "another-secret\n";
  expect_refused(options, ErrorCode::kDenied, "check user, password");
}

TEST_F(Connection, NothingWaitsForever) {
  CuttingProxy proxy(shared_server().port());
  auto options = shared_server().options("reeve", proxy.port());
  options.connect_timeout = std::chrono::milliseconds(150);
  proxy.fall_silent(true);
  expect_refused(options, ErrorCode::kTimeout, "did not answer in time");
  proxy.fall_silent(false);
  options.connect_timeout = std::chrono::minutes(1);
  options.call_timeout = std::chrono::seconds(2);
  auto connection = PostgresConnection::open(options).value();
  const auto slow = connection.run("SELECT pg_sleep(60)");
  ASSERT_FALSE(slow.ok());
  EXPECT_EQ(slow.error().code, ErrorCode::kTimeout) << slow.error().message;
  while (integer(connection_, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") != 0) {
  }  // it ends on the server, too
}

TEST_F(Connection, ATransactionIsAllOrNothing) {
  ASSERT_TRUE(connection_.execute("CREATE SCHEMA reeve; CREATE TABLE one (x bigint PRIMARY KEY)").ok());
  {
    auto transaction = PostgresTransaction::begin(connection_);
    ASSERT_TRUE(connection_.run("INSERT INTO one VALUES (1)").ok());
  }
  EXPECT_EQ(integer(connection_, "SELECT count(*) FROM one"), 0);
  {
    auto transaction = PostgresTransaction::begin(connection_);
    ASSERT_TRUE(connection_.run("INSERT INTO one VALUES (1)").ok());
    const auto twice = connection_.run("INSERT INTO one VALUES (1)");
    ASSERT_FALSE(twice.ok());
    EXPECT_EQ(twice.error().code, ErrorCode::kConflict);
    EXPECT_EQ(transaction->commit().error().code, ErrorCode::kConflict);
  }
  EXPECT_EQ(integer(connection_, "SELECT count(*) FROM one"), 0);
  {
    auto transaction = PostgresTransaction::begin(connection_);
    EXPECT_EQ(connection_.run("INSERT INTO one VALUES (1), (2)")->changed(), 2u);
    ASSERT_TRUE(transaction->commit().ok());
  }
  EXPECT_EQ(integer(connection_, "SELECT count(*) FROM one"), 2);
}

TEST_F(Connection, ASharedOneLeavesNoTransactionOpen) {
  SharedConnection shared(options_);
  std::uint64_t first = 0;
  ASSERT_TRUE(shared
                  .use([&](PostgresConnection& connection) {
                    first = connection.number();
                    return connection.execute("BEGIN");
                  })
                  .ok());
  ASSERT_TRUE(shared
                  .use([&](PostgresConnection& connection) -> Result<void> {
                    EXPECT_NE(connection.number(), first);
                    EXPECT_FALSE(connection.in_transaction());
                    return {};
                  })
                  .ok());
}

TEST_F(Connection, ASharedOneDoesNotHammerAServerThatIsAway) {
  SharedConnection shared(shared_server().options("nowhere"));
  const auto ask = [&] { return shared.use([](PostgresConnection&) { return Result<void>(); }); };
  const auto first = ask();
  ASSERT_FALSE(first.ok());
  const auto sessions = [&] {
    return integer(connection_, "SELECT sum(sessions)::bigint FROM pg_stat_database WHERE datname IS NOT NULL");
  };
  const auto before = sessions();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(ask().error().message, first.error().message);
  EXPECT_LT(sessions() - before, 20);
}

constexpr Migration kFirst = {1, "first", "CREATE TABLE one (x bigint)"};
constexpr Migration kSecond = {2, "second", "CREATE TABLE two (x bigint); INSERT INTO two VALUES (7)"};
constexpr Migration kBroken = {2, "broken", "CREATE TABLE two (x bigint); INSERT INTO nowhere VALUES (7)"};

using SchemaSteps = Connection;

TEST_F(SchemaSteps, OnlyThoseThatAreMissingAreTaken) {
  ASSERT_TRUE(migrate(connection_, std::array{kFirst}).ok());
  ASSERT_TRUE(migrate(connection_, std::array{kFirst, kSecond}).ok());
  ASSERT_TRUE(migrate(connection_, std::array{kFirst, kSecond}).ok());
  EXPECT_EQ(integer(connection_, "SELECT count(*) FROM reeve.schema_migration"), 2);
  EXPECT_EQ(integer(connection_, "SELECT sum(x)::bigint FROM reeve.two"), 7);
}

TEST_F(SchemaSteps, AFailingOneLeavesNothingBehind) {
  const auto migrated = migrate(connection_, std::array{kFirst, kBroken});
  ASSERT_FALSE(migrated.ok());
  EXPECT_THAT(migrated.error().message, HasSubstr("broken"));
  EXPECT_EQ(integer(connection_, "SELECT count(*) FROM pg_namespace WHERE nspname = 'reeve'"), 0);
  ASSERT_TRUE(migrate(connection_, std::array{kFirst, kSecond}).ok()) << "a corrected program can go on";
}

TEST_F(SchemaSteps, EditedAndNewerOnesAreNoticed) {
  ASSERT_TRUE(migrate(connection_, std::array{kFirst, kSecond}).ok());
  EXPECT_EQ(migrate(connection_, std::array{kFirst, kBroken}).error().code, ErrorCode::kCorrupt);
  const auto older = migrate(connection_, std::array{kFirst});
  EXPECT_EQ(older.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(older.error().message, HasSubstr("newer"));
}

TEST_F(SchemaSteps, SomebodyElsesSchemaIsLeftAlone) {
  ASSERT_TRUE(connection_.execute("CREATE SCHEMA reeve; CREATE TABLE reeve.theirs (x bigint)").ok());
  const auto migrated = migrate(connection_, postgres_migrations());
  ASSERT_FALSE(migrated.ok());
  EXPECT_EQ(migrated.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(integer(connection_, "SELECT count(*) FROM pg_class WHERE relnamespace = 'reeve'::regnamespace"), 1);
}

TEST_F(SchemaSteps, AreNumberedWithoutGaps) {
  std::int64_t expected = 1;
  for (const Migration& migration : postgres_migrations()) EXPECT_EQ(migration.version, expected++);
}

TEST_F(SchemaSteps, SeveralNodesMayStartAtOnce) {
  std::vector<std::thread> nodes;
  for (int n = 0; n < 6; ++n) {
    nodes.emplace_back([this] {
      const auto opened = open_slices(options_);
      EXPECT_TRUE(opened.ok()) << opened.error().message;
    });
  }
  for (std::thread& node : nodes) node.join();
  EXPECT_EQ(integer(connection_, "SELECT count(*) FROM reeve.schema_migration"),
            static_cast<std::int64_t>(postgres_migrations().size()));
}

TEST_F(SchemaSteps, ANodeWithoutTheRightToChangeThemCanUseThem) {
  ASSERT_TRUE(open_slices(options_).ok());
  auto superuser = shared_server().superuser_options();
  superuser.url.replace(superuser.url.rfind('/'), std::string::npos, options_.url.substr(options_.url.rfind('/')));
  auto connection = PostgresConnection::open(superuser).value();
  ASSERT_TRUE(connection
                  .execute("CREATE ROLE user_of_them LOGIN PASSWORD 'user_of_them-secret';"
                           "GRANT USAGE ON SCHEMA reeve TO user_of_them;"
                           "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA reeve TO user_of_them")
                  .ok());
  auto options = options_;
  options.url.replace(options.url.find("reeve:reeve-"), std::string_view("reeve:reeve-").size(),
                      "user_of_them:user_of_them-");
  const auto opened = open_slices(options);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const std::vector<spend::SliceRequest> requests = {
      {.counter = "team", .window_begin = {1}, .window_end = {2}, .limit = 10, .wanted = 5}};
  const auto asked = (*opened)->exchange("a", requests);
  EXPECT_TRUE(asked.ok()) << asked.error().message;
}

}  // namespace
}  // namespace reeve::store
