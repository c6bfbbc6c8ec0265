#pragma once

// A file as the body of an answer. It is read on the thread of whoever sends it, in pieces: a slow disk keeps no call
// waiting, and a large file is never in memory as a whole.

#include <filesystem>
#include <string_view>

#include "net/net.h"
#include "reeve/api_thread.h"

namespace reeve::app {

/// Sends the regular file, which is not followed where it is a link, or `missing` when there is none, or 503 with
/// `busy` when too many wait for the thread. What the header fields view outlives the answer.
Task<void> send_file(net::Exchange& exchange, ApiThread& thread, std::filesystem::path path, net::Headers headers,
                     ApiAnswer missing, std::string_view busy);

}  // namespace reeve::app
