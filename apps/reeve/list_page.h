#pragma once

// Which part of a list a route is asked for, the same in every route that lists.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.h"
#include "reeve/api_request.h"
#include "reeve/api_route.h"

namespace reeve::app {

/// A parameter of the query; empty where it is not there.
std::string value_of(const ApiRequest& request, std::string_view name);
/// All of them, as the record of a reading has them: "by=team&since=30d".
std::string asked_of(const ApiRequest& request);

/// As routes that list describe them.
inline constexpr ApiParameter kLimitParameter{"limit", "How many at most; 50 without it",
                                              R"({"type":"integer","minimum":1,"maximum":200,"default":50})"};
inline constexpr ApiParameter kOutcomeParameter{
    "outcome", "Only those that ended so; changed: replaced, routed or a cheaper model",
    R"({"type":"string","enum":["refused","changed","allowed","failed"]})"};

struct ListPage {
  static constexpr std::int64_t kLimit = 50, kLimitMax = 200;

  std::optional<Instant> since, until;
  std::optional<std::uint64_t> cursor;  // what an earlier answer gave as `next`
  std::uint64_t limit = kLimit;         // 1 to kLimitMax

  /// From `since`, `until`, `cursor` and `limit`; kInvalid, with the parameter's name.
  static Result<ListPage> of(const ApiRequest& request);
};

}  // namespace reeve::app
