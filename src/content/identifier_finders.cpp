// The table of identifiers' finders.

#include "content/finders.h"
#include "content/number_finder.h"

namespace reeve::content {

std::vector<NamedFinder> identifier_finders() {
  return {
      {"digits", "identifiers of digits, bare or in groups", prepare_digits},
      {"identifiers", "identifiers of letters and digits, bare or in groups", prepare_identifiers},
  };
}

}  // namespace reeve::content
