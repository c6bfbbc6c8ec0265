#include "reeve/index_question.h"

#include "reeve/ledger_reading.h"

namespace reeve::app {

void IndexConditions::holds(std::string_view condition) {
  if (!text_.empty()) text_ += " AND ";
  text_.append("(").append(condition).append(")");
}

void IndexConditions::equals(std::string_view column, const std::string& value) {
  if (value.empty()) return;
  parameters_.push_back(value);
  holds(std::string(column) + " = $" + std::to_string(parameters_.size()));
}

void IndexConditions::at_least(std::string_view column, const std::optional<Instant>& time) {
  if (time) holds(std::string(column) + " >= " + index_time_sql(*time));
}

void IndexConditions::at_most(std::string_view column, const std::optional<Instant>& time) {
  if (time) holds(std::string(column) + " <= " + index_time_sql(*time));
}

void IndexConditions::below(std::string_view column, const std::optional<std::uint64_t>& number) {
  if (number) holds(std::string(column) + " < " + std::to_string(*number));
}

}  // namespace reeve::app
