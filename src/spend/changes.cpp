// Merged changes as they are told and kept.

#include <algorithm>

#include "core/bytes.h"
#include "spend/changes.h"

namespace reeve::spend {

namespace {

constexpr std::size_t kNameBytesMax = 300;
constexpr std::int64_t kLinesMax = 1'000'000'000;
/// Clocks differ.
constexpr Duration kAheadMax = std::chrono::minutes(5);

struct TextMember {
  std::string_view name;
  std::string MergedChange::* text;
  bool needed = false;
};
constexpr std::array<TextMember, 6> kTexts{{{"repo", &MergedChange::repo, true},
                                            {"id", &MergedChange::id, true},
                                            {"work_item", &MergedChange::work_item},
                                            {"commit", &MergedChange::commit},
                                            {"author", &MergedChange::author},
                                            {"branch", &MergedChange::branch}}};

Error wrong(std::string_view member, std::string_view what) {
  return {ErrorCode::kInvalid, "'" + std::string(member) + "' " + std::string(what)};
}

bool is_line(std::string_view text) {
  return text.size() <= kNameBytesMax && is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 || byte == 0x7F;
         });
}

/// A member that is a text; nothing where it is not one of those.
Result<bool> read_text(std::string_view name, const JsonValue& value, MergedChange& change) {
  const auto* const member =
      std::find_if(kTexts.begin(), kTexts.end(), [&](const TextMember& text) { return text.name == name; });
  if (member == kTexts.end()) return false;
  // A number is a good id, too.
  const auto number = value.as_int();
  if (!value.as_string() && !(name == "id" && number)) return wrong(name, "must be a text");
  change.*member->text = value.as_string() ? std::string(trim(*value.as_string())) : std::to_string(*number);
  return true;
}

}  // namespace

Result<void> check_merged_change(const MergedChange& change, Instant now) {
  for (const TextMember& member : kTexts) {
    if (member.needed && (change.*member.text).empty()) return wrong(member.name, "is needed");
    if (!is_line(change.*member.text)) {
      return wrong(member.name, "must be one line of at most " + std::to_string(kNameBytesMax) + " bytes");
    }
  }
  if (change.at > now + kAheadMax) return wrong("at", "is a time to come; tell of a change once it is merged");
  if (change.lines && (*change.lines < 0 || *change.lines > kLinesMax)) {
    return wrong("lines", "must be a whole number from 0 to " + std::to_string(kLinesMax));
  }
  return {};
}

Result<MergedChange> read_merged_change(const JsonValue& object, Instant now) {
  if (!object.is_object()) return Error{ErrorCode::kInvalid, "a change is an object such as {\"repo\":…,\"id\":…}"};
  MergedChange change;
  change.at = now;
  for (const auto& [name, value] : object.members()) {
    const auto text = read_text(name, value, change);
    if (!text) return text.error();
    if (*text) continue;
    if (name == "at") {
      const auto at = parse_since(value.string_or(""), now);
      if (!at) return wrong(name, "must be a time such as 2026-11-22T10:00:00Z");
      change.at = *at;
    } else if (name == "lines") {
      change.lines = value.as_int();
      if (!change.lines) return wrong(name, "must be a whole number");
    } else {
      return wrong(printable(name, 40),
                   "is no member of a change; there are repo, id, work_item, commit, author, "
                   "at, branch, lines");
    }
  }
  if (auto checked = check_merged_change(change, now); !checked) return checked.error();
  return change;
}

std::string merged_change_detail(const MergedChange& change, std::string_view by) {
  JsonWriter json;
  json.begin_object().member("at", format_time(change.at)).member_if("author", change.author);
  json.member_if("branch", change.branch).member("by", by).member_if("commit", change.commit);
  json.member("id", change.id);
  if (change.lines) json.member("lines", *change.lines);
  json.member("repo", change.repo).member_if("work_item", change.work_item);
  return json.end_object().take();
}

std::string merged_change_key(const MergedChange& change) { return change.repo + "\n" + change.id; }

}  // namespace reeve::spend
