#include "ledger/resume_point.h"

#include <charconv>
#include <optional>

#include "core/bytes.h"
#include "ledger/crc32c.h"

namespace reeve::ledger {

namespace {

constexpr std::string_view kStart = "open-intents-from ";
constexpr std::size_t kKeyDigits = 16;

std::string checked_line(std::string text) {
  const std::uint32_t check = crc32c(text);
  return std::move(text) + " " + to_hex({reinterpret_cast<const char*>(&check), sizeof check}) + "\n";
}

std::string text_of(const ResumePoint& point) {
  std::string text = std::string(kStart) + std::to_string(point.size);
  for (const WaitingIntent& intent : point.waiting) {
    std::string key(kKeyDigits, '0');
    std::uint64_t rest = intent.key;
    for (std::size_t at = kKeyDigits; at-- > 0; rest >>= 4U) key[at] = "0123456789abcdef"[rest & 0xfU];
    text += " " + std::to_string(intent.index) + ":" + key;
  }
  return checked_line(std::move(text));
}

/// Takes a number off the front of the text.
std::optional<std::uint64_t> take_number(std::string_view& text, int base) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::optional<ResumePoint> parse(std::string_view text) {
  const std::size_t check = text.rfind(' ');
  if (!text.starts_with(kStart) || check < kStart.size()) return std::nullopt;
  text = text.substr(kStart.size(), check - kStart.size());
  const auto size = take_number(text, 10);
  if (!size) return std::nullopt;
  ResumePoint point{.size = *size, .waiting = {}};
  while (!text.empty()) {
    text.remove_prefix(1);
    const auto index = take_number(text, 10);
    if (!index || !text.starts_with(':')) return std::nullopt;
    text.remove_prefix(1);
    const auto key = take_number(text, 16);
    const std::uint64_t lowest = point.waiting.empty() ? 0 : point.waiting.back().index + 1;
    if (!key || *index < lowest || *index >= point.size) return std::nullopt;
    point.waiting.push_back({*index, *key});
  }
  return point;
}

}  // namespace

std::string resume_path(const std::string& ledger_directory) { return ledger_directory + "/resume"; }

Result<void> write_resume_point(FileSystem& system, const std::string& ledger_directory, const ResumePoint& point) {
  return replace_file(system, resume_path(ledger_directory), text_of(point), Writing::kCached, 0600);
}

Result<ResumePoint> read_resume_point(FileSystem& system, const std::string& ledger_directory) {
  const auto text = read_file(system, resume_path(ledger_directory));
  if (!text) return text.error();
  auto point = parse(*text);
  // There is one way of writing each, which covers the checksum, too.
  if (!point || text_of(*point) != *text) {
    return Error{ErrorCode::kCorrupt, resume_path(ledger_directory) + " is damaged"};
  }
  return *std::move(point);
}

}  // namespace reeve::ledger
