#pragma once

// What commands on exceptions work with: the register, the policies on who may approve, and who is at the keyboard.
//
// A command believes who it is told it runs for (--by, else the system's user), as all commands do: whoever may write
// the data directory could write anything into it. What a person may decide follows from that name, from the groups of
// its keys and from the ApprovalPolicy documents; the ledger keeps the name.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/control.h"
#include "reeve/in_force.h"
#include "reeve/register_access.h"
#include "store/store.h"

namespace reeve::app {

struct ExceptionDesk {
  Common common;                             // where the register of budgets is
  RegisterAccess access;                     // as this desk opened it; empty inside a server
  store::Registers* served = nullptr;        // a server's; null: those of `access`
  spend::BudgetRegister* budgets = nullptr;  // likewise; null: that of the set-up
  std::vector<YamlValue> documents;          // of the governance directory
  control::ApprovalPolicies policies;

  store::Registers& registers() const { return served != nullptr ? *served : access.registers(); }
  /// kInvalid when the ApprovalPolicy documents have errors: others would decide than is meant.
  static Result<ExceptionDesk> open(const Common& common);
  /// The same inside a server, with what it has open: a second one in the same process would close the first one's
  /// files behind its back. Both outlive the desk. For asking: the rules and budgets that are asked about are read.
  static Result<ExceptionDesk> open(const Common& common, store::Registers& registers, spend::BudgetRegister& budgets);
  /// Inside a server, for showing and deciding, by what is in force.
  static Result<ExceptionDesk> open(const Workflow& workflow, store::Registers& registers);
  /// By its id, or by the last characters of it, at least four, when no other ends so.
  Result<control::ExceptionRequest> find(std::string_view id) const;
  /// The person and the groups of its keys that are valid now.
  Result<control::Actor> actor(std::string_view name, Instant now) const;
  /// Writes it back, with what the ledger tells; marks what it renews when it was approved.
  Result<void> update(const control::ExceptionRequest& request, std::string_view kind, std::string_view by,
                      Instant now);

 private:
  Result<void> read_documents();
};

/// The person with the groups of its keys that are valid now, and further ones that vouch for it.
Result<control::Actor> actor_by_keys(store::Registers& registers, std::string_view name, Instant now);
void add_groups(control::Actor& actor, std::span<const std::string> groups);

/// Makes the request, where the rules could take it and somebody may approve it, and tells of it.
Result<control::ExceptionRequest> ask_exception(ExceptionDesk& desk, control::Asked asked, Instant now);
/// The name that a command runs under.
std::string acting_person(const std::string& by);
/// "7d" from now on, or a time.
Result<Instant> parse_until(std::string_view text, Instant now);
/// As it stands now, which the register may not have been told yet.
control::ExceptionState current_state(const control::ExceptionRequest& request, Instant now);
/// "$50.00 more of payments-month for person dev@example.com".
std::string describe(const control::ExceptionRequest& request);
/// An object with all of it.
void write_exception(JsonWriter& json, const control::ExceptionRequest& request, Instant now);
/// All of it, for a person who has to decide.
void print_exception(const control::ExceptionRequest& request, const control::ApprovalPolicies& policies, Instant now);
/// Exit code for an error of the workflow: 1 when the answer is no.
int workflow_exit_code(const Error& error);

}  // namespace reeve::app
