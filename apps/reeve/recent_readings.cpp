#include "reeve/recent_readings.h"

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/json.h"

namespace reeve::app {

namespace {

constexpr Duration kSpeaksFor = std::chrono::minutes(1);
constexpr std::size_t kRememberedMax = 10'000;
constexpr std::size_t kDetailBytesMax = 8'000;  // a note of the store takes 8 KiB

std::string detail_with(const Reading& reading, Instant at, const std::string& filter) {
  JsonWriter json;
  json.begin_object().member("at", format_time(at)).member("by", reading.by).member("count", reading.count);
  json.member_if("filter", filter).member_if("page", reading.page).member("through", reading.through);
  return json.end_object().take();
}

std::string cut(const std::string& filter, std::size_t bytes) {
  while (bytes > 0 && (static_cast<unsigned char>(filter[bytes]) & 0xC0U) == 0x80U) --bytes;
  return filter.substr(0, bytes) + " ... (cut; its SHA-256 is " + to_hex(as_bytes(sha256(filter))) + ")";
}

}  // namespace

std::string detail_of(const Reading& reading) {
  const Instant at = reading.at.nanoseconds == 0 ? system_clock().now() : reading.at;
  std::string detail = detail_with(reading, at, reading.filter);
  for (std::size_t bytes = 4'000; detail.size() > kDetailBytesMax && bytes > 0; bytes /= 2) {
    if (bytes < reading.filter.size()) detail = detail_with(reading, at, cut(reading.filter, bytes));
  }
  return detail;
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
  json.begin_array().value(reading.by).value(reading.through).value(reading.filter).value(reading.page);
  return json.end_array().take();
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
