#include <array>
#include <optional>

#include "checks.h"
#include "cpp_text.h"

namespace reeve::house {

namespace {

/// A library whose headers cost a good part of a second to read, and the places that own it.
struct HeavyLibrary {
  std::string_view prefix;
  std::string_view owners;  // rooms and "apps", separated by spaces
};

constexpr std::array kHeavyLibraries = {
    HeavyLibrary{"boost/", "net"},
    HeavyLibrary{"simdjson", "core wire"},
    HeavyLibrary{"openssl/", "core net identity"},
    HeavyLibrary{"yaml-cpp/", "core"},
    HeavyLibrary{"sqlite3.h", "store"},
    HeavyLibrary{"curl/", "control"},
    HeavyLibrary{"CLI/", "apps"},
    HeavyLibrary{"prometheus/", "gateway apps"},
    HeavyLibrary{"hs/", "content"},
    HeavyLibrary{"hs.h", "content"},
    HeavyLibrary{"nghttp2/", "net"},
    HeavyLibrary{"libpq-fe.h", "store"},
    HeavyLibrary{"gtest/", ""},
    HeavyLibrary{"gmock/", ""},
};

const HeavyLibrary* heavy_library(std::string_view include) {
  for (const HeavyLibrary& library : kHeavyLibraries) {
    if (include.starts_with(library.prefix)) return &library;
  }
  return nullptr;
}

bool is_listed(std::string_view list, std::string_view word) { return !word.empty() && !find_word(list, word).empty(); }

bool is_public_header(const SourceFile& file) {
  const std::string room(room_of(file.path));
  return file.is_header() && !room.empty() && (room == "core" || file.path == "src/" + room + "/" + room + ".h");
}

/// The way from `file` to a heavy header, "a.h -> b.h -> boost/asio.hpp", or nothing.
std::optional<std::string> way_to_heavy(const SourceTree& tree, const SourceFile& file,
                                        std::set<std::string>& visited) {
  for (const Include& include : find_includes(file.text, file.code)) {
    if (heavy_library(include.path) != nullptr) return include.path;
    const SourceFile* next = tree.find("src/" + include.path);
    if (next == nullptr || !visited.insert(next->path).second) continue;
    if (const std::optional<std::string> way = way_to_heavy(tree, *next, visited)) return next->path + " -> " + *way;
  }
  return std::nullopt;
}

/// A header that only tests include is part of them.
bool serves_tests(const SourceTree& tree, const SourceFile& file) {
  if (file.is_test()) return true;
  if (!file.is_header() || is_public_header(file)) return false;
  bool included = false;
  for (const SourceFile& other : tree.files) {
    for (const Include& include : find_includes(other.text, other.code)) {
      if ("src/" + include.path != file.path) continue;
      if (!other.is_test() && !serves_tests(tree, other)) return false;
      included = true;
    }
  }
  return included;
}

}  // namespace

Findings check_heavy_headers(const SourceTree& tree) {
  Findings findings;
  for (const SourceFile& file : tree.files) {
    if (is_public_header(file)) {
      std::set<std::string> visited;
      if (const std::optional<std::string> way = way_to_heavy(tree, file, visited)) {
        findings.push_back({file.path, 0,
                            "is public and includes " + *way +
                                ". Everyone who includes it pays for that: keep it in a .cpp behind our own types."});
      }
    }
    const std::string_view room = room_of(file.path);
    const std::string_view owner = file.path.starts_with("apps/") ? "apps" : room;
    if (owner.empty()) continue;
    for (const Include& include : find_includes(file.text, file.code)) {
      const HeavyLibrary* library = heavy_library(include.path);
      if (library == nullptr || is_listed(library->owners, owner) || serves_tests(tree, file)) continue;
      findings.push_back({file.path, include.line,
                          "<" + include.path + "> belongs to " +
                              (library->owners.empty() ? "tests" : std::string(library->owners)) +
                              "; use what that room offers, or change the table in tests/house/headers.cpp with a "
                              "decision that says why."});
    }
  }
  return findings;
}

Findings check_header_manners(const SourceTree& tree) {
  Findings findings;
  for (const SourceFile& file : tree.files) {
    if (!file.is_header()) continue;
    if (file.code.find("#pragma once") == std::string::npos) {
      findings.push_back({file.path, 1, "has no #pragma once."});
    }
    for (const std::size_t at : find_word(file.code, "using")) {
      const std::size_t next = file.code.find_first_not_of(' ', at + 5);
      if (next == std::string::npos || !file.code.substr(next).starts_with("namespace")) continue;
      findings.push_back({file.path, line_at(file.code, at),
                          "a header must not empty a namespace into everyone who includes it; name what is meant."});
    }
  }
  return findings;
}

}  // namespace reeve::house
