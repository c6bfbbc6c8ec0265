#pragma once

// What an entry means for the intents that wait for their outcome. Whoever appends an entry knows it; whoever only has
// the entry's text reads it there, and both must come to the same.

#include <cstdint>
#include <cstring>
#include <string_view>

namespace reeve::ledger {

struct IntentStep {
  enum class Kind : std::uint8_t { kNone, kIntent, kOutcome };
  Kind kind = Kind::kNone;
  bool attempted = false;  // a call that was refused before any attempt has an outcome only
  std::uint64_t key = 0;   // of request and attempt
};

/// Part of the file format (the hint of recovery): eight bytes at a time, little-endian, multiplied and folded.
inline std::uint64_t request_hash(std::string_view request_id) {
  std::uint64_t hash = 0xcbf29ce484222325U ^ request_id.size();
  while (!request_id.empty()) {
    std::uint64_t word = 0;
    const std::size_t length = request_id.size() < sizeof word ? request_id.size() : sizeof word;
    std::memcpy(&word, request_id.data(), length);
    hash = (hash ^ word) * 0x9fb21c651e98df25U;
    hash ^= hash >> 32U;
    request_id.remove_prefix(length);
  }
  return hash;
}

/// `request_id` as it stands in the entry: escapes are not resolved.
inline IntentStep intent_step(std::string_view kind, std::string_view request_id, std::int64_t attempt) {
  using Kind = IntentStep::Kind;
  const Kind step = kind == "model.intent" ? Kind::kIntent : kind == "model.outcome" ? Kind::kOutcome : Kind::kNone;
  if (step == Kind::kNone) return {};
  const std::uint64_t hash = request_hash(request_id);
  return {step, attempt != 0, hash ^ (static_cast<std::uint64_t>(attempt) * 0x9e3779b97f4a7c15U)};
}

}  // namespace reeve::ledger
