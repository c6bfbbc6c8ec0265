// Checks in the embedded store: several processes, restarts, older schemas, copies, and what the ledger has of them.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

#include "store/check_register_conformance.h"
#include "store/key_store_conformance.h"
#include "store/migrations.h"
#include "store/sqlite.h"
#include "store/store.h"
#include "store/temporary_directory.h"

namespace reeve::store {
namespace {

std::unique_ptr<Store> open_store(const std::filesystem::path& directory) {
  auto store = Store::open_embedded(directory);
  if (!store) ADD_FAILURE() << store.error().message;
  return store ? *std::move(store) : nullptr;
}

/// Runs `body` in a process of its own, which opens the store itself: nothing is carried across a fork.
bool in_child(const std::function<bool()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// "sessions-audited green", in the order listed.
std::vector<std::string> states_of(Store& store) {
  std::vector<std::string> lines;
  const auto list = store.checks().list();
  EXPECT_TRUE(list.ok());
  for (const policy::CheckState& state : *list) lines.push_back(state.name + (state.green ? " green" : " red"));
  return lines;
}

/// The same for what the ledger lacks.
std::vector<std::string> unrecorded_of(Store& store) {
  std::vector<std::string> lines;
  const auto reports = store.unrecorded_check_reports();
  EXPECT_TRUE(reports.ok());
  for (const CheckReport& report : *reports) {
    lines.push_back(report.state.name + (report.state.green ? " green" : " red"));
  }
  return lines;
}

/// Marks all that the ledger lacks as recorded, from entry `first` on.
void record_all(Store& store, std::uint64_t first) {
  auto reports = *store.unrecorded_check_reports();
  for (CheckReport& report : reports) report.entry = first++;
  ASSERT_TRUE(store.check_reports_recorded(reports).ok());
}

using Lines = std::vector<std::string>;

TEST(SqliteCheckRegister, SeesAtOnceWhatAnotherProcessReported) {
  const TemporaryDirectory directory;
  const auto report = [&](bool green) {
    return in_child([&] {
      auto store = Store::open_embedded(directory.path());
      return store.ok() && (*store)->checks().report(sample_report("sessions-audited", green)).ok();
    });
  };
  // Before a store is open here, so that the children carry no connection.
  ASSERT_TRUE(report(true));
  const auto store = open_store(directory.path());
  const auto other = open_store(directory.path());
  auto seen = store->checks().generation();
  EXPECT_EQ(states_of(*store), Lines{"sessions-audited green"});
  ASSERT_TRUE(other->checks().report(sample_report("sessions-audited", false)).ok());
  EXPECT_NE(store->checks().generation(), seen);
  EXPECT_EQ(states_of(*store), Lines{"sessions-audited red"});
  seen = store->checks().generation();
  ASSERT_TRUE(other->keys().insert(sample_key("key_one")).ok());
  EXPECT_EQ(store->checks().generation(), seen) << "a key is no check";
}

TEST(SqliteCheckRegister, SeesAnotherProcessThatStaysOpen) {
  const TemporaryDirectory directory;
  int go[2];
  int done[2];
  ASSERT_EQ(::pipe(go), 0);
  ASSERT_EQ(::pipe(done), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char signal = 0;
    auto store = Store::open_embedded(directory.path());
    bool fine = store.ok();
    for (const bool green : {true, false}) {
      fine = fine && ::read(go[0], &signal, 1) == 1;
      fine = fine && (*store)->checks().report(sample_report("sessions-audited", green)).ok();
      fine = ::write(done[1], "r", 1) == 1 && fine;
    }
    ::_exit(fine ? 0 : 1);
  }
  const auto store = open_store(directory.path());
  char signal = 0;
  for (const char* expected : {"sessions-audited green", "sessions-audited red"}) {
    const auto before = store->checks().generation();
    ASSERT_EQ(::write(go[1], "g", 1), 1);
    ASSERT_EQ(::read(done[0], &signal, 1), 1);
    EXPECT_NE(store->checks().generation(), before);
    EXPECT_EQ(states_of(*store), Lines{expected});
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  for (const int descriptor : {go[0], go[1], done[0], done[1]}) ::close(descriptor);
}

TEST(SqliteCheckRegister, KeepsReportsAcrossOpenings) {
  const TemporaryDirectory directory;
  const auto state = sample_report("sessions-audited", true);
  ASSERT_TRUE(open_store(directory.path())->checks().report(state).ok());
  const auto list = open_store(directory.path())->checks().list();
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->size(), 1u);
  expect_same(list->front(), state);
}

TEST(SqliteCheckRegister, CatchesUpWithAReportThatNobodyAnnounced) {
  const TemporaryDirectory directory;
  const auto store = open_store(directory.path());
  ASSERT_TRUE(store->checks().report(sample_report("sessions-audited", true)).ok());
  ASSERT_TRUE(store->catch_up().ok());
  const auto quiet = store->checks().generation();
  const auto keys = store->keys().generation();
  ASSERT_TRUE(store->catch_up().ok());
  EXPECT_EQ(store->checks().generation(), quiet);

  // What a reporter leaves behind that is killed after its commit: the report, and no bump.
  auto database = Database::open(directory.path() / "reeve.db");
  ASSERT_TRUE(database.ok());
  for (const char* change : {"INSERT INTO check_report VALUES (NULL, 'sessions-audited', 0, 'r', 'b', 1, 2, NULL)",
                             "UPDATE check_report SET green = 1", "DELETE FROM check_report"}) {
    const auto before = store->checks().generation();
    ASSERT_TRUE(database->execute(change).ok()) << change;
    EXPECT_EQ(store->checks().generation(), before);
    ASSERT_TRUE(store->catch_up().ok());
    EXPECT_NE(store->checks().generation(), before) << change;
  }
  EXPECT_EQ(store->keys().generation(), keys) << "no key was touched";
}

TEST(SqliteCheckRegister, AnnouncesAgainWhenTheAnnouncementCouldNotBeMade) {
  const TemporaryDirectory directory;
  const auto store = open_store(directory.path());
  ASSERT_TRUE(store->catch_up().ok());
  const auto quiet = store->checks().generation();
  const auto file = directory.path() / "checks.generation";
  auto database = Database::open(directory.path() / "reeve.db");
  ASSERT_TRUE(
      database->execute("INSERT INTO check_report VALUES (NULL, 'sessions-audited', 0, 'r', 'b', 1, 2, NULL)").ok());
  // The file is what a bump locks, so without its name there is no bump.
  std::filesystem::rename(file, directory.path() / "aside");
  EXPECT_FALSE(store->catch_up().ok());
  EXPECT_EQ(store->checks().generation(), quiet);
  std::filesystem::rename(directory.path() / "aside", file);
  ASSERT_TRUE(store->catch_up().ok());
  EXPECT_NE(store->checks().generation(), quiet);
}

TEST(SqliteCheckRegister, RemembersWhichReportsTheLedgerHas) {
  const TemporaryDirectory directory;
  auto store = open_store(directory.path());
  EXPECT_EQ(unrecorded_of(*store), Lines());
  ASSERT_TRUE(store->checks().report(sample_report("sessions-audited", true)).ok());
  ASSERT_TRUE(store->checks().report(sample_report("dependencies-scanned", true)).ok());
  ASSERT_TRUE(store->checks().report(sample_report("sessions-audited", false)).ok());
  ASSERT_TRUE(store->checks().report(sample_report("sessions-audited", true)).ok());
  const Lines all{"sessions-audited green", "dependencies-scanned green", "sessions-audited red",
                  "sessions-audited green"};
  EXPECT_EQ(unrecorded_of(*store), all) << "also those that another report followed";

  auto reports = *store->unrecorded_check_reports();
  reports[0].entry = 7;
  ASSERT_TRUE(store->check_reports_recorded(std::span(reports).first(1)).ok());
  EXPECT_EQ(unrecorded_of(*store), Lines(all.begin() + 1, all.end()));
  ASSERT_TRUE(store->catch_up().ok());
  const auto generation = store->checks().generation();
  record_all(*store, 8);
  ASSERT_TRUE(store->catch_up().ok());
  EXPECT_EQ(store->checks().generation(), generation) << "that a report was recorded is no change of the check";
  store = open_store(directory.path());
  EXPECT_EQ(unrecorded_of(*store), Lines());
  EXPECT_EQ(states_of(*store), (Lines{"dependencies-scanned green", "sessions-audited green"}));
}

TEST(SqliteCheckRegister, TellsALedgerThatIsAnOlderCopyWhatItLacks) {
  const TemporaryDirectory directory;
  const auto store = open_store(directory.path());
  ASSERT_TRUE(store->checks().report(sample_report("sessions-audited", true)).ok());
  ASSERT_TRUE(store->checks().report(sample_report("dependencies-scanned", false)).ok());
  record_all(*store, 10);
  ASSERT_TRUE(store->ledger_ends_at(12).ok());
  EXPECT_EQ(unrecorded_of(*store), Lines());
  ASSERT_TRUE(store->ledger_ends_at(11).ok());
  EXPECT_EQ(unrecorded_of(*store), Lines{"dependencies-scanned red"});
  ASSERT_TRUE(store->ledger_ends_at(0).ok());
  EXPECT_EQ(unrecorded_of(*store), (Lines{"sessions-audited green", "dependencies-scanned red"}));
}

TEST(SqliteCheckRegister, DoesNotGrowWithReportsThatTheLedgerHas) {
  const TemporaryDirectory directory;
  const auto store = open_store(directory.path());
  for (std::uint64_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(store->checks().report(sample_report("sessions-audited", i % 2 == 0)).ok());
    record_all(*store, i);
  }
  auto database = Database::open(directory.path() / "reeve.db");
  ASSERT_TRUE(database.ok());
  EXPECT_EQ(database->integer("SELECT count(*) FROM check_report").value(), 1);
  EXPECT_EQ(states_of(*store), Lines{"sessions-audited red"});
}

TEST(SqliteCheckRegister, UpgradesADatabaseFromBeforeThereWereChecks) {
  const TemporaryDirectory directory;
  {
    auto database = Database::open(directory.path() / "reeve.db");
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(migrate(*database, embedded_migrations().first(2)).ok());
    ASSERT_TRUE(database
                    ->execute("INSERT INTO virtual_key VALUES ('key_old', zeroblob(32), 'h', 'o', '', 'person', '[]', "
                              "'[]', 1, NULL, NULL, '')")
                    .ok());
  }
  const auto store = open_store(directory.path());
  EXPECT_EQ(store->keys().list().value().size(), 1u);
  EXPECT_EQ(states_of(*store), Lines());
  ASSERT_TRUE(store->checks().report(sample_report("sessions-audited", true)).ok());
  EXPECT_EQ(states_of(*store), Lines{"sessions-audited green"});
}

TEST(SqliteCheckRegister, IsPartOfACopy) {
  const TemporaryDirectory directory;
  const auto store = open_store(directory.path() / "data");
  ASSERT_TRUE(store->checks().report(sample_report("sessions-audited", true)).ok());
  record_all(*store, 3);
  ASSERT_TRUE(store->checks().report(sample_report("dependencies-scanned", false)).ok());
  std::filesystem::create_directory(directory.path() / "copy");
  ASSERT_TRUE(Store::copy_embedded(directory.path() / "data", directory.path() / "copy/reeve.db").ok());
  const auto copy = open_store(directory.path() / "copy");
  EXPECT_EQ(states_of(*copy), (Lines{"dependencies-scanned red", "sessions-audited green"}));
  EXPECT_EQ(unrecorded_of(*copy), Lines{"dependencies-scanned red"});
}

}  // namespace
}  // namespace reeve::store
