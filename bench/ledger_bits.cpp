// ledger_bits LEDGER [STRIDE]: whatever bit of a closed ledger is changed, `reeve ledger verify` finds it and names the
// place. With STRIDE only one position in so many is taken, another one from place to place.
//
// Some 150 million bits are too many for a whole run each. What is done instead, and why it says the same:
//   - checkpoint, key and the headers of segments: a whole run for every bit.
//   - frames: a run comes to frame i in one way only, over the good frames before it, and takes what parse_frame() says
//     of the bytes there. Anything but a good frame of index i is reported as damage of entry i. So for every bit of
//     every frame it is parse_frame() that is asked.
//   - tiles and bundles: a run compares each file, byte by byte, with what the entries give. Whole runs show that it
//     does so with every file at many places, each run with one bit changed in every file. That no other bit can slip
//     through such a comparison is left to a comparison of every bit with its surroundings.
// Changed bits behind the last frame are not looked for: there a write may have been cut short that nobody was
// promised.

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "ledger/frame.h"
#include "ledger/ledger.h"
#include "ledger/segment.h"
#include "ledger/tiles.h"

namespace reeve::ledger {
namespace {

std::string load(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

/// A bit of a file, by its number from the file's start; the lowest bit of a byte comes first.
struct Bit {
  std::string name;
  std::size_t number = 0;
  std::string text() const {
    return name + ", byte " + std::to_string(number / 8) + ", bit " + std::to_string(number % 8);
  }
};

char flipped(char byte, std::size_t bit) { return static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << bit)); }

class Bits {
 public:
  Bits(std::filesystem::path ledger, std::size_t stride) : ledger_(std::move(ledger)), stride_(stride) {
    for (const std::string folder : {"public", "segments"}) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(ledger_ / folder)) {
        if (!entry.is_regular_file()) continue;
        files_[std::filesystem::relative(entry.path(), ledger_).string()] = load(entry.path());
      }
    }
  }

  void run() {
    if (const auto problems = verified(); !problems.empty()) fail("not sound from the start: " + problems[0]);
    time("whole files, a run for each bit", [&] { return small_files(); });
    time("headers of segments, a run for each bit", [&] { return segment_headers(); });
    time("frames of segments", [&] { return frames(); });
    time("tiles and bundles, bits that whole runs found", [&] { return derived_files(); });
    time("tiles and bundles, bits compared", [&] { return derived_bits(); });
    if (const auto problems = verified(); !problems.empty()) fail("not sound in the end: " + problems[0]);
  }

 private:
  template <typename Part>
  void time(const char* what, Part part) {
    const double begin = cpu_seconds();
    const std::uint64_t bits = part();
    std::printf("%s: %llu, %.1f s of CPU\n", what, static_cast<unsigned long long>(bits), cpu_seconds() - begin);
    std::fflush(stdout);
  }

  std::vector<std::string> verified() const {
    auto report = verify(ledger_);
    if (!report) return {report.error().message};
    if (report->ok != report->problems.empty()) fail("ok and problems contradict each other");
    return report->problems;
  }

  void put(const Bit& bit, char byte) const {
    const std::string path = (ledger_ / bit.name).string();
    const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0 || ::pwrite(file, &byte, 1, static_cast<off_t>(bit.number / 8)) != 1) fail("cannot write to " + path);
    ::close(file);
  }

  /// What a whole run says while all of these bits are changed.
  std::vector<std::string> verified_with(const std::vector<Bit>& changed) const {
    for (const Bit& bit : changed) put(bit, flipped(files_.at(bit.name)[bit.number / 8], bit.number % 8));
    auto problems = verified();
    for (const Bit& bit : changed) put(bit, files_.at(bit.name)[bit.number / 8]);
    return problems;
  }

  static bool names(const std::vector<std::string>& problems, std::string_view place) {
    return std::any_of(problems.begin(), problems.end(),
                       [&](const std::string& problem) { return problem.find(place) != std::string::npos; });
  }
  static void expect_named(const std::vector<std::string>& problems, const Bit& bit, std::string_view place) {
    if (problems.empty()) fail("not found: " + bit.text());
    if (!names(problems, place)) fail("not named: " + bit.text() + ": " + problems[0]);
  }

  std::uint64_t small_files() {
    std::uint64_t bits = 0;
    for (const auto& [name, bytes] : files_) {
      if (!name.starts_with("public/") || name.starts_with("public/tile/")) continue;
      for (std::size_t number = bits % stride_; number < bytes.size() * 8; number += stride_, ++bits) {
        expect_named(verified_with({{name, number}}), {name, number}, name);
      }
    }
    return bits;
  }

  bool has_begun(const std::string& name) const {
    return name.starts_with("segments/") && files_.at(name).starts_with("RVLEDGER");
  }

  std::uint64_t segment_headers() {
    std::uint64_t bits = 0;
    for (const auto& [name, bytes] : files_) {
      if (!has_begun(name)) continue;
      for (std::size_t number = bits % stride_; number < kSegmentHeaderBytes * 8; number += stride_, ++bits) {
        expect_named(verified_with({{name, number}}), {name, number}, name);
      }
    }
    return bits;
  }

  std::uint64_t frames() {
    std::uint64_t bits = 0;
    std::uint64_t index = 0;
    for (auto& [name, bytes] : files_) {
      if (!has_begun(name)) continue;
      for (std::size_t at = kSegmentHeaderBytes;; ++index) {
        const ParsedFrame sound = parse_frame(std::string_view(bytes).substr(at));
        if (sound.kind != ParsedFrame::Kind::kEntry) break;
        if (sound.frame.index != index) fail("the frames are not in order");
        const std::size_t size = sound.frame.size();
        for (std::size_t number = index % stride_; number < size * 8; number += stride_, ++bits) {
          char& byte = bytes[at + number / 8];
          byte = flipped(byte, number % 8);
          const ParsedFrame found = parse_frame(std::string_view(bytes).substr(at));
          byte = flipped(byte, number % 8);
          if (found.kind == ParsedFrame::Kind::kEntry && found.frame.index == index) {
            fail("entry " + std::to_string(index) + " is taken for good: " + Bit{name, at * 8 + number}.text());
          }
        }
        at += size;
      }
    }
    entries_ = index;
    return bits + frames_in_whole_runs();
  }

  /// That damage of a frame is reported as damage of its entry, in whole runs: the first, the last, and some between.
  std::uint64_t frames_in_whole_runs() {
    const std::size_t step = std::max<std::uint64_t>(1, entries_ * std::min<std::size_t>(stride_, 32) / 1024);
    std::uint64_t bits = 0;
    std::uint64_t index = 0;
    for (const auto& [name, bytes] : files_) {
      if (!has_begun(name)) continue;
      for (std::size_t at = kSegmentHeaderBytes;; ++index) {
        const ParsedFrame sound = parse_frame(std::string_view(bytes).substr(at));
        if (sound.kind != ParsedFrame::Kind::kEntry) break;
        if (index % step == 0 || index + 1 == entries_) {
          const Bit bit{name, at * 8 + index * 7919 % (sound.frame.size() * 8)};
          expect_named(verified_with({bit}), bit, "entry " + std::to_string(index) + " is ");
          ++bits;
        }
        at += sound.frame.size();
      }
    }
    return bits;
  }

  std::vector<std::string> derived_names() const {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : files_) {
      if (name.starts_with("public/tile/")) names.push_back(name);
    }
    return names;
  }

  /// Each run changes one bit of each of some files, fewer than a hundred because a report is cut behind so many
  /// problems. Every bit of the small ones has its turn; the large ones are looked at all over.
  std::uint64_t derived_files() {
    constexpr std::size_t kAtOnce = 90;
    constexpr std::size_t kSmall =
        256 * 64;  // the bits of a tile of 64 hashes: level 1 of 10,000 entries, and older ones
    constexpr std::size_t kRoundsOfLarge = 512;
    const auto all = derived_names();
    const auto is_small = [&](const std::string& name) { return files_.at(name).size() * 8 <= kSmall; };
    std::vector<std::string> small;
    std::vector<std::string> large;
    for (const auto& name : all) (is_small(name) ? small : large).push_back(name);
    std::uint64_t bits = 0;
    for (std::size_t first = 0; first < small.size(); first += kAtOnce) {
      const std::span some = std::span(small).subspan(first, std::min(kAtOnce, small.size() - first));
      std::size_t rounds = 0;
      for (const auto& name : some) rounds = std::max(rounds, files_.at(name).size() * 8);
      for (std::size_t round = 0; round < rounds; round += stride_) bits += derived_round(some, round, rounds);
    }
    for (std::size_t first = 0; first < large.size(); first += kAtOnce) {
      const std::span some = std::span(large).subspan(first, std::min(kAtOnce, large.size() - first));
      for (std::size_t round = 0; round < kRoundsOfLarge; round += stride_) {
        bits += derived_round(some, round, kRoundsOfLarge);
      }
    }
    return bits;
  }

  std::uint64_t derived_round(std::span<const std::string> names, std::size_t round, std::size_t rounds) const {
    std::vector<Bit> changed;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::size_t size = files_.at(names[i]).size() * 8;
      if (size <= rounds && round >= size) continue;
      changed.push_back({names[i], size <= rounds ? round : (round * (size / rounds) + i * 131) % size});
    }
    const auto problems = verified_with(changed);
    for (const Bit& bit : changed) expect_named(problems, bit, bit.name + " differs from the entries");
    return changed.size();
  }

  std::uint64_t derived_bits() {
    constexpr std::size_t kSlice = 512;
    std::uint64_t bits = 0;
    for (const std::string& name : derived_names()) {
      const std::string_view sound = files_.at(name);
      for (std::size_t at = 0; at < sound.size(); at += kSlice) {
        const std::string_view expected = sound.substr(at, kSlice);
        std::string slice(expected);
        for (std::size_t number = bits % stride_; number < slice.size() * 8; number += stride_, ++bits) {
          char& byte = slice[number / 8];
          byte = flipped(byte, number % 8);
          if (slice == expected) fail("no difference: " + Bit{name, at * 8 + number}.text());
          byte = flipped(byte, number % 8);
        }
      }
    }
    return bits;
  }

  const std::filesystem::path ledger_;
  const std::size_t stride_;
  std::map<std::string, std::string> files_;
  std::uint64_t entries_ = 0;
};

}  // namespace
}  // namespace reeve::ledger

int main(int count, char** arguments) {
  const auto stride = count > 2 ? reeve::parse_int(arguments[2]) : std::optional<std::int64_t>(1);
  if (count < 2 || !stride || *stride < 1) {
    std::fprintf(stderr, "ledger_bits LEDGER [STRIDE]\n");
    return 2;
  }
  reeve::ledger::Bits(arguments[1], static_cast<std::size_t>(*stride)).run();
  return 0;
}
