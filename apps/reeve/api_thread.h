#pragma once

// The threads on which answers of the control API are made.

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/work_thread.h"

namespace reeve::app {

struct ApiAnswer {
  int status = 200;
  std::string body;  // JSON; a problem (RFC 9457) from 400 on
  std::string etag;  // of what the body tells of; empty: none
  std::string location = {};
  std::filesystem::path file = {};  // not empty: the answer is this file, under `file_name`, and the body is nothing
  std::string file_name = {};
  std::int64_t retry_after = 0;  // seconds until the next request is taken; 0: not said
};

/// Whoever finds 32 waiting gets 503.
class ApiThread : public WorkThread<ApiAnswer> {
 public:
  explicit ApiThread(std::size_t waiting_max = 32, std::size_t threads = 1)
      : WorkThread(waiting_max, ApiAnswer{.status = 503}, threads) {}
};

}  // namespace reeve::app
