#include "content/pattern_database.h"

#include <hs/hs.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <span>

#include "core/check.h"
#include "core/crypto.h"

namespace reeve::content {

namespace {

// Lines begin and end where the joint buffer's texts do, so ^ and $ are those of lines. Bytes, not UTF-8: bodies may
// hold anything.
constexpr unsigned kFlags = HS_FLAG_MULTILINE;

struct FreeCompileError {
  void operator()(hs_compile_error_t* error) const { hs_free_compile_error(error); }
};
using CompileError = std::unique_ptr<hs_compile_error_t, FreeCompileError>;

std::filesystem::path cache_file(const std::filesystem::path& directory, std::string_view digest) {
  std::string name(digest.substr(digest.find(':') == std::string_view::npos ? 0 : digest.find(':') + 1));
  return directory / (name + ".block");
}

/// A file is its hash followed by the serialised database: a damaged one is compiled anew.
hs_database_t* read_cached(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return nullptr;
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  constexpr std::size_t kHash = sizeof(Sha256);
  if (bytes.size() <= kHash) return nullptr;
  const std::string_view serialised = std::string_view(bytes).substr(kHash);
  const Sha256 hash = sha256(serialised);
  if (as_bytes(hash) != std::string_view(bytes).substr(0, kHash)) return nullptr;
  hs_database_t* database = nullptr;
  // Refuses what another version or another kind of processor wrote.
  if (hs_deserialize_database(serialised.data(), serialised.size(), &database) != HS_SUCCESS) return nullptr;
  return database;
}

/// Best effort: without the file the next start compiles again.
void write_cached(const std::filesystem::path& path, const hs_database_t* database) {
  char* bytes = nullptr;
  std::size_t size = 0;
  if (hs_serialize_database(database, &bytes, &size) != HS_SUCCESS) return;
  const std::unique_ptr<char, decltype(&std::free)> owned(bytes, &std::free);
  const Sha256 hash = sha256({bytes, size});
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  const std::filesystem::path part = path.string() + "." + std::to_string(getpid()) + ".part";
  {
    std::ofstream file(part, std::ios::binary | std::ios::trunc);
    file << as_bytes(hash) << std::string_view(bytes, size);
    if (!file.flush()) return;
  }
  std::filesystem::rename(part, path, error);
  if (error) std::filesystem::remove(part, error);
}

int on_match(unsigned id, unsigned long long, unsigned long long to, unsigned, void* context) {
  return static_cast<PatternScratch*>(context)->add(id, to);
}

}  // namespace

PatternScratch::~PatternScratch() { hs_free_scratch(scratch_); }

int PatternScratch::add(std::uint32_t pattern, std::uint64_t end) {
  const auto place = static_cast<std::uint32_t>(base_ + end);
  std::uint32_t& open = open_run_[pattern];
  if (open != kNone && runs[open].last_end + 1 >= place) {
    runs[open].last_end = place;
    return 0;
  }
  if (runs.size() >= runs_max) {
    overflowed = true;
    return 1;
  }
  open = static_cast<std::uint32_t>(runs.size());
  runs.push_back({pattern, place, place});
  return 0;
}

void PatternScratch::reset() {
  for (const MatchRun& run : runs) open_run_[run.pattern] = kNone;
  runs.clear();
  overflowed = false;
}

Result<PatternWidth> PatternDatabase::check(const std::string& pattern) {
  hs_expr_info_t* info = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_expression_info(pattern.c_str(), kFlags, &info, &error) != HS_SUCCESS) {
    const CompileError owned(error);
    return {ErrorCode::kInvalid, error == nullptr ? "it cannot be read" : std::string(error->message)};
  }
  const std::unique_ptr<hs_expr_info_t, decltype(&std::free)> owned(info, &std::free);
  if (info->min_width == 0) return {ErrorCode::kInvalid, "it also fits nothing at all"};
  return PatternWidth{info->min_width, info->max_width};
}

Result<std::unique_ptr<PatternDatabase>> PatternDatabase::build(const std::vector<std::string>& patterns,
                                                                const std::filesystem::path& cache_directory,
                                                                std::string_view digest, std::size_t& wrong_pattern) {
  if (patterns.empty()) return std::unique_ptr<PatternDatabase>(new PatternDatabase(nullptr, 0));
  const std::filesystem::path cached =
      cache_directory.empty() ? std::filesystem::path() : cache_file(cache_directory, digest);
  hs_database_t* database = cached.empty() ? nullptr : read_cached(cached);
  if (database == nullptr) {
    std::vector<const char*> expressions;
    std::vector<unsigned> flags(patterns.size(), kFlags), ids;
    for (const std::string& pattern : patterns) {
      ids.push_back(static_cast<unsigned>(expressions.size()));
      expressions.push_back(pattern.c_str());
    }
    hs_compile_error_t* error = nullptr;
    if (hs_compile_multi(expressions.data(), flags.data(), ids.data(), static_cast<unsigned>(expressions.size()),
                         HS_MODE_BLOCK, nullptr, &database, &error) != HS_SUCCESS) {
      const CompileError owned(error);
      wrong_pattern = error != nullptr && error->expression >= 0 ? static_cast<std::size_t>(error->expression) : 0;
      return {ErrorCode::kInvalid, error == nullptr ? "the patterns cannot be compiled" : std::string(error->message)};
    }
    if (!cached.empty()) write_cached(cached, database);
  }
  return std::unique_ptr<PatternDatabase>(new PatternDatabase(database, patterns.size()));
}

PatternDatabase::~PatternDatabase() { hs_free_database(database_); }

std::unique_ptr<PatternScratch> PatternDatabase::make_scratch() const {
  auto scratch = std::make_unique<PatternScratch>(patterns_);
  if (database_ != nullptr) CHECK(hs_alloc_scratch(database_, &scratch->scratch_) == HS_SUCCESS);
  return scratch;
}

namespace {

/// Vectorscan takes lengths of 32 bits.
constexpr std::size_t kScanMax = 0x7FFFFFFF;

}  // namespace

void PatternDatabase::scan(std::string_view text, PatternScratch& scratch, std::size_t base) const {
  scratch.reset();
  scratch.base_ = base;
  if (database_ == nullptr || text.empty()) return;
  CHECK(text.size() <= kScanMax);
  const hs_error_t result =
      hs_scan(database_, text.data(), static_cast<unsigned>(text.size()), 0, scratch.scratch_, &on_match, &scratch);
  CHECK(result == HS_SUCCESS || result == HS_SCAN_TERMINATED);
}

}  // namespace reeve::content
