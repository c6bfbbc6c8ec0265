#include "gateway/stranger_refusals.h"

#include <algorithm>

#include "core/json.h"

namespace reeve::gateway {

bool StrangerRefusals::admit(wire::RefusalReason reason, Moment now) {
  const double elapsed = std::chrono::duration<double>(now - refilled_).count();
  refilled_ = now;
  tokens_ = std::min(kBurst, tokens_ + std::max(0.0, elapsed) * kPerSecond);
  if (tokens_ >= 1) {
    tokens_ -= 1;
    return true;
  }
  const auto index = static_cast<std::size_t>(reason);
  DCHECK(index < kReasons);
  ++counted_[std::min(index, kReasons - 1)];
  ++total_;
  return false;
}

std::string StrangerRefusals::take_summary() {
  if (total_ == 0) return {};
  JsonWriter json;
  // Canonical JSON: members in the order of their names.
  std::array<std::pair<std::string_view, std::uint64_t>, kReasons> named;
  for (std::size_t i = 0; i < kReasons; ++i) {
    named[i] = {wire::refusal_reason_name(static_cast<wire::RefusalReason>(i)), counted_[i]};
  }
  std::sort(named.begin(), named.end());
  json.begin_object().key("by_reason").begin_object();
  for (const auto& [name, count] : named) {
    if (count > 0) json.member(name, count);
  }
  json.end_object().member("total", total_).end_object();
  counted_.fill(0);
  total_ = 0;
  return json.take();
}

}  // namespace reeve::gateway
