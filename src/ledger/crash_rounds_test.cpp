// A thousand ends at random moments: processes that write, rotate their key, keep and erase content are killed, amid
// writes that fail, are torn or cut short, and lose their power. Whatever they were told is durable must be there;
// nothing that is not is ever signed; no size ever has two roots, nor after an old copy was put back.
//
// A short form by default; `reeve_ledger_test --gtest_filter='CrashRounds.*' --rounds=1000 --seed=1` is the full one.

#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "core/log.h"
#include "ledger/add_checkpoint.h"
#include "ledger/crash_promises.h"

namespace reeve::ledger {
namespace {

/// Of `--name=N` on the command line.
unsigned option(std::string_view name, unsigned otherwise) {
  std::ifstream file("/proc/self/cmdline");
  const std::string line((std::istreambuf_iterator<char>(file)), {});
  for (const std::string_view argument : split(line, '\0')) {
    if (!argument.starts_with(name)) continue;
    if (const auto number = parse_int(argument.substr(name.size()))) return static_cast<unsigned>(*number);
  }
  return otherwise;
}

struct EndCounts {
  std::array<unsigned, 4> ends{};
  unsigned while_opening = 0, second_writers = 0, old_copies = 0;
  PromiseCounts promises;
};

/// One ledger and its content over many lives.
class CrashedHistory {
 public:
  CrashedHistory(unsigned seed, ToldStory& story, EndCounts& counts)
      : story_(story), counts_(counts), random_(seed), promises_(plan_) {
    plan_.log = test_options(directory_.ledger());
    plan_.log.checkpoint_interval = std::chrono::microseconds(100);
    plan_.log.stall_max = std::chrono::minutes(1);
    if (seed % 2 == 0) {
      plan_.log.anchor = directory_.path() / "anchor" / "checkpoint";
      std::filesystem::create_directories(plan_.log.anchor.parent_path());
    }
    plan_.content.directory = directory_.path() / "content" / "sealed";
    plan_.content.root_key = std::string(32, 'k');
    plan_.content.segment_bytes = 200'000;
    const auto log = open_or_die(plan_.log);
    first_key_ = log->verifier_key();
  }

  void live_once() {
    plan_.seed = static_cast<unsigned>(random_());
    plan_.first_number += kNumbersOfALife;
    // Once or twice in a history the clock leaps.
    if (random_() % 15 == 0) plan_.clock_ahead = std::chrono::hours(random_() % 20);
    constexpr std::array kEnds{End::kKill,     End::kKill,     End::kKillAmidFaults,    End::kKillAmidFaults,
                               End::kPowerCut, End::kPowerCut, End::kStopBeforePowerCut};
    plan_.end = kEnds[random_() % kEnds.size()];
    ++counts_.ends[static_cast<std::size_t>(plan_.end)];
    // While it opens, soon after that, or when it published several times.
    const std::size_t enough = random_() % 5 == 0 ? 0 : 1 + random_() % 250;
    const std::chrono::microseconds longer(random_() % (random_() % 5 == 0 ? 60'000 : 3'000));
    live_and_die(plan_, story_, enough, longer);
    counts_.while_opening += story_.opened() ? 0 : 1;
    promises_.take(story_);
    promises_.see_published();
  }

  /// Opens it as the next server would.
  void expect_whole(bool thoroughly) {
    if (thoroughly) expect_sound_before_opening();
    const auto log = Log::open(plan_.log);
    ASSERT_TRUE(log.ok()) << log.error().message;
    promises_.expect_kept(**log);
    const auto second = Log::open(plan_.log);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::kConflict);
    ++counts_.second_writers;
    const std::size_t open_intents = (*log)->open_intents().size();
    (*log)->close();
    promises_.see_published();
    promises_.expect_content(thoroughly);
    if (!thoroughly) return;
    const auto report = verify(plan_.log.directory, {}, first_key_);
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_THAT(report->problems, ::testing::IsEmpty());
    EXPECT_EQ(report->entries, promises_.size());
    EXPECT_EQ(report->intents_without_outcome, open_intents);
  }

  /// Between its lives an older copy is put in its place, and taken away again.
  void expect_old_copy_is_found_out();
  void keep_copy() {
    std::filesystem::remove_all(copy());
    std::filesystem::copy(directory_.ledger(), copy(), std::filesystem::copy_options::recursive);
    copied_size_ = promises_.size();
  }
  const PromiseCounts& counts() const { return promises_.counts(); }
  std::string describe() const { return "end " + std::to_string(static_cast<int>(plan_.end)); }

 private:
  std::filesystem::path copy() const { return directory_.path() / "copy"; }

  void expect_sound_before_opening() {
    const auto report = verify(plan_.log.directory, {}, first_key_);
    ASSERT_TRUE(report.ok()) << report.error().message;
    // An end between two tiles leaves derived files behind, never wrong entries.
    EXPECT_THAT(report->problems, ::testing::Each(::testing::HasSubstr("derived")));
  }
  /// What a witness that remembers `from` says to the log as it is in `directory`.
  int witness_status(Witness& witness, const std::filesystem::path& directory, std::uint64_t from) {
    const std::string note = *read_file(real_file_system(), directory / "public" / "checkpoint");
    const auto checkpoint = parse_checkpoint(split_note(note)->text);
    HashPath proof;
    if (checkpoint->size > from && from > 0) {
      TileReader tiles(directory);
      proof = tiles.consistency(from, checkpoint->size).value();
    }
    return witness.add_checkpoint(encode_add_checkpoint(from, proof, note)).status;
  }

  ToldStory& story_;
  EndCounts& counts_;
  std::mt19937 random_;
  TemporaryDirectory directory_;
  LifePlan plan_;
  Promises promises_;
  std::string first_key_;
  std::uint64_t copied_size_ = 0;
};

void CrashedHistory::expect_old_copy_is_found_out() {
  const std::uint64_t size = promises_.size();
  if (size == copied_size_ || copied_size_ == 0) return;
  ++counts_.old_copies;
  WitnessOptions options{directory_.path() / "witness", "witness.example.com/w1",
                         follow_keys(directory_.ledger(), first_key_).value()};
  const auto witness = Witness::open(options).value();
  EXPECT_EQ(witness_status(*witness, directory_.ledger(), 0), 200);
  const std::filesystem::path latest = directory_.path() / "latest";
  std::filesystem::rename(directory_.ledger(), latest);
  std::filesystem::rename(copy(), directory_.ledger());
  if (!plan_.log.anchor.empty()) {
    const auto restored = Log::open(plan_.log);
    ASSERT_FALSE(restored.ok());
    EXPECT_EQ(restored.error().code, ErrorCode::kConflict) << restored.error().message;
  }
  // Where there is no anchor it opens, and grows on: any witness finds out, at each size.
  LogOptions without_anchor = plan_.log;
  without_anchor.anchor.clear();
  for (const std::uint64_t grown : {size - 1, size, size + 100}) {
    const auto log = open_or_die(without_anchor);
    while (log->size() < grown) ASSERT_TRUE(log->append_and_wait(test_entry("policy.changed", "another")).ok());
    log->close();
    if (log->size() < size) {
      EXPECT_EQ(witness_status(*witness, directory_.ledger(), log->size()), 409);
    } else {
      EXPECT_EQ(witness_status(*witness, directory_.ledger(), size), log->size() == size ? 409 : 422) << log->size();
    }
  }
  std::filesystem::remove_all(directory_.ledger());
  // The latest copy, put back in the same way, goes on for everybody.
  std::filesystem::copy(latest, directory_.ledger(), std::filesystem::copy_options::recursive);
  std::filesystem::remove_all(latest);
  {
    const auto log = open_or_die(plan_.log);
    ASSERT_TRUE(log->append_and_wait(test_entry("policy.changed", "goes on")).ok());
    log->close();
    promises_.expect_kept(*log);
  }
  promises_.see_published();
  EXPECT_EQ(witness_status(*witness, directory_.ledger(), size), 200);
}

void add(PromiseCounts& sum, const PromiseCounts& counts) {
  sum.durable += counts.durable;
  sum.sealed += counts.sealed;
  sum.erased += counts.erased;
  sum.rotated += counts.rotated;
  sum.signed_checkpoints += counts.signed_checkpoints;
}

void print(unsigned rounds, const EndCounts& counts, ToldStory& story) {
  std::printf(
      "%u ends: %u kills, %u kills amid faults, %u power cuts, %u power cuts after a stop; %u of them while opening\n"
      "%lu calls failed (%lu writes torn), %lu writes cut short\n"
      "%lu entries acknowledged, %lu checkpoints signed, %lu keys rotated, %lu contents kept, %lu erasures\n"
      "%u second writers refused, %u old copies found out\n",
      rounds, counts.ends[0], counts.ends[1], counts.ends[2], counts.ends[3], counts.while_opening,
      story.failed().load(), story.torn().load(), story.cut_short().load(), counts.promises.durable,
      counts.promises.signed_checkpoints, counts.promises.rotated, counts.promises.sealed, counts.promises.erased,
      counts.second_writers, counts.old_copies);
}

TEST(CrashRounds, KeepWhatWasPromised) {
  constexpr unsigned kRoundsOfAHistory = 25;
  const unsigned rounds = option("--rounds=", 24);
  const unsigned seed = option("--seed=", static_cast<unsigned>(::testing::UnitTest::GetInstance()->random_seed()));
  const LogLevel level = log_level();
  configure_log(LogLevel::kError, LogFormat::kText);
  ToldStory story;
  EndCounts counts;
  for (unsigned round = 0; round < rounds;) {
    CrashedHistory history(seed + round, story, counts);
    const unsigned end = std::min(rounds, round + kRoundsOfAHistory);
    const unsigned copied = round + (end - round) / 2;
    for (; round < end && !::testing::Test::HasFailure(); ++round) {
      history.live_once();
      // Now and then an end comes on top of another one.
      const bool thoroughly = round == copied || round + 1 == end;
      if (thoroughly || round % 3 != 1) history.expect_whole(thoroughly);
      if (round == copied) history.keep_copy();
    }
    if (!::testing::Test::HasFailure()) history.expect_old_copy_is_found_out();
    add(counts.promises, history.counts());
    if (::testing::Test::HasFailure())
      FAIL() << "round " << round << " of --seed=" << seed << ", " << history.describe();
  }
  configure_log(level, LogFormat::kText);
  print(rounds, counts, story);
  // A run in which nothing happened proves nothing.
  EXPECT_GT(counts.promises.durable, rounds * 10UL);
  EXPECT_GT(counts.promises.signed_checkpoints, rounds);
  EXPECT_GT(counts.promises.sealed, rounds);
  EXPECT_GT(story.failed().load(), 0U);
  EXPECT_GT(counts.old_copies, 0U);
}

}  // namespace
}  // namespace reeve::ledger
