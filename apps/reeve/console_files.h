#pragma once

// The console's pages, /console/: files that the build made of console/ and linked in, so that nothing is read from a
// disk and no path leads anywhere else. Every path that names no file is a page of the console's own (a deep link), and
// gets the one document there is.

#include <span>
#include <string_view>

#include "core/task.h"
#include "net/net.h"

namespace reeve::app {

/// Made by console/embed.mjs.
struct ConsoleFile {
  std::string_view path;  // "/console/assets/index-Ab3x.js"
  std::string_view type;
  std::string_view etag;  // quoted; of the content
  std::string_view plain, gzip, brotli;
};
std::span<const ConsoleFile> console_files();

class ConsolePages {
 public:
  static bool serves(std::string_view path) { return path == "/console" || path.starts_with("/console/"); }
  Task<void> handle(net::Exchange& exchange) const;
};

}  // namespace reeve::app
