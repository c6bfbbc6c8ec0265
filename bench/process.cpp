#include "process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace reeve::bench {

namespace {

void pin(int core) {
  if (core < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(core), &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

[[noreturn]] void become(const std::vector<std::string>& command, int core) {
  pin(core);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  std::vector<char*> arguments;
  for (const std::string& part : command) arguments.push_back(const_cast<char*>(part.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  std::fprintf(stderr, "cannot run %s\n", arguments[0]);
  ::_exit(127);
}

std::vector<pid_t> family(pid_t pid) {
  std::vector<pid_t> pids{pid};
  const std::string path = "/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children";
  std::ifstream children(path);
  pid_t child = 0;
  while (children >> child) pids.push_back(child);
  return pids;
}

/// Sum over the threads of one process of the time on a CPU, in nanoseconds (first field of schedstat).
std::int64_t thread_nanoseconds(pid_t pid) {
  std::int64_t total = 0;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", error)) {
    std::ifstream file(task.path() / "schedstat");
    std::int64_t on_cpu = 0;
    if (file >> on_cpu) total += on_cpu;
  }
  return total;
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

}  // namespace

Process Process::start(const std::vector<std::string>& command, int core, const std::string& log_file) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    const int log = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    become(command, core);
  }
  return Process(pid);
}

Process::~Process() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  for (int i = 0; i < 100; ++i) {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::int64_t Process::cpu_microseconds() const {
  std::int64_t total = 0;
  for (const pid_t pid : family(pid_)) total += thread_nanoseconds(pid);
  return total / 1000;
}

std::int64_t Process::resident_kib() const {
  std::int64_t total = 0;
  for (const pid_t pid : family(pid_)) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    std::string line;
    while (std::getline(status, line)) {
      if (line.starts_with("VmRSS:")) total += std::atoll(line.c_str() + 6);
    }
  }
  return total;
}

bool Process::alive() const { return ::kill(pid_, 0) == 0 && ::waitpid(pid_, nullptr, WNOHANG) == 0; }

std::optional<std::string> run(const std::vector<std::string>& command, int core) {
  int ends[2];
  if (::pipe(ends) != 0) return std::nullopt;
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    become(command, core);
  }
  ::close(ends[1]);
  std::string output;
  char buffer[4096];
  ssize_t got = 0;
  while ((got = ::read(ends[0], buffer, sizeof buffer)) > 0) output.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  return output;
}

bool wait_for_port(int port, int seconds_max) {
  for (int i = 0; i < seconds_max * 50; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    const bool up = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    if (up) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0) std::abort();
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  ::close(fd);
  return ntohs(address.sin_port);
}

std::optional<Load> load(const LoadRequest& request, const std::string& scratch_directory) {
  const std::string script = scratch_directory + "/load.lua";
  {
    std::ofstream lua(script, std::ios::trunc);
    lua << "local f = io.open('" << request.body_file
        << "', 'rb')\nwrk.body = f:read('*a')\nf:close()\nwrk.method = 'POST'\n";
    for (const std::string& header : request.headers) {
      const std::size_t colon = header.find(": ");
      lua << "wrk.headers['" << header.substr(0, colon) << "'] = '" << header.substr(colon + 2) << "'\n";
    }
    // Where the mark stands a number of the same length goes, another one for each request.
    lua << "local pieces, from = {}, 1\nwhile true do\n  local at = wrk.body:find('" << kChangingMark
        << "', from, true)\n  pieces[#pieces + 1] = wrk.body:sub(from, (at or #wrk.body + 1) - 1)\n  if not at then "
           "break end\n  from = at + "
        << kChangingMark.size()
        << "\nend\nif #pieces > 1 then\n  local count = 0\n  request = function()\n    count = count + 1\n    "
           "return wrk.format(nil, nil, nil, table.concat(pieces, string.format('%0"
        << kChangingMark.size() << "d', count)))\n  end\nend\n";
    lua << "done = function(summary, latency)\n"
           "  local e = summary.errors\n"
           "  io.write(string.format('RESULT %d %d %d %f %f\\n', summary.requests, e.connect + e.read + e.write + "
           "e.status + e.timeout,\n"
           "    summary.duration, latency:percentile(50), latency:percentile(99)))\nend\n";
  }
  const auto output = run({"wrk", "-t1", "-c" + std::to_string(request.connections),
                           "-d" + std::to_string(request.seconds) + "s", "--timeout", "20s", "-s", script, request.url},
                          request.core);
  if (!output) return std::nullopt;
  const std::size_t at = output->find("RESULT ");
  if (at == std::string::npos) return std::nullopt;
  std::istringstream result(output->substr(at + 7));
  Load seen;
  double microseconds = 0;
  result >> seen.requests >> seen.errors >> microseconds >> seen.p50_microseconds >> seen.p99_microseconds;
  seen.seconds = microseconds / 1e6;
  return seen;
}

}  // namespace reeve::bench
