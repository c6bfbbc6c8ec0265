#include "content/number_surroundings.h"

#include <algorithm>

#include "content/check_digits.h"
#include "content/context_words.h"
#include "content/finders.h"

namespace reeve::content {

namespace {

/// What numbers are called that are nobody's identifiers.
const ContextTable& other_things() {
  static const ContextTable kTable = [] {
    ContextTable table;
    table.add(
        {{"timestamp", "time",     "epoch",    "date",      "order",  "invoice", "tracking", "sku",      "build",
          "version",   "ticket",   "offset",   "size",      "length", "count",   "bytes",    "seed",     "hash",
          "crc",       "checksum", "commit",   "rev",       "pid",    "port",    "latency",  "duration", "expires",
          "exp",       "iat",      "nbf",      "snowflake", "trace",  "span",    "request",  "session",  "message",
          "created",   "updated",  "random",   "mask",      "isbn",   "ean",     "upc",      "gtin",     "barcode",
          "serial",    "part",     "batch",    "lot",       "job",    "run",     "nonce",    "inode",    "block",
          "uuid",      "guid",     "etag",     "modified",  "ms",     "ns",      "shipment", "parcel",   "package",
          "product",   "item",     "article",  "case",      "issue",  "bug",     "pr",       "lat",      "lng",
          "lon",       "test id",  "revision", "sequence",  "seq",    "line",    "row",      "page",     "tweet",
          "channel",   "guild",    "post",     "status",    "thread", "asin",    "doi",      "model",    "amount"},
         32,
         false});
    return table;
  }();
  return kTable;
}

}  // namespace

bool is_years(std::string_view text) {
  if (text.size() != 9 || text[4] != '-') return false;
  const std::string_view first = text.substr(0, 4), last = text.substr(5);
  const auto is_year = [](std::string_view year) { return year.starts_with("19") || year.starts_with("20"); };
  return is_year(first) && is_year(last) && first <= last;
}

bool NumberSurroundings::continues_left(std::size_t begin) const {
  if (begin == 0) return false;
  const char before = text_[begin - 1];
  if (is_alphanumeric(before)) return true;
  if (holds("_@\\%", before)) return true;
  if (begin == 1) return false;
  const char second = text_[begin - 2];
  if (before == '.') return !is_letter(second);
  if (before == ':') return is_digit(second);
  if (before == '#') return second == '&';
  if (before == '/') return is_digit(second);
  if (before != '-' && before != '+') return false;
  // "-" behind a word: part of a name, of a UUID, of a date; not of "SSN-123456789".
  if (!is_alphanumeric(second)) return false;
  std::size_t word = begin - 1;
  bool hex_only = true;
  while (word > 0 && is_alphanumeric(text_[word - 1]) && begin - word < 24) {
    --word;
    if (is_digit(text_[word])) return true;
    hex_only = hex_only && lower_case(text_[word]) <= 'f';
  }
  return hex_only;
}

bool NumberSurroundings::continues_right(std::size_t end) const {
  if (end >= text_.size()) return false;
  const char after = text_[end];
  if (is_alphanumeric(after) || after == '_' || after == '@' || after == '%') return true;
  if (end + 1 >= text_.size()) return false;
  const char second = text_[end + 1];
  if (after == '.' || after == ':') return is_digit(second);
  return (after == '-' || after == '+') && is_alphanumeric(second);
}

bool NumberSurroundings::may_stand_alone(std::size_t begin, std::size_t end, const std::vector<Checker>& checks) {
  const char before = begin > 0 ? text_[begin - 1] : ' ', after = end < text_.size() ? text_[end] : ' ';
  if (holds("/-+$#*^&", before) || holds("/\\", after)) return false;
  // Milliseconds and their like since 2014, and seconds.
  const std::size_t length = end - begin;
  if ((length == 10 || length == 13 || length == 16 || length == 19) && text_[begin] == '1' &&
      text_[begin + 1] >= '4') {
    return false;
  }
  if (begin != other_begin_ || end != other_end_) {
    other_things().look(text_, begin, end, other_);
    other_begin_ = begin;
    other_end_ = end;
  }
  if (other_.is_near(other_things(), 0)) return false;
  // A neighbour in a list, as long, that does not pass: then passing was chance.
  const auto neighbour = [&](std::size_t from, std::size_t to) {
    const auto value = text_.substr(from, to - from);
    return value.size() == end - begin && std::ranges::all_of(value, is_digit) &&
           !std::ranges::all_of(checks, [&](Checker check) { return check(value); });
  };
  std::size_t left = begin;
  while (left > 0 && begin - left < 6 && !is_alphanumeric(text_[left - 1])) --left;
  if (left > 0 && left >= end - begin && neighbour(left - (end - begin), left)) return false;
  std::size_t right = end;
  while (right < text_.size() && right - end < 6 && !is_alphanumeric(text_[right])) ++right;
  if (length >= 12 && is_in_row_of_integers(begin, end)) return false;
  return right + (end - begin) > text_.size() || !neighbour(right, right + (end - begin));
}

/// A line of integers, at least two of four digits and more beside this one, and nothing else.
bool NumberSurroundings::is_in_row_of_integers(std::size_t begin, std::size_t end) const {
  constexpr std::size_t kLook = 80;
  std::size_t from = begin, to = end;
  while (from > 0 && begin - from < kLook && text_[from - 1] != '\n') --from;
  while (to < text_.size() && to - end < kLook && text_[to] != '\n') ++to;
  std::size_t others = 0, digits = 0;
  for (std::size_t at = from; at < to; ++at) {
    if (at == begin) {
      at = end - 1;
      digits = 0;
    } else if (is_digit(text_[at])) {
      others += ++digits == 4 ? 1 : 0;
    } else if (holds(" ,;\t[]\r", text_[at])) {
      digits = 0;
    } else {
      return false;
    }
  }
  return others >= 2;
}

bool NumberSurroundings::excluded_by(const std::vector<std::string>& words, std::size_t begin, std::size_t end) const {
  if (words.empty()) return false;
  const std::size_t from = begin > 200 ? begin - 200 : 0;
  const auto line = text_.substr(from, begin - from).rfind('\n');
  const std::size_t within = line == std::string_view::npos ? begin - from : begin - from - line - 1;
  return has_words(text_, begin, end, words, within);
}

}  // namespace reeve::content
