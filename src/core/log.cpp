#include "core/log.h"

#include <unistd.h>

#include <atomic>

#include "core/bytes.h"
#include "core/json.h"
#include "core/time.h"

namespace reeve {

namespace {

std::atomic<LogLevel> level_now{LogLevel::kInfo};
std::atomic<LogFormat> format_now{LogFormat::kText};
constexpr std::size_t kValueBytesMax = 500;

const char* level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kError: return "error";
  }
  return "error";
}

std::string text_line(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string line = format_time(system_clock().now()) + " " + level_name(level) + " " + std::string(event);
  for (const LogField& field : fields) {
    const std::string value = printable(field.value, kValueBytesMax);
    line.append(" ").append(field.name).append("=");
    if (field.quoted && (value.empty() || value.find_first_of(" =\"") != std::string::npos)) {
      append_json_string(line, value);
    } else {
      line += value;
    }
  }
  return line + "\n";
}

std::string json_line(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string line =
      "{\"time\":\"" + format_time(system_clock().now()) + "\",\"level\":\"" + level_name(level) + "\",\"event\":";
  append_json_string(line, event);
  for (const LogField& field : fields) {
    line += ',';
    append_json_string(line, field.name);
    line += ':';
    if (field.quoted) {
      append_json_string(line, printable(field.value, kValueBytesMax));
    } else {
      line += field.value;
    }
  }
  return line + "}\n";
}

}  // namespace

void configure_log(LogLevel level, LogFormat format) {
  level_now.store(level, std::memory_order_relaxed);
  format_now.store(format, std::memory_order_relaxed);
}

LogLevel log_level() { return level_now.load(std::memory_order_relaxed); }

void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (level < log_level()) return;
  const bool json = format_now.load(std::memory_order_relaxed) == LogFormat::kJson;
  const std::string line = json ? json_line(level, event, fields) : text_line(level, event, fields);
  // A log that cannot be written must not stop the program that writes it.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace reeve
