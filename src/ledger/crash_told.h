#pragma once

// What a process tells of its life, in memory that outlives it: the test that kills it reads there what was promised
// until then. For tests.

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include "core/check.h"
#include "core/crypto.h"

namespace reeve::ledger {

struct Told {
  enum class Kind : std::uint32_t {
    kDurable,  // entry `index`, of request `number`, was acknowledged
    kSigned,   // a checkpoint of `index` entries with `root` is about to be seen by others
    kRotated,  // rotate_key() returned
    kSealed,   // content of `person`, of request `number`, was acknowledged: `text` is its commitment
    kErasing,  // the content of `person` is about to be erased
    kErased,   // and was
    kBroken,   // a promise was broken within the process: `text` says which
  };
  std::atomic<bool> whole = false;  // the process may have ended while it wrote this down
  Kind kind = Kind::kDurable;
  std::uint32_t person = 0;
  std::uint64_t number = 0;
  std::uint64_t index = 0;
  std::uint64_t segment = 0, offset = 0;  // of sealed content
  Sha256 root{};
  std::array<char, 160> text{};

  std::string_view words() const { return {text.data(), ::strnlen(text.data(), text.size())}; }
};

/// Shared by the test and the processes that it forks, one of them at a time. Any thread may tell.
class ToldStory {
 public:
  ToldStory() : shared_(map()) {}
  ToldStory(const ToldStory&) = delete;
  ToldStory& operator=(const ToldStory&) = delete;
  ~ToldStory() { ::munmap(shared_, sizeof(Shared)); }

  /// False when there is no more room: the life has to end.
  bool tell(Told::Kind kind, std::uint64_t index, std::uint64_t number = 0, std::string_view text = {},
            const Sha256& root = {}) {
    Told* const told = next();
    if (told == nullptr) return false;
    told->kind = kind;
    told->index = index;
    told->number = number;
    told->root = root;
    set_text(*told, text);
    told->whole.store(true, std::memory_order_release);
    return true;
  }
  bool tell_of_content(Told::Kind kind, std::uint32_t person, std::uint64_t number = 0, std::string_view text = {},
                       std::uint64_t segment = 0, std::uint64_t offset = 0) {
    Told* const told = next();
    if (told == nullptr) return false;
    told->kind = kind;
    told->person = person;
    told->number = number;
    told->segment = segment;
    told->offset = offset;
    set_text(*told, text);
    told->whole.store(true, std::memory_order_release);
    return true;
  }

  std::size_t size() const { return std::min<std::size_t>(shared_->count, kToldMax); }
  const Told& operator[](std::size_t i) const { return shared_->all[i]; }
  /// Before another life begins.
  void forget() {
    for (std::size_t i = 0; i < size(); ++i) shared_->all[i].whole = false;
    shared_->count = 0;
    shared_->opened = shared_->failed_to_open = shared_->must_end = false;
  }

  std::atomic<bool>& opened() { return shared_->opened; }  // the log is open
  std::atomic<bool>& failed_to_open() { return shared_->failed_to_open; }
  std::atomic<bool>& must_end() { return shared_->must_end; }  // the power is to go
  /// How often a call failed, a write was torn or cut short.
  std::atomic<std::uint64_t>& failed() { return shared_->failed; }
  std::atomic<std::uint64_t>& torn() { return shared_->torn; }
  std::atomic<std::uint64_t>& cut_short() { return shared_->cut_short; }

 private:
  static constexpr std::size_t kToldMax = 8'192;
  struct Shared {
    std::atomic<std::size_t> count;
    std::atomic<bool> opened, failed_to_open, must_end;
    std::atomic<std::uint64_t> failed, torn, cut_short;
    std::array<Told, kToldMax> all;
  };

  static Shared* map() {
    void* const memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    return new (memory) Shared();
  }
  Told* next() {
    const std::size_t place = shared_->count.fetch_add(1);
    return place < kToldMax ? &shared_->all[place] : nullptr;
  }
  static void set_text(Told& told, std::string_view text) {
    told.text = {};
    text.copy(told.text.data(), told.text.size());
  }

  Shared* shared_;
};

}  // namespace reeve::ledger
