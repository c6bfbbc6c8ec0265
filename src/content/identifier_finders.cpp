#include "content/finders.h"

namespace reeve::content {

std::vector<NamedFinder> identifier_finders() { return {}; }

}  // namespace reeve::content
