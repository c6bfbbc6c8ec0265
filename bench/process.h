#pragma once

// Processes under measurement: started pinned to a core, measured by their own CPU time, stopped by process id.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::bench {

/// A child process; stopped (SIGTERM, then SIGKILL) with its children when the object goes.
class Process {
 public:
  /// `core` pins it and all its threads; -1 leaves it free. Output goes to `log_file`.
  static Process start(const std::vector<std::string>& command, int core, const std::string& log_file);
  Process(Process&& other) noexcept : pid_(other.pid_) { other.pid_ = -1; }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  /// User and system time of the process and its live children, in microseconds, from the scheduler's own account.
  std::int64_t cpu_microseconds() const;
  /// Resident memory of the process and its live children, in KiB.
  std::int64_t resident_kib() const;
  bool alive() const;
  pid_t pid() const { return pid_; }

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
};

/// Runs a command to its end and gives its standard output; nothing when it failed.
std::optional<std::string> run(const std::vector<std::string>& command, int core = -1);

/// Waits until something accepts connections on 127.0.0.1:port.
bool wait_for_port(int port, int seconds_max);
int free_port();

/// What wrk saw.
struct Load {
  std::int64_t requests = 0;
  std::int64_t errors = 0;  // socket errors and answers that were not 2xx
  double seconds = 0;
  double p50_microseconds = 0;
  double p99_microseconds = 0;
};
struct LoadRequest {
  std::string url;
  std::string body_file;
  std::vector<std::string> headers;  // "name: value"
  int connections = 64;
  int seconds = 5;
  int core = 0;
};
/// Where a body holds these characters every request has others: what was seen before does not come again.
inline constexpr std::string_view kChangingMark = "@changes@";
std::optional<Load> load(const LoadRequest& request, const std::string& scratch_directory);

}  // namespace reeve::bench
