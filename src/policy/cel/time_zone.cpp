#include "policy/cel/time_zone.h"

#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>

#include "policy/cel/zone_file.h"

namespace reeve::policy::cel {
namespace {

constexpr std::string_view kZoneFolder = "/usr/share/zoneinfo/";

/// "+02:00", "02:00" or "-09:30".
std::optional<std::int32_t> fixed_offset(std::string_view zone) {
  const int sign = zone.starts_with('-') ? -1 : 1;
  if (zone.starts_with('-') || zone.starts_with('+')) zone.remove_prefix(1);
  if (zone.size() != 5 || zone[2] != ':') return std::nullopt;
  for (const std::size_t i : {0U, 1U, 3U, 4U}) {
    if (std::isdigit(static_cast<unsigned char>(zone[i])) == 0) return std::nullopt;
  }
  const int hours = (zone[0] - '0') * 10 + (zone[1] - '0');
  const int minutes = (zone[3] - '0') * 10 + (zone[4] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  return sign * (hours * 3600 + minutes * 60);
}

/// Zone names are letters, digits, _ - + in parts between slashes: no dot, so that no name leaves the folder.
bool is_zone_name(std::string_view name) {
  constexpr std::size_t kNameMax = 64;
  if (name.empty() || name.size() > kNameMax || name.starts_with('/') || name.ends_with('/')) return false;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '-' && c != '+' && c != '/') return false;
  }
  return std::isupper(static_cast<unsigned char>(name[0])) != 0;
}

std::optional<ZoneFile> read_zone(std::string_view name) {
  constexpr std::size_t kFileBytesMax = 256UL << 10U;
  const std::string path = std::string(kZoneFolder) + std::string(name);
  std::error_code problem;
  if (!std::filesystem::is_regular_file(path, problem)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  std::string bytes(kFileBytesMax, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return parse_zone_file(bytes);
}

/// The zones that were asked for. Names that are none are kept too, and there may be only so many of those: they come
/// from expressions' data.
class ZoneCache {
 public:
  std::optional<std::int32_t> offset(std::string_view name, std::int64_t at) {
    const std::lock_guard lock(mutex_);
    auto found = zones_.find(name);
    if (found == zones_.end()) {
      if (zones_.size() >= kNamesMax) zones_.clear();
      found = zones_.emplace(std::string(name), read_zone(name)).first;
    }
    if (!found->second) return std::nullopt;
    return offset_at(*found->second, at);
  }

 private:
  static constexpr std::size_t kNamesMax = 1000;  // there are some 600
  std::mutex mutex_;
  std::map<std::string, std::optional<ZoneFile>, std::less<>> zones_;
};

}  // namespace

std::optional<std::int32_t> zone_offset(std::string_view zone, std::int64_t at) {
  if (zone == "UTC" || zone == "Z") return 0;
  if (const std::optional<std::int32_t> fixed = fixed_offset(zone)) return fixed;
  if (!is_zone_name(zone)) return std::nullopt;
  static ZoneCache cache;
  return cache.offset(zone, at);
}

}  // namespace reeve::policy::cel
