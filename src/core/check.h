#pragma once

// Three assertions, for invariants of our own code. Never for input from outside: that gets a Result.
//
//   CHECK(condition)   always on; the process stops, because going on would break a promise (a lost record, spent
//   money). DCHECK(condition)  debug builds only; for checks too costly for the request path. BUG(message) "cannot
//   happen, but we can go on safely": stops a debug build, is logged and counted in release.

#include <cstdint>
#include <string_view>

namespace reeve {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);
void bug_found(std::string_view message, const char* file, int line);

/// How many BUG()s were met since start. Exposed as a metric; a healthy process stays at 0. Thread-safe.
std::uint64_t bugs_found();

}  // namespace reeve

#define CHECK(condition)                                     \
  do {                                                       \
    if (!(condition)) [[unlikely]]                           \
      ::reeve::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)

#ifdef NDEBUG
#define DCHECK(condition) \
  do {                    \
  } while (false)
#else
#define DCHECK(condition) CHECK(condition)
#endif

#define BUG(message) ::reeve::bug_found((message), __FILE__, __LINE__)
