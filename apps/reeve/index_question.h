#pragma once

// Conditions of a question to the ledger's index: what people asked for goes into parameters, never into the text.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reeve/list_page.h"

namespace reeve::app {

class IndexConditions {
 public:
  /// `column` is the program's own text; an empty value asks for nothing.
  void equals(std::string_view column, const std::string& value);
  void at_least(std::string_view column, const std::optional<Instant>& time);
  void at_most(std::string_view column, const std::optional<Instant>& time);
  void below(std::string_view column, const std::optional<std::uint64_t>& number);
  /// The program's own text.
  void holds(std::string_view condition);

  /// "WHERE …"; of everything where nothing was asked.
  std::string where() const { return text_.empty() ? "WHERE TRUE" : "WHERE " + text_; }
  const std::vector<std::string>& parameters() const { return parameters_; }

 private:
  std::string text_;
  std::vector<std::string> parameters_;
};

}  // namespace reeve::app
