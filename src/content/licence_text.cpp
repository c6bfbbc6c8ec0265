// Licence texts inside source files, found by what they all say.

#include <algorithm>
#include <array>

#include "content/code_files.h"
#include "core/bytes.h"

namespace reeve::content {

namespace {

constexpr std::array<std::string_view, 26> kPhrases = {"permission is hereby granted",
                                                       "permission to use, copy",
                                                       "permission notice",
                                                       "without warranty",
                                                       "any warranty",
                                                       "warranties of",
                                                       "implied warrant",
                                                       "redistribution and use in",
                                                       "redistributions of source",
                                                       "redistributions in binary",
                                                       "licensed under",
                                                       "license, version",
                                                       "free software; you can",
                                                       "free software foundation",
                                                       "general public license",
                                                       "liability, whether in",
                                                       "be liable for",
                                                       "arising in any way out of",
                                                       "apache.org/licenses",
                                                       "boost software license",
                                                       "spdx-license-identifier",
                                                       "all rights reserved",
                                                       "distributed under the",
                                                       "the following conditions",
                                                       "express or implied",
                                                       "copyright (c)"};
constexpr std::size_t kParagraphLines = 40;

struct Line {
  std::size_t start = 0, end = 0;
};

Line line_around(std::string_view text, std::size_t at) {
  const std::size_t before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  const std::size_t end = std::min(text.find('\n', at), text.size());
  return {before == std::string_view::npos ? 0 : before + 1, end};
}

/// Prose or comment: what may stand around a licence's phrase. Code ends in other signs than sentences do.
bool may_be_licence(std::string_view line) {
  const std::string_view inner = trim(line);
  if (inner.empty()) return false;
  for (const std::string_view mark : {"//", "#", "*", "/*", "--", ";", "%", "rem ", "dnl "}) {
    if (inner.starts_with(mark) && !inner.starts_with("#include") && !inner.starts_with("#define") &&
        !inner.starts_with("#if")) {
      return true;
    }
  }
  return std::string_view(";{}=").find(inner.back()) == std::string_view::npos &&
         std::count(inner.begin(), inner.end(), ' ') >= 2;
}

Line paragraph_around(std::string_view text, std::size_t at) {
  Line whole = line_around(text, at);
  for (std::size_t i = 0; i < kParagraphLines && whole.start > 0; ++i) {
    const Line above = line_around(text, whole.start - 1);
    if (!may_be_licence(text.substr(above.start, above.end - above.start))) break;
    whole.start = above.start;
  }
  for (std::size_t i = 0; i < kParagraphLines && whole.end + 1 < text.size(); ++i) {
    const Line below = line_around(text, whole.end + 1);
    if (!may_be_licence(text.substr(below.start, below.end - below.start))) break;
    whole.end = below.end;
  }
  return whole;
}

}  // namespace

void blank_licences(std::string& text) {
  const std::string lower = to_lower(text);
  for (const std::string_view phrase : kPhrases) {
    for (std::size_t at = lower.find(phrase); at != std::string::npos;) {
      const Line paragraph = paragraph_around(lower, at);
      std::replace_if(
          text.begin() + static_cast<std::ptrdiff_t>(paragraph.start),
          text.begin() + static_cast<std::ptrdiff_t>(paragraph.end), [](char c) { return c != '\n'; }, ' ');
      at = lower.find(phrase, paragraph.end);
    }
  }
}

}  // namespace reeve::content
