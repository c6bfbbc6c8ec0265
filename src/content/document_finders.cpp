#include "content/finders.h"

namespace reeve::content {

std::vector<NamedFinder> document_finders() { return {}; }

}  // namespace reeve::content
