// Who may write the index file, and that another one goes on when the writer has ended.

#include "ledger/index_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include "ledger/duckdb_library.h"
#include "ledger/test_support.h"

namespace reeve::ledger {
namespace {

/// A file as a process of its own has it open.
class OpenedFile {
 public:
  explicit OpenedFile(const TemporaryDirectory& directory) {
    options_.ledger = directory.ledger();
    options_.directory = directory.path() / "index";
    options_.library = index_library();
    library_ = duckdb::open_library(options_.library).value();
    log_ = LogReader::open(options_.ledger).value();
    database_ = IndexDatabase::open(*library_, options_).value();
    connection_ = database_->connect().value();
    file_ = std::make_unique<IndexFile>(options_, *connection_, *log_);
    EXPECT_TRUE(file_->open().ok());
  }
  IndexFile& operator*() { return *file_; }
  IndexFile* operator->() { return file_.get(); }

  /// As if the first `count` entries had their rows in the file.
  void write(std::uint64_t count) {
    std::string last;
    const auto read = log_->read(count - 1, [&](const StoredEntry& entry) {
      last = entry.bytes;
      return false;
    });
    ASSERT_TRUE(read.ok());
    ASSERT_TRUE(file_->begin_writing().ok());
    ASSERT_TRUE(file_->write_meta(count, 0, last).ok());
    ASSERT_TRUE(file_->end_writing().ok());
  }

 private:
  IndexOptions options_;
  std::remove_cvref_t<decltype(duckdb::open_library({}).value())> library_{};
  std::unique_ptr<LogReader> log_;
  std::unique_ptr<IndexDatabase> database_;
  std::unique_ptr<IndexConnection> connection_;
  std::unique_ptr<IndexFile> file_;
};

void write_entries(const TemporaryDirectory& directory, int count) {
  const auto log = open_or_die(test_options(directory.ledger()));
  for (int i = 0; i < count; ++i) ASSERT_TRUE(log->append_and_wait(test_entry("policy.changed", "req_1")).ok());
  log->close();
}

TEST(IndexFile, IsTakenOverByWhoReadsItOnceItsWriterHasEnded) {
  const TemporaryDirectory directory;
  write_entries(directory, 6);
  auto writer = std::make_unique<OpenedFile>(directory);
  EXPECT_TRUE((*writer)->may_write());
  writer->write(2);
  OpenedFile reader(directory);
  EXPECT_FALSE(reader->may_write());
  ASSERT_TRUE(reader->is_attached());
  EXPECT_EQ(reader->meta().indexed, 2U);

  const auto too_early = reader->become_writer();
  ASSERT_TRUE(too_early.ok());
  EXPECT_FALSE(*too_early);
  EXPECT_FALSE(reader->may_write());

  writer->write(5);
  EXPECT_EQ(reader->meta().indexed, 2U) << "it is not looked at in between";
  writer.reset();
  const auto became = reader->become_writer();
  ASSERT_TRUE(became.ok()) << became.error().message;
  EXPECT_TRUE(*became);
  EXPECT_TRUE(reader->may_write());
  EXPECT_EQ(reader->meta().indexed, 5U) << "what the other one wrote last counts";

  // It writes now, and nobody else does.
  reader.write(6);
  EXPECT_EQ(reader->meta().indexed, 6U);
  OpenedFile third(directory);
  EXPECT_FALSE(third->may_write());
  EXPECT_EQ(third->meta().indexed, 6U);
  const auto also = third->become_writer();
  ASSERT_TRUE(also.ok());
  EXPECT_FALSE(*also);
}

TEST(IndexFile, IsNotTakenOverWhereThereIsNone) {
  const TemporaryDirectory directory;
  write_entries(directory, 1);
  std::filesystem::create_directories(directory.path() / "index");
  const std::string lock = directory.path() / "index" / "lock";
  // Somebody who has not made the file yet.
  const int held = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);  // NOLINT: the mode
  ASSERT_GE(held, 0);
  ASSERT_EQ(::flock(held, LOCK_EX | LOCK_NB), 0);
  OpenedFile reader(directory);
  EXPECT_FALSE(reader->may_write());
  EXPECT_FALSE(reader->is_attached());
  ::close(held);
  const auto became = reader->become_writer();
  ASSERT_TRUE(became.ok());
  EXPECT_FALSE(*became);
  // The lock is free for whoever makes one.
  OpenedFile maker(directory);
  EXPECT_TRUE(maker->may_write());
}

}  // namespace
}  // namespace reeve::ledger
