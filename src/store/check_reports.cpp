#include "store/check_reports.h"

#include <algorithm>

#include "core/bytes.h"

namespace reeve::store {

using policy::CheckState;

namespace {

constexpr std::size_t kNameBytesMax = 63;
constexpr std::size_t kReporterBytesMax = 256;
constexpr std::size_t kReasonBytesMax = 1000;

/// One line of readable text, 1 to `bytes_max` bytes.
bool is_line(std::string_view text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max && trim(text).size() == text.size() && is_utf8(text) &&
         std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

bool is_check_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

Result<void> check_report(const CheckState& state) {
  const auto invalid = [](std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; };
  if (!is_check_name(state.name)) {
    return invalid("the name of a check has 1 to 63 letters a to z, digits and hyphens, as rules name it; '" +
                   printable(state.name, 80) + "' is not one");
  }
  if (!is_line(state.reason, kReasonBytesMax)) {
    return invalid("a report needs a reason: one line of text, at most " + std::to_string(kReasonBytesMax) + " bytes");
  }
  if (!is_line(state.reported_by, kReporterBytesMax)) {
    return invalid("a report needs to say who makes it: one line of text, at most " +
                   std::to_string(kReporterBytesMax) + " bytes");
  }
  if (state.until <= state.reported_at) return invalid("a report must hold for some time");
  return {};
}

}  // namespace reeve::store
