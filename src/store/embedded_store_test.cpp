#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <thread>

#include "store/key_store_conformance.h"
#include "store/migrations.h"
#include "store/sqlite.h"
#include "store/store.h"
#include "store/temporary_directory.h"

namespace reeve::store {
namespace {

using ::testing::HasSubstr;

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777U;
}

std::unique_ptr<Store> open_store(const std::filesystem::path& directory) {
  auto store = Store::open_embedded(directory);
  if (!store) ADD_FAILURE() << store.error().message;
  return store ? *std::move(store) : nullptr;
}

/// Runs `body` in a process of its own; true when it returned true.
bool in_child(const std::function<bool()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(EmbeddedStore, MakesWhatItNeedsForItsOwnerOnly) {
  const TemporaryDirectory parent;
  const auto directory = parent.path() / "a" / "data";
  const mode_t before = ::umask(0);
  const auto store = open_store(directory);
  ASSERT_TRUE(store->keys().insert(sample_key("key_one")).ok());
  ::umask(before);
  EXPECT_EQ(mode_of(directory), 0700u);
  for (const auto& file : std::filesystem::directory_iterator(directory)) EXPECT_EQ(mode_of(file), 0600u) << file;
  EXPECT_TRUE(std::filesystem::exists(directory / "reeve.db-wal"));
}

TEST(EmbeddedStore, IsCopiedAtOneMomentWhileOthersWrite) {
  const TemporaryDirectory directory;
  const auto store = open_store(directory.path() / "data");
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; !done; ++i) EXPECT_TRUE(store->keys().insert(sample_key("key_" + std::to_string(i), i)).ok());
  });
  std::size_t copied_before = 0;
  for (int copy = 0; copy < 5; ++copy) {
    const auto to = directory.path() / ("copy" + std::to_string(copy));
    std::filesystem::create_directory(to);
    const auto least = store->keys().list()->size();
    const auto copied = Store::copy_embedded(directory.path() / "data", to / "reeve.db");
    ASSERT_TRUE(copied.ok()) << copied.error().message;
    EXPECT_EQ(mode_of(to / "reeve.db"), 0600U);
    EXPECT_FALSE(std::filesystem::exists(to / "reeve.db-wal"));
    const auto keys = open_store(to)->keys().list();
    ASSERT_TRUE(keys.ok());
    EXPECT_GE(keys->size(), std::max(least, copied_before));
    // One moment: no key without all those that were made before it.
    for (std::size_t i = 0; i < keys->size(); ++i) EXPECT_EQ((*keys)[i].id, "key_" + std::to_string(i));
    copied_before = keys->size();
  }
  done = true;
  writer.join();
  EXPECT_EQ(Store::copy_embedded(directory.path(), directory.path() / "none.db").error().code, ErrorCode::kNotFound);
}

TEST(EmbeddedStore, RemembersWhichChangesOfKeysTheLedgerHas) {
  const TemporaryDirectory directory;
  auto store = open_store(directory.path());
  const auto unrecorded = [&] {
    std::vector<std::string> lines;
    const auto changes = store->unrecorded_key_changes();
    for (const KeyChange& change : *changes) {
      EXPECT_EQ(change.owner, "dev@example.com");
      lines.push_back(change.key_id + (change.revoked ? " ended " : " made ") + format_time(change.at).substr(11, 8));
    }
    return lines;
  };
  using Lines = std::vector<std::string>;
  EXPECT_EQ(unrecorded(), Lines());
  ASSERT_TRUE(store->keys().insert(sample_key("key_b", 100)).ok());
  ASSERT_TRUE(store->keys().insert(sample_key("key_a", 50)).ok());
  ASSERT_TRUE(store->keys().revoke("key_a", from_unix_seconds(200)).ok());
  const Lines all{"key_a made 00:00:50", "key_b made 00:01:40", "key_a ended 00:03:20"};
  EXPECT_EQ(unrecorded(), all);

  auto changes = *store->unrecorded_key_changes();
  changes[0].entry = 7;
  changes[1].entry = 9;
  const auto generation = store->keys().generation();
  ASSERT_TRUE(store->key_changes_recorded(std::span(changes).first(2)).ok());
  EXPECT_EQ(unrecorded(), Lines{all[2]});
  ASSERT_TRUE(store->catch_up().ok());
  ASSERT_TRUE(store->catch_up().ok());
  store = open_store(directory.path());
  EXPECT_EQ(unrecorded(), Lines{all[2]});

  ASSERT_TRUE(store->ledger_ends_at(10).ok());
  EXPECT_EQ(unrecorded(), Lines{all[2]});
  ASSERT_TRUE(store->ledger_ends_at(9).ok());
  EXPECT_EQ(unrecorded(), (Lines{all[1], all[2]}));
  ASSERT_TRUE(store->ledger_ends_at(0).ok());
  EXPECT_EQ(unrecorded(), all);
  EXPECT_LE(store->keys().generation() - generation, 1U) << "that a change was recorded is no change of the keys";
}

TEST(EmbeddedStore, KeepsKeysAcrossOpenings) {
  const TemporaryDirectory directory;
  const auto key = sample_key("key_one");
  ASSERT_TRUE(open_store(directory.path())->keys().insert(key).ok());
  const auto list = open_store(directory.path())->keys().list();
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->size(), 1u);
  expect_same(list->front(), key);
}

TEST(EmbeddedStore, DoesNotKeepTheSecret) {
  const TemporaryDirectory directory;
  std::string secret;
  {
    const auto store = open_store(directory.path());
    const auto made = identity::create_key(store->keys(), {.owner = "dev@example.com"}, from_unix_seconds(1));
    ASSERT_TRUE(made.ok());
    secret = made->secret.substr(3);
  }
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(bytes.find(secret), std::string::npos) << entry.path();
    EXPECT_EQ(bytes.find(secret.substr(0, 12)), std::string::npos) << entry.path();
  }
}

TEST(EmbeddedStore, SeesAtOnceWhatAnotherProcessChanged) {
  const TemporaryDirectory directory;
  // The child opens the store after the fork: connections must not be carried across one. It is told when to act
  // through a pipe, and closes the other one when it is done.
  int go[2];
  int done[2];
  ASSERT_EQ(::pipe(go), 0);
  ASSERT_EQ(::pipe(done), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char signal = 0;
    bool fine = ::read(go[0], &signal, 1) == 1;
    auto store = Store::open_embedded(directory.path());
    fine = fine && store.ok() && (*store)->keys().insert(sample_key("key_one")).ok();
    fine = ::write(done[1], "i", 1) == 1 && fine;
    fine = ::read(go[0], &signal, 1) == 1 && fine;
    fine = fine && (*store)->keys().revoke("key_one", from_unix_seconds(9)).ok();
    fine = ::write(done[1], "r", 1) == 1 && fine;
    ::_exit(fine ? 0 : 1);
  }
  const auto store = open_store(directory.path());
  const auto start = store->keys().generation();
  char signal = 0;
  ASSERT_EQ(::write(go[1], "i", 1), 1);
  ASSERT_EQ(::read(done[0], &signal, 1), 1);
  const auto inserted = store->keys().generation();
  EXPECT_NE(inserted, start);
  ASSERT_EQ(store->keys().list().value().size(), 1u);
  EXPECT_FALSE(store->keys().list().value().front().revoked);
  ASSERT_EQ(::write(go[1], "r", 1), 1);
  ASSERT_EQ(::read(done[0], &signal, 1), 1);
  EXPECT_NE(store->keys().generation(), inserted);
  EXPECT_EQ(store->keys().list().value().front().revoked, from_unix_seconds(9));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  for (const int descriptor : {go[0], go[1], done[0], done[1]}) ::close(descriptor);
}

TEST(EmbeddedStore, ManyProcessesMayOpenAndWriteAtTheSameTime) {
  const TemporaryDirectory directory;
  constexpr int kProcesses = 6;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = Store::open_embedded(directory.path());
      bool fine = store.ok();
      for (int k = 0; k < 5 && fine; ++k) {
        fine = (*store)->keys().insert(sample_key("key_" + std::to_string(i) + "_" + std::to_string(k))).ok();
      }
      ::_exit(fine ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  const auto store = open_store(directory.path());
  EXPECT_EQ(store->keys().list().value().size(), std::size_t{kProcesses * 5});
  EXPECT_GE(store->keys().generation(), std::uint64_t{kProcesses * 5});
}

TEST(EmbeddedStore, WhatWasPromisedOutlivesAKilledProcess) {
  const TemporaryDirectory directory;
  std::size_t promised = 0;
  for (int round = 0; round < 8; ++round) {
    int done[2];
    ASSERT_EQ(::pipe(done), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = Store::open_embedded(directory.path());
      for (int i = 0; store.ok(); ++i) {
        const std::string id = "key_" + std::to_string(round) + "_" + std::to_string(i);
        if (!(*store)->keys().insert(sample_key(id)).ok() || ::write(done[1], "k", 1) != 1) break;
      }
      ::_exit(1);
    }
    ::close(done[1]);
    char signal = 0;
    for (int i = 0; i < 5 + 3 * round; ++i) ASSERT_EQ(::read(done[0], &signal, 1), 1);
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    promised += static_cast<std::size_t>(5 + 3 * round);
    while (::read(done[0], &signal, 1) == 1) ++promised;  // it went on until the signal came
    ::close(done[0]);

    const auto store = open_store(directory.path());
    const auto list = store->keys().list();
    ASSERT_TRUE(list.ok()) << list.error().message;
    // One more may have been committed whose promise did not get out; it was not refused either.
    EXPECT_GE(list->size(), promised);
    EXPECT_LE(list->size(), promised + 1);
    promised = list->size();
  }
}

TEST(EmbeddedStore, CatchesUpWithAChangeThatNobodyAnnounced) {
  const TemporaryDirectory directory;
  const auto store = open_store(directory.path());
  ASSERT_TRUE(store->keys().insert(sample_key("key_one")).ok());
  ASSERT_TRUE(store->catch_up().ok());
  const auto quiet = store->keys().generation();
  ASSERT_TRUE(store->catch_up().ok());
  EXPECT_EQ(store->keys().generation(), quiet) << "nothing happened, so nothing may be read again";

  // What a process leaves behind that is killed after its commit: the change, and no bump.
  {
    auto database = Database::open(directory.path() / "reeve.db");
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(database->execute("UPDATE virtual_key SET revoked = 5000000000").ok());
  }
  EXPECT_EQ(store->keys().generation(), quiet);
  ASSERT_TRUE(store->catch_up().ok());
  EXPECT_NE(store->keys().generation(), quiet);
  EXPECT_EQ(store->keys().list().value().front().revoked, from_unix_seconds(5));
}

TEST(EmbeddedStore, RefusesAFileThatIsNoDatabase) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "reeve.db") << std::string(4096, 'x');
  const auto store = Store::open_embedded(directory.path());
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(store.error().message, HasSubstr("reeve.db"));
  EXPECT_THAT(store.error().message, HasSubstr("backup"));
}

TEST(EmbeddedStore, ReportsADamagedPage) {
  const TemporaryDirectory directory;
  {
    const auto store = open_store(directory.path());
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(store->keys().insert(sample_key("key_" + std::to_string(i))).ok());
    }
  }
  const auto file = directory.path() / "reeve.db";
  const auto size = std::filesystem::file_size(file);
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  for (std::uintmax_t page = 2; page * 4096 < size; ++page) {  // the schema, on the first page, stays readable
    stream.seekp(static_cast<std::streamoff>(page * 4096));
    stream << std::string(4096, '\xEE');
  }
  stream.close();
  const auto store = Store::open_embedded(directory.path());
  const auto list = store.ok() ? (*store)->keys().list() : Result<std::vector<identity::VirtualKey>>(store.error());
  ASSERT_FALSE(list.ok());
  EXPECT_EQ(list.error().code, ErrorCode::kCorrupt) << list.error().message;
}

TEST(EmbeddedStore, ReportsADamagedRow) {
  const TemporaryDirectory directory;
  const auto store = open_store(directory.path());
  ASSERT_TRUE(store->keys().insert(sample_key("key_one")).ok());
  auto database = Database::open(directory.path() / "reeve.db");
  ASSERT_TRUE(database->execute("UPDATE virtual_key SET group_names = '{}'").ok());
  const auto list = store->keys().list();
  ASSERT_FALSE(list.ok());
  EXPECT_EQ(list.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(list.error().message, HasSubstr("key_one"));
}

TEST(EmbeddedStore, RefusesTheSchemaOfANewerReeve) {
  const TemporaryDirectory directory;
  open_store(directory.path());
  {
    auto database = Database::open(directory.path() / "reeve.db");
    ASSERT_TRUE(database->execute("INSERT INTO schema_migration VALUES (99, 'from the future', 'x', 'y')").ok());
  }
  const auto store = Store::open_embedded(directory.path());
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(store.error().message, HasSubstr("newer Reeve"));
  EXPECT_THAT(store.error().message, HasSubstr("version 99"));
}

TEST(EmbeddedStore, RefusesAnothersDatabase) {
  const TemporaryDirectory directory;
  {
    auto database = Database::open(directory.path() / "reeve.db");
    ASSERT_TRUE(database->execute("CREATE TABLE theirs (x)").ok());
  }
  const auto store = Store::open_embedded(directory.path());
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(store.error().message, HasSubstr("another program"));
}

TEST(EmbeddedStore, RefusesADirectoryThatCannotBe) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "file") << "x";
  for (const char* name : {"file", "file/data"}) {
    const auto store = Store::open_embedded(directory.path() / name);
    ASSERT_FALSE(store.ok());
    EXPECT_EQ(store.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(store.error().message, HasSubstr("file"));
  }
}

/// Gives the calling process a small file system of its own at `directory`; false where that is not allowed.
bool mount_small_disk(const std::filesystem::path& directory, const char* options) {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("none", directory.c_str(), "tmpfs", 0, options) == 0;
}

bool may_mount() {
  const TemporaryDirectory directory;
  return in_child([&] { return mount_small_disk(directory.path(), "size=64k"); });
}

TEST(EmbeddedStore, SurvivesAFullDiskAndGoesOnWhenSpaceReturns) {
  if (!may_mount()) GTEST_SKIP() << "mounting is not allowed here";
  const TemporaryDirectory directory;
  EXPECT_TRUE(in_child([&] {
    if (!mount_small_disk(directory.path(), "size=512k")) return false;
    const auto store = open_store(directory.path());
    if (!store) return false;
    std::ofstream ballast(directory.path() / "ballast");
    while (ballast << std::string(4096, 'b') << std::flush) {
    }
    ballast.close();
    Result<void> inserted;
    int stored = 0;
    for (; stored < 2000 && inserted; ++stored)
      inserted = store->keys().insert(sample_key("k" + std::to_string(stored)));
    EXPECT_FALSE(inserted.ok());
    EXPECT_EQ(inserted.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(inserted.error().message, HasSubstr("disk is full"));
    const auto before = store->keys().list();
    EXPECT_TRUE(before.ok());
    EXPECT_EQ(static_cast<int>(before->size()), stored - 1) << "what was promised is there, what was refused is not";
    std::filesystem::remove(directory.path() / "ballast");
    EXPECT_TRUE(store->keys().insert(sample_key("key_after")).ok());
    EXPECT_EQ(static_cast<int>(store->keys().list()->size()), stored);
    return !::testing::Test::HasFailure();
  }));
}

TEST(EmbeddedStore, SaysWhenTheDiskIsFullFromTheStart) {
  if (!may_mount()) GTEST_SKIP() << "mounting is not allowed here";
  const TemporaryDirectory directory;
  EXPECT_TRUE(in_child([&] {
    if (!mount_small_disk(directory.path(), "size=64k")) return false;
    std::ofstream ballast(directory.path() / "ballast");
    while (ballast << std::string(4096, 'b') << std::flush) {
    }
    const auto store = Store::open_embedded(directory.path() / "data");
    EXPECT_FALSE(store.ok());
    EXPECT_EQ(store.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(store.error().message, HasSubstr("data"));
    return !::testing::Test::HasFailure();
  }));
}

TEST(EmbeddedStore, SaysWhenTheDiskIsReadOnly) {
  if (!may_mount()) GTEST_SKIP() << "mounting is not allowed here";
  const TemporaryDirectory directory;
  EXPECT_TRUE(in_child([&] {
    if (!mount_small_disk(directory.path(), "size=1m")) return false;
    if (!open_store(directory.path())) return false;
    if (::mount("none", directory.path().c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) != 0) return false;
    const auto store = Store::open_embedded(directory.path());
    EXPECT_FALSE(store.ok());
    EXPECT_EQ(store.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(store.error().message, HasSubstr("Read-only"));
    return !::testing::Test::HasFailure();
  }));
}

}  // namespace
}  // namespace reeve::store
