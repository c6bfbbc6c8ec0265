#include "spend/time_zone.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "core/bytes.h"

namespace reeve::spend {

namespace {

constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max() / 4;
constexpr std::int64_t kDaySeconds = 86'400;
constexpr const char* kDatabase = "/usr/share/zoneinfo";
constexpr std::size_t kFileBytesMax = std::size_t{1} << 20;

const Error kBroken{ErrorCode::kCorrupt, "the time zone's file is no TZif file of version 2 or later"};

/// Big-endian numbers one after another; reading past the end gives zeros and is noted.
class BytesReader {
 public:
  explicit BytesReader(std::string_view bytes) : bytes_(bytes) {}
  std::int64_t number(std::size_t size) {
    const std::string_view raw = text(size);
    if (raw.size() != size) return 0;
    // The first byte carries the sign.
    std::int64_t value = static_cast<unsigned char>(raw[0]) < 0x80 ? 0 : -1;
    for (std::size_t i = 0; i < size; ++i) value = value * 256 + static_cast<unsigned char>(raw[i]);
    return value;
  }
  std::string_view text(std::size_t size) {
    if (size > bytes_.size()) {
      good_ = false;
      return {};
    }
    const std::string_view part = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return part;
  }
  bool good() const { return good_; }
  std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
  bool good_ = true;
};

struct Header {
  char version = 0;
  std::size_t utc_flags = 0, standard_flags = 0, leaps = 0, times = 0, types = 0, letters = 0;
  std::size_t data_bytes(std::size_t time_bytes) const {
    return times * time_bytes + times + types * 6 + letters + leaps * (time_bytes + 4) + standard_flags + utc_flags;
  }
};

std::optional<Header> read_header(BytesReader& reader) {
  if (reader.text(4) != "TZif") return std::nullopt;
  Header header;
  const std::string_view version = reader.text(16);
  if (version.empty()) return std::nullopt;
  header.version = version[0];
  for (std::size_t* count :
       {&header.utc_flags, &header.standard_flags, &header.leaps, &header.times, &header.types, &header.letters}) {
    const std::int64_t value = reader.number(4);
    if (value < 0 || value > 100'000) return std::nullopt;
    *count = static_cast<std::size_t>(value);
  }
  return reader.good() ? std::optional(header) : std::nullopt;
}

std::int64_t days_of(int year, int month, int day) {
  using namespace std::chrono;
  const sys_days date = year_month_day{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                       std::chrono::day(static_cast<unsigned>(day))};
  return date.time_since_epoch().count();
}

int year_of(std::int64_t seconds) {
  using namespace std::chrono;
  return int(year_month_day{floor<days>(sys_seconds{std::chrono::seconds(seconds)})}.year());
}

}  // namespace

/// Reads the footer: "CET-1CEST,M3.5.0,M10.5.0/3".
struct TimeZone::RuleReader {
  std::string_view text;
  bool good = true;

  bool take(char wanted) {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
  }
  std::int64_t number() {
    const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto value = end == 0 || end > 4 ? std::nullopt : parse_int(text.substr(0, end));
    good = good && value.has_value();
    text.remove_prefix(end);
    return value.value_or(0);
  }
  void name() {
    const bool quoted = take('<');
    const std::size_t end = quoted ? text.find('>') : std::min(text.find_first_of("+-0123456789,"), text.size());
    good = good && end != std::string_view::npos && end >= 3;
    if (!good) return;
    text.remove_prefix(end + (quoted ? 1 : 0));
  }
  std::int64_t seconds() {
    const bool negative = take('-');
    if (!negative) take('+');
    std::int64_t value = number() * 3600;
    if (take(':')) value += number() * 60;
    if (take(':')) value += number();
    return negative ? -value : value;
  }
  Change change() {
    Change result;
    if (take('M')) {
      result.day = Change::Day::kMonthWeekDay;
      result.month = static_cast<int>(number());
      good = good && take('.');
      result.week = static_cast<int>(number());
      good = good && take('.');
      result.number = static_cast<int>(number());
      good =
          good && result.month >= 1 && result.month <= 12 && result.week >= 1 && result.week <= 5 && result.number <= 6;
    } else {
      result.day = take('J') ? Change::Day::kJulianWithoutLeap : Change::Day::kYearDay;
      result.number = static_cast<int>(number());
      good = good && result.number <= 365;
    }
    if (take('/')) result.seconds = seconds();
    return result;
  }
  std::optional<Rule> rule() {
    Rule result;
    name();
    result.standard = -seconds();
    if (!text.empty()) {
      name();
      const bool stated = !text.empty() && text.front() != ',';
      result.summer = stated ? -seconds() : result.standard + 3600;
      good = good && take(',');
      const Change to_summer = change();
      good = good && take(',');
      result.changes = {to_summer, change()};
    }
    return good && text.empty() ? std::optional(result) : std::nullopt;
  }
};

Result<std::shared_ptr<const TimeZone>> TimeZone::from_tzif(std::string_view bytes) {
  BytesReader reader(bytes);
  const auto first = read_header(reader);
  if (!first || first->version < '2') return kBroken;
  reader.text(first->data_bytes(4));
  const auto header = read_header(reader);
  if (!header || header->types == 0) return kBroken;
  auto zone = std::make_shared<TimeZone>();
  for (std::size_t i = 0; i < header->times; ++i) zone->transitions_.push_back(reader.number(8));
  const std::string_view which = reader.text(header->times);
  std::vector<std::int64_t> types;
  for (std::size_t i = 0; i < header->types; ++i) {
    types.push_back(reader.number(4));
    reader.text(2);
  }
  reader.text(header->letters + header->leaps * 12 + header->standard_flags + header->utc_flags);
  if (!reader.good() || !std::is_sorted(zone->transitions_.begin(), zone->transitions_.end())) return kBroken;
  zone->offsets_.push_back(types[0]);
  for (const char type : which) {
    const auto index = static_cast<unsigned char>(type);
    if (index >= types.size()) return kBroken;
    zone->offsets_.push_back(types[index]);
  }
  std::string_view footer = reader.rest();
  if (footer.size() < 2 || footer.front() != '\n' || footer.back() != '\n') return kBroken;
  footer = footer.substr(1, footer.size() - 2);
  if (!footer.empty()) {
    RuleReader rule{footer};
    zone->rule_ = rule.rule();
    if (!zone->rule_) return kBroken;
  }
  return std::shared_ptr<const TimeZone>(std::move(zone));
}

Result<std::shared_ptr<const TimeZone>> TimeZone::named(std::string_view name) {
  if (name == "UTC") {
    auto utc = std::make_shared<TimeZone>();
    utc->offsets_.push_back(0);
    return std::shared_ptr<const TimeZone>(std::move(utc));
  }
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
  const Error unknown{ErrorCode::kNotFound, "'" + printable(name, 60) +
                                                "' is not a time zone of this machine; write it as Europe/Berlin or "
                                                "UTC, and see that the package tzdata is installed"};
  if (name.empty() || name.size() > 64 || name.front() == '/' ||
      name.find_first_not_of(kLetters) != std::string_view::npos) {
    return unknown;
  }
  const std::filesystem::path path = std::filesystem::path(kDatabase) / name;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error) || std::filesystem::file_size(path, error) > kFileBytesMax) {
    return unknown;
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  auto zone = from_tzif(bytes.str());
  if (!zone) return unknown;
  return zone;
}

/// The moment in UTC at which the change happens in that year. Its hour is told by the clock that was in force before.
std::int64_t TimeZone::change_at(const Change& change, int year, std::int64_t offset_before) {
  std::int64_t day = 0;
  if (change.day == Change::Day::kMonthWeekDay) {
    const std::int64_t first = days_of(year, change.month, 1);
    const std::int64_t weekday = ((first + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
    day = first + (change.number - weekday + 7) % 7 + (change.week - 1) * 7;
    const std::int64_t next_month = change.month == 12 ? days_of(year + 1, 1, 1) : days_of(year, change.month + 1, 1);
    while (day >= next_month) day -= 7;
  } else if (change.day == Change::Day::kJulianWithoutLeap) {
    // From 1, and the 29th of February is never counted.
    const bool leap = days_of(year, 3, 1) - days_of(year, 2, 28) == 2;
    day = days_of(year, 1, 1) + change.number - 1 + (leap && change.number >= 60 ? 1 : 0);
  } else {
    day = days_of(year, 1, 1) + change.number;
  }
  return day * kDaySeconds + change.seconds - offset_before;
}

TimeZone::Stretch TimeZone::stretch_of_rule(std::int64_t utc) const {
  const std::int64_t last = transitions_.empty() ? -kFar : transitions_.back();
  if (!rule_->changes) return {last, kFar, rule_->standard};
  Stretch stretch{last, kFar, rule_->standard};
  const int year = year_of(utc);
  for (int y = year - 1; y <= year + 1; ++y) {
    const std::array<std::pair<std::int64_t, std::int64_t>, 2> changes{
        {{change_at((*rule_->changes)[0], y, rule_->standard), rule_->summer},
         {change_at((*rule_->changes)[1], y, rule_->summer), rule_->standard}}};
    for (const auto& [moment, offset] : changes) {
      if (moment <= utc && moment >= stretch.begin) stretch = {moment, stretch.end, offset};
      if (moment > utc) stretch.end = std::min(stretch.end, moment);
    }
  }
  return stretch;
}

TimeZone::Stretch TimeZone::stretch_at(std::int64_t utc) const {
  const auto next = std::upper_bound(transitions_.begin(), transitions_.end(), utc);
  const auto index = static_cast<std::size_t>(next - transitions_.begin());
  if (next == transitions_.end() && rule_) return stretch_of_rule(utc);
  return {index == 0 ? -kFar : transitions_[index - 1], next == transitions_.end() ? kFar : *next, offsets_[index]};
}

std::int64_t TimeZone::to_utc(std::int64_t local) const {
  // No place is further than a day from UTC, so the stretch that the answer lies in is one of those around here.
  Stretch stretch = stretch_at(local - 2 * kDaySeconds);
  while (true) {
    const std::int64_t utc = local - stretch.offset;
    if (utc < stretch.begin) return stretch.begin;  // skipped by the change: the moment of it
    if (utc < stretch.end) return utc;
    stretch = stretch_at(stretch.end);
  }
}

}  // namespace reeve::spend
