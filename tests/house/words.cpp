#include <algorithm>
#include <array>
#include <cctype>

#include "checks.h"
#include "cpp_text.h"

namespace reeve::house {

namespace {

struct Banned {
  std::string_view text;
  std::string_view instead;
};

/// Adjacent literals keep these files free of the very texts they look for.
constexpr std::array kUnfinishedWords = {
    "TO"
    "DO",
    "FIX"
    "ME",
    "XX"
    "X",
    "HA"
    "CK"};
constexpr std::array kForeignPlaces = {
    "/wo"
    "rk/",
    "/tm"
    "p/",
    "registry.np"
    "mjs",
    "deb.deb"
    "ian.org",
    "pypi.o"
    "rg"};

bool is_path_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("_-.}~$*/<").find(c) != std::string_view::npos;
}

}  // namespace

Findings check_capturing_coroutines(const SourceTree& tree) {
  Findings findings;
  for (const SourceFile& file : tree.files) {
    for (const Lambda& lambda : find_lambdas(file.code)) {
      if (lambda.capture.empty() || !lambda.is_coroutine) continue;
      findings.push_back({file.path, line_at(file.code, lambda.begin),
                          "a lambda that captures [" + lambda.capture +
                              "] is a coroutine: its captures die with the lambda object, before the coroutine ends. "
                              "Write a function, or pass them as parameters to a lambda with []."});
    }
  }
  return findings;
}

Findings check_banned_calls(const SourceTree& tree) {
  constexpr std::array kBanned = {
      Banned{"std::endl", "write '\\n'; flush only where it matters"},
      Banned{"std::rand", "use core/crypto.h random_bytes, or a seeded generator in tests"},
      Banned{"sprintf", "it does not know its buffer; append to a std::string"},
      Banned{"strcpy", "it does not know its buffer; use std::string"},
      Banned{"std::detach", "a thread has an owner that joins it"},
  };
  Findings findings;
  for (const SourceFile& file : tree.files) {
    for (const Banned& banned : kBanned) {
      for (const std::size_t at : find_word(file.code, banned.text)) {
        findings.push_back({file.path, line_at(file.code, at),
                            std::string(banned.text) + " is not used here: " + std::string(banned.instead) + "."});
      }
    }
  }
  return findings;
}

Findings check_file_names(const SourceTree& tree) {
  constexpr std::array<std::string_view, 5> kWords = {"util", "utils", "manager", "helper", "helpers"};
  Findings findings;
  for (const SourceFile& file : tree.files) {
    std::string name = file.path;
    std::ranges::transform(name, name.begin(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 ? static_cast<char>(std::tolower(c)) : ' ';
    });
    for (const std::string_view word : kWords) {
      if (find_word(name, word).empty()) continue;
      findings.push_back(
          {file.path, 0, "'" + std::string(word) + "' says nothing about what is inside; name it after its job."});
    }
  }
  return findings;
}

Findings check_unfinished(const SourceTree& tree) {
  Findings findings;
  for (const SourceFile& file : tree.files) {
    if (!file.is_cpp() && !file.is_script() && !file.path.ends_with(".md") && !file.path.ends_with(".yaml")) continue;
    for (const std::string_view word : kUnfinishedWords) {
      for (const std::size_t at : find_word(file.text, word)) {
        findings.push_back({file.path, line_at(file.text, at),
                            "'" + std::string(word) + "' is a promise nobody keeps: do it now, or file an issue."});
      }
    }
  }
  return findings;
}

Findings check_foreign_places(const SourceTree& tree) {
  Findings findings;
  for (const SourceFile& file : tree.files) {
    for (const std::string_view place : kForeignPlaces) {
      for (std::size_t at = file.text.find(place); at != std::string::npos; at = file.text.find(place, at + 1)) {
        if (place.starts_with('/') && at > 0 && is_path_character(file.text[at - 1])) continue;
        findings.push_back({file.path, line_at(file.text, at),
                            "'" + std::string(place) +
                                "' is a place of one machine or registry; use a relative path, a temporary directory "
                                "from the system, or a package's name."});
      }
    }
    const bool lock_file = file.path.ends_with("package-lock.json");
    if (const std::size_t at = file.text.find("\"resolved\": \"http"); lock_file && at != std::string::npos) {
      findings.push_back({file.path, line_at(file.text, at),
                          "names a registry; make it with npm install --omit-lockfile-registry-resolved."});
    }
  }
  return findings;
}

}  // namespace reeve::house
