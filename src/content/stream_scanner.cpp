#include "content/detector_set.h"

namespace reeve::content {

struct StreamScanner::State {
  std::shared_ptr<const Detectors> detectors;
  TextOrigin origin;
};

StreamScanner::StreamScanner(std::shared_ptr<const Detectors> detectors, TextOrigin origin)
    : state_(new State{std::move(detectors), origin}) {}
StreamScanner::~StreamScanner() = default;
StreamScanner::StreamScanner(StreamScanner&&) noexcept = default;
void StreamScanner::feed(std::string_view, std::vector<Finding>&) {}
void StreamScanner::end(std::vector<Finding>&) {}

}  // namespace reeve::content
