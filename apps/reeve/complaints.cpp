#include "reeve/complaints.h"

#include <cstdio>

#include "reeve/config.h"
#include "reeve/terminal.h"

namespace reeve::app {

void print_complaints(const Common& common, const std::vector<Diagnostic>& complaints, const std::string& summary) {
  if (!common.json) {
    for (const Diagnostic& complaint : complaints) {
      const bool error = complaint.severity == Diagnostic::Severity::kError;
      std::printf("%s\n", (error ? red(complaint.to_string()) : yellow(complaint.to_string())).c_str());
    }
    std::printf("%s\n", summary.c_str());
    return;
  }
  JsonWriter json;
  json.begin_object().member("ok", !has_errors(complaints));
  append_complaints(json, complaints);
  json.end_object();
  std::printf("%s\n", json.text().c_str());
}

void append_complaints(JsonWriter& json, const std::vector<Diagnostic>& complaints) {
  json.key("complaints").begin_array();
  for (const Diagnostic& complaint : complaints) {
    json.begin_object().member("severity", complaint.severity == Diagnostic::Severity::kError ? "error" : "warning");
    json.member("file", complaint.file).member("line", static_cast<std::uint64_t>(complaint.line));
    json.member("column", static_cast<std::uint64_t>(complaint.column))
        .member("message", complaint.message)
        .end_object();
  }
  json.end_array();
}

Result<std::string> governance_directory(const Common& common, const std::string& directory) {
  if (!directory.empty()) return directory;
  const std::string file = config_file(common);
  if (file.empty()) return std::string("governance");
  if (const auto readable = read_data_dir(file); !readable) return readable.error();
  std::vector<Diagnostic> complaints;
  return read_config(file, complaints).governance_dir.string();
}

}  // namespace reeve::app
