#include <algorithm>

#include "control/approval_policy.h"
#include "control/control.h"
#include "control/register_rows.h"
#include "control/text_checks.h"
#include "core/bytes.h"

namespace reeve::control {

namespace {

constexpr std::size_t kAskedBytesMax = 5'000;  // with conditions and names it has to fit into an entry's detail
constexpr std::size_t kConditionsMax = 5;
constexpr std::size_t kConditionBytesMax = 300;
constexpr std::size_t kDigestBytesMin = 12;  // "sha256:" and five digits

Error invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }
Error denied(std::string message) { return {ErrorCode::kDenied, std::move(message)}; }
Error conflict(std::string message) { return {ErrorCode::kConflict, std::move(message)}; }

Instant whole_seconds(Instant at) { return from_unix_seconds(unix_seconds(at)); }

Result<void> check_person(std::string_view name, std::string_view what) {
  if (is_line(name, kPersonBytesMax)) return {};
  return invalid(std::string(what) + " is one line of text, at most " + std::to_string(kPersonBytesMax) + " bytes");
}

Result<void> check_scope(const Asked& asked) {
  for (const auto& [key, values] : asked.scope) {
    const bool good = !values.empty() && std::all_of(values.begin(), values.end(), [](const std::string& value) {
      return is_line(value, kPersonBytesMax);
    });
    if (!is_line(key, 40) || !good) return invalid("the scope '" + printable(key, 40) + "' needs a value of one line");
    if (asked.kind == ExceptionKind::kBudget && values.size() > 1) {
      return invalid("more budget is asked for one " + printable(key, 40) + " at a time");
    }
    if (asked.kind == ExceptionKind::kApproval && key != "repos" && key != "work_items") {
      return invalid("an approval is narrowed by repos and work_items, not by " + printable(key, 40));
    }
  }
  if (asked.kind == ExceptionKind::kRule && asked.scope.empty()) {
    return invalid("an exception says for whom or what it is: --match people=dev@example.com");
  }
  return {};
}

Result<void> check_what(const Asked& asked) {
  const spend::Amounts& extra = asked.extra;
  if (asked.kind == ExceptionKind::kBudget) {
    if (asked.budget.empty()) return invalid("more budget needs the budget's name");
    if (extra.money.nanos < 0 || extra.tokens < 0 || extra.requests < 0 || extra == spend::Amounts()) {
      return invalid("more budget needs an amount: --add $50, or --tokens or --requests");
    }
  } else if (asked.rules.empty() || (asked.kind == ExceptionKind::kApproval && asked.rules.size() > 1)) {
    return invalid(asked.kind == ExceptionKind::kRule ? "an exception names the rules that it lifts"
                                                      : "an approval is for one rule");
  }
  if (asked.kind != ExceptionKind::kRule && (!asked.when.empty() || asked.uses || !asked.compensating_check.empty())) {
    return invalid("a condition, a number of uses and a compensating check are for exceptions to rules only");
  }
  if (asked.uses && *asked.uses == 0) return invalid("an exception for no uses at all changes nothing");
  return check_scope(asked);
}

Result<void> check_asked(const Asked& asked, Instant now) {
  if (auto good = check_person(asked.requested_by, "who asks"); !good) return good;
  if (auto good = check_person(asked.requested_for, "whom it is for"); !good) return good;
  if (!is_line(asked.reason, kReasonBytesMax))
    return invalid("a request needs its reason: one line, at most 1000 bytes");
  if (!asked.work_item.empty() && !is_line(asked.work_item, 200)) return invalid("a work item is one short line");
  if (asked.until <= asked.from) return invalid("it must hold for some time");
  if (asked.until <= now) return invalid("its end has passed already");
  return check_what(asked);
}

/// Nobody decides in favour of themselves: not of what they asked, not of what others ask for them, and not of what
/// lets off a person or group that they are or belong to.
Result<void> check_independent(const ExceptionRequest& request, const Actor& by) {
  const Asked& asked = request.asked;
  if (same_person(by.name, asked.requested_by)) return denied("nobody approves their own request");
  if (same_person(by.name, asked.requested_for)) {
    return denied("it was asked for you, by " + asked.requested_by + "; somebody else has to decide");
  }
  for (const auto& [key, patterns] : asked.scope) {
    const bool persons = key == "people" || key == "person";
    const bool groups = key == "groups" && asked.kind == ExceptionKind::kRule;
    for (const std::string& pattern : patterns) {
      const auto fits = [&](const std::string& name) { return glob_match(to_lower(pattern), to_lower(name)); };
      // Everybody is no particular group: otherwise nobody could decide.
      if (pattern == "*") continue;
      if ((persons && fits(by.name)) || (groups && std::any_of(by.groups.begin(), by.groups.end(), fits))) {
        return denied("it lets off " + key + " " + pattern +
                      ", which you are or belong to; somebody else has to decide");
      }
    }
  }
  return {};
}

Result<void> check_open(const ExceptionRequest& request, Instant now) {
  if (request.state != ExceptionState::kRequested) {
    return conflict("it is " + std::string(state_name(request.state)) + " already");
  }
  if (request.asked.until <= now) {
    return conflict("its time was over before anybody decided; it has to be asked anew");
  }
  return {};
}

Result<void> check_digest(const ExceptionRequest& request, std::string_view seen) {
  if (seen.empty()) return {};
  const std::string digest = digest_of(request);
  const std::string_view hex = std::string_view(digest).substr(7);
  const bool with_name = seen.size() >= kDigestBytesMin && digest.starts_with(seen);
  const bool without = seen.size() >= kDigestBytesMin - 7 && hex.starts_with(seen);
  if (with_name || without) return {};
  return conflict("what is asked is not what the digest " + printable(seen, 80) + " was of; it is " + digest +
                  " now: look at it again");
}

Result<void> check_approval(const ExceptionRequest& request, const Approval& approval, Instant now) {
  if (approval.conditions.size() > kConditionsMax) return invalid("at most five conditions");
  for (const std::string& condition : approval.conditions) {
    if (!is_line(condition, kConditionBytesMax)) return invalid("a condition is one line of at most 300 bytes");
  }
  if (!approval.until) return {};
  if (*approval.until > request.asked.until)
    return invalid("an approval may be shorter than what was asked, not longer");
  if (*approval.until <= now || *approval.until <= request.asked.from) return invalid("it must hold for some time");
  return {};
}

bool is_second_of_two(const ExceptionRequest& request) {
  return std::any_of(request.reviews.begin(), request.reviews.end(), [](const Review& r) { return r.approved; });
}

}  // namespace

Result<ExceptionRequest> make_request(Asked asked, Instant now) {
  asked.from = whole_seconds(asked.from);
  asked.until = whole_seconds(asked.until);
  if (asked.requested_for.empty()) asked.requested_for = asked.requested_by;
  std::sort(asked.rules.begin(), asked.rules.end());
  ExceptionRequest request;
  request.id = register_id("ex");
  request.made = whole_microseconds(now);
  request.asked = std::move(asked);
  if (auto good = check_asked(request.asked, now); !good) return std::move(good).error();
  if (request_to_json(request).size() > kAskedBytesMax) return invalid("it is too long to be told in the ledger");
  return request;
}

Result<void> change_request(ExceptionRequest& request, Asked asked, std::string_view by, Instant now) {
  if (auto open = check_open(request, now); !open) return open;
  if (!same_person(by, request.asked.requested_by)) return denied("only who asked may change it");
  if (asked.requested_for.empty()) asked.requested_for = asked.requested_by;
  if (!same_person(asked.requested_by, request.asked.requested_by) ||
      !same_person(asked.requested_for, request.asked.requested_for) || asked.kind != request.asked.kind) {
    return invalid("who asks, for whom and for what kind of thing cannot change; make another request");
  }
  auto changed = make_request(std::move(asked), now);
  if (!changed) return std::move(changed).error();
  const std::string before = digest_of(request);
  request.asked = std::move(changed->asked);
  if (digest_of(request) == before) return conflict("nothing would change");
  request.reviews.clear();
  ++request.version;
  return {};
}

Result<void> approve(ExceptionRequest& request, const Actor& by, const Approval& approval,
                     const ApprovalPolicies& policies, Instant now) {
  if (auto good = check_person(by.name, "who approves"); !good) return good;
  if (auto open = check_open(request, now); !open) return open;
  if (auto independent = check_independent(request, by); !independent) return independent;
  for (const Review& review : request.reviews) {
    if (same_person(review.by, by.name)) return denied("you have approved it; a second person has to");
  }
  if (auto same = check_digest(request, approval.digest); !same) return same;
  if (auto good = check_approval(request, approval, now); !good) return good;
  const auto authority = authority_of(policies, request, by, approval.until.value_or(request.asked.until));
  if (!authority) return authority.error();

  Review review;
  review.approved = true;
  review.by = by.name;
  review.groups = by.groups;
  review.at = whole_microseconds(now);
  review.conditions = approval.conditions;
  if (approval.until && *approval.until < request.asked.until) review.until = whole_seconds(*approval.until);
  review.digest = digest_of(request);
  review.policy = authority->policy->name;
  const bool enough = !authority->needs_second || is_second_of_two(request);
  request.reviews.push_back(std::move(review));
  ++request.version;
  if (!enough) return {};
  const bool conditions = std::any_of(request.reviews.begin(), request.reviews.end(),
                                      [](const Review& r) { return !r.conditions.empty(); });
  request.state = conditions ? ExceptionState::kApprovedWithConditions : ExceptionState::kApproved;
  return {};
}

Result<void> deny(ExceptionRequest& request, const Actor& by, std::string_view reason, const ApprovalPolicies& policies,
                  Instant now) {
  if (auto good = check_person(by.name, "who denies"); !good) return good;
  if (auto open = check_open(request, now); !open) return open;
  if (!is_line(reason, kReasonBytesMax)) return invalid("a denial needs its reason: one line, at most 1000 bytes");
  if (same_person(by.name, request.asked.requested_by)) return denied("it is your own; withdraw it instead");
  if (auto concerned = concern_of(policies, request, by); !concerned) return std::move(concerned).error();
  Review review;
  review.by = by.name;
  review.groups = by.groups;
  review.at = whole_microseconds(now);
  review.reason = reason;
  review.digest = digest_of(request);
  request.reviews.push_back(std::move(review));
  request.state = ExceptionState::kDenied;
  ++request.version;
  return {};
}

Result<void> withdraw(ExceptionRequest& request, const Actor& by, std::string_view reason,
                      const ApprovalPolicies& policies, Instant now) {
  if (auto good = check_person(by.name, "who withdraws"); !good) return good;
  if (!reason.empty() && !is_line(reason, kReasonBytesMax)) return invalid("a reason is one line, at most 1000 bytes");
  const bool pending = request.state == ExceptionState::kRequested;
  if (!pending && (!request.granted() || request.ends() <= now)) {
    return conflict("it is " + std::string(state_name(request.state)) + " already; there is nothing to take back");
  }
  const bool own =
      same_person(by.name, request.asked.requested_by) || same_person(by.name, request.asked.requested_for);
  if (!own) {
    if (auto concerned = concern_of(policies, request, by); !concerned) return std::move(concerned).error();
  }
  request.state = ExceptionState::kWithdrawn;
  request.ended_by = by.name;
  request.end_reason = reason;
  ++request.version;
  return {};
}

Result<ExceptionRequest> renew(const ExceptionRequest& request, std::string_view by, Instant until,
                               std::string_view reason, std::span<const ExceptionRequest> others, Instant now) {
  if (!same_person(by, request.asked.requested_by) && !same_person(by, request.asked.requested_for)) {
    return denied("only who asked for it, or whom it is for, may ask for more time");
  }
  const bool was_granted = request.granted() || request.state == ExceptionState::kExpired;
  const bool approved =
      std::any_of(request.reviews.begin(), request.reviews.end(), [](const Review& r) { return r.approved; });
  if (!was_granted || !approved || request.state == ExceptionState::kRenewed) {
    return conflict("it is " + std::string(state_name(request.state)) +
                    "; only what was approved can be renewed, once");
  }
  for (const ExceptionRequest& other : others) {
    const bool open = other.state == ExceptionState::kRequested || other.granted();
    if (other.renews == request.id && open) return conflict("its renewal was asked already: " + other.id);
  }
  Asked asked = request.asked;
  asked.requested_by = by;
  asked.from = std::max(now, request.ends());
  asked.until = until;
  if (!reason.empty()) asked.reason = reason;
  auto renewal = make_request(std::move(asked), now);
  if (!renewal) return renewal;
  renewal->renews = request.id;
  renewal->renewal = request.renewal + 1;
  return renewal;
}

bool expire(ExceptionRequest& request, Instant now) {
  const bool pending = request.state == ExceptionState::kRequested && request.asked.until <= now;
  const bool over =
      (request.state == ExceptionState::kApproved || request.state == ExceptionState::kApprovedWithConditions) &&
      request.ends() <= now;
  if (!pending && !over) return false;
  request.state = ExceptionState::kExpired;
  ++request.version;
  return true;
}

}  // namespace reeve::control
