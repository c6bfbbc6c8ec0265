// The table of checkers: what a detector may name under `check`.

#include <algorithm>

#include "content/detector.h"

namespace reeve::content {

std::vector<NamedChecker> all_checkers() {
  std::vector<NamedChecker> all = secret_checkers();
  for (const NamedChecker& checker : identifier_checkers()) all.push_back(checker);
  return all;
}

const NamedChecker* find_checker(std::string_view name) {
  static const std::vector<NamedChecker> kAll = all_checkers();
  const auto found =
      std::find_if(kAll.begin(), kAll.end(), [name](const auto& checker) { return checker.name == name; });
  return found == kAll.end() ? nullptr : &*found;
}

}  // namespace reeve::content
