#pragma once

// One life of a process that writes a ledger and keeps content, until it is killed or its power goes. For tests.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "core/log.h"
#include "ledger/content_record.h"
#include "ledger/crash_told.h"
#include "ledger/fault_file_system.h"
#include "ledger/log.h"
#include "ledger/note.h"
#include "ledger/publisher.h"
#include "ledger/segment.h"
#include "ledger/test_support.h"

namespace reeve::ledger {

enum class End {
  kKill,                // kill -9
  kKillAmidFaults,      // kill -9, and until then calls fail, writes are torn and cut short
  kPowerCut,            // and until then calls fail, as above
  kStopBeforePowerCut,  // as if killed, begun again on the same page cache, and then the power goes
};

struct LifePlan {
  End end = End::kKill;
  std::uint64_t first_number = 0;  // of requests; a life uses those up to the next million
  unsigned seed = 1;
  std::chrono::minutes clock_ahead{};  // of the machine's time
  LogOptions log;
  ContentVaultOptions content;
};

inline constexpr std::uint64_t kNumbersOfALife = 1'000'000;
inline constexpr std::uint32_t kPersons = 5;

inline std::string request_name(std::uint64_t number) { return "req_" + std::to_string(number); }
inline std::string person_name(std::uint32_t person) { return "person-" + std::to_string(person) + "@example.com"; }
/// What is kept of a request: different for each, up to some KB.
inline std::string content_of_request(std::uint64_t number) {
  return request_name(number) + std::string(number * 61 % 5'000, static_cast<char>('a' + number % 26));
}

/// Tells of each checkpoint before others can see it, and of one that is more than what is on disk.
template <typename Base>
class TellingFileSystem : public Base {
 public:
  template <typename... Arguments>
  TellingFileSystem(ToldStory& story, std::string directory, std::string anchor, Arguments... arguments)
      : Base(arguments...), story_(story), anchor_(std::move(anchor)), segments_(std::move(directory)) {}

  int rename(const std::string& from, const std::string& to) override {
    if (to == anchor_ || to == checkpoint_path(segments_.directory())) see(from);
    return Base::rename(from, to);
  }

 protected:
  ToldStory& story_;

 private:
  /// One thread at a time signs. Every checkpoint comes here, those of a smaller tree before those of a larger one.
  void see(const std::string& draft) {
    const auto note = read_file(real_file_system(), draft);
    const auto parts = note ? split_note(*note) : Result<NoteParts>(note.error());
    const auto checkpoint = parts ? parse_checkpoint(parts->text) : Result<Checkpoint>(parts.error());
    if (!checkpoint) return;  // torn by a fault: nobody takes it for one
    story_.tell(Told::Kind::kSigned, checkpoint->size, 0, {}, checkpoint->root);
    if constexpr (std::is_same_v<Base, FileSystem>) return;
    if (!segments_.discover(real_file_system())) return;
    while (cursor_.index() < checkpoint->size) {
      const auto frame = cursor_.next(checkpoint->size);
      if (!frame) return broken(checkpoint->size, "signed although it cannot be read: " + frame.error().message);
      frames_end_[cursor_.ordinal()] = cursor_.offset();
    }
    expect_on_disk(checkpoint->size);
  }
  void expect_on_disk(std::uint64_t size) {
    if constexpr (!std::is_same_v<Base, FileSystem>) {
      for (const auto& [ordinal, end] : frames_end_) {
        const std::string path = segment_path(segments_.directory(), ordinal);
        if (!this->is_on_disk(path, end)) return broken(size, "signed before it was on disk: " + path);
      }
    }
  }
  void broken(std::uint64_t size, const std::string& why) { story_.tell(Told::Kind::kBroken, size, 0, why); }

  const std::string anchor_;
  SegmentList segments_;
  FrameCursor cursor_{real_file_system(), segments_};
  std::map<std::uint32_t, std::uint64_t> frames_end_;  // how far signed frames reach in each segment
};

/// Writes are also cut short, which is no failure.
class FaultyFileSystem final : public TellingFileSystem<FaultFileSystem> {
 public:
  FaultyFileSystem(ToldStory& story, const LifePlan& plan)
      : TellingFileSystem(story, plan.log.directory.string(), plan.log.anchor.string(), plan.seed) {}

  ssize_t pwrite(int file, const char* from, std::size_t size, std::uint64_t offset) override {
    const bool cut = cuts_ && size > 1 && count_.fetch_add(1) % 7 == 3;
    if (cut) ++story_.cut_short();
    return FaultFileSystem::pwrite(file, from, cut ? 1 + (size * 5 / 11) % (size - 1) : size, offset);
  }
  /// From now on one call of `odds` fails, and sometimes those after it, too.
  void fail_at_random(unsigned seed, unsigned odds) {
    cuts_ = true;
    set_fault([this, odds, fate = std::mt19937(seed), burst = 0U](Call call, const std::string&) mutable {
      if (burst == 0 && fate() % odds != 0) return 0;
      burst = burst > 0 ? burst - 1 : (fate() % 3 == 0 ? 1 + fate() % 20 : 0);
      ++story_.failed();
      if (call == Call::kWrite) ++story_.torn();
      const std::array reasons{ENOSPC, EIO, EROFS};
      return reasons[fate() % reasons.size()];
    });
  }

 private:
  std::atomic<bool> cuts_ = false;
  std::atomic<std::uint64_t> count_ = 0;
};

/// The machine's time, but for steps forth and back.
class SteppedClock final : public Clock {
 public:
  Instant now() const override { return system_clock().now() + Duration(offset_.load()); }
  Moment steady() const override { return system_clock().steady(); }
  void step_to(std::chrono::minutes offset) { offset_ = std::chrono::duration_cast<Duration>(offset).count(); }

 private:
  std::atomic<Duration::rep> offset_ = 0;
};

/// The process itself.
class CrashLife {
 public:
  CrashLife(LifePlan plan, ToldStory& story) : plan_(std::move(plan)), story_(story), random_(plan_.seed) {
    plan_.log.clock = plan_.content.clock = &clock_;
    step_clock(random_);
  }

  [[noreturn]] void run() {
    if (plan_.end == End::kKill) {
      TellingFileSystem<FileSystem> system(story_, plan_.log.directory.string(), plan_.log.anchor.string());
      live(system, [] { return false; });
    } else {
      run_amid_faults();
    }
    ::_exit(0);
  }

 private:
  static constexpr Duration kProbe = std::chrono::milliseconds(1);

  void run_amid_faults() {
    FaultyFileSystem system(story_, plan_);
    const unsigned odds = 20 + random_() % 400;
    system.fail_at_random(plan_.seed, odds);
    if (plan_.end == End::kStopBeforePowerCut) {
      const std::uint64_t calls = system.calls() + random_() % 200;
      const Moment latest = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
      live(system, [&] { return system.calls() >= calls || std::chrono::steady_clock::now() > latest; });
      system.restart();
      if (random_() % 2 == 0) system.fail_at_random(plan_.seed + 1, odds);
    }
    live(system, [&] { return plan_.end != End::kKillAmidFaults && story_.must_end(); });
  }

  /// Until `is_over`: then nothing reaches the disk any more.
  template <typename System, typename IsOver>
  void live(System& system, const IsOver& is_over) {
    auto log = open_log(plan_.log, system, kProbe);
    auto vault = open_content_vault(plan_.content, system);
    story_.opened() = log.ok();
    story_.failed_to_open() = !log.ok();
    stop_ = false;
    std::vector<std::thread> threads;
    if (log) {
      for (int i = 0; i < 3; ++i) threads.emplace_back([&] { append(**log); });
      threads.emplace_back([&, seed = static_cast<unsigned>(random_())] { rotate_and_step(**log, seed); });
      if (vault)
        threads.emplace_back(
            [&, seed = static_cast<unsigned>(random_())] { keep_and_erase(**log, **vault, system, seed); });
    } else if constexpr (std::is_same_v<System, TellingFileSystem<FileSystem>>) {
      story_.tell(Told::Kind::kBroken, 0, 0, "cannot open: " + log.error().message);
    } else if (log.error().code != ErrorCode::kUnavailable) {
      story_.tell(Told::Kind::kBroken, 0, 0, "opening fails for good: " + log.error().message);
    }
    while (!is_over()) std::this_thread::sleep_for(std::chrono::microseconds(50));
    if constexpr (!std::is_same_v<System, TellingFileSystem<FileSystem>>) {
      story_.must_end() ? system.cut_power() : system.stop();
      if (story_.must_end()) ::_exit(0);
    }
    stop_ = true;
    for (std::thread& thread : threads) thread.join();
  }

  /// False after a failure, or when there is nothing left to tell with.
  bool append_one(Log& log, Entry entry, std::uint64_t number) {
    const std::string request = request_name(number);
    const std::string reason(number * 37 % 3'000, 'r');
    entry.request_id = request;
    entry.decision.reason = reason;
    const auto placed = log.append_and_wait(entry);
    if (!placed && plan_.end == End::kKill) {
      story_.tell(Told::Kind::kBroken, 0, number, "an append failed: " + placed.error().message);
    }
    if (placed) stop_ = !story_.tell(Told::Kind::kDurable, placed->index, number) || stop_;
    if (!placed) std::this_thread::sleep_for(std::chrono::microseconds(200));
    return placed.ok();
  }

  void append(Log& log) {
    while (!stop_) {
      const std::uint64_t number = next_number();
      if (!append_one(log, test_entry("model.intent", {}), number)) continue;
      const std::string request = request_name(number);
      log.append_later(test_entry("model.outcome", request));
    }
  }

  void rotate_and_step(Log& log, unsigned seed) {
    std::mt19937 random(seed);
    const bool rotates = random() % 3 == 0;
    while (!stop_) {
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 4'000));
      if (random() % 4 == 0) step_clock(random);
      if (!rotates || stop_) continue;
      const auto rotated = log.rotate_key({"yearly", "ann", std::chrono::hours(random() % 2), {}});
      if (rotated) story_.tell(Told::Kind::kRotated, rotated->entry);
    }
  }

  void keep_and_erase(Log& log, ContentVault& vault, FileSystem& system, unsigned seed) {
    std::mt19937 random(seed);
    while (!stop_) {
      const std::uint32_t person = random() % kPersons;
      if (random() % 12 == 0) {
        story_.tell_of_content(Told::Kind::kErasing, person);
        const auto erased =
            erase_content_on(system, plan_.content.directory.string(), plan_.content.root_key, person_name(person));
        if (erased) story_.tell_of_content(Told::Kind::kErased, person);
        continue;
      }
      const std::uint64_t number = next_number();
      const auto sealed =
          vault.seal_and_wait({person_name(person), request_name(number), "request", content_of_request(number)});
      if (!sealed) continue;
      story_.tell_of_content(Told::Kind::kSealed, person, number, sealed->commitment, sealed->segment, sealed->offset);
      Entry entry = test_entry("content.kept", {});
      entry.content.sealed = &*sealed;
      append_one(log, entry, number);
    }
  }

  std::uint64_t next_number() { return plan_.first_number + numbers_.fetch_add(1); }
  /// Back by a little, or a lot; forward a lot where the plan says so.
  void step_clock(std::mt19937& random) {
    const auto back = static_cast<int>(random() % (random() % 3 == 0 ? 1'000 : 2));
    clock_.step_to(plan_.clock_ahead - std::chrono::minutes(back));
  }

  LifePlan plan_;
  ToldStory& story_;
  std::mt19937 random_;
  SteppedClock clock_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> numbers_ = 0;
};

/// Lets a process live, and ends it after it told of `enough` and `longer` after that.
inline void live_and_die(const LifePlan& plan, ToldStory& story, std::size_t enough, std::chrono::microseconds longer) {
  story.forget();
  const pid_t child = ::fork();
  CHECK(child >= 0);
  if (child == 0) {
    // What it logs of its faults is expected.
    if (::freopen("/dev/null", "w", stderr) == nullptr) ::_exit(9);
    CrashLife(plan, story).run();
  }
  const Moment latest = std::chrono::steady_clock::now() + std::chrono::milliseconds(400);
  while (story.size() < enough && !story.failed_to_open() && std::chrono::steady_clock::now() < latest) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  std::this_thread::sleep_for(longer);
  const bool by_power = plan.end == End::kPowerCut || plan.end == End::kStopBeforePowerCut;
  if (!by_power && story.opened() && plan.seed % 4 == 0) {
    const auto second = Log::open(plan.log);
    EXPECT_EQ(second.ok() ? ErrorCode::kInternal : second.error().code, ErrorCode::kConflict);
  }
  if (by_power) {
    story.must_end() = true;
  } else {
    ::kill(child, SIGKILL);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(by_power ? WIFEXITED(status) && WEXITSTATUS(status) == 0 : WIFSIGNALED(status)) << status;
}

}  // namespace reeve::ledger
