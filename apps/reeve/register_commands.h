#pragma once

// The commands of `reeve inventory`, `reeve intake` and `reeve approvals`. docs/registers.md describes them. They work
// beside a running server and without one.

#include <string>
#include <vector>

#include "control/control.h"
#include "reeve/command_line.h"

namespace reeve::app {

struct InventoryArguments {
  std::string id, by, reason;
  std::string kind, status, owner, tier, flag, text;  // list, export
  std::vector<std::string> values;                    // register: MEMBER=VALUE
  std::string format = "csv", output;                 // export; output empty: standard output
};
int inventory_list_command(const Common& common, const InventoryArguments& arguments);
int inventory_show_command(const Common& common, const InventoryArguments& arguments);
int inventory_export_command(const Common& common, const InventoryArguments& arguments);
int inventory_register_command(const Common& common, const InventoryArguments& arguments);
/// 1 when it is not in a state for that, or whoever asks may not.
int inventory_change_command(const Common& common, const InventoryArguments& arguments);
int inventory_act_command(const Common& common, const InventoryArguments& arguments, control::ItemAction action);
/// 1 when something was seen that nobody registered or approved.
int inventory_drift_command(const Common& common);

struct IntakeArguments {
  std::string id, by, reason;
  std::string kind, title, owner, item;              // start
  std::vector<std::string> answers;                  // answer: QUESTION=ANSWER
  bool mine = false, open = false, overdue = false;  // list
  std::string checklist, verdict, comment, all;      // review; all: the answer to what is not named
  std::string decision, until, exception, digest;    // decide
  std::vector<std::string> conditions;
};
int intake_start_command(const Common& common, const IntakeArguments& arguments);
int intake_answer_command(const Common& common, const IntakeArguments& arguments);
int intake_list_command(const Common& common, const IntakeArguments& arguments);
int intake_show_command(const Common& common, const IntakeArguments& arguments);
int intake_review_command(const Common& common, const IntakeArguments& arguments);
int intake_decide_command(const Common& common, const IntakeArguments& arguments);
int intake_withdraw_command(const Common& common, const IntakeArguments& arguments);

/// What waits for a person.
int approvals_command(const Common& common, const std::string& by);

/// `reeve inventory`, `reeve intake`, `reeve approvals`.
void add_registers(CLI::App& app, Line& line);

}  // namespace reeve::app
