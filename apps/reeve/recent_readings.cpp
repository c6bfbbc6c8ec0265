#include "reeve/recent_readings.h"

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/json.h"

namespace reeve::app {

namespace {

constexpr Duration kSpeaksFor = std::chrono::minutes(1);
constexpr std::size_t kRememberedMax = 10'000;
/// Of a filter, as JSON: with the rest it stays below the 8 KiB that a note of the store takes.
constexpr std::size_t kFilterBytesMax = 6'000;

std::string cut(const std::string& text, std::size_t bytes) {
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return text.substr(0, bytes) + " ... (cut; its SHA-256 is " + to_hex(as_bytes(sha256(text))) + ")";
}

std::size_t bytes_as_json(const std::string& text) {
  JsonWriter json;
  json.value(text);
  return json.text().size();
}

/// What is told of a filter stands for it: what was cut is told as it is.
std::string filter_as_told(const std::string& filter) {
  std::string told = filter;
  for (std::size_t bytes = 4'000; bytes_as_json(told) > kFilterBytesMax && bytes > 0; bytes /= 2) {
    if (bytes < filter.size()) told = cut(filter, bytes);
  }
  return told;
}

}  // namespace

std::string detail_of(const Reading& reading) {
  const Instant at = reading.at.nanoseconds == 0 ? system_clock().now() : reading.at;
  JsonWriter json;
  json.begin_object().member("at", format_time(at)).member("by", reading.by).member("count", reading.count);
  json.member_if("filter", filter_as_told(reading.filter)).member_if("page", reading.page);
  return json.member("through", reading.through).end_object().take();
}

std::optional<Reading> read_reading(std::string_view detail) {
  const auto document = JsonDocument::parse(detail);
  if (!document) return std::nullopt;
  const JsonValue root = document->root();
  const auto at = parse_time(root["at"].string_or(""));
  if (!at || !root["through"].present() || !root["count"].present()) return std::nullopt;
  return Reading{std::string(root["by"].string_or("")),      std::string(root["filter"].string_or("")),
                 std::string(root["through"].string_or("")), static_cast<std::uint64_t>(root["count"].int_or(0)),
                 std::string(root["page"].string_or("")),    *at};
}

std::string RecentReadings::key_of(const Reading& reading) {
  JsonWriter json;
  json.begin_array().value(reading.by).value(reading.through).value(filter_as_told(reading.filter));
  // Whatever was asked, it is remembered in as many bytes.
  return std::string(as_bytes(sha256(json.value(reading.page).end_array().text())));
}

std::optional<std::uint64_t> RecentReadings::find(const Reading& reading) const {
  const std::scoped_lock lock(mutex_);
  const auto found = told_.find(key_of(reading));
  if (found == told_.end()) return std::nullopt;
  const Duration since = reading.at - found->second.at;
  return since >= Duration() && since < kSpeaksFor ? std::optional(found->second.entry) : std::nullopt;
}

void RecentReadings::remember(const Reading& reading, std::uint64_t entry) {
  const std::scoped_lock lock(mutex_);
  // Forgetting costs no more than an entry too many.
  if (told_.size() >= kRememberedMax) told_.clear();
  told_[key_of(reading)] = {reading.at, entry};
}

}  // namespace reeve::app
