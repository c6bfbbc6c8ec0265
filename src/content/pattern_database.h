#pragma once

// All patterns of a set in one Vectorscan database: one pass finds where any of them ends. Private to the room; the
// only place that knows Vectorscan.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

struct hs_database;
struct hs_scratch;

namespace reeve::content {

/// Ends of matches of one pattern, each the byte behind its predecessor: a pattern whose tail varies gives one run.
struct MatchRun {
  std::uint32_t pattern = 0;
  std::uint32_t first_end = 0, last_end = 0;
};

struct PatternWidth {
  std::uint32_t least = 0;
  std::uint32_t most = 0;  // kUnbounded when there is none
};
inline constexpr std::uint32_t kUnbounded = 0xFFFFFFFF;

/// What one thread needs to scan, and the matches of its last scan.
class PatternScratch {
 public:
  explicit PatternScratch(std::size_t patterns) : open_run_(patterns, kNone) {}
  ~PatternScratch();
  PatternScratch(const PatternScratch&) = delete;
  PatternScratch& operator=(const PatternScratch&) = delete;

  std::vector<MatchRun> runs;  // by first_end
  bool overflowed = false;     // more than `runs_max`: the scan was stopped
  std::size_t runs_max = 0;

  /// The engine's word that a pattern ends before `end`. Not 0: it shall stop.
  int add(std::uint32_t pattern, std::uint64_t end);

 private:
  friend class PatternDatabase;
  std::size_t base_ = 0;  // of the text that is being scanned
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  void reset();
  std::vector<std::uint32_t> open_run_;  // by pattern: its last run
  hs_scratch* scratch_ = nullptr;
};

class PatternDatabase {
 public:
  /// The widths of a pattern that Vectorscan takes; else what is wrong with it.
  static Result<PatternWidth> check(const std::string& pattern);
  /// Compiles, or takes the compiled form from `cache_directory` when it lies there under `digest`. An error says which
  /// pattern in `wrong_pattern`.
  static Result<std::unique_ptr<PatternDatabase>> build(const std::vector<std::string>& patterns,
                                                        const std::filesystem::path& cache_directory,
                                                        std::string_view digest, std::size_t& wrong_pattern);
  ~PatternDatabase();
  PatternDatabase(const PatternDatabase&) = delete;
  PatternDatabase& operator=(const PatternDatabase&) = delete;

  std::unique_ptr<PatternScratch> make_scratch() const;
  /// Places told are those in `text` and `base` more.
  void scan(std::string_view text, PatternScratch& scratch, std::size_t base = 0) const;

 private:
  PatternDatabase(hs_database* database, std::size_t patterns) : database_(database), patterns_(patterns) {}
  hs_database* database_;
  std::size_t patterns_;
};

}  // namespace reeve::content
