// The command line of the inventory, its intakes, and what waits for a person.

#include <CLI/CLI.hpp>

#include "reeve/register_commands.h"

namespace reeve::app {

namespace {

using Inventory = std::shared_ptr<InventoryArguments>;
using Intake = std::shared_ptr<IntakeArguments>;
constexpr const char* kByText = "Who does it (default: the user that runs this)";
constexpr const char* kIdText = "Its id, or the last characters of it";

std::vector<std::string> kinds() { return {control::item_kinds().begin(), control::item_kinds().end()}; }

std::vector<std::string> statuses() {
  std::vector<std::string> names;
  names.reserve(control::kItemStatuses);
  for (std::size_t i = 0; i < control::kItemStatuses; ++i) {
    names.emplace_back(control::item_status_name(static_cast<control::ItemStatus>(i)));
  }
  return names;
}

void add_filters(CLI::App& command, const Inventory& given) {
  command.add_option("--kind", given->kind, "Only those: model, copilot, agent, tool, ...")
      ->check(CLI::IsMember(kinds()));
  command.add_option("--status", given->status, "Only those: in_use, seen_not_registered, ...")
      ->check(CLI::IsMember(statuses()));
  command.add_option("--owner", given->owner, "Only this person's");
  command.add_option("--tier", given->tier, "Only of this risk tier")->check(CLI::IsMember({"1", "2", "3"}));
  command.add_option("--flag", given->flag, "Only those: review_due, review_overdue, not_seen, seen_without_approval")
      ->check(CLI::IsMember({"review_due", "review_overdue", "not_seen", "seen_without_approval"}));
  command.add_option("--text", given->text, "Only with this text in title, purpose, model, provider or id");
}

void add_action(CLI::App& inventory, Line& line, const Inventory& given, const char* name, const char* text,
                control::ItemAction action) {
  CLI::App& acts = command(inventory, line, name, text,
                           [&line, given, action] { return inventory_act_command(line.common, *given, action); });
  acts.add_option("ID", given->id, kIdText)->required();
  auto* const reason = acts.add_option("--reason", given->reason, "Why");
  if (action != control::ItemAction::kUse) reason->required();
  acts.add_option("--by", given->by, kByText);
}

void add_inventory(CLI::App& app, Line& line) {
  const auto given = std::make_shared<InventoryArguments>();
  CLI::App& inventory = family(app, "inventory", "The AI that there is: models, copilots, agents, tools, services");
  add_filters(command(inventory, line, "list", "List items",
                      [&line, given] { return inventory_list_command(line.common, *given); }),
              given);
  CLI::App& show = command(inventory, line, "show", "Show an item, and who changed what",
                           [&line, given] { return inventory_show_command(line.common, *given); });
  show.add_option("ID", given->id, kIdText)->required();
  CLI::App& exported = command(inventory, line, "export", "Write all items as CSV or JSON",
                               [&line, given] { return inventory_export_command(line.common, *given); });
  add_filters(exported, given);
  exported.add_option("--format", given->format, "csv, or json")->check(CLI::IsMember({"csv", "json"}));
  exported.add_option("--output", given->output, "A file; standard output without it");
  CLI::App& registers =
      command(inventory, line, "register", "Register an item; it is proposed until an intake says yes",
              [&line, given] { return inventory_register_command(line.common, *given); });
  registers.add_option("MEMBER=VALUE", given->values, "Such as kind=model title='Claude Opus' owner=ada@example.com")
      ->required();
  registers.add_option("--by", given->by, kByText);
  registers.footer("Lists take values separated by commas. docs/registers.md has all members.");
  CLI::App& changes = command(inventory, line, "change", "Change members of an item; the rest stays as it is",
                              [&line, given] { return inventory_change_command(line.common, *given); });
  changes.add_option("ID", given->id, kIdText)->required();
  changes.add_option("MEMBER=VALUE", given->values, "Such as retention=none; an empty value takes it away")->required();
  changes.add_option("--by", given->by, kByText);
  changes.footer("What mattered for an approval makes the item proposed again. docs/registers.md has all members.");
  using Action = control::ItemAction;
  add_action(inventory, line, given, "use", "Say that what is approved is used", Action::kUse);
  add_action(inventory, line, given, "suspend", "Suspend what is approved", Action::kSuspend);
  add_action(inventory, line, given, "resume", "Resume what was suspended; never one's own", Action::kResume);
  add_action(inventory, line, given, "retire", "Decommission an item for good", Action::kDecommission);
  command(inventory, line, "drift", "What the gateway saw against what is registered; 1 when something is not",
          [&line] { return inventory_drift_command(line.common); });
}

void add_asking(CLI::App& intake, Line& line, const Intake& given) {
  CLI::App& start = command(intake, line, "start", "Ask for something new with AI in it, or for a review of an item",
                            [&line, given] { return intake_start_command(line.common, *given); });
  start.add_option("--kind", given->kind, "model, copilot, agent, prompt_template, vector_store, ...");
  start.add_option("--title", given->title, "What people call it");
  start.add_option("--owner", given->owner, "Who answers for it (default: who asks)");
  start.add_option("--item", given->item, "An item that is there, instead of kind and title");
  start.add_option("--by", given->by, kByText);
  CLI::App& answer = command(intake, line, "answer", "Answer questions; the last answer hands it in",
                             [&line, given] { return intake_answer_command(line.common, *given); });
  answer.add_option("ID", given->id, kIdText)->required();
  answer.add_option("QUESTION=ANSWER", given->answers, "Such as data=internal")->required();
  answer.add_option("--by", given->by, kByText);
  CLI::App& withdraw = command(intake, line, "withdraw", "Take an intake back",
                               [&line, given] { return intake_withdraw_command(line.common, *given); });
  withdraw.add_option("ID", given->id, kIdText)->required();
  withdraw.add_option("--reason", given->reason, "Why");
  withdraw.add_option("--by", given->by, kByText);
}

void add_deciding(CLI::App& intake, Line& line, const Intake& given) {
  CLI::App& review = command(intake, line, "review", "Fill a checklist; never of one's own",
                             [&line, given] { return intake_review_command(line.common, *given); });
  review.add_option("ID", given->id, kIdText)->required();
  review.add_option("QUESTION=ANSWER", given->answers, "yes, no or na; the rest is answered by --all");
  review.add_option("--checklist", given->checklist, "Its name")->required();
  review.add_option("--verdict", given->verdict, "pass, concerns or fail")->required();
  review.add_option("--all", given->all, "The answer to every question that is not named: yes, no or na");
  review.add_option("--comment", given->comment, "What is the matter");
  review.add_option("--by", given->by, kByText);
  CLI::App& decide = command(intake, line, "decide", "Decide in writing; never about one's own",
                             [&line, given] { return intake_decide_command(line.common, *given); });
  decide.add_option("ID", given->id, kIdText)->required();
  decide.add_option("DECISION", given->decision, "approve, approve_with_conditions, approve_with_exception or deny")
      ->required();
  decide.add_option("--reason", given->reason, "Why, in writing")->required();
  decide.add_option("--condition", given->conditions, "What it is approved under; several times");
  decide.add_option("--until", given->until, "When an exception ends: 30d, or a time");
  decide.add_option("--exception", given->exception, "The id of an exception that goes with it");
  decide.add_option("--digest", given->digest, "What you saw; without it, what the command prints");
  decide.add_option("--by", given->by, kByText);
}

}  // namespace

void add_registers(CLI::App& app, Line& line) {
  add_inventory(app, line);
  const auto given = std::make_shared<IntakeArguments>();
  CLI::App& intake = family(app, "intake", "Asking for new uses of AI, reviewing them, deciding");
  add_asking(intake, line, given);
  CLI::App& list = command(intake, line, "list", "List intakes, the newest first",
                           [&line, given] { return intake_list_command(line.common, *given); });
  list.add_flag("--mine", given->mine, "Only those that --by asked for or owns");
  list.add_flag("--open", given->open, "Only those that nobody has decided");
  list.add_flag("--overdue", given->overdue, "Only those whose time is over");
  list.add_option("--by", given->by, kByText);
  CLI::App& show = command(intake, line, "show", "Show an intake: its answers, tier, checklists and decisions",
                           [&line, given] { return intake_show_command(line.common, *given); });
  show.add_option("ID", given->id, kIdText)->required();
  add_deciding(intake, line, given);
  const auto by = std::make_shared<std::string>();
  CLI::App& approvals = command(app, line, "approvals", "What waits for a person: answers, checklists, decisions",
                                [&line, by] { return approvals_command(line.common, *by); });
  approvals.add_option("--by", *by, "Whom it waits for (default: the user that runs this)");
}

}  // namespace reeve::app
