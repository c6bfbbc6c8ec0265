#include "content/detector.h"

namespace reeve::content {

std::vector<NamedChecker> identifier_checkers() { return {}; }

}  // namespace reeve::content
