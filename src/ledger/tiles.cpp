#include "ledger/tiles.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/bytes.h"

namespace reeve::ledger {

namespace {

/// The number in groups of three digits; all but the last begin with x.
std::string numbered_path(std::string prefix, std::uint64_t number, std::size_t width) {
  std::array<char, 8> group{};
  std::snprintf(group.data(), group.size(), "%03u", static_cast<unsigned>(number % 1000));
  std::string path = group.data();
  for (number /= 1000; number > 0; number /= 1000) {
    std::snprintf(group.data(), group.size(), "x%03u", static_cast<unsigned>(number % 1000));
    path = std::string(group.data()) + "/" + path;
  }
  prefix += '/';
  prefix += path;
  if (width < kTileWidth) prefix += ".p/" + std::to_string(width);
  return prefix;
}

}  // namespace

std::string public_directory(const std::string& ledger_directory) { return ledger_directory + "/public"; }

std::string tile_path(std::size_t level, std::uint64_t number, std::size_t width) {
  return numbered_path("tile/" + std::to_string(level), number, width);
}

std::string bundle_path(std::uint64_t number, std::size_t width) {
  return numbered_path("tile/entries", number, width);
}

std::optional<PublishedName> parse_published_name(std::string_view name) {
  using Kind = PublishedName::Kind;
  if (name == "checkpoint" || name == "cosigned-checkpoint") return PublishedName{Kind::kCheckpoint, 0};
  if (name == "key" || name == "key-rotations") return PublishedName{Kind::kKey, 0};
  constexpr std::size_t kLevelMax = 63;
  constexpr std::size_t kNumberDigitsMax = 18;
  const std::vector<std::string_view> parts = split(name, '/');
  if (parts.size() < 3 || parts[0] != "tile") return std::nullopt;
  const bool entries = parts[1] == "entries";
  const auto level = entries ? std::optional<std::int64_t>(0) : parse_int(parts[1]);
  const bool partial = parts[parts.size() - 2].ends_with(".p");
  const auto width = partial ? parse_int(parts.back()) : std::optional<std::int64_t>(kTileWidth);
  if (!level || *level < 0 || *level > static_cast<std::int64_t>(kLevelMax)) return std::nullopt;
  if (!width || *width < 1 || (partial && *width >= static_cast<std::int64_t>(kTileWidth))) return std::nullopt;
  std::string digits;
  for (std::size_t i = 2; i < parts.size() - (partial ? 1 : 0); ++i) {
    for (const char c : parts[i]) {
      if (c >= '0' && c <= '9') digits += c;
    }
  }
  const auto number = parse_int(digits);
  if (!number || digits.size() > kNumberDigitsMax) return std::nullopt;
  // There is one way to write each name, so what it is made from must give it again.
  const PublishedName found{entries ? Kind::kEntries : Kind::kTile, static_cast<std::uint64_t>(*number)};
  const auto tiles = static_cast<std::size_t>(*width);
  const std::string path =
      entries ? bundle_path(found.number, tiles) : tile_path(static_cast<std::size_t>(*level), found.number, tiles);
  return path == name ? std::optional(found) : std::nullopt;
}

std::string encode_tile(std::span<const Sha256> hashes) {
  return {reinterpret_cast<const char*>(hashes.data()), hashes.size_bytes()};
}

std::vector<Sha256> decode_tile(std::string_view bytes) {
  if (bytes.empty() || bytes.size() % sizeof(Sha256) != 0) return {};
  std::vector<Sha256> hashes(bytes.size() / sizeof(Sha256));
  std::memcpy(hashes.data(), bytes.data(), bytes.size());
  return hashes;
}

void append_to_bundle(std::string& bundle, std::string_view entry) {
  CHECK(entry.size() <= kEntryBytesMax);
  bundle += static_cast<char>(entry.size() >> 8U);
  bundle += static_cast<char>(entry.size() & 0xffU);
  bundle += entry;
}

std::optional<std::vector<std::string_view>> split_bundle(std::string_view bundle) {
  std::vector<std::string_view> entries;
  while (!bundle.empty()) {
    if (bundle.size() < 2) return std::nullopt;
    const std::size_t length =
        static_cast<std::size_t>(static_cast<unsigned char>(bundle[0])) << 8U | static_cast<unsigned char>(bundle[1]);
    bundle.remove_prefix(2);
    if (bundle.size() < length) return std::nullopt;
    entries.push_back(bundle.substr(0, length));
    bundle.remove_prefix(length);
  }
  return entries;
}

TileFiles::TileFiles(FileSystem& system, const std::string& ledger_directory)
    : system_(system), directory_(public_directory(ledger_directory)) {}

Result<void> TileFiles::make_parents(const std::string& path) {
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    if (auto made = make_directory(system_, directory_ + "/" + path.substr(0, slash)); !made) return made;
  }
  return {};
}

Result<void> TileFiles::write(const std::string& path, std::string_view bytes, Writing writing) {
  if (present(path, bytes.size())) {
    const auto there = read(path);
    if (there && *there == bytes) return {};
  }
  auto written = replace_file(system_, directory_ + "/" + path, bytes, writing);
  if (written || written.error().code != ErrorCode::kNotFound) return written;
  if (auto made = make_parents(path); !made) return made;
  return replace_file(system_, directory_ + "/" + path, bytes, writing);
}

Result<std::string> TileFiles::read(const std::string& path) const {
  return read_file(system_, directory_ + "/" + path);
}

bool TileFiles::present(const std::string& path, std::size_t bytes) const {
  struct stat status{};
  if (system_.stat(directory_ + "/" + path, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  return bytes == 0 ? status.st_size > 0 : static_cast<std::size_t>(status.st_size) == bytes;
}

std::vector<std::size_t> TileFiles::partial_widths(const std::string& full_path) const {
  std::vector<std::string> names;
  std::vector<std::size_t> widths;
  system_.list(directory_ + "/" + full_path + ".p", &names);
  for (const std::string& name : names) {
    const auto width = parse_int(name);
    if (width && *width > 0 && *width < static_cast<std::int64_t>(kTileWidth)) {
      widths.push_back(static_cast<std::size_t>(*width));
    }
  }
  std::sort(widths.begin(), widths.end());
  return widths;
}

void TileFiles::remove_partials(const std::string& full_path) {
  const std::string directory = directory_ + "/" + full_path + ".p";
  std::vector<std::string> names;
  if (system_.list(directory, &names) != 0) return;
  for (const std::string& name : names) system_.unlink(directory + "/" + name);
  system_.rmdir(directory);
}

Result<std::vector<Sha256>> TileFiles::hashes(std::size_t level, std::uint64_t number, std::size_t width) const {
  const auto wide_enough = [&](const std::string& path) {
    const auto bytes = read(path);
    std::vector<Sha256> hashes = bytes ? decode_tile(*bytes) : std::vector<Sha256>();
    hashes.resize(hashes.size() < width ? 0 : width);
    return hashes;
  };
  const std::string full = tile_path(level, number);
  if (auto hashes = wide_enough(full); !hashes.empty()) return hashes;
  for (const std::size_t partial : partial_widths(full)) {
    if (partial < width) continue;
    if (auto hashes = wide_enough(tile_path(level, number, partial)); !hashes.empty()) return hashes;
  }
  return Error{ErrorCode::kNotFound, full + " is not there"};
}

}  // namespace reeve::ledger
