// Keys that take over: whoever holds an earlier one follows, and no moment of it can go wrong.

#include "ledger/key_rotation.h"

#include <gmock/gmock.h>

#include <atomic>
#include <set>

#include "core/json.h"
#include "ledger/fault_file_system.h"
#include "ledger/log.h"
#include "ledger/publisher.h"
#include "ledger/test_support.h"

namespace reeve::ledger {
namespace {

using Call = FaultFileSystem::Call;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

KeyRotation yearly() { return {.reason = "yearly", .by = "ops@example.com"}; }

std::string file_text(const std::filesystem::path& path) {
  const auto text = read_file(real_file_system(), path.string());
  return text ? *text : std::string();
}

void expect_sound(const std::filesystem::path& directory, const std::string& trusted_key = {}) {
  const auto report = verify(directory, {}, trusted_key);
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_THAT(report->problems, IsEmpty());
}

RotatedKey rotate_or_die(Log& log, const KeyRotation& request = yearly()) {
  auto rotated = log.rotate_key(request);
  EXPECT_TRUE(rotated.ok()) << rotated.error().message;
  return rotated ? *rotated : RotatedKey{};
}

TEST(KeyStatement, HoldsWhatBothKeysSigned) {
  const auto [old_signer, old_line] = make_signer("log.example");
  const auto [new_signer, new_line] = make_signer("log.example");
  const auto [other, other_line] = make_signer("log.example");
  const std::string note = make_key_statement(old_signer, new_signer, {1'000}, {2'000}, "yearly\nand more");
  const auto statement = open_key_statement(note);
  ASSERT_TRUE(statement.ok()) << statement.error().message;
  EXPECT_EQ(statement->old_key, old_signer.verifier_key());
  EXPECT_EQ(statement->new_key, new_signer.verifier_key());
  EXPECT_THAT(statement->reason, HasSubstr("yearly"));
  // Cannot be taken for a checkpoint, and each bit counts.
  EXPECT_FALSE(open_checkpoint(note, old_signer.verifier_key()).ok());
  for (std::size_t i = 0; i < note.size(); ++i) {
    std::string changed = note;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(open_key_statement(changed).ok()) << i;
  }
  const auto parts = split_note(note);
  ASSERT_TRUE(parts.ok());
  const std::string text(parts->text);
  EXPECT_FALSE(open_key_statement(old_signer.sign(text)).ok()) << "signed by the old key alone";
  EXPECT_FALSE(open_key_statement(new_signer.sign(text)).ok()) << "signed by the new key alone";
  EXPECT_FALSE(open_key_statement(old_signer.sign(text) + other.signature_line(text)).ok());
}

TEST(KeyStatement, ManyMakeAChain) {
  std::vector<std::pair<NoteSigner, std::string>> keys;
  for (int i = 0; i < 4; ++i) keys.push_back(make_signer("log.example"));
  std::string text;
  for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
    text += make_key_statement(keys[i].first, keys[i + 1].first, {1}, {2}, "") + "\n";
  }
  const auto chain = parse_key_rotations(text);
  ASSERT_TRUE(chain.ok()) << chain.error().message;
  EXPECT_THAT(*chain, SizeIs(3));
  EXPECT_EQ(format_key_rotations(*chain), text);
  EXPECT_THAT(*parse_key_rotations(""), IsEmpty());
  for (std::size_t size = 1; size < text.size(); ++size) {
    const auto cut = parse_key_rotations(std::string_view(text).substr(0, size));
    if (cut) EXPECT_TRUE(cut->size() < 3);
  }
  const std::string gap = make_key_statement(keys[0].first, keys[1].first, {1}, {2}, "") + "\n" +
                          make_key_statement(keys[2].first, keys[3].first, {1}, {2}, "") + "\n";
  EXPECT_FALSE(parse_key_rotations(gap).ok());
}

TEST(KeyRotation, ANewKeySignsAndEveryEarlierOneLeadsToIt) {
  const TemporaryDirectory directory;
  std::vector<std::string> keys;
  {
    const auto log = open_or_die(test_options(directory.ledger()));
    ASSERT_TRUE(log->append_and_wait(test_entry("policy.changed", "req_1")).ok());
    keys.push_back(log->verifier_key());
    for (int i = 0; i < 3; ++i) {
      const RotatedKey rotated = rotate_or_die(*log);
      EXPECT_EQ(rotated.old_key, keys.back());
      keys.push_back(rotated.new_key);
      EXPECT_EQ(log->verifier_key(), rotated.new_key);
      // Both sign for a while.
      EXPECT_TRUE(open_checkpoint(log->checkpoint(), rotated.old_key).ok());
      EXPECT_TRUE(open_checkpoint(log->checkpoint(), rotated.new_key).ok());
      ASSERT_TRUE(log->append_and_wait(test_entry("policy.changed", "req_2")).ok());
    }
  }
  const auto reopened = open_or_die(test_options(directory.ledger()));
  EXPECT_EQ(reopened->verifier_key(), keys.back());
  ASSERT_TRUE(reopened->append_and_wait(test_entry("policy.changed", "req_3")).ok());
  reopened->close();
  EXPECT_TRUE(open_checkpoint(reopened->checkpoint(), keys[2]).ok()) << "the one before still signs";
  EXPECT_FALSE(open_checkpoint(reopened->checkpoint(), keys[1]).ok());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto followed = follow_keys(directory.ledger(), keys[i]);
    ASSERT_TRUE(followed.ok()) << followed.error().message;
    EXPECT_EQ(*followed, std::vector<std::string>(keys.begin() + static_cast<std::ptrdiff_t>(i), keys.end()));
    expect_sound(directory.ledger(), keys[i]);
  }
  const auto stranger = make_signer(test_options({}).origin).first.verifier_key();
  EXPECT_FALSE(follow_keys(directory.ledger(), stranger).ok());
  EXPECT_FALSE(verify(directory.ledger(), {}, stranger)->ok);
}

TEST(KeyRotation, TheOldKeyStopsWhenItsTimeIsOver) {
  const TemporaryDirectory directory;
  ManualClock clock({1'700'000'000'000'000'000});
  LogOptions options = test_options(directory.ledger());
  options.clock = &clock;
  const auto log = open_or_die(options);
  ASSERT_TRUE(log->append_and_wait(test_entry("policy.changed", "req_1")).ok());
  KeyRotation request = yearly();
  request.both_for = {};
  const RotatedKey rotated = rotate_or_die(*log, request);
  EXPECT_TRUE(std::filesystem::exists(directory.ledger() / "private-key.previous"));
  ASSERT_TRUE(log->append_and_wait(test_entry("policy.changed", "req_2")).ok());
  log->close();
  EXPECT_FALSE(open_checkpoint(log->checkpoint(), rotated.old_key).ok());
  EXPECT_TRUE(open_checkpoint(log->checkpoint(), rotated.new_key).ok());
  EXPECT_FALSE(std::filesystem::exists(directory.ledger() / "private-key.previous"));
  expect_sound(directory.ledger(), rotated.old_key);
}

TEST(KeyRotation, RefusesWhatIsNotItsTurn) {
  const TemporaryDirectory directory;
  const auto log = open_or_die(test_options(directory.ledger()));
  ASSERT_TRUE(log->append_and_wait(test_entry("policy.changed", "req_1")).ok());
  const RotatedKey rotated = rotate_or_die(*log);
  KeyRotation again = yearly();
  again.old_key = rotated.old_key;
  const auto refused = log->rotate_key(again);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_EQ(log->verifier_key(), rotated.new_key);
  EXPECT_TRUE(has_writer(directory.ledger()));
  log->close();
  EXPECT_FALSE(has_writer(directory.ledger()));
}

/// Every checkpoint that was ever stored or handed out: one root for each size.
class Witnessed {
 public:
  void see(const std::string& note) {
    const auto parts = split_note(note);
    if (!parts) return;
    const auto checkpoint = parse_checkpoint(parts->text);
    if (!checkpoint) return;
    const auto [known, is_new] = roots_.emplace(checkpoint->size, checkpoint->root);
    EXPECT_EQ(known->second, checkpoint->root) << "two roots for " << checkpoint->size;
  }

 private:
  std::map<std::uint64_t, Sha256> roots_;
};

/// What must hold whenever the process has ended, at whatever moment of a rotation.
void expect_whole_after_the_end(const TemporaryDirectory& directory, const std::string& first_key, Witnessed& seen,
                                std::uint64_t failing) {
  SCOPED_TRACE(failing);
  const std::filesystem::path ledger = directory.ledger();
  seen.see(file_text(ledger / "public/checkpoint"));
  const std::string published(trim(file_text(ledger / "public/key")));
  EXPECT_TRUE(open_checkpoint(file_text(ledger / "public/checkpoint"), published).ok());
  EXPECT_TRUE(follow_keys(ledger, first_key).ok());
  {
    const auto log = open_or_die(test_options(ledger));
    ASSERT_TRUE(log->append_and_wait(test_entry("policy.changed", "req_after")).ok());
    log->close();
    seen.see(log->checkpoint());
    EXPECT_EQ(std::string(trim(file_text(ledger / "public/key"))), log->verifier_key());
  }
  EXPECT_FALSE(std::filesystem::exists(ledger / "private-key.next"));
  EXPECT_FALSE(std::filesystem::exists(ledger / "key-rotation.next"));
  expect_sound(ledger, first_key);
  // It happened if and only if the ledger says so.
  std::size_t told = 0;
  const auto log = open_or_die(test_options(ledger));
  for (const std::string& entry : all_entries(*log)) told += entry.find("\"ledger.key_rotated\"") != entry.npos ? 1 : 0;
  EXPECT_EQ(log->verifier_key() != first_key, told == 1);
}

enum class End { kFailure, kKill, kPowerCut };
class CutShort : public ::testing::TestWithParam<End> {};
INSTANTIATE_TEST_SUITE_P(Ends, CutShort, ::testing::Values(End::kFailure, End::kKill, End::kPowerCut));

TEST_P(CutShort, AtEachStepLeavesOneKeyAndOneHistory) {
  for (std::uint64_t failing = 1;; ++failing) {
    const TemporaryDirectory directory;
    FaultFileSystem system(static_cast<unsigned>(failing));
    Witnessed seen;
    std::string first_key;
    bool reached = false;
    {
      LogOptions options = test_options(directory.ledger());
      options.checkpoint_interval = std::chrono::hours(1);  // only what the rotation itself does
      auto log = open_log(options, system, std::chrono::milliseconds(2));
      ASSERT_TRUE(log.ok());
      ASSERT_TRUE((*log)->append_and_wait(test_entry("policy.changed", "req_1")).ok());
      first_key = (*log)->verifier_key();
      seen.see((*log)->checkpoint());
      std::atomic<std::uint64_t> count = 0;
      system.set_fault([&](Call, const std::string&) { return ++count >= failing ? EIO : 0; });
      const auto rotated = (*log)->rotate_key(yearly());
      reached = count >= failing;
      EXPECT_TRUE(rotated.ok() || reached);
      seen.see((*log)->checkpoint());
      if (GetParam() == End::kPowerCut) {
        system.cut_power();
      } else if (GetParam() == End::kKill) {
        system.stop();
      } else {
        system.set_fault({});
      }
      (*log)->close();
      seen.see((*log)->checkpoint());
    }
    expect_whole_after_the_end(directory, first_key, seen, failing);
    if (!reached) break;
  }
}

TEST(KeyRotation, OpeningThatFailsHalfWayIsFinishedByTheNext) {
  for (std::uint64_t failing = 1;; ++failing) {
    const TemporaryDirectory directory;
    FaultFileSystem system(static_cast<unsigned>(failing));
    Witnessed seen;
    std::string first_key;
    {
      auto log = open_log(test_options(directory.ledger()), system);
      ASSERT_TRUE(log.ok());
      ASSERT_TRUE((*log)->append_and_wait(test_entry("policy.changed", "req_1")).ok());
      first_key = (*log)->verifier_key();
      // The entry is durable, its statement cannot be published.
      system.set_fault([](Call, const std::string& path) { return path.find("key-rotations") != path.npos ? EIO : 0; });
      EXPECT_FALSE((*log)->rotate_key(yearly()).ok());
      EXPECT_FALSE((*log)->rotate_key(yearly()).ok()) << "one is under way";
      (*log)->close();
    }
    std::atomic<std::uint64_t> count = 0;
    system.set_fault([&](Call, const std::string&) { return ++count >= failing ? EIO : 0; });
    {
      auto log = open_log(test_options(directory.ledger()), system);
      if (log) (*log)->close();
    }
    system.stop();
    expect_whole_after_the_end(directory, first_key, seen, failing);
    if (count < failing) break;
  }
}

TEST(KeyRotation, ARestoredCopyIsNotSignedOn) {
  const TemporaryDirectory directory;
  LogOptions options = test_options(directory.ledger());
  options.anchor = directory.path() / "anchor";
  const std::filesystem::path copy = directory.path() / "copy";
  KeyRotation at_once = yearly();
  at_once.both_for = {};
  for (const KeyRotation& request : {yearly(), at_once}) {
    {
      const auto log = open_or_die(options);
      ASSERT_TRUE(log->append_and_wait(test_entry("policy.changed", "req_1")).ok());
    }
    std::filesystem::remove_all(copy);
    std::filesystem::copy(directory.ledger(), copy, std::filesystem::copy_options::recursive);
    const std::string old_private = file_text(directory.ledger() / "private-key");
    {
      const auto log = open_or_die(options);
      rotate_or_die(*log, request);
      ASSERT_TRUE(log->append_and_wait(test_entry("policy.changed", "req_2")).ok());
    }
    // The whole folder from before: the anchor has more. The old key alone: it is not the one that took over last.
    LogOptions restored = options;
    restored.directory = copy;
    EXPECT_FALSE(Log::open(restored).ok());
    const std::string new_private = file_text(directory.ledger() / "private-key");
    ASSERT_TRUE(
        replace_file(real_file_system(), directory.ledger() / "private-key", old_private, Writing::kCached).ok());
    const auto half = Log::open(options);
    ASSERT_FALSE(half.ok());
    EXPECT_THAT(half.error().message, HasSubstr("took over last"));
    ASSERT_TRUE(
        replace_file(real_file_system(), directory.ledger() / "private-key", new_private, Writing::kCached).ok());
  }
  expect_sound(directory.ledger());
}

TEST(KeyRotation, ABackupHasTheChain) {
  const TemporaryDirectory directory;
  std::string first_key;
  {
    const auto log = open_or_die(test_options(directory.ledger()));
    ASSERT_TRUE(log->append_and_wait(test_entry("policy.changed", "req_1")).ok());
    first_key = log->verifier_key();
    rotate_or_die(*log);
  }
  const std::filesystem::path copy = directory.path() / "copy";
  const auto copied = copy_signed(directory.ledger(), copy);
  ASSERT_TRUE(copied.ok()) << copied.error().message;
  expect_sound(copy, first_key);
  LogOptions options = test_options(copy);
  const auto log = open_or_die(options);
  ASSERT_TRUE(log->append_and_wait(test_entry("policy.changed", "req_2")).ok());
  log->close();
  EXPECT_TRUE(open_checkpoint(log->checkpoint(), first_key).ok()) << "both still sign";
}

TEST(KeyRotation, VerifyFindsAChainThatIsNotTheLedgers) {
  const TemporaryDirectory directory;
  {
    const auto log = open_or_die(test_options(directory.ledger()));
    ASSERT_TRUE(log->append_and_wait(test_entry("policy.changed", "req_1")).ok());
    rotate_or_die(*log);
  }
  const std::filesystem::path chain = directory.ledger() / "public/key-rotations";
  const std::string text = file_text(chain);
  std::filesystem::remove(chain);
  EXPECT_FALSE(verify(directory.ledger())->ok);
  ASSERT_TRUE(replace_file(real_file_system(), chain, text.substr(0, text.size() / 2), Writing::kCached).ok());
  EXPECT_FALSE(verify(directory.ledger())->ok);
  ASSERT_TRUE(replace_file(real_file_system(), chain, text, Writing::kCached).ok());
  expect_sound(directory.ledger());
}

}  // namespace
}  // namespace reeve::ledger
