#include "content/finders.h"

namespace reeve::content {

std::vector<NamedFinder> own_data_finders() { return {}; }

}  // namespace reeve::content
