// The table of all finders. What they share: text_masks.cpp, context_words.cpp.

#include "content/finders.h"

namespace reeve::content {

std::vector<NamedFinder> all_finders() {
  std::vector<NamedFinder> all = secret_finders();
  for (const auto& part : {identifier_finders(), document_finders(), own_data_finders()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace reeve::content
