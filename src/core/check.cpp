#include "core/check.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "core/log.h"

namespace reeve {

namespace {
std::atomic<std::uint64_t> bug_count{0};
}

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "reeve: CHECK(%s) failed at %s:%d\n", condition, file, line);
  std::abort();
}

void bug_found(std::string_view message, const char* file, int line) {
  bug_count.fetch_add(1, std::memory_order_relaxed);
  log_error("bug", {{"what", message}, {"file", file}, {"line", line}});
#ifndef NDEBUG
  std::abort();
#endif
}

std::uint64_t bugs_found() { return bug_count.load(std::memory_order_relaxed); }

}  // namespace reeve
