#include "content/pattern_index.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/crypto.h"

namespace reeve::content {

Result<std::unique_ptr<PatternIndex>> PatternIndex::build(const std::vector<std::string>& sources,
                                                          const std::vector<std::uint32_t>& which, double frequency_max,
                                                          const std::filesystem::path& cache_directory,
                                                          std::size_t& wrong_pattern) {
  std::unique_ptr<PatternIndex> index(new PatternIndex);
  std::vector<RequiredLiteral> literals;
  std::vector<std::string> without;
  // A database depends on its patterns alone: changing a confidence compiles nothing.
  std::string joined;
  for (const std::uint32_t i : which) {
    if (const auto required = required_literals(sources[i], frequency_max)) {
      const RequiredAt at{i, required->before_least, required->before_most,
                          std::make_shared<const MatchOutline>(required->head, required->later)};
      index->required_.insert(index->required_.end(), required->any_of.size(), at);
      literals.insert(literals.end(), required->any_of.begin(), required->any_of.end());
      continue;
    }
    index->without_.push_back(i);
    const auto width = PatternDatabase::check(sources[i]);
    index->least_without_ = std::min<std::size_t>(index->least_without_, width ? width->least : 0);
    without.push_back(sources[i]);
    joined += std::to_string(sources[i].size()) + ":" + sources[i];
  }
  index->literals_ = std::make_unique<LiteralMatcher>(std::move(literals));
  std::size_t wrong = 0;
  auto database = PatternDatabase::build(without, cache_directory, to_hex(as_bytes(sha256(joined))), wrong);
  if (!database) {
    wrong_pattern = index->without_[wrong];
    return std::move(database).error();
  }
  index->database_ = *std::move(database);
  return index;
}

PatternIndex::Found PatternIndex::make_found() const {
  Found found;
  found.scratch = database_->make_scratch();
  return found;
}

void PatternIndex::find(std::string_view text, Found& found, Stretch without_literal, std::size_t texts) const {
  // So many are looked at further in a text of this size.
  const std::size_t most = 4096 * texts + text.size() / 4;
  found.overflowed = !literals_->find(text, found.hits, most);
  found.scratch->runs_max = most;
  database_->scan(text.substr(without_literal.from, without_literal.size), *found.scratch, without_literal.from);
  found.overflowed = found.overflowed || found.scratch->overflowed;
}

}  // namespace reeve::content
