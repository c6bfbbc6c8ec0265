#pragma once

// One text on its way to what detectors see. Private to normalising.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "content/byte_blocks.h"
#include "content/normalise.h"

namespace reeve::content {

/// One unit of raw text: a character or an escape, and what becomes of it.
struct Unit {
  std::uint32_t raw = 1;   // bytes taken, at least one
  std::uint32_t size = 0;  // bytes given
  char bytes[4] = {};
};

/// The one definition of what normalising is; the ways by blocks only spare the look at bytes that this leaves as they
/// are, and at the escapes of one character.
Unit read_unit(const char* at, const char* end, bool json_escapes);

/// What stands for the character after a backslash; 0: not such an escape.
constexpr std::array<std::uint8_t, 256> make_simple_escapes() {
  std::array<std::uint8_t, 256> simple{};
  simple['n'] = '\n';
  simple['t'] = '\t';
  simple['r'] = '\r';
  simple['b'] = '\b';
  simple['f'] = '\f';
  for (const char c : {'"', '\\', '/'}) simple[static_cast<unsigned char>(c)] = static_cast<std::uint8_t>(c);
  return simple;
}
inline constexpr std::array<std::uint8_t, 256> kSimpleEscapes = make_simple_escapes();

/// Where a text is read and written. Room for the raw text and a block more is at `out`.
struct NormaliseWalk {
  const char* const begin;
  const char* const end;
  char* const out;
  const bool json_escapes;
  std::vector<Checkpoint>& checkpoints;
  const char* at = begin;
  char* to = out;
  const char* next_checkpoint = begin;

  /// To be called where a unit begins, before one of the next 64 bytes changes: between two checkpoints where something
  /// changed lie at most kCheckpointBytes, or plain bytes only.
  void mark() {
    if (at < next_checkpoint) return;
    checkpoints.push_back({static_cast<std::uint32_t>(to - out), static_cast<std::uint32_t>(at - begin)});
    next_checkpoint = at + (kCheckpointBytes - 64);
  }
  bool is_plain(char byte) const { return static_cast<unsigned char>(byte) < 0x80 && !(json_escapes && byte == '\\'); }
  /// Reads units until one begins that is a plain byte.
  void take_special();
  /// Reads the rest, unit by unit.
  void take_rest();
};

/// Reads the whole text.
void walk_by_blocks(NormaliseWalk& walk, InstructionSet set);

}  // namespace reeve::content
