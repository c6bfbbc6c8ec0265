#pragma once

// Assignments of secrets: where key and value stand, and what the value is. Private to the room.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "content/secret_key_name.h"
#include "content/secret_value.h"
#include "content/text_walk.h"

namespace reeve::content {

/// A value that stands elsewhere, in the words of some language or tool: ${NAME}, $(command), {{ template }}, %s,
/// process.env.NAME, vault:path, arn:…, <name>.
bool is_reference(std::string_view value);

/// What documentation, forms and templates put where a password would stand: "password", "changeme", "Enter password".
bool is_password_stand_in(std::string_view value);
bool is_password_stand_in(std::string_view value, const ValueShape& shape);  // whose shape is known

/// How surely a value stands for itself.
enum class ValueForm : std::uint8_t {
  kQuoted,    // a literal in quotes
  kConfig,    // bare, in a line that is nothing but the assignment: .env, YAML, a flag, a query, a connection string
  kPair,      // bare, "name=value" inside other text
  kBareCode,  // bare, where code would have an expression
};

struct Assignment {
  std::uint32_t key_start = 0, key_end = 0;
  std::uint32_t value_start = 0, value_end = 0;
  ValueForm form = ValueForm::kQuoted;
  KeyKind kind = KeyKind::kNone;      // what the key's name says
  bool in_connection_string = false;  // a semicolon stands before the key
};

/// Quick and coarse: false when no key of a secret ends before the '=' or ':' at `at`.
bool may_be_assignment(std::string_view text, std::size_t at);

/// Quick and coarse: false for values that no kind of key makes a secret of.
bool may_be_secret(std::string_view value);

/// Values of one text: where bare ones end, each byte read once however many signs stand in one value; and what reading
/// and judging may still cost, so that no text is looked at for ever.
class ValueBudget {
 public:
  explicit ValueBudget(std::string_view text);
  std::size_t bare_end(std::size_t at, std::size_t limit) { return bare_.from(at, limit); }
  /// About a nanosecond each.
  void spend(std::size_t steps) { left_ -= std::min(left_, steps); }
  bool is_spent() const { return left_ == 0; }

 private:
  NextByte bare_;
  std::size_t left_;
};

/// The assignment at `at`, where '=' or ':' stands; nothing when there is none whose key may name a secret.
std::optional<Assignment> read_assignment(std::string_view text, std::size_t at, ValueBudget& budget);

/// The literal that begins at `at` (quotes, a wrapping call, a fallback after || or ??), or a bare value; false: none.
bool read_value(std::string_view text, std::size_t at, ValueBudget& budget, Assignment& assignment);

/// How sure it is that `value`, assigned to a key of this kind, is a secret: 0 when it is not. That it is not plainly
/// harmless was seen before.
float judge_assigned(KeyKind kind, std::string_view value, const Assignment& assignment, std::string_view key);

/// Not a secret whatever the key says: a reference, a path, an address, a date, a version, a type, a sentence.
bool is_plainly_harmless(std::string_view value);

}  // namespace reeve::content
