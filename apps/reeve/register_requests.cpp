#include "reeve/register_requests.h"

#include "core/bytes.h"
#include "reeve/exception_desk.h"
#include "reeve/list_page.h"
#include "reeve/repeatable_request.h"

namespace reeve::app {

namespace {

using Sources = ControlApi::Sources;
constexpr std::size_t kLimit = 100, kLimitMax = 200;

}  // namespace

Result<RegisterDesk> register_desk_of(const Sources& sources) {
  return RegisterDesk::open(*sources.workflow->current(), *sources.registers);
}

Result<control::Actor> actor_of(const Sources& sources, const ApiRequest& request, Instant now) {
  control::Actor actor{request.who, request.groups};
  if (!sources.directory_decides) {
    auto by_keys = actor_by_keys(*sources.registers, request.who, now);
    if (!by_keys) return by_keys;
    actor = *std::move(by_keys);
  }
  add_groups(actor, request.groups);
  return actor;
}

std::string etag_of_version(std::uint64_t version) { return "\"" + std::to_string(version) + "\""; }

std::optional<ApiAnswer> check_if_match(const ApiRequest& request, std::uint64_t version, bool needed) {
  if (!request.if_match) {
    if (!needed) return std::nullopt;
    return problem(428, "Precondition required", "Send the ETag of what you saw, as GET gives it, as If-Match");
  }
  const std::string etag = etag_of_version(version);
  if (names_tag(*request.if_match, etag)) return std::nullopt;
  ApiAnswer stale = problem(412, "Precondition failed", "It was changed since that ETag; look at it again");
  stale.etag = etag;
  return stale;
}

std::optional<ApiAnswer> repeated_answer(const RegisterDesk& desk, const ApiRequest& request) {
  return repeated_answer(
      request, [&](std::string_view key) { return desk.rows().answer_of(request.who, key, system_clock().now()); });
}

ApiAnswer carry_out(const RegisterDesk& desk, const ApiRequest& request, control::RegisterChange change,
                    ApiAnswer answer) {
  change.answer = answer_to_keep(request, answer, change.rows.front().at);
  const auto changed = desk.rows().change(change);
  return changed ? answer : problem_of(changed.error());
}

Result<std::size_t> limit_of(const ApiRequest& request) {
  const std::string text = value_of(request, "limit");
  if (text.empty()) return kLimit;
  const auto limit = parse_int(text);
  if (limit && *limit >= 1 && *limit <= static_cast<std::int64_t>(kLimitMax)) return static_cast<std::size_t>(*limit);
  return Error{ErrorCode::kInvalid, "'limit' is from 1 to 200"};
}

Result<std::int64_t> cursor_of(const ApiRequest& request) {
  const std::string text = value_of(request, "cursor");
  if (text.empty()) return std::int64_t{0};
  const auto cursor = parse_int(text);
  if (cursor && *cursor > 0) return *cursor;
  return Error{ErrorCode::kInvalid, "'cursor' is what an earlier answer gave as 'next'"};
}

}  // namespace reeve::app
