#pragma once

// The finders of secrets, one a file. Private to the room.

#include <memory>
#include <span>

#include "content/finders.h"

namespace reeve::content {

using PreparedFinderPointer = std::unique_ptr<PreparedFinder>;
using DetectorSpan = std::span<const Detector>;
using IndexSpan = std::span<const std::uint32_t>;

PreparedFinderPointer prepare_assignments(DetectorSpan all, IndexSpan mine);         // assignment_finder.cpp
PreparedFinderPointer prepare_url_credentials(DetectorSpan all, IndexSpan mine);     // url_credentials_finder.cpp
PreparedFinderPointer prepare_private_key_blocks(DetectorSpan all, IndexSpan mine);  // key_block_finder.cpp
PreparedFinderPointer prepare_web_tokens(DetectorSpan all, IndexSpan mine);          // token_finders.cpp
PreparedFinderPointer prepare_paired_keys(DetectorSpan all, IndexSpan mine);         // token_finders.cpp
PreparedFinderPointer prepare_dotted_tokens(DetectorSpan all, IndexSpan mine);       // token_finders.cpp
PreparedFinderPointer prepare_seed_phrases(DetectorSpan all, IndexSpan mine);        // token_finders.cpp

}  // namespace reeve::content
