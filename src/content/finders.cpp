// What finders share: the table of all.

#include "content/finders.h"

namespace reeve::content {

std::vector<NamedFinder> all_finders() {
  std::vector<NamedFinder> all = secret_finders();
  for (const auto& part : {identifier_finders(), document_finders(), own_data_finders()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

bool has_context(std::string_view, std::size_t, std::size_t, const ContextWords&) { return false; }

}  // namespace reeve::content
