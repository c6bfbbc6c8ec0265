#include "policy/cel/zone_file.h"

#include <algorithm>
#include <cctype>

#include "policy/cel/scalar_text.h"

namespace reeve::policy::cel {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::size_t kChangesMax = 10'000;  // real zones have a few hundred

/// Big-endian numbers from the front of the bytes. Reading beyond the end gives 0 and marks the reader as failed.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t number(std::size_t size) {
    const std::string_view part = skip(size);
    std::uint64_t value = 0;
    for (const char c : part) value = value << 8U | static_cast<unsigned char>(c);
    return value;
  }
  std::string_view skip(std::size_t size) {
    if (size > bytes_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view part = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return part;
  }
  std::string_view rest() const { return bytes_; }
  bool failed() const { return failed_; }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

struct Header {
  char version = 0;
  std::size_t ut_marks = 0, standard_marks = 0, leaps = 0, changes = 0, types = 0, characters = 0;
  std::size_t body_bytes(std::size_t time_bytes) const {
    return changes * (time_bytes + 1) + types * 6 + characters + leaps * (time_bytes + 4) + standard_marks + ut_marks;
  }
};

std::optional<Header> read_header(Reader& reader) {
  if (reader.skip(4) != "TZif") return std::nullopt;
  Header header;
  header.version = static_cast<char>(reader.number(1));
  reader.skip(15);
  for (std::size_t* count :
       {&header.ut_marks, &header.standard_marks, &header.leaps, &header.changes, &header.types, &header.characters}) {
    *count = reader.number(4);
    if (*count > kChangesMax) return std::nullopt;
  }
  if (reader.failed()) return std::nullopt;
  return header;
}

/// Small pieces of a POSIX TZ text.
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : text_(text) {}
  bool at_end() const { return text_.empty(); }
  bool take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool next_is_digit() const { return !text_.empty() && std::isdigit(static_cast<unsigned char>(text_[0])) != 0; }

  /// "CET" or "<+0330>".
  bool name() {
    std::size_t size = 0;
    if (text_.starts_with('<')) {
      size = text_.find('>');
      if (size == std::string_view::npos) return false;
      ++size;
    } else {
      while (size < text_.size() && std::isalpha(static_cast<unsigned char>(text_[size])) != 0) ++size;
    }
    text_.remove_prefix(size);
    return size > 0;
  }
  std::optional<int> number(int max) {
    if (!next_is_digit()) return std::nullopt;
    int value = 0;
    while (next_is_digit() && value <= max) {
      value = value * 10 + (text_[0] - '0');
      text_.remove_prefix(1);
    }
    if (value > max) return std::nullopt;
    return value;
  }
  /// "-1", "5:30", "2:00:00" as seconds.
  std::optional<std::int32_t> seconds() {
    const int sign = take('-') ? -1 : 1;
    if (sign == 1) take('+');
    const std::optional<int> hours = number(167);
    if (!hours) return std::nullopt;
    int total = *hours * 3600;
    for (const int scale : {60, 1}) {
      if (!take(':')) break;
      const std::optional<int> part = number(59);
      if (!part) return std::nullopt;
      total += *part * scale;
    }
    return sign * total;
  }
  /// ",M3.5.0/2", ",J60" or ",59".
  std::optional<ZoneRule::Change> change() {
    if (!take(',')) return std::nullopt;
    ZoneRule::Change change;
    if (!day_of(change)) return std::nullopt;
    if (take('/')) {
      const std::optional<std::int32_t> second = seconds();
      if (!second) return std::nullopt;
      change.second = *second;
    }
    return change;
  }

 private:
  bool day_of(ZoneRule::Change& change) {
    if (take('M')) {
      const std::optional<int> month = number(12);
      if (!month || *month == 0 || !take('.')) return false;
      const std::optional<int> week = number(5);
      if (!week || *week == 0 || !take('.')) return false;
      const std::optional<int> weekday = number(6);
      if (!weekday) return false;
      change = {ZoneRule::Change::Form::kWeekday, *month, *week, *weekday};
      return true;
    }
    const bool without_leap = take('J');
    const std::optional<int> day = number(without_leap ? 365 : 366);
    if (!day) return false;
    change.form = without_leap ? ZoneRule::Change::Form::kDayWithoutLeap : ZoneRule::Change::Form::kDayOfYear;
    change.day = *day;
    return true;
  }

  std::string_view text_;
};

bool is_leap(std::int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

/// Days since 1970 on which the change happens in a year.
std::int64_t change_day(const ZoneRule::Change& change, std::int64_t year) {
  const std::int64_t new_year = days_since_1970({year, 1, 1});
  switch (change.form) {
    case ZoneRule::Change::Form::kDayOfYear: return new_year + change.day;
    case ZoneRule::Change::Form::kDayWithoutLeap:
      return new_year + change.day - 1 + (is_leap(year) && change.day >= 60 ? 1 : 0);
    case ZoneRule::Change::Form::kWeekday: break;
  }
  const std::int64_t first = days_since_1970({year, change.month, 1});
  const std::int64_t next =
      change.month == 12 ? days_since_1970({year + 1, 1, 1}) : days_since_1970({year, change.month + 1, 1});
  const std::int64_t first_weekday = ((first + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
  std::int64_t day = first + (change.day - first_weekday + 7) % 7 + 7 * (change.week - 1);
  while (day >= next) day -= 7;
  return day;
}

std::int32_t offset_by_rule(const ZoneRule& rule, std::int64_t at) {
  if (!rule.has_summer) return rule.standard_offset;
  const std::int64_t local = at + rule.standard_offset;
  const std::int64_t year = calendar_day(local >= 0 ? local / kDay : -((kDay - 1 - local) / kDay)).year;
  const std::int64_t begin = change_day(rule.begin, year) * kDay + rule.begin.second - rule.standard_offset;
  const std::int64_t end = change_day(rule.end, year) * kDay + rule.end.second - rule.summer_offset;
  const bool summer = begin < end ? (at >= begin && at < end) : (at >= begin || at < end);
  return summer ? rule.summer_offset : rule.standard_offset;
}

}  // namespace

std::optional<ZoneRule> parse_zone_rule(std::string_view text) {
  RuleReader reader(text);
  ZoneRule rule;
  if (!reader.name()) return std::nullopt;
  const std::optional<std::int32_t> west = reader.seconds();
  if (!west) return std::nullopt;
  rule.standard_offset = -*west;
  if (reader.at_end()) return rule;
  rule.has_summer = true;
  rule.summer_offset = rule.standard_offset + 3600;
  if (!reader.name()) return std::nullopt;
  if (reader.next_is_digit() || reader.take('+')) {
    const std::optional<std::int32_t> summer_west = reader.seconds();
    if (!summer_west) return std::nullopt;
    rule.summer_offset = -*summer_west;
  } else if (reader.take('-')) {
    const std::optional<std::int32_t> summer_east = reader.seconds();
    if (!summer_east) return std::nullopt;
    rule.summer_offset = *summer_east;
  }
  const std::optional<ZoneRule::Change> begin = reader.change();
  if (!begin) return std::nullopt;
  const std::optional<ZoneRule::Change> end = reader.change();
  if (!end || !reader.at_end()) return std::nullopt;
  rule.begin = *begin;
  rule.end = *end;
  return rule;
}

std::optional<ZoneFile> parse_zone_file(std::string_view bytes) {
  Reader reader(bytes);
  // The first part is for readers of 32-bit times; the second says the same in 64 bits.
  const std::optional<Header> old = read_header(reader);
  if (!old || old->version < '2') return std::nullopt;
  reader.skip(old->body_bytes(4));
  const std::optional<Header> header = read_header(reader);
  if (!header || header->types == 0) return std::nullopt;

  ZoneFile zone;
  for (std::size_t i = 0; i < header->changes; ++i) {
    zone.changes.push_back(static_cast<std::int64_t>(reader.number(8)));
  }
  const std::string_view types_of_changes = reader.skip(header->changes);
  std::vector<std::int32_t> type_offsets;
  for (std::size_t i = 0; i < header->types; ++i) {
    type_offsets.push_back(static_cast<std::int32_t>(static_cast<std::uint32_t>(reader.number(4))));
    reader.skip(2);
  }
  reader.skip(header->characters + header->leaps * 12 + header->standard_marks + header->ut_marks);
  if (reader.failed() || !std::ranges::is_sorted(zone.changes)) return std::nullopt;
  for (const char type : types_of_changes) {
    const auto index = static_cast<unsigned char>(type);
    if (index >= type_offsets.size()) return std::nullopt;
    zone.offsets.push_back(type_offsets[index]);
  }
  zone.first_offset = type_offsets[0];
  std::string_view footer = reader.rest();
  if (footer.starts_with('\n')) footer.remove_prefix(1);
  footer = footer.substr(0, footer.find('\n'));
  if (!footer.empty()) zone.rule = parse_zone_rule(footer);
  return zone;
}

std::int32_t offset_at(const ZoneFile& zone, std::int64_t at) {
  const auto after = std::ranges::upper_bound(zone.changes, at);
  if (after == zone.changes.end() && zone.rule) return offset_by_rule(*zone.rule, at);
  if (after == zone.changes.begin()) return zone.first_offset;
  return zone.offsets[static_cast<std::size_t>(after - zone.changes.begin()) - 1];
}

}  // namespace reeve::policy::cel
