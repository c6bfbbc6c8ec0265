#pragma once

// What was promised by processes that are gone, held against what they left. For tests.

#include <gmock/gmock.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ledger/crash_life.h"

namespace reeve::ledger {

/// A Merkle tree that only grows, by RFC 6962's definition and apart from the ledger's own: perfect subtrees from left
/// to right, each half as large as the one before it or smaller.
class GrowingTree {
 public:
  void append(std::string_view entry) {
    subtrees_.emplace_back(1, sha256_prefixed(0x00, entry));
    while (subtrees_.size() > 1 && subtrees_.back().first == subtrees_[subtrees_.size() - 2].first) {
      const auto right = subtrees_.back();
      subtrees_.pop_back();
      auto& [size, hash] = subtrees_.back();
      size += right.first;
      hash = sha256_prefixed(0x01, as_bytes(hash), as_bytes(right.second));
    }
  }
  Sha256 root() const {
    if (subtrees_.empty()) return sha256({});
    Sha256 joined = subtrees_.back().second;
    for (auto left = subtrees_.rbegin() + 1; left != subtrees_.rend(); ++left) {
      joined = sha256_prefixed(0x01, as_bytes(left->second), as_bytes(joined));
    }
    return joined;
  }

 private:
  std::vector<std::pair<std::uint64_t, Sha256>> subtrees_;
};

struct PromiseCounts {
  std::uint64_t durable = 0, sealed = 0, erased = 0, rotated = 0, signed_checkpoints = 0;
};

class Promises {
 public:
  explicit Promises(const LifePlan& plan) : plan_(plan) {}

  /// What the life that has ended told.
  void take(const ToldStory& story) {
    for (std::size_t i = 0; i < story.size(); ++i) {
      if (const Told& told = story[i]; told.whole) take(told);
    }
  }

  /// A checkpoint that somebody got to see, now or at any time.
  void see(std::uint64_t size, const Sha256& root) {
    const auto [known, is_new] = signed_.emplace(size, root);
    counts_.signed_checkpoints += is_new ? 1 : 0;
    EXPECT_EQ(known->second, root) << "two roots for " << size;
    if (size < roots_.size()) EXPECT_EQ(roots_[size], root) << "not the root of the first " << size << " entries";
  }
  void see_published() {
    const auto note = read_file(real_file_system(), checkpoint_path(plan_.log.directory.string()));
    const auto parts = note ? split_note(*note) : Result<NoteParts>(note.error());
    const auto checkpoint = parts ? parse_checkpoint(parts->text) : Result<Checkpoint>(parts.error());
    if (checkpoint) see(checkpoint->size, checkpoint->root);
  }

  /// A log that has just been opened holds whatever was promised.
  void expect_kept(const Log& log) {
    const std::uint64_t before = roots_.size() - 1;
    ASSERT_GE(log.size(), before) << "entries that were there are gone";
    const auto entries = all_entries(log, before);
    for (const std::string& entry : entries) {
      tree_.append(entry);
      roots_.push_back(tree_.root());
    }
    for (const auto& [index, number] : std::exchange(durable_, {})) {
      ASSERT_GE(index, before) << request_name(number) << " has the place of an entry that was there";
      ASSERT_LT(index, log.size()) << request_name(number) << " was acknowledged and is gone";
      EXPECT_THAT(entries[index - before], ::testing::HasSubstr("\"" + request_name(number) + "\""));
    }
    for (; checked_below_ < roots_.size(); ++checked_below_) {
      const auto known = signed_.find(checked_below_);
      if (known == signed_.end()) continue;
      EXPECT_EQ(known->second, roots_[checked_below_]) << "not the root of the first " << checked_below_ << " entries";
    }
    if (!signed_.empty()) EXPECT_LT(signed_.rbegin()->first, roots_.size()) << "more was signed than was durable";
  }

  /// Content that was kept can be read and proved, unless it was erased: then it cannot be read. `all`: also what was
  /// looked at before.
  void expect_content(bool all) {
    for (std::size_t i = all ? 0 : content_checked_; i < content_.size(); ++i) {
      const Content& one = content_[i];
      const auto checked = check_content(plan_.content.directory, plan_.content.root_key, one.sealed);
      EXPECT_TRUE(checked.ok()) << request_name(one.number) << ": " << checked.error().message;
      const auto opened = open_content(plan_.content.directory, plan_.content.root_key, one.sealed);
      if (opened) EXPECT_EQ(opened->bytes, content_of_request(one.number));
      if (one.state == State::kKept)
        EXPECT_TRUE(opened.ok()) << request_name(one.number) << " is gone: " << opened.error().message;
      if (one.state == State::kErased) EXPECT_FALSE(opened.ok()) << request_name(one.number) << " was erased";
    }
    content_checked_ = content_.size();
  }

  const PromiseCounts& counts() const { return counts_; }
  std::uint64_t size() const { return roots_.size() - 1; }

 private:
  enum class State { kKept, kMayBeErased, kErased };
  struct Content {
    std::uint32_t person = 0;
    std::uint64_t number = 0;
    SealedContent sealed;
    State state = State::kKept;
  };

  void take(const Told& told) {
    switch (told.kind) {
      case Told::Kind::kDurable:
        durable_.emplace_back(told.index, told.number);
        ++counts_.durable;
        return;
      case Told::Kind::kSigned: return see(told.index, told.root);
      case Told::Kind::kRotated: ++counts_.rotated; return;
      case Told::Kind::kSealed:
        content_.push_back(
            {told.person, told.number, {std::string(told.words()), "request", told.segment, told.offset}});
        ++counts_.sealed;
        return;
      case Told::Kind::kErasing: return set_state(told.person, State::kMayBeErased);
      case Told::Kind::kErased:
        set_state(told.person, State::kErased);
        ++counts_.erased;
        return;
      case Told::Kind::kBroken: ADD_FAILURE() << told.words() << " (" << told.index << ")"; return;
    }
  }
  void set_state(std::uint32_t person, State state) {
    for (Content& one : content_) {
      if (one.person == person && one.state != State::kErased) one.state = state;
    }
  }

  const LifePlan& plan_;
  PromiseCounts counts_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> durable_;  // index and request, not yet looked for
  std::map<std::uint64_t, Sha256> signed_;
  GrowingTree tree_;
  std::vector<Sha256> roots_{sha256({})};  // of the first 0, 1, 2, ... entries, as the ledger gave them
  std::size_t checked_below_ = 0;          // signed roots of smaller trees were compared
  std::vector<Content> content_;
  std::size_t content_checked_ = 0;
};

}  // namespace reeve::ledger
