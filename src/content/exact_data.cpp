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
  std::size_t size() const { return end - start; }
};

/// The word behind `word` when no more than a separator lies between, else an empty one.
Word word_after(std::string_view text, const Word& word) {
  std::size_t at = word.end;
  for (int i = 0; i < 2 && at < text.size() && std::string_view(" -./_:()").find(text[at]) != std::string_view::npos;
       ++i) {
    ++at;
  }
  if (at == word.end || at >= text.size() || !is_word(text[at])) return {};
  Word next{at, at};
  while (next.end < text.size() && next.size() <= kPrimaryMax && is_word(text[next.end])) ++next.end;
  return next;
}

Word word_before(std::string_view text, const Word& word) {
  std::size_t at = word.start;
  for (int i = 0; i < 2 && at > 0 && std::string_view(" -./_:()").find(text[at - 1]) != std::string_view::npos; ++i) {
    --at;
  }
  if (at == word.start || at == 0 || !is_word(text[at - 1])) return {};
  Word before{at, at};
  while (before.start > 0 && before.size() <= kPrimaryMax && is_word(text[before.start - 1])) --before.start;
  return before;
}

bool has_digit(std::string_view text) { return std::any_of(text.begin(), text.end(), is_digit); }

/// Hashes of the words around, alone and joined with those behind them, as further fields are hashed: computed once for
/// each place of a text, only where a primary value was found.
class FieldHashes {
 public:
  FieldHashes(std::string_view text, std::string_view salt) : text_(text), salt_(salt) {}

  struct Hash {
    std::size_t start = 0, end = 0;
    std::uint32_t value = 0;
  };
  /// Those that begin from `begin` on and before `end`. Calls must go forward through the text, give or take kSlack.
  std::span<const Hash> between(std::size_t begin, std::size_t end) {
    if (begin > done_ + kSlack) done_ = begin - kSlack;
    // Not from the middle of a word.
    while (done_ > 0 && done_ < text_.size() && is_field_character(text_[done_ - 1]) &&
           is_field_character(text_[done_])) {
      ++done_;
    }
    while (done_ < std::min(end, text_.size())) add_word();
    const auto first = std::lower_bound(hashes_.begin(), hashes_.end(), begin,
                                        [](const Hash& h, std::size_t at) { return h.start < at; });
    const auto last =
        std::lower_bound(first, hashes_.end(), end, [](const Hash& h, std::size_t at) { return h.start < at; });
    return {first, last};
  }

 private:
  static constexpr std::size_t kSlack = 512;

  void add_word() {
    while (done_ < text_.size() && !is_field_character(text_[done_])) ++done_;
    const std::size_t start = done_;
    while (done_ < text_.size() && is_field_character(text_[done_])) ++done_;
    std::size_t end = done_;
    if (start == end) return;
    joined_.clear();
    std::size_t begin = start;
    for (std::size_t words = 0; words < kConfirmWords && end - start < 200; ++words) {
      append_plain_form(joined_, text_.substr(begin, end - begin));
      if (joined_.size() >= 2) {
        hashes_.push_back({start, end, static_cast<std::uint32_t>(table_hash(salt_, HashUse::kField, joined_))});
      }
      begin = end;
      while (begin < text_.size() && begin - end < 4 && !is_field_character(text_[begin])) ++begin;
      if (begin >= text_.size() || !is_field_character(text_[begin])) break;
      end = begin;
      while (end < text_.size() && is_field_character(text_[end])) ++end;
    }
  }

  std::string_view text_, salt_;
  std::size_t done_ = 0;
  std::string joined_;
  std::vector<Hash> hashes_;  // by start
};

}  // namespace

/// One look through one text.
class DataIndex::Search {
 public:
  Search(const DataIndex& index, std::string_view text, std::vector<DataMatch>& found)
      : index_(index), text_(text), found_(found) {
    hashes_.reserve(index.tables_.size());
    for (const Table& table : index.tables_) hashes_.emplace_back(text, table.head->salt);
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
    std::array<Word, kWordsBefore + kPrimaryWords> words;
    Word here{at, at + 1};
    while (here.start > 0 && at - here.start <= kPrimaryMax && is_word(text_[here.start - 1])) --here.start;
    while (here.end < text_.size() && is_word(text_[here.end])) ++here.end;
    if (here.size() > kPrimaryMax) return here.end;
    std::size_t first = kWordsBefore, last = kWordsBefore;
    words[first] = here;
    while (first > 0) {
      const Word before = word_before(text_, words[first]);
      // A word with digits before this one has tried to go on to this one already.
      if (before.size() == 0 || before.size() > kPrimaryMax || has_digit(text_.substr(before.start, before.size())))
        break;
      words[--first] = before;
    }
    for (std::size_t begin = first; begin <= kWordsBefore; ++begin) {
      std::size_t length = 0;
      for (std::size_t end = begin; end < words.size() && end - begin < kPrimaryWords; ++end) {
        if (end > last) {
          words[end] = word_after(text_, words[end - 1]);
          if (words[end].size() == 0) break;
          last = end;
        }
        length += words[end].size();
        if (length > kPrimaryMax) break;
        const std::uint64_t bit = 1ULL << length;
        if (end >= kWordsBefore && ((index_.digit_lengths_ | index_.mixed_lengths_) & bit) != 0) {
          try_value({words[begin].start, words[end].end}, bit);
        }
      }
    }
    return here.end;
  }

 private:
  void try_value(const Word& word, std::uint64_t bit) {
    const std::string form = primary_form(text_.substr(word.start, word.size()), CellShape::kMixed);
    const bool digits = std::all_of(form.begin(), form.end(), is_digit);
    for (std::size_t i = 0; i < index_.tables_.size(); ++i) {
      const RegistrationHead& head = *index_.tables_[i].head;
      if (((digits ? head.digit_lengths : head.mixed_lengths) & bit) != 0) look_up(i, word, form);
    }
  }

  void look_up(std::size_t index, const Word& word, const std::string& form) {
    const Table& table = index_.tables_[index];
    const std::uint64_t key = table_hash(table.head->salt, HashUse::kPrimary, form);
    if (!table.filter.may_hold(key)) return;
    const auto [first, last] = table.keys.range(key);
    const std::span<const std::uint64_t> keys = table.keys.keys();
    std::size_t at = first;
    while (at < last && keys[at] < key) ++at;
    std::uint32_t best = 0;
    bool any = false;
    for (std::size_t rows = 0; rows < kRowsPerValue && at < last && keys[at] == key; ++at, ++rows) {
      any = true;
      best = std::max(best, confirmed(index, word, table.rows[at], table.fields[at]));
      if (best >= table.head->columns) break;
    }
    if (any && best >= table.head->confirm) found_.push_back({table.registration, word.start, word.end, best});
  }

  /// How many different fields of a row stand near the word, not counting the word itself.
  std::uint32_t confirmed(std::size_t index, const Word& word, std::uint32_t row, std::uint8_t own_field) {
    const Table& table = index_.tables_[index];
    const std::size_t window = table.head->window, columns = table.head->columns;
    const std::span<const std::uint32_t> cells = table.cells.subspan(row * columns, columns);
    const std::size_t begin = word.start > window ? word.start - window : 0;
    const auto hashes = hashes_[index].between(begin, std::min(word.end + window, text_.size()));
    std::uint32_t count = 0;
    for (std::size_t field = 0; field < columns; ++field) {
      const std::uint32_t cell = cells[field];
      if (cell == 0 || field == own_field) continue;
      if (std::find(cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(field), cell) !=
          cells.begin() + static_cast<std::ptrdiff_t>(field)) {
        continue;  // two fields of one text are one
      }
      const bool near = std::any_of(hashes.begin(), hashes.end(), [&](const FieldHashes::Hash& hash) {
        return hash.value == cell && (hash.end <= word.start || hash.start >= word.end);
      });
      count += near ? 1 : 0;
    }
    return count;
  }

  const DataIndex& index_;
  std::string_view text_;
  std::vector<DataMatch>& found_;
  std::vector<FieldHashes> hashes_;
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
  std::sort(found.begin(), found.end(), [](const DataMatch& a, const DataMatch& b) {
    return a.start != b.start ? a.start < b.start : a.end > b.end;
  });
}

}  // namespace reeve::content
