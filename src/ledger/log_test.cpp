#include "ledger/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>

#include "core/json.h"
#include "ledger/note.h"
#include "ledger/publisher.h"
#include "ledger/segment_writer.h"
#include "ledger/test_support.h"

namespace reeve::ledger {
namespace {

Sha256 root_of(const std::vector<std::string>& entries) {
  std::vector<Sha256> leaves;
  for (const std::string& entry : entries) leaves.push_back(leaf_hash(entry));
  return tree_root(leaves);
}

TEST(Log, GivesEachEntryItsPlace) {
  const TemporaryDirectory directory;
  const auto log = open_or_die(test_options(directory.ledger()));
  EXPECT_EQ(log->size(), 0U);
  for (std::uint64_t i = 0; i < 10; ++i) {
    const auto placed = log->append_and_wait(test_entry("model.intent", "req_" + std::to_string(i)));
    ASSERT_TRUE(placed.ok()) << placed.error().message;
    EXPECT_EQ(placed->index, i);
    EXPECT_EQ(log->size(), i + 1);
    const auto entries = all_entries(*log, i);
    ASSERT_EQ(entries.size(), 1U);
    const auto document = JsonDocument::parse(entries[0]);
    ASSERT_TRUE(document.ok());
    EXPECT_EQ(document->root()["seq"].int_or(-1), static_cast<std::int64_t>(i));
    EXPECT_EQ(document->root()["request_id"].string_or(""), "req_" + std::to_string(i));
    EXPECT_EQ(document->root()["node"].string_or(""), "test");
    EXPECT_EQ(document->root()["time"].string_or(""), format_time(placed->time));
  }
}

TEST(Log, AppendsSeveralTogetherInTheirOrder) {
  constexpr std::size_t kEntries = 2'500;
  const TemporaryDirectory directory;
  const auto log = open_or_die(test_options(directory.ledger()));
  ASSERT_TRUE(log->append_and_wait(test_entry("policy.changed", "before")).ok());
  EXPECT_TRUE(log->append_all_and_wait({}).places.empty());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kEntries; ++i) names.push_back("req_" + std::to_string(i));
  std::vector<Entry> entries;
  for (const std::string& name : names) {
    entries.push_back(test_entry("person.added", name));
    entries.back().producer = &log->producer("service");
  }
  const std::uint64_t syncs = log->stats().syncs;
  const PlacedEntries placed = log->append_all_and_wait(entries);
  EXPECT_FALSE(placed.error.has_value());
  ASSERT_EQ(placed.places.size(), kEntries);
  EXPECT_LT(log->stats().syncs - syncs, kEntries / 5);
  const auto stored = all_entries(*log);
  for (std::size_t i = 0; i < kEntries; ++i) {
    ASSERT_EQ(placed.places[i].index, i + 1);
    ASSERT_NE(stored[i + 1].find("\"" + names[i] + "\""), std::string::npos);
  }
  EXPECT_EQ(log->producer("service").taken(), kEntries);
}

TEST(Log, SurvivesClosingAndOpening) {
  const TemporaryDirectory directory;
  std::vector<std::string> before;
  for (int round = 0; round < 5; ++round) {
    const auto log = open_or_die(test_options(directory.ledger()));
    EXPECT_EQ(all_entries(*log), before);
    for (int i = 0; i < 700; ++i)
      ASSERT_TRUE(log->append_later(test_entry("model.intent", "req_" + std::to_string(i))));
    ASSERT_TRUE(log->append_and_wait(test_entry("policy.changed", "")).ok());
    before = all_entries(*log);
    EXPECT_EQ(before.size(), 701U * static_cast<std::size_t>(round + 1));
    log->close();
    const auto checkpoint = open_checkpoint(log->checkpoint(), log->verifier_key());
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
    EXPECT_EQ(checkpoint->size, before.size());
    EXPECT_EQ(checkpoint->root, root_of(before));
  }
}

TEST(Log, GoesThroughManySegments) {
  const TemporaryDirectory directory;
  std::vector<std::string> entries;
  {
    const auto log = open_or_die(test_options(directory.ledger()));
    const std::string text(5'000, 'x');
    for (int i = 0; i < 500; ++i) {
      Entry entry = test_entry("model.intent", "req");
      entry.decision.reason = text;
      ASSERT_TRUE(log->append_and_wait(entry).ok());
    }
    entries = all_entries(*log);
    ASSERT_EQ(entries.size(), 500U);
  }
  EXPECT_TRUE(std::filesystem::exists(directory.ledger() / "segments/00000005.seg"));
  EXPECT_EQ(all_entries(*open_or_die(test_options(directory.ledger()))), entries);
}

Task<void> append_some(Log& log, Executor& executor, int count, std::atomic<int>& acknowledged,
                       std::atomic<int>& done) {
  for (int i = 0; i < count; ++i) {
    const std::string request = "req_" + std::to_string(i);
    const Entry entry = test_entry("model.intent", request);
    const auto placed = co_await log.append(entry, executor);
    if (placed.ok() && placed->index < log.size()) ++acknowledged;
  }
  ++done;
}

TEST(Log, FollowersGoOnWhereTheyStoodAndOthersReadFromAnywhere) {
  const TemporaryDirectory directory;
  LogOptions options = test_options(directory.ledger());
  options.segment_bytes = kSegmentBytesMin;
  const auto log = open_or_die(options);
  std::mt19937 random(7);
  const auto read_from = [&log](std::uint64_t from, std::uint64_t most) {
    std::vector<std::uint64_t> indexes;
    const auto read = log->read(from, [&](const StoredEntry& stored) {
      indexes.push_back(stored.index);
      return indexes.size() < most;
    });
    EXPECT_TRUE(read.ok()) << read.error().message;
    return indexes;
  };
  std::array<std::uint64_t, 3> followers{};
  const std::string detail = "\"" + std::string(2000, 'x') + "\"";
  Entry filler = test_entry("policy.changed", "");
  filler.detail = detail;
  for (int round = 0; round < 60; ++round) {
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(log->append_later(filler));
    ASSERT_TRUE(log->append_and_wait(filler).ok());
    const auto expect_run = [&](std::uint64_t from, std::uint64_t most) {
      const auto indexes = read_from(from, most);
      ASSERT_EQ(indexes.size(), std::min(most, log->size() - from));
      for (std::size_t i = 0; i < indexes.size(); ++i) EXPECT_EQ(indexes[i], from + i);
    };
    for (std::uint64_t& next : followers) {
      const std::uint64_t most = 1 + random() % 40;
      expect_run(next, most);
      next = std::min(next + most, log->size());
    }
    expect_run(random() % log->size(), 5);
    expect_run(0, 3);
  }
  EXPECT_GE(std::distance(std::filesystem::directory_iterator(directory.ledger() / "segments"), {}), 5);
}

TEST(Log, ResumesCoroutinesOnTheirExecutor) {
  const TemporaryDirectory directory;
  const auto log = open_or_die(test_options(directory.ledger()));
  std::atomic<int> acknowledged = 0;
  std::atomic<int> done = 0;
  {
    ThreadExecutor first;
    ThreadExecutor second;
    for (int i = 0; i < 20; ++i) start_detached(append_some(*log, i % 2 == 0 ? first : second, 50, acknowledged, done));
    while (done < 20) std::this_thread::yield();
  }
  EXPECT_EQ(acknowledged, 1000);
  EXPECT_EQ(log->size(), 1000U);
}

TEST(Log, RefusesASecondWriter) {
  const TemporaryDirectory directory;
  auto log = open_or_die(test_options(directory.ledger()));
  const auto second = Log::open(test_options(directory.ledger()));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  log->close();
  EXPECT_TRUE(Log::open(test_options(directory.ledger())).ok());
}

TEST(Log, RefusesAnotherName) {
  const TemporaryDirectory directory;
  open_or_die(test_options(directory.ledger()));
  LogOptions options = test_options(directory.ledger());
  options.origin = "other.example.com/log";
  const auto other = Log::open(options);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::kConflict);
  options.origin = "not a name";
  EXPECT_EQ(Log::open(options).error().code, ErrorCode::kInvalid);
}

TEST(Log, RefusesAppendsAfterClosing) {
  const TemporaryDirectory directory;
  const auto log = open_or_die(test_options(directory.ledger()));
  log->close();
  EXPECT_EQ(log->append_and_wait(test_entry("model.intent", "r")).error().code, ErrorCode::kClosed);
  EXPECT_FALSE(log->append_later(test_entry("model.intent", "r")));
  EXPECT_EQ(log->stats().refused.load(), 2U);
}

TEST(Log, TimeNeverGoesBack) {
  const TemporaryDirectory directory;
  ManualClock clock({1'700'000'000'123'456'789});
  LogOptions options = test_options(directory.ledger());
  options.clock = &clock;
  {
    const auto log = open_or_die(options);
    const auto first = log->append_and_wait(test_entry("a", ""));
    EXPECT_EQ(first->time.nanoseconds, 1'700'000'000'123'456'000);
    clock.step_wall_clock(std::chrono::hours(-1));
    EXPECT_EQ(log->append_and_wait(test_entry("a", ""))->time, first->time);
  }
  clock.step_wall_clock(std::chrono::hours(-1));
  const auto log = open_or_die(options);
  EXPECT_EQ(log->append_and_wait(test_entry("a", ""))->time.nanoseconds, 1'700'000'000'123'456'000);
}

TEST(Log, FindsIntentsWithoutOutcome) {
  const TemporaryDirectory directory;
  {
    const auto log = open_or_die(test_options(directory.ledger()));
    ASSERT_TRUE(log->append_and_wait(test_entry("model.intent", "req_open")).ok());
    for (int i = 0; i < 1000; ++i) {
      const std::string request = "req_" + std::to_string(i);
      log->append_later(test_entry("model.intent", request));
      log->append_later(test_entry("model.outcome", request));
    }
    ASSERT_TRUE(log->append_and_wait(test_entry("model.intent", "req_open", 2)).ok());
  }
  for (const bool with_hint : {true, false}) {
    if (!with_hint) std::filesystem::remove(directory.ledger() / "resume");
    const auto log = open_or_die(test_options(directory.ledger()));
    ASSERT_EQ(log->open_intents().size(), 2U);
    EXPECT_EQ(log->open_intents()[0].index, 0U);
    EXPECT_EQ(log->open_intents()[1].index, 2001U);
    EXPECT_EQ(JsonDocument::parse(log->open_intents()[1].entry)->root()["attempt"].int_or(0), 2);
  }
  {
    const auto log = open_or_die(test_options(directory.ledger()));
    ASSERT_TRUE(log->append_and_wait(test_entry("model.outcome", "req_open", 1)).ok());
    ASSERT_TRUE(log->append_and_wait(test_entry("model.outcome", "req_open", 2)).ok());
  }
  EXPECT_TRUE(open_or_die(test_options(directory.ledger()))->open_intents().empty());
}

TEST(Log, AnOutcomeFindsItsIntentAcrossAStartWhateverTheRequestIsCalled) {
  const TemporaryDirectory directory;
  const std::vector<std::string> names{"",
                                       "plain",
                                       "a \"quoted\" one",
                                       "back\\slash\n",
                                       "\xc3\xa4\x01",
                                       "\",\"request_id\":\"x",
                                       std::string(3'000, 'l')};
  const auto append_all = [&](std::string_view kind) {
    const auto log = open_or_die(test_options(directory.ledger()));
    for (const std::string& name : names) ASSERT_TRUE(log->append_and_wait(test_entry(kind, name)).ok());
  };
  append_all("model.intent");
  EXPECT_EQ(open_or_die(test_options(directory.ledger()))->open_intents().size(), names.size());
  append_all("model.outcome");
  // The hint says how far there are none; without it each entry is looked at.
  const auto resume = read_file(real_file_system(), resume_path(directory.ledger().string()));
  ASSERT_TRUE(resume.ok());
  EXPECT_NE(resume->find("from " + std::to_string(2 * names.size()) + " "), std::string::npos) << *resume;
  EXPECT_TRUE(open_or_die(test_options(directory.ledger()))->open_intents().empty());
  EXPECT_TRUE(verify(directory.ledger())->ok);
}

TEST(Log, KeepsItsKeyToItself) {
  const TemporaryDirectory directory;
  const auto log = open_or_die(test_options(directory.ledger()));
  struct stat status{};
  ASSERT_EQ(::stat(private_key_path(directory.ledger()).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_TRUE(log->verifier_key().starts_with("reeve.example.com/test+"));
}

TEST(Log, ReadOnlyOnlyReads) {
  const TemporaryDirectory directory;
  LogOptions options = test_options(directory.ledger());
  options.read_only = true;
  EXPECT_EQ(Log::open(options).error().code, ErrorCode::kNotFound);
  const auto writer = open_or_die(test_options(directory.ledger()));
  ASSERT_TRUE(writer->append_and_wait(test_entry("a", "")).ok());
  writer->close();
  const auto log = open_or_die(options);
  EXPECT_EQ(all_entries(*log).size(), 1U);
  EXPECT_FALSE(log->append_and_wait(test_entry("a", "")).ok());
  EXPECT_EQ(log->checkpoint(), writer->checkpoint());
}

}  // namespace
}  // namespace reeve::ledger
