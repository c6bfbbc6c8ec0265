#pragma once

// The members of a compact JSON object, one after the other, without decoding them: for readers of many entries that
// want a few members of each.

#include <cstdint>
#include <optional>
#include <string_view>

namespace reeve {

/// Walks an object without spaces between its members, as canonical JSON is. Input may be anything; what does not look
/// like such an object ends the walk. The text must outlive the views.
class JsonMembers {
 public:
  explicit JsonMembers(std::string_view object);

  /// The next member: its name without quotes and its value, both as they stand in the text. False at the end, and
  /// where the text goes on in a way that it should not; good() tells which.
  bool next(std::string_view& name, std::string_view& value);
  bool good() const { return good_; }

 private:
  std::size_t string_end(std::size_t at) const;
  std::size_t value_end() const;
  std::size_t nested_end() const;

  std::string_view rest_;
  bool good_ = false;
};

/// What is between the quotes of such a value, as it stands there: escapes are left as they are. Nothing when the value
/// is no text.
std::optional<std::string_view> plain_text(std::string_view value);
/// The value as a whole number; nothing when it is none or does not fit.
std::optional<std::int64_t> plain_number(std::string_view value);

}  // namespace reeve
