#pragma once

// Hand-written scanners for shapes that would slow the shared pattern database: runs of digits, e-mail and network
// addresses, assignments of secrets, names and addresses behind keys. Each walks bit masks of the text, 64 bytes a
// word, so that text without its shape costs next to nothing. Private to the room.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "content/byte_blocks.h"
#include "content/detector.h"

namespace reeve::content {

/// What most texts do not have at all: finders of what is not there need not begin. First what three bytes tell, then
/// what masks tell (rare_shapes.h).
enum class RareSign : std::uint16_t {
  kWebToken = 1,   // "yJ" and a byte of base64
  kKeyId = 2,      // "KIA"
  kKeyBlock = 4,   // "BEG"
  kUrl = 8,        // "://"
  kPhrase = 16,    // "hra" in any case
  kMnemonic = 32,  // "mne" in any case
  kOctets = 64,
  kHexGroups = 128,
  kPairsWithColons = 256,
  kPairsWithDashes = 512,
  kPostcode = 1024,
  kDottedToken = 2048,
};

/// One bit a byte of the text; bit i of word i/64. Words beyond the text are zero.
struct TextMasks {
  std::vector<std::uint64_t> digit;        // 0-9
  std::vector<std::uint64_t> letter;       // A-Z a-z
  std::vector<std::uint64_t> at;           // @
  std::vector<std::uint64_t> assign;       // = and :
  std::vector<std::uint64_t> upper;        // bytes from 0x80
  std::vector<std::uint64_t> dot;          // .
  std::vector<std::uint64_t> dash;         // -
  std::vector<std::uint64_t> rare_triple;  // the first of three bytes that tell something rare
  std::uint16_t rare = 0;                  // bits of RareSign: what may stand in the text
  bool has(RareSign sign) const { return (rare & static_cast<std::uint16_t>(sign)) != 0; }
  void compute(std::string_view text);
  void compute(std::string_view text, InstructionSet set);  // one of this machine's
};

/// The text that finders look at. Followed by 64 readable bytes.
struct FinderText {
  std::string_view text;  // normalised
  const TextMasks& masks;
  TextOrigin origin = TextOrigin::kUser;
  /// Set by a finder that did not look at all: the text would have cost too much. May be null.
  bool* gave_up = nullptr;
};

/// Detectors that name one finder, prepared for it (by length, by context word). Built once per set.
class PreparedFinder {
 public:
  virtual ~PreparedFinder() = default;
  /// Appends candidates that are settled: checks, context and rarity were looked at, confidence is final.
  virtual void find(const FinderText& text, std::vector<Candidate>& found) const = 0;
};

struct NamedFinder {
  std::string_view name;         // what a detector's `find` says
  std::string_view description;  // one line for docs
  std::unique_ptr<PreparedFinder> (*prepare)(std::span<const Detector> all, std::span<const std::uint32_t> mine);
  /// Instead of `prepare`, which is null then: for finders that look for registered data. They keep it. Gives back null
  /// when nothing is registered.
  std::unique_ptr<PreparedFinder> (*prepare_own_data)(const std::shared_ptr<const OwnData>& own_data,
                                                      std::span<const std::uint32_t> mine) = nullptr;
};
/// The table of all finders: digits, identifiers, email, ip-address, phone, person, street-address, … (identifiers),
/// assignment, hex-key, … (secrets), registered-code, registered-data, schema, … (own data and documents).
std::vector<NamedFinder> all_finders();
std::vector<NamedFinder> identifier_finders();  // identifier_finders.cpp
std::vector<NamedFinder> secret_finders();      // secret_finders.cpp
std::vector<NamedFinder> document_finders();    // document_finders.cpp: schemas, specifications, labels, licences
std::vector<NamedFinder> own_data_finders();    // own_data.cpp: registered code and tables

/// True when one of the words stands within `within` bytes before `start` or after `end`, whole words, ASCII case
/// aside. Camel case, snake case and hyphens are borders: "cardNumber" holds "card".
bool has_context(std::string_view text, std::size_t start, std::size_t end, const ContextWords& context);

}  // namespace reeve::content
