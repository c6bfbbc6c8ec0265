#pragma once

// Which strings of a request are texts, and whose. One walk serves all dialects: it goes down into everything that a
// request says and takes every string for a text unless a table of the dialect knows better. So a block, a field or a
// role of tomorrow cannot slip by; what must stay untouched (reasoning, signatures, sealed and binary data,
// identifiers, settings, schemas) has to be named.
//
// Private to the wire room.

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "core/body_text.h"
#include "wire/json_scan.h"

namespace reeve::wire {

/// What the name of a member says of its value.
enum class Meaning : std::uint8_t {
  kWalk,        // nothing: every string inside is a text of whoever holds the message
  kNothing,     // settings, schemas, signatures, sealed data: no text inside, and never to be touched
  kIdentifier,  // compared by programs: no text, unless it is too long for an identifier
  kName,        // of a tool: an identifier; of a participant: a text
  kAddress,     // a URL: data: URLs of binary media hold no text
  kBlob,        // base64, in an object that says so
  kBlobHolder,  // an object whose kBlob members are base64
  kThinking,    // of a reasoning object: never to be touched; a text anywhere else
  kReasoning,   // of an assistant's message: never to be touched; a text anywhere else
  kArguments,   // of a tool: a JSON value, or JSON source in a string
  kResponse,    // of a tool: a JSON value
  kVariables,   // of a stored prompt: a JSON value
  kSystem,      // the origin of what is inside
  kCall,
  kToolResult,
  kDocument,
  kFileName,
  kRequest,  // requests in a request
};

/// What the type of an object says of it.
enum class ObjectKind : std::uint8_t { kPlain, kReasoning, kCall, kToolResult, kDocument, kBlob };

/// A fixed set of names, found by hash; made by the compiler.
template <typename Value, std::size_t kSlots = 128>
class NameTable {
 public:
  struct Entry {
    std::string_view name;
    Value value{};
  };

  consteval NameTable(std::initializer_list<Entry> entries) {
    for (const Entry& entry : entries) {
      std::size_t slot = hash(entry.name);
      while (!slots_[slot].name.empty()) slot = (slot + 1) % kSlots;
      slots_[slot] = entry;
    }
  }

  /// The value of a name, or the first of the enumeration.
  constexpr Value find(std::string_view name) const {
    if (name.empty()) return {};
    for (std::size_t slot = hash(name); !slots_[slot].name.empty(); slot = (slot + 1) % kSlots) {
      if (slots_[slot].name == name) return slots_[slot].value;
    }
    return {};
  }

 private:
  static constexpr std::size_t hash(std::string_view name) {
    const auto byte = [name](std::size_t at) { return static_cast<unsigned char>(name[at]); };
    return (name.size() * 31 + byte(0) * 7U + byte(name.size() / 2) * 13U + byte(name.size() - 1)) % kSlots;
  }

  std::array<Entry, kSlots> slots_{};
};

struct TextRules {
  NameTable<Meaning> top;      // members of the request itself
  NameTable<Meaning> members;  // of everything inside
  NameTable<ObjectKind, 32> types;
};

/// Appends the texts of a request, in the order of the bytes.
void read_texts(const TextRules& rules, JsonNode request, std::vector<BodyText>& texts);

}  // namespace reeve::wire
