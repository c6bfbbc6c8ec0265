#pragma once

// The plain-text cases of src/wire/cases, for tests. Their README says how they are written.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace reeve::wire {

using Fields = std::map<std::string, std::string>;

struct Case {
  std::string name;
  Fields settings;
  std::string kind;  // "request" or "answer"
  std::string body;
  Fields expect;
  std::optional<std::vector<std::string>> texts;
  std::optional<std::string> rewritten;
  std::optional<std::string> swapped;
};

inline void add_field(Fields& fields, const std::string& line) {
  const std::size_t colon = line.find(':');
  if (line.empty() || line.front() == '#' || colon == std::string::npos) return;
  fields[line.substr(0, colon)] = std::string(trim(std::string_view(line).substr(colon + 1)));
}

inline std::vector<Case> read_cases(const std::filesystem::path& file) {
  std::vector<Case> cases;
  std::string section;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("=== ")) {
      cases.push_back({file.stem().string() + ": " + line.substr(4)});
      section = "settings";
    } else if (cases.empty()) {
      continue;
    } else if (line == "--- request" || line == "--- answer") {
      cases.back().kind = section = line.substr(4);
    } else if (line == "--- expect") {
      section = "expect";
    } else if (line == "--- texts") {
      section = "texts";
      cases.back().texts.emplace();
    } else if (line == "--- end") {
      section.clear();
    } else if (line == "--- rewritten") {
      section = "rewritten";
      cases.back().rewritten.emplace();
    } else if (line == "--- swapped") {
      section = "swapped";
      cases.back().swapped.emplace();
    } else if (section.empty()) {
      continue;
    } else if (section == "rewritten") {
      *cases.back().rewritten += line + "\n";
    } else if (section == "swapped") {
      if (!line.empty()) *cases.back().swapped += line + "\n";
    } else if (section == "texts") {
      if (!line.empty()) cases.back().texts->push_back(line);
    } else if (section == "settings") {
      add_field(cases.back().settings, line);
    } else if (section == "expect") {
      add_field(cases.back().expect, line);
    } else {
      cases.back().body += line + "\n";
    }
  }
  return cases;
}

inline std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (const auto& entry : std::filesystem::directory_iterator(REEVE_SOURCE_DIR "/src/wire/cases")) {
    if (entry.path().extension() != ".case") continue;
    for (Case& read : read_cases(entry.path())) all.push_back(std::move(read));
  }
  std::sort(all.begin(), all.end(), [](const Case& left, const Case& right) { return left.name < right.name; });
  return all;
}

}  // namespace reeve::wire
