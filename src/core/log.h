#pragma once

// Structured logs on standard error: one line an event, JSON or text. An event is a short fixed sentence plus fields,
// so that logs can be searched by it. Never pass a credential or prompt text as a field: log ids, sizes and names.
// Thread-safe; a line is written with one write(2), so lines of several threads do not mix.

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace reeve {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

/// Sets what is written from now on. Default: info, text.
void configure_log(LogLevel level, LogFormat format);
LogLevel log_level();

struct LogField {
  std::string_view name;
  std::string value;
  bool quoted = true;  // in JSON

  LogField(std::string_view n, std::string_view v) : name(n), value(v) {}
  LogField(std::string_view n, const char* v) : name(n), value(v) {}
  LogField(std::string_view n, const std::string& v) : name(n), value(v) {}
  LogField(std::string_view n, bool v) : name(n), value(v ? "true" : "false"), quoted(false) {}
  template <typename Number>
    requires(std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>)
  LogField(std::string_view n, Number v)
      : name(n), value(std::to_string(v)), quoted(!std::isfinite(static_cast<double>(v))) {}
};

void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);

inline void log_debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log_event(LogLevel::kDebug, event, fields);
}
inline void log_info(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log_event(LogLevel::kInfo, event, fields);
}
inline void log_warning(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log_event(LogLevel::kWarning, event, fields);
}
inline void log_error(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log_event(LogLevel::kError, event, fields);
}

}  // namespace reeve
