#include "ledger_proofs.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <random>

#include "ledger/ledger.h"
#include "ledger/tiles.h"
#include "ledger/tree.h"

namespace reeve::bench {

namespace {

using Figures = std::vector<std::pair<std::string, double>>;
using SteadyClock = std::chrono::steady_clock;

constexpr std::uint64_t kEntries = 10'000'000;
constexpr int kProofs = 20'000;

double microseconds_since(Moment begin) {
  return std::chrono::duration<double, std::micro>(SteadyClock::now() - begin).count();
}

/// Of this thread: what a shared machine gives to others meanwhile is not in it.
double cpu_microseconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

Sha256 leaf(std::uint64_t index) { return ledger::leaf_hash({reinterpret_cast<const char*>(&index), sizeof index}); }

/// As a log of so many entries leaves them; the root.
Sha256 write_tiles(const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory / "public");
  ledger::TileFiles files(ledger::real_file_system(), directory.string());
  const auto write = [&](const std::string& path, std::span<const Sha256> hashes) {
    if (!files.write(path, ledger::encode_tile(hashes))) std::abort();
  };
  ledger::Tree tree;
  for (std::uint64_t i = 0; i < kEntries; ++i) {
    tree.append(leaf(i), [&](std::size_t level, std::uint64_t number, std::span<const Sha256> hashes) {
      write(ledger::tile_path(level, number), hashes);
    });
  }
  for (std::size_t level = 0; level < ledger::kTileLevels; ++level) {
    const auto edge = tree.edge(level);
    if (!edge.empty())
      write(ledger::tile_path(level, (kEntries >> (8 * level)) / ledger::kTileWidth, edge.size()), edge);
  }
  return tree.root();
}

void add_percentiles(Figures& figures, const std::string& name, std::vector<double>& took) {
  std::sort(took.begin(), took.end());
  figures.emplace_back(name + "_p50_us", took[took.size() / 2]);
  figures.emplace_back(name + "_p99_us", took[took.size() * 99 / 100]);
}

/// Times `make(random)`: on the wall and on the processor.
template <typename Make>
void measure(Figures& figures, const std::string& name, const Make& make) {
  std::mt19937_64 random(20261122);  // NOLINT: the same entries each time
  std::vector<double> wall;
  std::vector<double> cpu;
  for (int i = 0; i < kProofs; ++i) {
    const double cpu_begin = cpu_microseconds();
    const Moment begin = SteadyClock::now();
    make(random() % kEntries);
    wall.push_back(microseconds_since(begin));
    cpu.push_back(cpu_microseconds() - cpu_begin);
  }
  add_percentiles(figures, name, wall);
  add_percentiles(figures, name + "_cpu", cpu);
}

}  // namespace

Figures measure_proofs(const std::filesystem::path& directory) {
  Figures figures;
  const Sha256 root = write_tiles(directory);
  ledger::TileReader reader(directory);
  measure(figures, "prove_10m", [&](std::uint64_t index) {
    if (!reader.inclusion(index, kEntries)) std::abort();
  });
  measure(figures, "prove_growth_10m", [&](std::uint64_t old_size) {
    if (!reader.consistency(old_size, kEntries)) std::abort();
  });
  std::vector<std::pair<std::uint64_t, ledger::HashPath>> proofs;
  std::mt19937_64 random(1);  // NOLINT: the same entries each time
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t index = random() % kEntries;
    proofs.emplace_back(index, *reader.inclusion(index, kEntries));
  }
  int next = 0;
  measure(figures, "check_proof_10m", [&](std::uint64_t) {
    const auto& [index, path] = proofs[static_cast<std::size_t>(next++ % 100)];
    if (!ledger::proves_inclusion(path, leaf(index), index, kEntries, root)) std::abort();
  });
  figures.emplace_back("proof_10m_hashes", static_cast<double>(proofs.front().second.size()));
  return figures;
}

}  // namespace reeve::bench
