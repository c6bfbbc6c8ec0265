// A process that appends is killed at random moments, again and again on one log. What it was told is durable must be
// there, and the log must verify, before and after it is opened again.

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <thread>

#include "core/log.h"
#include "ledger/test_support.h"

namespace reeve::ledger {
namespace {

struct Acknowledgement {
  std::uint64_t index = 0;
  std::uint32_t life = 0;
  std::uint32_t number = 0;
};

std::string request_name(std::uint32_t life, std::uint32_t number) {
  return "req_" + std::to_string(life) + "_" + std::to_string(number);
}

[[noreturn]] void append_forever(const LogOptions& options, std::uint32_t life, int acknowledgements) {
  auto log = Log::open(options);
  if (!log) {
    log_error("child cannot open", {{"reason", log.error().message}});
    ::_exit(1);
  }
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint32_t i = 0;; ++i) {
        const Acknowledgement made{0, life, t * 1'000'000 + i};
        const std::string request = request_name(made.life, made.number);
        const std::string reason(i * 37 % 3'000, 'r');
        Entry entry = test_entry("model.intent", request);
        entry.decision.reason = reason;
        const auto placed = (*log)->append_and_wait(entry);
        if (!placed) ::_exit(2);
        const Acknowledgement told{placed->index, made.life, made.number};
        if (::write(acknowledgements, &told, sizeof told) != sizeof told) ::_exit(3);
        (*log)->append_later(test_entry("model.outcome", request));
      }
    });
  }
  threads.front().join();
  ::_exit(4);
}

/// One life: what was acknowledged before the end, which comes after some acknowledgements, or while the log opens.
std::vector<Acknowledgement> live_and_die(const LogOptions& options, std::uint32_t life, std::mt19937& random) {
  int pipe[2];
  EXPECT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe[0]);
    append_forever(options, life, pipe[1]);
  }
  ::close(pipe[1]);
  std::vector<Acknowledgement> told;
  Acknowledgement acknowledgement;
  const auto hear = [&] {
    if (::read(pipe[0], &acknowledgement, sizeof acknowledgement) != sizeof acknowledgement) return false;
    told.push_back(acknowledgement);
    return true;
  };
  const std::size_t enough = life % 4 == 0 ? 0 : random() % 120;
  while (told.size() < enough && hear()) {
  }
  std::this_thread::sleep_for(std::chrono::microseconds(random() % 3'000));
  ::kill(child, SIGKILL);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "exit " << WEXITSTATUS(status);
  while (hear()) {
  }
  ::close(pipe[0]);
  return told;
}

TEST(Kill, NothingAcknowledgedIsLost) {
  const TemporaryDirectory directory;
  const LogOptions options = test_options(directory.ledger());
  std::mt19937 random(static_cast<unsigned>(::testing::UnitTest::GetInstance()->random_seed()) + 1);
  std::vector<Acknowledgement> told;
  for (std::uint32_t life = 0; life < 25; ++life) {
    const auto now_told = live_and_die(options, life, random);
    told.insert(told.end(), now_told.begin(), now_told.end());
    if (std::filesystem::exists(directory.ledger() / "public/checkpoint") &&
        std::filesystem::exists(directory.ledger() / "public/key")) {
      const auto report = verify(directory.ledger());
      ASSERT_TRUE(report.ok()) << report.error().message;
      // A kill between two tiles leaves derived files behind, never wrong entries.
      EXPECT_THAT(report->problems, ::testing::Each(::testing::HasSubstr("derived"))) << "life " << life;
    }
    if (life % 5 != 4) continue;
    const auto log = open_or_die(options);
    const auto entries = all_entries(*log);
    for (const Acknowledgement& one : told) {
      ASSERT_LT(one.index, entries.size());
      EXPECT_THAT(entries[one.index], ::testing::HasSubstr("\"" + request_name(one.life, one.number) + "\""));
    }
    for (const OpenIntent& open : log->open_intents()) {
      EXPECT_THAT(open.entry, ::testing::HasSubstr("model.intent"));
    }
    log->close();
    const auto report = verify(directory.ledger());
    ASSERT_TRUE(report.ok());
    EXPECT_THAT(report->problems, ::testing::IsEmpty());
    EXPECT_EQ(report->intents_without_outcome, log->open_intents().size());
  }
  EXPECT_GT(told.size(), 100U);
}

}  // namespace
}  // namespace reeve::ledger
