#pragma once

// What documents' weighers share: lines and words around a place. Private to the room.

#include <cstddef>
#include <string_view>
#include <vector>

#include "content/detector.h"

namespace reeve::content {

/// The line that holds `at`, without its end.
std::string_view line_at(std::string_view text, std::size_t at);
/// At most `bytes` before `start` and behind `end`.
std::string_view surroundings(std::string_view text, std::size_t start, std::size_t end, std::size_t bytes);
/// The word at the beginning of `text`, without leading spaces: letters, digits and '_'.
std::string_view first_word(std::string_view text);
/// How often `word` stands in `lower`, both in lower case; counting stops at `most`.
std::size_t count_of(std::string_view lower, std::string_view word, std::size_t most);

float weigh_table_definition(const Detector& detector, std::string_view text, std::size_t start, std::size_t end);
float weigh_repeated_lines(const Detector& detector, std::string_view text, std::size_t start, std::size_t end);
float weigh_sensitivity_label(const Detector& detector, std::string_view text, std::size_t start, std::size_t end);
float weigh_api_description(const Detector& detector, std::string_view text, std::size_t start, std::size_t end);
float weigh_surroundings(const Detector& detector, std::string_view text, std::size_t start, std::size_t end);
float weigh_rights_reserved(const Detector& detector, std::string_view text, std::size_t start, std::size_t end);

}  // namespace reeve::content
