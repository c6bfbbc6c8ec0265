#include "ledger/content_vault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <latch>

#include "ledger/content_record.h"
#include "ledger/fault_file_system.h"
#include "ledger/test_support.h"

namespace reeve::ledger {
namespace {

using Call = FaultFileSystem::Call;
using ::testing::HasSubstr;

const std::string kRoot(32, 'r');

ContentVaultOptions options_in(const TemporaryDirectory& directory, const Clock* clock = &system_clock()) {
  ContentVaultOptions options;
  options.directory = directory.path() / "content" / "sealed";
  options.root_key = kRoot;
  options.clock = clock;
  return options;
}

ContentToSeal content_of(const std::string& subject, const std::string& bytes, const std::string& id = "req_1") {
  return {subject, id, "request", bytes};
}

class ContentVaultTest : public ::testing::Test {
 protected:
  Result<OpenedContent> open(const SealedContent& sealed) const {
    return open_content(options_in(directory_).directory, kRoot, sealed);
  }
  bool is_proven(const SealedContent& sealed) const {
    return check_content(options_in(directory_).directory, kRoot, sealed).ok();
  }
  std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path())) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    return files;
  }
  static std::string content_of_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t segments() const {
    return content_segments(real_file_system(), options_in(directory_).directory.string()).value().size();
  }

  TemporaryDirectory directory_;
};

TEST_F(ContentVaultTest, ACopyBesideTheWriterOpensAndErasesLikeTheOriginal) {
  auto vault = ContentVault::open(options_in(directory_)).value();
  const auto kept = vault->seal_and_wait(content_of("dev@example.com", "what was said"));
  const auto erased = vault->seal_and_wait(content_of("left@example.com", "what nobody may read"));
  ASSERT_TRUE(kept.ok() && erased.ok());
  ASSERT_TRUE(erase_content(options_in(directory_).directory, kRoot, "left@example.com").value());
  std::ofstream(options_in(directory_).directory / "keys" / "a draft") << "left by a power cut";
  ASSERT_TRUE(hold_content(options_in(directory_).directory, kRoot, {"dev@example.com", "counsel", "case", {}}));

  const std::filesystem::path copy = directory_.path() / "copy";
  const auto copied = copy_content(options_in(directory_).directory, copy);
  ASSERT_TRUE(copied.ok()) << copied.error().message;
  EXPECT_EQ(copied->segments, 1U);
  EXPECT_EQ(copied->keys, 1U);
  EXPECT_EQ(content_holds(copy, kRoot).value().size(), 1U);
  EXPECT_GT(copied->bytes, kContentSegmentHeaderBytes);
  EXPECT_EQ(open_content(copy, kRoot, *kept).value().bytes, "what was said");
  EXPECT_EQ(open_content(copy, kRoot, *erased).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(check_content(copy, kRoot, *erased).ok());
  for (const auto& entry : std::filesystem::recursive_directory_iterator(copy)) {
    EXPECT_EQ(entry.status().permissions() & std::filesystem::perms(0077), std::filesystem::perms::none);
  }

  ContentVaultOptions restored = options_in(directory_);
  restored.directory = copy;
  auto going_on = ContentVault::open(restored).value();
  const auto next = going_on->seal_and_wait(content_of("dev@example.com", "what is said now"));
  ASSERT_TRUE(next.ok()) << next.error().message;
  EXPECT_EQ(open_content(copy, kRoot, *next).value().bytes, "what is said now");
}

TEST_F(ContentVaultTest, ACopyOfWhatIsNotThereIsAnError) {
  EXPECT_FALSE(copy_content(directory_.path() / "nothing", directory_.path() / "copy").ok());
}

TEST_F(ContentVaultTest, GivesBackWhatWasSealedAlsoAfterARestart) {
  std::vector<std::pair<SealedContent, std::string>> kept;
  for (int start = 0; start < 3; ++start) {
    auto vault = ContentVault::open(options_in(directory_)).value();
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{300'000}}) {
      const std::string bytes = random_bytes(size);
      auto sealed = vault->seal_and_wait(content_of("dev@example.com", bytes));
      ASSERT_TRUE(sealed.ok()) << sealed.error().message;
      kept.emplace_back(*sealed, bytes);
    }
    EXPECT_EQ(vault->stats().records, 3U);
    EXPECT_GT(vault->stats().bytes, 300'000U);
  }
  for (const auto& [sealed, bytes] : kept) {
    const auto opened = open(sealed);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(opened->bytes, bytes);
    EXPECT_EQ(opened->request_id, "req_1");
    EXPECT_EQ(opened->kind, "request");
    EXPECT_TRUE(is_proven(sealed));
  }
}

TEST_F(ContentVaultTest, NothingLiesInTheClear) {
  auto vault = ContentVault::open(options_in(directory_)).value();
  ASSERT_TRUE(vault->seal_and_wait(content_of("dev@example.com", "the secret plan")).ok());
  vault->close();
  EXPECT_GE(files().size(), 2U);
  for (const auto& path : files()) {
    const std::string bytes = content_of_file(path) + path.string();
    for (const std::string_view canary :
         {std::string_view("the secret plan"), std::string_view("dev@example"), std::string_view(kRoot)}) {
      EXPECT_EQ(bytes.find(canary), std::string::npos) << path;
    }
    EXPECT_EQ(std::filesystem::status(path).permissions() & std::filesystem::perms(077), std::filesystem::perms::none)
        << path;
  }
}

TEST_F(ContentVaultTest, AnErasedSubjectCannotBeReadAndItsProofsHold) {
  auto vault = ContentVault::open(options_in(directory_)).value();
  const auto ann = vault->seal_and_wait(content_of("ann", "hers")).value();
  const auto bob = vault->seal_and_wait(content_of("bob", "his")).value();
  const auto directory = options_in(directory_).directory;
  std::string key_before;
  for (const auto& path : files()) {
    if (path.string().find("/subjects/") != std::string::npos) key_before += content_of_file(path);
  }
  EXPECT_EQ(erase_content(directory, kRoot, "ann").value(), true);
  EXPECT_EQ(erase_content(directory, kRoot, "ann").value(), false);
  EXPECT_EQ(erase_content(directory, kRoot, "nobody").value(), false);
  const auto opened = open(ann);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(opened.error().message, HasSubstr("erased"));
  EXPECT_TRUE(is_proven(ann));
  EXPECT_EQ(open(bob)->bytes, "his");

  // Beside the live writer: what comes now has a new key, and the old stays unreadable.
  const auto later = vault->seal_and_wait(content_of("ann", "hers again")).value();
  EXPECT_EQ(open(later)->bytes, "hers again");
  EXPECT_FALSE(open(ann).ok());
  EXPECT_FALSE(key_before.empty());
}

TEST_F(ContentVaultTest, NoticesEveryChange) {
  auto vault = ContentVault::open(options_in(directory_)).value();
  const auto sealed = vault->seal_and_wait(content_of("ann", "what was said")).value();
  vault->close();
  const std::string path = content_segment_path(options_in(directory_).directory.string(), sealed.segment);
  const std::string whole = content_of_file(path);
  const auto rewrite = [&path](const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  };
  for (std::size_t at = sealed.offset; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    rewrite(changed);
    const auto opened = open(sealed);
    ASSERT_FALSE(opened.ok()) << at;
    EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
    EXPECT_FALSE(is_proven(sealed));
  }
  rewrite(whole.substr(0, whole.size() - 1));
  EXPECT_FALSE(open(sealed).ok());
  rewrite(whole);
  EXPECT_TRUE(open(sealed).ok());
  SealedContent elsewhere = sealed;
  elsewhere.offset += 1;
  EXPECT_FALSE(open(elsewhere).ok());
  EXPECT_FALSE(open_content(options_in(directory_).directory, std::string(32, 'x'), sealed).ok()) << "another root";
}

TEST_F(ContentVaultTest, OldSegmentsGo) {
  ManualClock clock(from_unix_seconds(1'790'000'000));
  std::vector<SealedContent> kept;
  for (int day = 0; day < 40; ++day) {
    auto vault = ContentVault::open(options_in(directory_, &clock)).value();
    kept.push_back(vault->seal_and_wait(content_of("ann", "day " + std::to_string(day))).value());
    vault->close();  // its thread reads the clock
    clock.advance(std::chrono::hours(24));
  }
  EXPECT_GE(segments(), 30U);
  EXPECT_LE(segments(), 33U);
  const auto gone = open(kept.front());
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().code, ErrorCode::kNotFound);
  for (std::size_t day = 10; day < 40; ++day) EXPECT_TRUE(open(kept[day]).ok()) << day;
}

TEST_F(ContentVaultTest, AClassEndsBeforeTheRest) {
  ManualClock clock(from_unix_seconds(1'790'000'000));
  ContentVaultOptions options = options_in(directory_, &clock);
  options.keep_classes["secret"] = std::chrono::hours(48);
  options.keep_classes["pii"] = std::chrono::hours(24 * 7);
  auto vault = ContentVault::open(options).value();
  ContentToSeal with_secret = content_of("ann", "the password is");
  with_secret.classes = {"pii", "secret", "unknown"};
  const auto secret = vault->seal_and_wait(with_secret).value();
  const auto plain = vault->seal_and_wait(content_of("ann", "good morning")).value();
  const auto opens_after = [&](Duration passed, const SealedContent& sealed) {
    vault->close();
    clock.advance(passed);
    vault = ContentVault::open(options).value();
    EXPECT_TRUE(vault->seal_and_wait(content_of("bob", "wakes it")).ok());  // old content goes before anything else
    return open(sealed).ok();
  };
  EXPECT_EQ(secret.class_name, "secret");
  EXPECT_EQ(plain.class_name, "");
  EXPECT_TRUE(opens_after(std::chrono::hours(47), secret));
  EXPECT_FALSE(opens_after(std::chrono::hours(26), secret));
  EXPECT_TRUE(is_proven(secret));
  EXPECT_TRUE(open(plain).ok());
  EXPECT_TRUE(opens_after(std::chrono::hours(24 * 26), plain));
  EXPECT_FALSE(opens_after(std::chrono::hours(24 * 4), plain));
}

TEST_F(ContentVaultTest, AHoldStopsErasureAndAge) {
  ManualClock clock(from_unix_seconds(1'790'000'000));
  const ContentVaultOptions options = options_in(directory_, &clock);
  const auto directory = options.directory;
  auto vault = ContentVault::open(options).value();
  const auto ann = vault->seal_and_wait(content_of("ann", "hers")).value();
  const auto bob = vault->seal_and_wait(content_of("bob", "his")).value();
  const ContentHold hold{"ann", "counsel@example.com", "case 12:34\nsecond line", clock.now()};
  ASSERT_TRUE(hold_content(directory, kRoot, hold));
  for (const auto& path : files()) {
    EXPECT_EQ((content_of_file(path) + path.string()).find("counsel@"), std::string::npos) << path;
  }
  const auto holds = content_holds(directory, kRoot).value();
  ASSERT_EQ(holds.size(), 1U);
  EXPECT_EQ(std::tie(holds[0].subject, holds[0].by, holds[0].reason, holds[0].since),
            std::tie(hold.subject, hold.by, hold.reason, hold.since));
  EXPECT_EQ(erase_content(directory, kRoot, "ann").error().code, ErrorCode::kConflict);
  EXPECT_EQ(open(ann)->bytes, "hers");

  const auto age = [&] {
    vault->close();
    clock.advance(std::chrono::hours(24 * 40));
    vault = ContentVault::open(options).value();
    EXPECT_TRUE(vault->seal_and_wait(content_of("bob", "wakes it")).ok());
  };
  age();
  EXPECT_EQ(open(ann)->bytes, "hers");
  EXPECT_FALSE(open(bob).ok()) << "beside her in the same segment";
  EXPECT_TRUE(release_content(directory, kRoot, "ann").value());
  EXPECT_FALSE(release_content(directory, kRoot, "ann").value());
  ASSERT_TRUE(hold_content(directory, kRoot, {"", "counsel@example.com", "all of it", clock.now()}));
  const auto late = vault->seal_and_wait(content_of("bob", "late")).value();
  EXPECT_EQ(erase_content(directory, kRoot, "bob").error().code, ErrorCode::kConflict);
  age();
  EXPECT_EQ(open(ann)->bytes, "hers");
  EXPECT_EQ(open(late)->bytes, "late");
  EXPECT_TRUE(release_content(directory, kRoot, "").value());
  age();
  EXPECT_FALSE(open(ann).ok());
  EXPECT_FALSE(open(late).ok());
  EXPECT_FALSE(is_proven(ann)) << "its segment went";
}

TEST_F(ContentVaultTest, ReadsAndErasesKeysOfTheVersionBefore) {
  const auto directory = options_in(directory_).directory;
  auto vault = ContentVault::open(options_in(directory_)).value();
  const auto sealed = vault->seal_and_wait(content_of("ann", "hers")).value();
  vault->close();
  // The same key where it lay then.
  const std::string name = to_hex(ContentKeys(kRoot).subject_bytes("ann"));
  const auto days = directory / "subjects" / name;
  std::filesystem::rename(std::filesystem::directory_iterator(days)->path(), directory / "keys" / name);
  std::filesystem::remove(days);
  EXPECT_EQ(open(sealed)->bytes, "hers");
  EXPECT_TRUE(erase_content(directory, kRoot, "ann").value());
  EXPECT_FALSE(open(sealed).ok());
  EXPECT_TRUE(is_proven(sealed));
}

TEST_F(ContentVaultTest, BeginsNewSegmentsWhenOneIsFull) {
  auto options = options_in(directory_);
  options.segment_bytes = 10'000;
  auto vault = ContentVault::open(options).value();
  std::vector<SealedContent> kept;
  for (int i = 0; i < 20; ++i) kept.push_back(vault->seal_and_wait(content_of("ann", std::string(3'000, 'x'))).value());
  EXPECT_EQ(segments(), 5U);
  for (const auto& sealed : kept) EXPECT_EQ(open(sealed)->bytes, std::string(3'000, 'x'));
}

TEST_F(ContentVaultTest, HasOneWriterAndSaysWhenItIsClosed) {
  auto vault = ContentVault::open(options_in(directory_)).value();
  const auto second = ContentVault::open(options_in(directory_));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  vault->close();
  EXPECT_FALSE(vault->seal_and_wait(content_of("ann", "x")).ok());
  EXPECT_TRUE(ContentVault::open(options_in(directory_)).ok());
}

Task<void> seal_one(ContentVault& vault, Executor& executor, int number, std::vector<Result<SealedContent>>& results,
                    std::mutex& mutex, std::latch& done) {
  auto sealed =
      co_await vault.seal(content_of("person " + std::to_string(number % 7), std::to_string(number)), executor);
  const std::scoped_lock lock(mutex);
  results.push_back(std::move(sealed));
  done.count_down();
}

TEST_F(ContentVaultTest, ManyCoroutinesWaitTogether) {
  constexpr int kCalls = 500;
  std::vector<Result<SealedContent>> results;
  {
    auto vault = ContentVault::open(options_in(directory_)).value();
    ThreadExecutor executor;
    std::mutex mutex;
    std::latch done(kCalls);
    for (int i = 0; i < kCalls; ++i) start_detached(seal_one(*vault, executor, i, results, mutex, done));
    done.wait();
  }
  std::set<std::string> seen;
  for (const auto& result : results) {
    ASSERT_TRUE(result.ok());
    seen.insert(open(*result)->bytes);
  }
  EXPECT_EQ(seen.size(), std::size_t{kCalls});
}

TEST_F(ContentVaultTest, RefusesWhatDoesNotFitItsQueue) {
  auto options = options_in(directory_);
  options.queue_bytes_max = 10'000;
  auto vault = ContentVault::open(options).value();
  const auto sealed = vault->seal_and_wait(content_of("ann", std::string(20'000, 'x')));
  ASSERT_FALSE(sealed.ok());
  EXPECT_EQ(sealed.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(vault->stats().failures, 1U);
  EXPECT_TRUE(vault->seal_and_wait(content_of("ann", "small")).ok());
}

// ---- Failures ----

TEST_F(ContentVaultTest, EachCallInTurnFailsAndNothingAcknowledgedIsLost) {
  for (std::uint64_t failing = 1; failing < 60; ++failing) {
    const TemporaryDirectory directory;
    FaultFileSystem system(static_cast<unsigned>(failing));
    std::uint64_t count = 0;
    auto vault = open_content_vault(options_in(directory), system).value();
    system.set_fault([&](Call, const std::string&) { return ++count == failing ? ENOSPC : 0; });
    std::vector<std::pair<SealedContent, std::string>> kept;
    int failures = 0;
    for (int i = 0; i < 12; ++i) {
      const std::string bytes = "content " + std::to_string(i);
      auto sealed = vault->seal_and_wait(content_of("person " + std::to_string(i % 5), bytes));
      if (sealed) {
        kept.emplace_back(*std::move(sealed), bytes);
      } else {
        ++failures;
        EXPECT_EQ(sealed.error().code, ErrorCode::kUnavailable) << sealed.error().message;
      }
    }
    EXPECT_LE(failures, 1) << "it goes on by itself";
    vault->close();
    for (const auto& [sealed, bytes] : kept) {
      const auto opened = open_content(options_in(directory).directory, kRoot, sealed);
      ASSERT_TRUE(opened.ok()) << failing << ": " << opened.error().message;
      EXPECT_EQ(opened->bytes, bytes);
    }
  }
}

TEST_F(ContentVaultTest, AKeyThatWasMadeBeforeAFailureIsOnDiskBeforeItIsUsed) {
  for (std::uint64_t failing = 1; failing < 40; ++failing) {
    const TemporaryDirectory directory;
    FaultFileSystem system(static_cast<unsigned>(failing));
    std::uint64_t count = 0;
    auto vault = open_content_vault(options_in(directory), system).value();
    system.set_fault([&](Call, const std::string&) { return ++count == failing ? EIO : 0; });
    std::vector<SealedContent> kept;
    for (int i = 0; i < 6; ++i) {
      auto sealed = vault->seal_and_wait(content_of("person " + std::to_string(i % 2), "content"));
      if (sealed) kept.push_back(*std::move(sealed));
    }
    system.cut_power();
    vault->close();
    EXPECT_GE(kept.size(), 5U);
    for (const SealedContent& sealed : kept) {
      const auto opened = open_content(options_in(directory).directory, kRoot, sealed);
      EXPECT_TRUE(opened.ok()) << failing << ": " << opened.error().message;
    }
  }
}

TEST_F(ContentVaultTest, ThePowerGoesAndNothingAcknowledgedIsLost) {
  for (unsigned seed = 1; seed < 40; ++seed) {
    const TemporaryDirectory directory;
    FaultFileSystem system(seed);
    std::vector<std::pair<SealedContent, std::string>> kept;
    for (int start = 0; start < 3; ++start) {
      auto opened = open_content_vault(options_in(directory), system);
      ASSERT_TRUE(opened.ok()) << opened.error().message;
      for (unsigned i = 0; i < seed % 9; ++i) {
        const std::string bytes = "content " + std::to_string(i);
        auto sealed = (*opened)->seal_and_wait(content_of("person " + std::to_string(i % 3), bytes));
        ASSERT_TRUE(sealed.ok());
        kept.emplace_back(*std::move(sealed), bytes);
      }
      system.cut_power();
      (*opened)->close();
      system.restart();
    }
    for (const auto& [sealed, bytes] : kept) {
      const auto opened = open_content(options_in(directory).directory, kRoot, sealed);
      ASSERT_TRUE(opened.ok()) << seed << ": " << opened.error().message;
      EXPECT_EQ(opened->bytes, bytes);
    }
  }
}

TEST_F(ContentVaultTest, AnErasureThatWasAcknowledgedOutlivesThePower) {
  for (unsigned seed = 1; seed < 40; ++seed) {
    const TemporaryDirectory directory;
    const std::string path = options_in(directory).directory.string();
    FaultFileSystem system(seed);
    auto vault = open_content_vault(options_in(directory), system).value();
    const auto sealed = vault->seal_and_wait(content_of("ann", "hers")).value();
    std::uint64_t count = 0;
    system.set_fault([&](Call, const std::string&) { return ++count == seed % 5 ? EIO : 0; });
    auto erased = erase_content_on(system, path, kRoot, "ann");
    system.set_fault({});
    if (!erased) erased = erase_content_on(system, path, kRoot, "ann");
    ASSERT_TRUE(erased.ok());
    system.cut_power();
    vault->close();
    EXPECT_FALSE(open_content(options_in(directory).directory, kRoot, sealed).ok()) << seed;
    EXPECT_TRUE(check_content(options_in(directory).directory, kRoot, sealed).ok());
  }
}

}  // namespace
}  // namespace reeve::ledger
