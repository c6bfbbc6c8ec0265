#include "ledger/index_fields.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <set>

#include "core/json.h"
#include "core/time.h"

namespace reeve::ledger {

namespace {

using enum FieldType;
using enum FieldSide;

constexpr std::array<FieldInfo, kFields> kInfo{{{"agent.id", kText, kShared},
                                                {"agent.parent", kText, kShared},
                                                {"attempt", kNumber, kShared},
                                                {"budget.degraded_by", kText, kShared},
                                                {"budget.name", kText, kOutcome},
                                                {"client", kText, kShared},
                                                {"client_version", kText, kShared},
                                                {"content.findings", kRaw, kIntent},
                                                {"content.labels", kTexts, kIntent},
                                                {"cost.estimated", kFlag, kOutcome},
                                                {"cost.model", kText, kOutcome},
                                                {"cost.nanos", kNumber, kOutcome},
                                                {"cost.price_known", kFlag, kOutcome},
                                                {"cost.price_version", kText, kOutcome},
                                                {"cost.provider", kText, kOutcome},
                                                {"cost.service_tier", kText, kOutcome},
                                                {"decision.effect", kText, kShared},
                                                {"decision.enforced", kText, kShared},
                                                {"decision.mode", kText, kShared},
                                                {"decision.reason", kText, kShared},
                                                {"decision.rule", kText, kShared},
                                                {"decision.rules", kTexts, kShared},
                                                {"detail", kRaw, kShared},
                                                {"feature", kText, kShared},
                                                {"kind", kText, kShared},
                                                {"model.asked", kText, kShared},
                                                {"model.operation", kText, kShared},
                                                {"model.provider", kText, kShared},
                                                {"model.region", kText, kShared},
                                                {"model.served", kText, kIntent},
                                                {"model.tier", kText, kShared},
                                                {"outcome.http_status", kNumber, kOutcome},
                                                {"outcome.reason", kText, kOutcome},
                                                {"outcome.response_bytes", kNumber, kOutcome},
                                                {"outcome.status", kText, kOutcome},
                                                {"principal.groups", kTexts, kShared},
                                                {"principal.id", kText, kShared},
                                                {"principal.team", kText, kShared},
                                                {"principal.type", kText, kShared},
                                                {"producer.name", kText, kShared},
                                                {"producer.number", kNumber, kShared},
                                                {"repo", kText, kShared},
                                                {"request.thinking", kFlag, kEach},
                                                {"request.tools", kFlag, kEach},
                                                {"request_id", kText, kShared},
                                                {"seq", kNumber, kShared},
                                                {"session_id", kText, kShared},
                                                {"time", kText, kShared},
                                                {"timing.decision_us", kNumber, kOutcome},
                                                {"timing.first_byte_us", kNumber, kOutcome},
                                                {"timing.total_us", kNumber, kOutcome},
                                                {"usage.cache_read", kNumber, kOutcome},
                                                {"usage.cache_write_1h", kNumber, kOutcome},
                                                {"usage.cache_write_5m", kNumber, kOutcome},
                                                {"usage.input", kNumber, kOutcome},
                                                {"usage.input_audio", kNumber, kOutcome},
                                                {"usage.output", kNumber, kOutcome},
                                                {"usage.output_audio", kNumber, kOutcome},
                                                {"usage.reasoning", kNumber, kOutcome},
                                                {"usage.web_searches", kNumber, kOutcome},
                                                {"work_item", kText, kShared}}};

/// A member's name, and its first eight bytes as a number that sorts as they do: most names differ there.
struct Name {
  std::uint64_t head = 0;
  std::string_view text;

  constexpr bool operator==(const Name& other) const {
    return head == other.head && text.size() == other.text.size() && (text.size() <= 8 || text == other.text);
  }
  constexpr bool operator<(const Name& other) const {
    return head != other.head ? head < other.head : text < other.text;
  }
};

constexpr Name name_of(std::string_view text) {
  Name name{0, text};
  for (std::size_t i = 0; i < 8; ++i)
    name.head = name.head << 8U | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
  return name;
}

/// Of one path: the member at the top, and within it; `name` is empty where the top has the value.
struct PathParts {
  Name top, name;
  bool is_inner = false;
};

constexpr std::array<PathParts, kFields> split_paths() {
  std::array<PathParts, kFields> parts{};
  for (std::size_t i = 0; i < kFields; ++i) {
    const std::size_t dot = kInfo[i].path.find('.');
    parts[i].top = name_of(kInfo[i].path.substr(0, dot));
    parts[i].is_inner = dot != std::string_view::npos;
    if (parts[i].is_inner) parts[i].name = name_of(kInfo[i].path.substr(dot + 1));
  }
  return parts;
}
constexpr std::array<PathParts, kFields> kParts = split_paths();

constexpr std::uint64_t bits_of(FieldSide side) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < kFields; ++i) bits |= kInfo[i].side == side ? std::uint64_t{1} << i : 0;
  return bits;
}
/// Members that both entries of a call have in common; these each entry has of its own.
constexpr std::uint64_t kOwnOfEach = EntryFields::bit(Field::kKind) | EntryFields::bit(Field::kSeq) |
                                     EntryFields::bit(Field::kTime) | EntryFields::bit(Field::kProducerName) |
                                     EntryFields::bit(Field::kProducerNumber);
constexpr std::uint64_t kInCommon = bits_of(kShared) & ~kOwnOfEach;

/// Which of eight bytes are `byte`: the top bit of each that is. Bits above the lowest one may be wrong.
constexpr std::uint64_t bytes_that_are(std::uint64_t eight, char byte) {
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
  const std::uint64_t zero_there = eight ^ (kOnes * static_cast<unsigned char>(byte));
  return (zero_there - kOnes) & ~zero_there & (kOnes << 7U);
}

/// Walks canonical JSON once. The members wanted come in the order of kParts, so one number says which is next.
class FieldReader {
 public:
  FieldReader(std::string_view entry, EntryFields& fields)
      : at_(entry.data()), end_(entry.data() + entry.size()), fields_(fields) {}

  bool read() { return read_object(nullptr) && at_ == end_; }

 private:
  /// The members of the object that begins here: those at the top, or those within the member `top`.
  bool read_object(const Name* top) {
    if (!take('{')) return false;
    if (take('}')) return true;
    Name last;
    bool first = true;
    do {
      Name name;
      if (!read_name(name) || !take(':')) return false;
      if (!first && !(last < name)) return false;  // canonical, hence each name once
      if (!(top == nullptr ? read_member(name) : read_inner_member(*top, name))) return false;
      last = name;
      first = false;
    } while (take(','));
    return take('}');
  }

  bool read_member(const Name& name) {
    while (next_ < kFields && kParts[next_].top < name) ++next_;
    if (next_ < kFields && kParts[next_].top == name) {
      if (!kParts[next_].is_inner) return read_value(next_);
      return at_ < end_ && *at_ == '{' && read_object(&kParts[next_].top);
    }
    return skip_value();
  }

  bool read_inner_member(const Name& top, const Name& name) {
    while (next_ < kFields && kParts[next_].top == top && kParts[next_].name < name) ++next_;
    const bool is_wanted = next_ < kFields && kParts[next_].top == top && kParts[next_].name == name;
    return is_wanted ? read_value(next_) : skip_value();
  }

  bool read_value(std::size_t number) {
    const char* const begin = at_;
    std::string_view& text = fields_.texts[number];
    is_escaped_ = false;
    bool fits = false;
    switch (kInfo[number].type) {
      case kText: fits = read_string(text) && !text.empty(); break;
      case kNumber: fits = read_number(fields_.numbers[number]); break;
      case kFlag: fits = read_flag(fields_.numbers[number]); break;
      case kTexts:
      case kRaw:
        fits = (*at_ == '[' || kInfo[number].type == kRaw) && skip_value();
        text = {begin, static_cast<std::size_t>(at_ - begin)};
    }
    fields_.present |= std::uint64_t{1} << number;
    return fits && (!is_escaped_ || text.find("\\u0000") == std::string_view::npos);
  }

  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view word) {
    if (static_cast<std::size_t>(end_ - at_) < word.size() || std::memcmp(at_, word.data(), word.size()) != 0) {
      return false;
    }
    at_ += word.size();
    return true;
  }

  bool read_name(Name& name) {
    const char* const begin = at_ + 1;
    if (!read_string(name.text)) return false;
    if (end_ - begin >= 8) {
      std::memcpy(&name.head, begin, sizeof name.head);
      name.head = __builtin_bswap64(name.head);
      if (name.text.size() < 8) name.head &= name.text.empty() ? 0 : ~std::uint64_t{0} << (64 - 8 * name.text.size());
    } else {
      name.head = name_of(name.text).head;
    }
    return true;
  }

  /// Most texts are short: eight bytes at a time, without a call.
  bool read_string(std::string_view& text) {
    if (!take('"')) return false;
    const char* const begin = at_;
    while (end_ - at_ >= 8) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, at_, sizeof eight);
      const std::uint64_t special = bytes_that_are(eight, '"') | bytes_that_are(eight, '\\');
      if (special == 0) {
        at_ += 8;
        continue;
      }
      at_ += __builtin_ctzll(special) / 8;
      if (*at_ == '"') {
        text = {begin, static_cast<std::size_t>(at_++ - begin)};
        return true;
      }
      if (end_ - at_ < 2) return false;
      is_escaped_ = true;
      at_ += 2;  // what is escaped is no end
    }
    for (; at_ < end_ && *at_ != '"'; ++at_) {
      if (*at_ != '\\') continue;
      is_escaped_ = true;
      if (end_ - at_ > 1) ++at_;
    }
    if (at_ >= end_) return false;
    text = {begin, static_cast<std::size_t>(at_++ - begin)};
    return true;
  }
  bool read_number(std::int64_t& number) {
    const auto [stop, error] = std::from_chars(at_, end_, number);
    if (error != std::errc{} || stop == end_ || (*stop != ',' && *stop != '}')) return false;
    at_ = stop;
    return true;
  }
  bool read_flag(std::int64_t& flag) {
    flag = at_ < end_ && *at_ == 't' ? 1 : 0;
    return take(flag == 1 ? std::string_view("true") : std::string_view("false"));
  }

  bool skip_value() {
    if (at_ == end_) return false;
    std::string_view ignored;
    if (*at_ == '"') return read_string(ignored);
    if (*at_ == '{' || *at_ == '[') return skip_nested();
    const char* const begin = at_;
    while (at_ < end_ && *at_ != ',' && *at_ != '}' && *at_ != ']') ++at_;
    return at_ > begin;
  }
  bool skip_nested() {
    std::size_t depth = 0;
    std::string_view ignored;
    while (at_ < end_) {
      switch (*at_) {
        case '"':
          if (!read_string(ignored)) return false;
          continue;
        case '{':
        case '[': ++depth; break;
        case '}':
        case ']': --depth; break;
        default: break;
      }
      ++at_;
      if (depth == 0) return true;
    }
    return false;
  }

  const char* at_;
  const char* const end_;
  EntryFields& fields_;
  std::size_t next_ = 0;
  bool is_escaped_ = false;  // something in the value that is read
};

std::string joined(const std::vector<JsonValue>& items, std::string_view member) {
  std::string out;
  std::set<std::string, std::less<>> seen;
  for (const JsonValue& item : items) {
    const std::string_view text = (member.empty() ? item : item[member]).string_or("");
    if (text.empty() || (!member.empty() && !seen.emplace(text).second)) continue;
    if (!out.empty()) out += kListSeparator;
    out += text;
  }
  return out;
}

constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::string_view kRequestPrefix = "req_";
constexpr std::size_t kIdDigits = 26;

}  // namespace

const FieldInfo& field_info(Field field) { return kInfo[static_cast<std::size_t>(field)]; }

const FieldInfo* find_field(std::string_view path) {
  const auto* const found =
      std::find_if(kInfo.begin(), kInfo.end(), [&](const FieldInfo& info) { return info.path == path; });
  return found == kInfo.end() ? nullptr : found;
}

void read_entry_fields(std::string_view entry, EntryFields& fields) {
  fields.present = 0;
  fields.regular = FieldReader(entry, fields).read() && fields.has(Field::kKind) && fields.has(Field::kSeq) &&
                   fields.has(Field::kTime);
}

bool agree(const EntryFields& intent, const EntryFields& outcome) {
  if ((intent.present & kInCommon) != (outcome.present & kInCommon)) return false;
  if ((intent.present & bits_of(kOutcome)) != 0 || outcome.has(Field::kContentLabels)) return false;
  for (std::size_t i = 0; i < kFields; ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    if ((intent.present & kInCommon & bit) == 0) continue;
    const bool is_number = kInfo[i].type == kNumber || kInfo[i].type == kFlag;
    if (is_number ? intent.numbers[i] != outcome.numbers[i] : intent.texts[i] != outcome.texts[i]) return false;
  }
  return true;
}

std::string unescaped(std::string_view raw) {
  if (raw.find('\\') == std::string_view::npos) return std::string(raw);
  const auto document = JsonDocument::parse("\"" + std::string(raw) + "\"");
  return document ? std::string(document->root().string_or("")) : std::string();
}

std::string joined_list(std::string_view raw) {
  // ["a","b"], as nearly all are: what stands between the quotes.
  if (raw.starts_with("[\"") && raw.ends_with("\"]") && raw.find('\\') == std::string_view::npos) {
    std::string out;
    out.reserve(raw.size());
    for (std::string_view rest = raw.substr(1); !rest.empty() && rest.front() == '"';) {
      const std::size_t end = rest.find('"', 1);
      if (end == std::string_view::npos) break;
      if (end > 1 && !out.empty()) out += kListSeparator;
      out += rest.substr(1, end - 1);
      rest.remove_prefix(end + 1);
      if (rest == "]") return out;
      if (!rest.starts_with(",\"")) break;
      rest.remove_prefix(1);
    }
  }
  const auto document = JsonDocument::parse(raw);
  return document ? joined(document->root().items(), {}) : std::string();
}

std::string joined_finding_types(std::string_view raw) {
  const auto document = JsonDocument::parse(raw);
  return document ? joined(document->root().items(), "type") : std::string();
}

bool read_ledger_time(std::string_view text, std::int64_t& microseconds) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00.000000Z";
  if (text.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '0' ? !digit : text[i] != kForm[i]) return false;
  }
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = 0;
    for (std::size_t i = at; i < at + digits; ++i) value = value * 10 + (text[i] - '0');
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  if (!day.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 59) return false;
  const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  const std::int64_t seconds = days * 86'400 + number(11, 2) * 3'600 + number(14, 2) * 60 + number(17, 2);
  microseconds = seconds * 1'000'000 + number(20, 6);
  return true;
}

bool read_request_id(std::string_view text, std::uint64_t& high, std::uint64_t& low) {
  if (text.size() != kRequestPrefix.size() + kIdDigits || !text.starts_with(kRequestPrefix)) return false;
  static const auto values = [] {
    std::array<std::int16_t, 256> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < kCrockford.size(); ++i) {
      table[static_cast<unsigned char>(kCrockford[i])] = static_cast<std::int16_t>(i);
    }
    return table;
  }();
  __extension__ using Bits = unsigned __int128;
  Bits bits = 0;
  for (std::size_t i = kRequestPrefix.size(); i < text.size(); ++i) {
    const int value = values[static_cast<unsigned char>(text[i])];
    if (value < 0 || (i == kRequestPrefix.size() && value > 7)) return false;
    bits = bits << 5U | static_cast<unsigned>(value);
  }
  high = static_cast<std::uint64_t>(bits >> 64U);
  low = static_cast<std::uint64_t>(bits);
  return true;
}

std::string request_id_text(std::uint64_t high, std::uint64_t low) {
  __extension__ using Bits = unsigned __int128;
  Bits bits = static_cast<Bits>(high) << 64U | low;
  std::string text(kRequestPrefix.size() + kIdDigits, '\0');
  kRequestPrefix.copy(text.data(), kRequestPrefix.size());
  for (std::size_t i = text.size(); i > kRequestPrefix.size(); --i) {
    text[i - 1] = kCrockford[static_cast<std::size_t>(bits & 31U)];
    bits >>= 5U;
  }
  return text;
}

}  // namespace reeve::ledger
