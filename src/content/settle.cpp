#include "content/settle.h"

#include <algorithm>

namespace reeve::content {

namespace {

/// The surer stays, then the one that stands there as it is, then the longer.
bool is_better(const Finding& left, const Finding& right) {
  if (left.confidence != right.confidence) return left.confidence > right.confidence;
  if (left.depth != right.depth) return left.depth < right.depth;
  return left.end - left.start > right.end - right.start;
}

}  // namespace

void settle(std::vector<Finding>& findings) {
  std::sort(findings.begin(), findings.end(), [](const Finding& left, const Finding& right) {
    return left.start != right.start ? left.start < right.start : left.end < right.end;
  });
  std::size_t kept = 0, last = findings.size();
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const Finding finding = findings[i];
    if (finding.is_document) {
      const auto kept_end = findings.begin() + static_cast<std::ptrdiff_t>(kept);
      const auto again = std::find_if(findings.begin(), kept_end, [&](const Finding& other) {
        return other.detector == finding.detector && other.text == finding.text && other.label == finding.label;
      });
      if (again == kept_end) {
        findings[kept++] = finding;
      } else if (finding.confidence > again->confidence) {
        *again = finding;
      }
      continue;
    }
    if (last < kept && finding.start < findings[last].end) {
      if (is_better(finding, findings[last])) findings[last] = finding;
      continue;
    }
    last = kept;
    findings[kept++] = finding;
  }
  findings.resize(kept);
  std::sort(findings.begin(), findings.end(),
            [](const Finding& left, const Finding& right) { return left.start < right.start; });
}

}  // namespace reeve::content
