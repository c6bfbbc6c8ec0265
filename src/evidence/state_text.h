#pragma once

// Words that the reports share.

#include <string_view>

#include "evidence/evidence.h"

namespace reeve::evidence {

inline constexpr std::string_view kSamplingRule =
    "the entries with the smallest SHA-256 of: root of the checkpoint in base64, newline, name of the stream (for an "
    "exception: stream/count), newline, index in decimal";

/// "entries", "no entries", "gap", "proofs".
inline std::string_view stream_state(const Assessment& assessment, const StreamFound& found) {
  if (!found.stream->gap.empty()) return "gap";
  if (found.stream->proofs) return assessment.period.count() > 0 ? "proofs" : "no entries";
  return found.entries.count() > 0 ? "entries" : "no entries";
}

}  // namespace reeve::evidence
