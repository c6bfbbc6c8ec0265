#pragma once

// Rows as the ledger would give them, priced by a catalogue, and numbers that look like chance and are not.

#include <cstdint>
#include <string>

#include "spend/spend.h"

namespace reeve::spend {

/// xorshift64*: the same on every machine.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
  std::uint64_t next() {
    state_ ^= state_ >> 12U;
    state_ ^= state_ << 25U;
    state_ ^= state_ >> 27U;
    return state_ * 0x2545F4914F6CDD1DULL;
  }
  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(limit));
  }
  double unit() { return static_cast<double>(next() >> 11U) / 9007199254740992.0; }

 private:
  std::uint64_t state_;
};

struct Call {
  const char* time = "2026-11-10T12:00:00Z";
  std::string person = "ann@example.com", model = "claude-sonnet-4-5", session = "s1", team = "payments";
  std::int64_t input = 1000, output = 100, cache_read = 0;
  ServiceTier tier = ServiceTier::kStandard;
};

inline SpendRow row_of(const Catalogue& catalogue, const Call& call, std::uint64_t index) {
  SpendRow row;
  row.index = index;
  row.time = *parse_time(call.time);
  row.person = call.person;
  row.team = call.team;
  row.session = call.session;
  row.model = row.asked = row.price_model = call.model;
  row.provider = row.price_provider = "anthropic";
  row.usage.input = call.input;
  row.usage.output = call.output;
  row.usage.cache_read = call.cache_read;
  row.usage.input_reported = row.usage.output_reported = true;
  row.price_time = row.time;
  row.service_tier = call.tier;
  row.status = "ok";
  row.operation = "generate";
  row.shape_known = true;
  row.messages = 1;
  const Cost cost = cost_of(catalogue.find("anthropic", call.model, row.time), row.usage, call.tier);
  row.priced = true;
  row.cost = cost.total;
  row.list_cost = cost.list;
  row.price_version = cost.price_version;
  row.price_known = cost.price_known;
  return row;
}

}  // namespace reeve::spend
