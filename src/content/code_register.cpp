// Registering code: from the files of a folder to one file of sorted fingerprints.

#include <algorithm>
#include <array>
#include <cstring>

#include "content/code_files.h"
#include "content/code_index.h"
#include "core/crypto.h"
#include "core/time.h"

namespace reeve::content {

namespace {

/// Entries in memory at a time. More than these are registered in several passes over the files, each for a part of the
/// keys, so that memory stays bounded however large a source is.
constexpr std::uint64_t kEntriesMax = 32U << 20U;
constexpr double kEntriesPerByte = 0.06;
constexpr unsigned kDistinctMin = 6;  // grams of fewer different characters are rulers and tables, not code

unsigned distinct_characters(std::string_view text) {
  std::array<bool, 256> seen{};
  unsigned count = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c | 0x20);
    const bool counts = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
    if (counts && !seen[byte]) {
      seen[byte] = true;
      ++count;
    }
  }
  return count;
}

/// One pass: keys from `low` up to but not including `high` (0: to the end).
struct Part {
  std::uint64_t low = 0, high = 0;
  bool holds(std::uint64_t key) const { return key >= low && (high == 0 || key < high); }
};

struct Pass {
  std::uint64_t salt = 0;
  Part part;
  Fingerprinter fingerprinter;
  std::vector<Fingerprint> prints;

  /// Appends the entries of one file, each once.
  void collect(std::string_view text, std::uint16_t tag, std::vector<std::uint64_t>& entries) {
    const std::size_t before = entries.size();
    fingerprinter.extract(text, prints);
    for (const Fingerprint& print : prints) {
      const std::uint64_t key = salted_key(print.key, salt);
      if (!part.holds(key) || distinct_characters(text.substr(print.start, print.end - print.start)) < kDistinctMin) {
        continue;
      }
      entries.push_back(key | tag);
    }
    const auto mine = entries.begin() + static_cast<std::ptrdiff_t>(before);
    std::sort(mine, entries.end());
    entries.erase(std::unique(mine, entries.end()), entries.end());
  }
};

/// Takes out keys of too many files and keys that are open source; a key of many files keeps one entry, whose tag says
/// so. Both arrays are sorted.
void drop_common(std::vector<std::uint64_t>& entries, const std::vector<std::uint64_t>& subtracted,
                 std::uint32_t files_max) {
  std::size_t kept = 0, at = 0;
  for (std::size_t begin = 0, end = 0; begin < entries.size(); begin = end) {
    const std::uint64_t key = entries[begin] & ~std::uint64_t{0xFFFF};
    for (end = begin; end < entries.size() && (entries[end] & ~std::uint64_t{0xFFFF}) == key;) ++end;
    while (at < subtracted.size() && subtracted[at] < key) ++at;
    const bool open = at < subtracted.size() && subtracted[at] == key;
    if (open || end - begin > files_max) continue;
    if (end - begin > kTaggedFiles) {
      entries[kept++] = key | kManyFiles;
      continue;
    }
    for (std::size_t i = begin; i < end; ++i) entries[kept++] = entries[i];
  }
  entries.resize(kept);
}

/// The salt that other registered code of this directory has, so that one look-up serves all; else a new one.
std::string salt_for(const std::filesystem::path& directory) {
  for (const std::filesystem::path& path : registration_paths(directory)) {
    const auto file = RegistrationFile::open(path);
    if (file && (*file)->head().registration.kind == "code") return (*file)->head().salt;
  }
  return random_bytes(16);
}

std::uint64_t total_bytes(const std::vector<CodeFile>& files) {
  std::uint64_t bytes = 0;
  for (const CodeFile& file : files) bytes += file.bytes;
  return bytes;
}

/// What add_code works on.
struct Sources {
  std::vector<CodeFile> files, subtracted;
  std::uint32_t common_files_max = 0;
};

Result<Sources> list_sources(const AddCode& add) {
  auto files = list_code_files(add.path);
  if (!files) return files.error();
  Sources sources{std::move(*files), {}, add.common_files_max};
  for (const std::filesystem::path& path : add.subtract) {
    auto more = list_code_files(path);
    if (!more) return more.error();
    sources.subtracted.insert(sources.subtracted.end(), more->begin(), more->end());
  }
  if (sources.common_files_max == 0) {
    sources.common_files_max = std::max(static_cast<std::uint32_t>(sources.files.size() / 10), 6U);
  }
  return sources;
}

/// Collects one part of all files' entries; counts files and bytes when `counted` is given.
std::vector<std::uint64_t> collect_part(const Sources& sources, Pass& pass, Registration* counted,
                                        const Progress& progress) {
  std::vector<std::uint64_t> entries, subtracted;
  for (std::size_t i = 0; i < sources.files.size(); ++i) {
    auto text = read_code_file(sources.files[i]);
    if (!text) continue;
    blank_licences(*text);
    // Neighbouring files get tags that differ: a tag is shared by two files only in sources of more than 65,535.
    pass.collect(*text, static_cast<std::uint16_t>(i % 65535 + 1), entries);
    if (counted == nullptr) continue;
    ++counted->files;
    counted->bytes += text->size();
    if (progress) progress(counted->files, counted->bytes);
  }
  for (const CodeFile& file : sources.subtracted) {
    if (const auto text = read_code_file(file)) pass.collect(*text, 0, subtracted);
  }
  std::sort(entries.begin(), entries.end());
  std::sort(subtracted.begin(), subtracted.end());
  drop_common(entries, subtracted, sources.common_files_max);
  return entries;
}

}  // namespace

Result<Registration> add_code(const std::filesystem::path& directory, const AddCode& add, const Progress& progress) {
  if (add.label.empty()) return Error{ErrorCode::kInvalid, "registered code needs a label"};
  const auto sources = list_sources(add);
  if (!sources) return sources.error();

  RegistrationHead head;
  head.registration.kind = "code";
  head.registration.name = head.registration.label = add.label;
  head.registration.added = format_time(system_clock().now());
  head.salt = salt_for(directory);
  head.version = kFingerprintVersion;
  Pass pass;
  std::memcpy(&pass.salt, head.salt.data(), sizeof(pass.salt));

  const double expected =
      static_cast<double>(total_bytes(sources->files) + total_bytes(sources->subtracted)) * kEntriesPerByte;
  const auto passes = static_cast<std::uint64_t>(expected / static_cast<double>(kEntriesMax)) + 1;
  auto writer = RegistrationWriter::create(registration_path(directory, "code", add.label));
  if (!writer) return writer.error();
  StartsBuilder starts(static_cast<std::uint64_t>(expected));
  writer->begin_section(0);
  for (std::uint64_t i = 0; i < passes; ++i) {
    const std::uint64_t width = ~std::uint64_t{0} / passes;
    pass.part = {width * i, i + 1 == passes ? 0 : width * (i + 1)};
    const std::vector<std::uint64_t> entries =
        collect_part(*sources, pass, i == 0 ? &head.registration : nullptr, progress);
    for (const std::uint64_t entry : entries) starts.add(entry);
    writer->write(std::span<const std::uint64_t>(entries));
    head.registration.entries += entries.size();
  }
  if (head.registration.entries == 0) {
    return Error{ErrorCode::kInvalid,
                 "nothing to register below " + add.path.string() + ": no source files, or all of it is open source"};
  }
  const std::vector<std::uint32_t> table = starts.finish();
  writer->begin_section(1);
  writer->write(std::span<const std::uint32_t>(table));
  const auto finished = writer->finish(head);
  if (!finished) return finished.error();
  return head.registration;
}

}  // namespace reeve::content
