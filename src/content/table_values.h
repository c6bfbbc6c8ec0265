#pragma once

// Values of registered tables: which are strongly patterned, what two writings of one value have in common, and their
// keyed hash. Private to the room.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace reeve::content {

/// What a value is registered and looked for as. Changes with a new version: registered files hold hashes of it.
inline constexpr std::uint32_t kTableVersion = 1;

/// Characters that count (letters and digits) of a primary value that is not an e-mail address.
inline constexpr std::size_t kPrimaryMin = 6, kPrimaryMax = 40;
/// Words of a value that are looked for as one.
inline constexpr std::size_t kPrimaryWords = 7, kConfirmWords = 5;

enum class CellShape : std::uint8_t {
  kLoose,   // would match ordinary words and numbers
  kEmail,   // an e-mail address
  kDigits,  // six digits and more, with separators
  kMixed,   // letters and at least three digits
};
/// The shape of a table's cell. Dates, amounts and short numbers are loose.
CellShape cell_shape_of(std::string_view cell);

/// A primary value's characters that count, lower case: of an e-mail address all but surrounding space.
std::string primary_form(std::string_view cell, CellShape shape);

/// A further field's characters that count: lower case, without accents, spaces and punctuation. "Müller-Lüdenscheidt"
/// and "MULLER LUDENSCHEIDT" are the same.
std::string plain_form(std::string_view text);
void append_plain_form(std::string& out, std::string_view text);

/// What a hash was made for: the same text as primary and as further field has unrelated hashes.
enum class HashUse : std::uint8_t { kPrimary = 1, kField = 2 };

/// SipHash-2-4 under a 16-byte key (Aumasson, Bernstein 2012).
std::uint64_t siphash(std::string_view key, std::string_view bytes);
std::uint64_t table_hash(std::string_view key, HashUse use, std::string_view value);
/// The same of a value that has its use as a character before it.
std::uint64_t table_hash_of(std::string_view key, std::string_view use_and_value);

}  // namespace reeve::content
