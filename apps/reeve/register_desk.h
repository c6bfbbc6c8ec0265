#pragma once

// What routes and commands on the inventory and its intakes work with: the rows, the documents that say who looks at
// what, and who asks. A command believes who it is told it runs for, as those on exceptions do.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/control.h"
#include "core/json.h"
#include "reeve/in_force.h"
#include "reeve/register_access.h"

namespace reeve::app {

/// Of a server that knows nothing of who may decide.
Error nobody_may_decide();

struct RegisterDesk {
  RegisterAccess access;               // as this desk opened it; empty inside a server
  store::Registers* served = nullptr;  // a server's; null: those of `access`
  control::IntakeRules rules;
  control::ApprovalPolicies policies;  // of exceptions

  store::Registers& registers() const { return served != nullptr ? *served : access.registers(); }
  control::RegisterStore& rows() const { return registers().governed(); }

  /// kInvalid when the governance files have errors: others would decide than is meant. `make`: a data directory that
  /// is not there yet is made.
  static Result<RegisterDesk> open(const Common& common, bool make = false);
  /// The same inside a server, with what it has open, and what it has in force: no request waits for files to be read.
  /// The registers outlive the desk. kUnavailable when the documents could not be read.
  static Result<RegisterDesk> open(const Workflow& workflow, store::Registers& registers);

  /// kNotFound when there is none.
  Result<control::Item> item(std::string_view id) const;
  Result<control::IntakeCase> intake(std::string_view id) const;
  /// A whole id of what ends so, at least four characters, where no other does.
  Result<std::string> whole_id(std::string_view register_name, std::string_view id) const;

  /// Whether an exception that a decision names is in the register; an empty name is none.
  Result<void> check_exception(std::string_view id) const;
  /// As control::act_on_item(); nor does who asked in its last intake resume it.
  Result<control::Item> act(const control::Item& item, control::ItemAction action, std::string_view by,
                            std::string_view reason, Instant now) const;
  /// kConflict when an intake for the item is open.
  Result<control::IntakeCase> start(const control::IntakeStart& start, Instant now) const;
};

Result<control::SeenTraffic> seen_traffic(control::RegisterStore& rows);

/// Every row of a register, newest first, from below `before` on, until `take` says no.
Result<void> each_row(control::RegisterStore& rows, std::string_view register_name, std::int64_t before,
                      const std::function<Result<bool>(const control::RegisterRow&)>& take);

/// What calls cost is for those who may read spend.
enum class SeenCost : std::uint8_t { kShown, kHidden };
/// The members `flags`, `item` and, where it was seen, `seen` of an object that is open.
void write_item_members(JsonWriter& json, const control::Item& item, const std::optional<control::Traffic>& seen,
                        Instant now, SeenCost cost = SeenCost::kShown);
/// The members "first", "last", "calls", "cost_nanos" and "people" of an object that is open.
void write_seen_members(JsonWriter& json, const control::Traffic& seen, SeenCost cost);

/// What a list of items is narrowed to; empty: not by that.
struct ItemFilter {
  std::string kind, status, owner, tier, flag, text;
};
bool fits(const ItemFilter& filter, const control::Item& item, const std::vector<std::string_view>& flags);

}  // namespace reeve::app
