#pragma once

// How context words are compared with text: case aside, as whole words. Private to the room.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace reeve::content {

/// As has_context (finders.h), for words that stand in no ContextWords.
bool has_words(std::string_view text, std::size_t start, std::size_t end, std::span<const std::string> words,
               std::size_t within);

/// A word may begin at `at`: a border stands in front.
bool begins_word(std::string_view text, std::size_t at);
/// The end of `word` (lower case) when it stands at `at` and ends by `limit`, as a whole word; 0: it does not.
std::size_t end_of_word_at(std::string_view text, std::size_t at, std::size_t limit, std::string_view word);

}  // namespace reeve::content
