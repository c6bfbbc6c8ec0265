#include "content/exact_data.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include "content/table_values.h"

namespace reeve::content {

namespace {

constexpr std::size_t kRowsPerValue = 64;  // rows of one primary value that are looked at
constexpr std::size_t kWordsBefore = 2;    // words without digits that may be the beginning of a value: "DE 12345678"

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_local(char c) { return is_word(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-'; }
constexpr bool is_domain(char c) { return is_word(c) || c == '.' || c == '-'; }
bool is_field_character(char c) { return is_word(c) || static_cast<unsigned char>(c) >= 0x80; }

struct Word {
  std::size_t start = 0, end = 0;
  bool digits = false;  // and nothing else; known of words that a value may go on with
  std::size_t size() const { return end - start; }
};

/// What may stand between the words of one value.
constexpr std::array<bool, 256> kSeparates = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view(" -./_:()")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();
bool separates(char c) { return kSeparates[static_cast<unsigned char>(c)]; }

/// The word behind `word` when no more than two separators lie between, else an empty one. Cut where it is too long.
Word word_after(std::string_view text, const Word& word) {
  std::size_t at = word.end;
  for (int i = 0; i < 2 && at < text.size() && separates(text[at]); ++i) ++at;
  if (at == word.end || at >= text.size() || !is_word(text[at])) return {};
  Word next{at, at, true};
  for (; next.end < text.size() && next.size() <= kPrimaryMax && is_word(text[next.end]); ++next.end) {
    next.digits = next.digits && is_digit(text[next.end]);
  }
  return next;
}

Word word_before(std::string_view text, const Word& word) {
  std::size_t at = word.start;
  for (int i = 0; i < 2 && at > 0 && separates(text[at - 1]); ++i) --at;
  if (at == word.start || at == 0 || !is_word(text[at - 1])) return {};
  Word before{at, at};
  while (before.start > 0 && before.size() <= kPrimaryMax && is_word(text[before.start - 1])) --before.start;
  return before;
}

bool has_digit(std::string_view text) { return std::any_of(text.begin(), text.end(), is_digit); }

/// Hashes of the words around, alone and joined with those behind them, as further fields are hashed: computed once for
/// each place of a text, only where a primary value was found. Hashes of one slot are chained, the last one first, so
/// that looking for a value walks only through what stands near.
class FieldHashes {
 public:
  /// `window`: how far before and behind a word its fields may stand.
  FieldHashes(std::string_view text, std::string_view salt, std::size_t window)
      : text_(text), salt_(salt), kept_(std::max<std::size_t>(8192, 16 * (window + kSlack))) {}

  /// Computes those that begin from `begin` on and before `end`. Calls go forward through the text, give or take
  /// kSlack.
  void reach(std::size_t begin, std::size_t end) {
    const std::size_t from = begin > kSlack ? begin - kSlack : 0;
    if (done_ < from) done_ = from;
    if (hashes_.size() > kept_) {  // what is far behind is asked for no more
      hashes_.clear();
      last_.clear();
      done_ = from;
    }
    // Not from the middle of a word.
    while (done_ > 0 && done_ < text_.size() && is_field_character(text_[done_ - 1]) &&
           is_field_character(text_[done_])) {
      ++done_;
    }
    if (last_.empty()) last_.assign(kSlots, kNone);
    while (done_ < std::min(end, text_.size())) add_word();
  }
  /// Whether a field of this hash begins from `begin` on and before `end`, and is no part of `word`.
  bool near(std::uint32_t value, std::size_t begin, std::size_t end, const Word& word) const {
    for (std::uint32_t i = last_[value % kSlots]; i != kNone; i = hashes_[i].before) {
      const Hash& hash = hashes_[i];
      if (hash.start < begin) return false;
      if (hash.value == value && hash.start < end && (hash.end <= word.start || hash.start >= word.end)) return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t kSlack = 512, kSlots = 4096;
  static constexpr std::uint32_t kNone = ~0U;
  struct Hash {
    std::size_t start = 0, end = 0;
    std::uint32_t value = 0;
    std::uint32_t before = kNone;  // the one before it in its slot
  };

  void add(std::size_t start, std::size_t end) {
    const auto value = static_cast<std::uint32_t>(table_hash_of(salt_, joined_));
    std::uint32_t& last = last_[value % kSlots];
    hashes_.push_back({start, end, value, last});
    last = static_cast<std::uint32_t>(hashes_.size() - 1);
  }

  void add_word() {
    while (done_ < text_.size() && !is_field_character(text_[done_])) ++done_;
    const std::size_t start = done_;
    while (done_ < text_.size() && is_field_character(text_[done_])) ++done_;
    std::size_t end = done_;
    if (start == end) return;
    joined_.assign(1, static_cast<char>(HashUse::kField));
    std::size_t begin = start;
    for (std::size_t words = 0; words < kConfirmWords && end - start < 200; ++words) {
      append_plain_form(joined_, text_.substr(begin, end - begin));
      if (joined_.size() > 2) add(start, end);
      begin = end;
      while (begin < text_.size() && begin - end < 4 && !is_field_character(text_[begin])) ++begin;
      if (begin >= text_.size() || !is_field_character(text_[begin])) break;
      end = begin;
      while (end < text_.size() && is_field_character(text_[end])) ++end;
    }
  }

  std::string_view text_, salt_;
  std::size_t done_ = 0;
  std::string joined_;               // what it is for, then the words' plain forms
  const std::size_t kept_;           // hashes; more than there can be around one word
  std::vector<Hash> hashes_;         // by start
  std::vector<std::uint32_t> last_;  // of each slot
};

}  // namespace

/// One look through one text.
class DataIndex::Search {
 public:
  Search(const DataIndex& index, std::string_view text, std::vector<DataMatch>& found)
      : index_(index), text_(text), found_(found) {
    hashes_.reserve(index.tables_.size());
    for (const Table& table : index.tables_) hashes_.emplace_back(text, table.head->salt, table.head->window);
  }

  /// An @ at `at`. Gives back where to go on.
  void email(std::size_t at) {
    Word word{at, at + 1};
    while (word.start > 0 && at - word.start < 64 && is_local(text_[word.start - 1])) --word.start;
    while (word.end < text_.size() && word.end - at < 190 && is_domain(text_[word.end])) ++word.end;
    while (word.start < at && !is_word(text_[word.start])) ++word.start;
    while (word.end > at + 1 && !is_word(text_[word.end - 1])) --word.end;
    if (word.start == at || word.end == at + 1) return;
    const std::string form = primary_form(text_.substr(word.start, word.size()), CellShape::kEmail);
    for (std::size_t i = 0; i < index_.tables_.size(); ++i) {
      if ((index_.tables_[i].head->digit_lengths & 1U) != 0) look_up(i, word, form);
    }
  }

  /// A word that holds a digit at `at`. Gives back its end.
  std::size_t number(std::size_t at) {
    go_to(at);
    const Word here = ahead_[0];
    if (here.size() > kPrimaryMax) return here.end;
    std::array<Word, kWordsBefore> before;
    std::size_t count = 0;
    for (Word first = here; count < kWordsBefore; ++count) {
      first = word_before(text_, first);
      // A word with digits before this one has tried to go on to this one already.
      if (first.size() == 0 || first.size() > kPrimaryMax || has_digit(text_.substr(first.start, first.size()))) break;
      before[count] = first;
    }
    std::size_t length = 0;
    for (std::size_t i = count; i > 0; --i) length += before[i - 1].size();
    for (std::size_t i = count; i > 0; --i) {
      try_ends(before[i - 1].start, length, kPrimaryWords - i, false);
      length -= before[i - 1].size();
    }
    try_ends(here.start, 0, kPrimaryWords, true);
    return here.end;
  }

 private:
  /// Makes the word at `at` the first of those ahead. Words that were ahead of the last number still are.
  void go_to(std::size_t at) {
    std::size_t known = 0;
    while (known < ahead_count_ && ahead_[known].end <= at) ++known;
    if (known < ahead_count_ && ahead_[known].start <= at && ahead_[known].size() <= kPrimaryMax) {
      std::copy(ahead_.begin() + static_cast<std::ptrdiff_t>(known),
                ahead_.begin() + static_cast<std::ptrdiff_t>(ahead_count_), ahead_.begin());
      ahead_count_ -= known;
      return;
    }
    Word here{at, at + 1};
    while (here.start > 0 && at - here.start <= kPrimaryMax && is_word(text_[here.start - 1])) --here.start;
    while (here.end < text_.size() && is_word(text_[here.end])) ++here.end;
    const std::string_view all = text_.substr(here.start, std::min(here.size(), kPrimaryMax));
    here.digits = std::all_of(all.begin(), all.end(), is_digit);
    ahead_[0] = here;
    ahead_count_ = 1;
  }

  /// Values from `start` that end with one of the first `words` words ahead; `length` characters count before these,
  /// and are digits only or not.
  void try_ends(std::size_t start, std::size_t length, std::size_t words, bool digits) {
    for (std::size_t i = 0; i < words; ++i) {
      if (i == ahead_count_) {
        ahead_[i] = word_after(text_, ahead_[i - 1]);
        if (ahead_[i].size() == 0) return;
        ++ahead_count_;
      }
      length += ahead_[i].size();
      if (length > kPrimaryMax) return;
      digits = digits && ahead_[i].digits;
      const std::uint64_t bit = 1ULL << length;
      if (((digits ? index_.digit_lengths_ : index_.mixed_lengths_) & bit) != 0) {
        try_value({start, ahead_[i].end, digits}, bit);
      }
    }
  }

  void try_value(const Word& word, std::uint64_t bit) {
    form_.clear();  // as primary_form() has it: between the words stand separators only
    for (const char c : text_.substr(word.start, word.size())) {
      if (is_word(c)) form_ += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
    for (std::size_t i = 0; i < index_.tables_.size(); ++i) {
      const RegistrationHead& head = *index_.tables_[i].head;
      if (((word.digits ? head.digit_lengths : head.mixed_lengths) & bit) != 0) look_up(i, word, form_);
    }
  }

  /// A value that a table may hold. Entries are looked up some at a time, in steps, so that one's memory comes while
  /// the others' is asked for.
  struct Pending {
    std::uint64_t key = 0;
    std::size_t table = 0;
    Word word;
    std::size_t entry = 0;  // the first of its key
  };
  static constexpr std::size_t kPending = 32;

  void look_up(std::size_t index, const Word& word, std::string_view form) {
    const Table& table = index_.tables_[index];
    const std::uint64_t key = table_hash(table.head->salt, HashUse::kPrimary, form);
    table.filter.prefetch(key);
    pending_[pending_count_++] = {key, index, word, 0};
    if (pending_count_ == kPending) flush();
  }

 public:
  /// Looks up what is pending, in the order in which it came.
  void flush() {
    keep_pending([this](Pending& one) {
      const Table& table = table_of(one);
      const bool may_be = table.filter.may_hold(one.key);
      if (may_be) table.keys.prefetch_range(one.key);
      return may_be;
    });
    keep_pending([this](Pending& one) {
      table_of(one).keys.prefetch_keys(one.key);
      return true;
    });
    keep_pending([this](Pending& one) {
      const Table& table = table_of(one);
      const auto [first, last] = table.keys.range(one.key);
      const std::span<const std::uint64_t> keys = table.keys.keys();
      one.entry = first;
      while (one.entry < last && keys[one.entry] < one.key) ++one.entry;
      const bool is_there = one.entry < last && keys[one.entry] == one.key;
      if (is_there) __builtin_prefetch(&table.rows[one.entry]);
      return is_there;
    });
    keep_pending([this](Pending& one) {
      const Table& table = table_of(one);
      __builtin_prefetch(table.cells.data() + std::size_t{table.rows[one.entry]} * table.head->columns);
      return true;
    });
    for (std::size_t i = 0; i < pending_count_; ++i) weigh(pending_[i]);
    pending_count_ = 0;
  }

 private:
  const Table& table_of(const Pending& one) const { return index_.tables_[one.table]; }

  template <typename Keeps>
  void keep_pending(const Keeps& keeps) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < pending_count_; ++i) {
      if (!keeps(pending_[i])) continue;
      if (kept != i) pending_[kept] = pending_[i];
      ++kept;
    }
    pending_count_ = kept;
  }

  void weigh(const Pending& one) {
    const Table& table = table_of(one);
    const std::span<const std::uint64_t> keys = table.keys.keys();
    const std::size_t last = table.keys.range(one.key).second;
    std::uint32_t best = 0;
    for (std::size_t at = one.entry; at < std::min(last, one.entry + kRowsPerValue) && keys[at] == one.key; ++at) {
      best = std::max(best, confirmed(one.table, one.word, table.rows[at], table.fields[at]));
      if (best >= table.head->columns) break;
    }
    if (best >= table.head->confirm) found_.push_back({table.registration, one.word.start, one.word.end, best});
  }

  /// How many different fields of a row stand near the word, not counting the word itself.
  std::uint32_t confirmed(std::size_t index, const Word& word, std::uint32_t row, std::uint8_t own_field) {
    const Table& table = index_.tables_[index];
    const std::size_t window = table.head->window, columns = table.head->columns;
    const std::span<const std::uint32_t> cells = table.cells.subspan(row * columns, columns);
    const std::size_t begin = word.start > window ? word.start - window : 0;
    const std::size_t end = std::min(word.end + window, text_.size());
    hashes_[index].reach(begin, end);
    std::uint32_t count = 0;
    for (std::size_t field = 0; field < columns; ++field) {
      const std::uint32_t cell = cells[field];
      if (cell == 0 || field == own_field) continue;
      if (std::find(cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(field), cell) !=
          cells.begin() + static_cast<std::ptrdiff_t>(field)) {
        continue;  // two fields of one text are one
      }
      count += hashes_[index].near(cell, begin, end, word) ? 1 : 0;
    }
    return count;
  }

  const DataIndex& index_;
  std::string_view text_;
  std::vector<DataMatch>& found_;
  std::vector<FieldHashes> hashes_;
  std::array<Word, kPrimaryWords> ahead_;  // a word with a digit and those behind it, as far as they were asked for
  std::size_t ahead_count_ = 0;
  std::string form_;
  std::array<Pending, kPending> pending_;
  std::size_t pending_count_ = 0;
};

bool DataIndex::Table::sound() const {
  const std::size_t columns = head->columns;
  return head->version == kTableVersion && columns <= kNoField && keys.sound() && rows.size() == keys.keys().size() &&
         fields.size() == rows.size() && std::all_of(rows.begin(), rows.end(), [&](std::uint32_t row) {
           return (row + 1UL) * columns <= cells.size();
         });
}

Result<DataIndex> DataIndex::build(std::vector<std::shared_ptr<const RegistrationFile>> files) {
  DataIndex index;
  index.files_ = std::move(files);
  for (std::size_t i = 0; i < index.files_.size(); ++i) {
    const RegistrationFile& file = *index.files_[i];
    Table table;
    table.registration = i;
    table.head = &file.head();
    table.keys = SortedKeys(file.section<std::uint64_t>(0), file.section<std::uint32_t>(1));
    table.rows = file.section<std::uint32_t>(2);
    table.fields = file.section<std::uint8_t>(3);
    table.cells = file.section<std::uint32_t>(4);
    if (!table.sound()) {
      return Error{ErrorCode::kCorrupt, "the registered table '" + file.head().registration.name +
                                            "' was made by another version; register it again"};
    }
    table.filter = KeyFilter(table.keys.keys().size());
    for (const std::uint64_t key : table.keys.keys()) table.filter.add(key);
    index.digit_lengths_ |= table.head->digit_lengths & ~std::uint64_t{1};
    index.mixed_lengths_ |= table.head->mixed_lengths & ~std::uint64_t{1};
    index.tables_.push_back(std::move(table));
  }
  return index;
}

void DataIndex::find(const FinderText& text, std::vector<DataMatch>& found) const {
  found.clear();
  if (tables_.empty()) return;
  Search search(*this, text.text, found);
  const TextMasks& masks = text.masks;
  std::size_t behind = 0;  // digits before it were looked at
  for (std::size_t word = 0; word * 64 < text.text.size(); ++word) {
    // E-mail addresses and numbers in one walk, so that fields are looked at going forward, give or take a word.
    std::uint64_t bits = masks.digit[word] | masks.at[word];
    while (bits != 0) {
      const std::size_t at = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
      bits &= bits - 1;
      if (at >= text.text.size()) break;
      if (text.text[at] == '@') {
        search.email(at);
      } else if (at >= behind) {
        behind = search.number(at);
      }
    }
  }
  search.flush();
  std::sort(found.begin(), found.end(), [](const DataMatch& a, const DataMatch& b) {
    return a.start != b.start ? a.start < b.start : a.end > b.end;
  });
}

}  // namespace reeve::content
