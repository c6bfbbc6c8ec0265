// The command line about money: what was spent, how full budgets are, exceptions and who decides them.

#include <CLI/CLI.hpp>

#include "reeve/command_line.h"

namespace reeve::app {

namespace {

constexpr const char* kWhoText =
    "A command believes who it runs for: --by, else the user that runs it. So whoever may write the data directory is "
    "trusted, and nobody else should. What a person may decide follows from the ApprovalPolicy documents and from the "
    "groups of that person's keys; the ledger keeps every step with its name. Exits with 1 when the answer is no.";

/// What `request` and `change` have in common.
void add_asked(CLI::App& command, Line& line) {
  command.add_option("--add", line.ask.add, "More money in each window, such as $50");
  command.add_option("--tokens", line.ask.tokens, "More tokens in each window");
  command.add_option("--requests", line.ask.requests, "More requests in each window");
  command
      .add_option("--scope", line.ask.scope,
                  "For whom and what, KEY=VALUE; repeat for more. Of a budget: a dimension it counts each of, such as "
                  "person; of a rule: a key of 'match', such as people or repos (default: who it is for)")
      ->allow_extra_args(false);
  command.add_option("--when", line.ask.when, "Of a rule: only when this CEL condition holds");
  command.add_option("--uses", line.ask.uses, "Of a rule: at most so many decisions");
  command.add_option("--check", line.ask.check, "Of a rule: only while this named check is green");
  command.add_option("--from", line.ask.from, "From when: a time from now (2h) or a time (default: now)");
  command.add_option("--until", line.ask.until, "Until when: a time from now (7d) or a time");
  command.add_option("--reason", line.ask.reason, "Why: one line");
  command.add_option("--work-item", line.ask.work_item, "The ticket it is for");
  command.add_option("--by", line.ask.by, "Who asks (default: the user that runs this)");
  command.footer(kWhoText);
}

CLI::App& add_decision(CLI::App& parent, Line& line, const char* name, const char* text,
                       int (*decide)(const Common&, const DecisionArguments&)) {
  CLI::App& added = command(parent, line, name, text, [&line, decide] { return decide(line.common, line.decision); });
  added.add_option("ID", line.decision.id, "Its id, or the last characters of it")->required();
  added.add_option("--by", line.decision.by, "Who decides (default: the user that runs this)");
  added.footer(kWhoText);
  return added;
}

void add_approve(CLI::App& parent, Line& line) {
  CLI::App& approve =
      add_decision(parent, line, "approve", "Approve a request for an exception", exception_approve_command);
  approve.add_option("--digest", line.decision.digest, "What you looked at, as 'show' prints it: another is refused");
  approve.add_option("--condition", line.decision.conditions, "On this condition; repeat for more")
      ->allow_extra_args(false);
  approve.add_option("--until", line.decision.until, "For a shorter time than asked");
}

void add_exceptions(CLI::App& app, Line& line) {
  CLI::App& exception = family(app, "exception", "More of a budget, or off a rule, for a while: ask and decide");
  CLI::App& request = command(exception, line, "request", "Ask for an exception",
                              [&line] { return exception_request_command(line.common, line.ask); });
  request.add_option("--budget", line.ask.budget, "For more of this budget");
  request.add_option("--rule", line.ask.rules, "To be let off this rule; repeat for more")->allow_extra_args(false);
  request.add_option("--approval", line.ask.approval, "For the approval that this rule requires");
  request.add_option("--for", line.ask.person, "Whom it is for (default: who asks)");
  add_asked(request, line);
  CLI::App& change = command(exception, line, "change", "Ask for something else: earlier approvals are void",
                             [&line] { return exception_change_command(line.common, line.ask); });
  change.add_option("ID", line.ask.id, "Its id")->required();
  add_asked(change, line);
  CLI::App& list = command(exception, line, "list", "List exceptions",
                           [&line] { return exception_list_command(line.common, line.exceptions); });
  list.add_flag("--mine", line.exceptions.mine, "Only those that --by asked for or that are for --by");
  list.add_flag("--open", line.exceptions.open, "Only those that wait for a decision");
  list.add_option("--by", line.exceptions.by, "Whose --mine are (default: the user that runs this)");
  CLI::App& show = command(exception, line, "show", "Show one with its digest and who may decide",
                           [&line] { return exception_show_command(line.common, line.id); });
  show.add_option("ID", line.id, "Its id, or the last characters of it")->required();
  add_approve(exception, line);
  add_decision(exception, line, "deny", "Deny a request", exception_deny_command)
      .add_option("--reason", line.decision.reason, "Why: one line")
      ->required();
  add_decision(exception, line, "withdraw", "Take one back; it ends at once", exception_withdraw_command)
      .add_option("--reason", line.decision.reason, "Why: one line");
  CLI::App& renew = command(exception, line, "renew", "Ask for more time for one that was approved",
                            [&line] { return exception_renew_command(line.common, line.ask); });
  renew.add_option("ID", line.ask.id, "Its id")->required();
  renew.add_option("--until", line.ask.until, "Until when: a time from its end (7d) or a time")->required();
  renew.add_option("--reason", line.ask.reason, "Why (default: the reason it had)");
  renew.add_option("--by", line.ask.by, "Who asks (default: the user that runs this)");
  renew.footer(kWhoText);
  add_approve(app, line);
}

void add_notifications(CLI::App& app, Line& line) {
  CLI::App& notifications = family(app, "notifications", "What is told to people by webhook and mail");
  CLI::App& list = command(notifications, line, "list", "List what was given up after too many attempts",
                           [&line] { return notifications_list_command(line.common, line.notifications); });
  list.add_flag("--waiting", line.notifications.waiting, "What waits for its next attempt instead");
  list.add_flag("--all", line.notifications.all, "All of it, also what was delivered");
  list.add_option("--limit", line.notifications.limit, "At most so many, the newest")->capture_default_str();
  CLI::App& retry = command(notifications, line, "retry", "Try one again that was given up",
                            [&line] { return notifications_retry_command(line.common, line.number); });
  retry.add_option("NUMBER", line.number, "Its number")->required();
}

constexpr const char* kDimensions =
    "Comma-separated: person, team, client, session, repo, feature, work_item, model, provider, agent, hour, day, "
    "month";

/// The window and the prices, which most of the `spend` commands take.
void add_spend_window(CLI::App& command, Line& line) {
  command.add_option("--since", line.spend.since, "A duration (7d) or a time (2026-11-01)")->capture_default_str();
  command.add_option("--until", line.spend.until, "A duration before now or a time");
}
void add_spend_prices(CLI::App& command, Line& line) {
  command.add_option("--prices", line.spend.prices, "A governance directory, instead of the configuration's");
}

using SpendCommand = int (*)(const Common&, const SpendArguments&);
CLI::App& spend_command(CLI::App& spend, Line& line, const char* name, const char* text, SpendCommand run) {
  return reads_ledger(command(spend, line, name, text, [&line, run] { return run(line.common, line.spend); }), line);
}

void add_spend_insight(CLI::App& spend, Line& line) {
  CLI::App& explain = spend_command(spend, line, "explain", "Say why a month cost more or less than the one before",
                                    spend_explain_command);
  explain.add_option("--month", line.spend.month, "Such as 2026-11 (default: the current one)");
  explain.add_option("--by", line.spend.split_by, "One dimension, such as person");
  add_spend_prices(explain, line);
  spend_command(spend, line, "forecast", "Say what this month will come to, and how sure that is",
                spend_forecast_command);
  CLI::App& anomalies = spend_command(
      spend, line, "anomalies", "Name people, sessions and repositories out of the usual", spend_anomalies_command);
  add_spend_window(anomalies, line);
  add_spend_prices(anomalies, line);
  anomalies.footer("Exits with 1 when there are any. The rules are 'kind: SpendAlert' documents.");
  CLI::App& units = spend_command(spend, line, "units", "Say what a session, a work item, a day of a person cost",
                                  spend_units_command);
  add_spend_window(units, line);
  units
      .add_option("--by", line.spend.split_by, "change: what each merged change cost, as 'reeve change' tells of them")
      ->check(CLI::IsMember({"change"}));
  units.add_flag("--csv", line.spend.csv, "By change: print CSV");
  units.add_flag("--trace", line.spend.trace, "By change: also name the ledger rows of each");
  units.add_option("--html", line.spend.html, "By change: write a page to this file instead");
  CLI::App& advice =
      spend_command(spend, line, "advice", "Name calls that a cheaper model would have served", spend_advice_command);
  add_spend_window(advice, line);
  add_spend_prices(advice, line);
}

void add_spend(CLI::App& app, Line& line) {
  CLI::App& spend = family(app, "spend", "What was spent, by whom, and why");
  CLI::App& report = spend_command(spend, line, "report", "Sum up recorded calls", spend_report_command);
  report.add_option("--by", line.spend.by, kDimensions)->capture_default_str();
  add_spend_window(report, line);
  report.add_flag("--csv", line.spend.csv, "Print CSV");
  report.add_flag("--trace", line.spend.trace, "Also name the ledger rows of each sum");
  report.add_option("--html", line.spend.html, "Write a page with charts to this file instead");
  add_spend_prices(report, line);
  CLI::App& rows = spend_command(spend, line, "rows", "Print the calls behind a sum", spend_rows_command);
  rows.add_option("--key", line.spend.keys, "DIMENSION=VALUE, such as person=ann@example.com; each narrows it")
      ->allow_extra_args(false);
  add_spend_window(rows, line);
  CLI::App& rerate = spend_command(spend, line, "rerate", "Price every recorded call again and explain differences",
                                   spend_rerate_command);
  add_spend_window(rerate, line);
  add_spend_prices(rerate, line);
  rerate.footer("Exits with 1 when a cost comes out differently.");
  add_spend_insight(spend, line);
  CLI::App& commitments = spend_command(spend, line, "commitments", "Say how far committed money was drawn down",
                                        spend_commitments_command);
  add_spend_window(commitments, line);
  add_spend_prices(commitments, line);
  CLI::App& exported = spend_command(spend, line, "export", "Write the bill for chargeback", spend_export_command);
  exported.add_option("--format", line.spend.format, "focus: the columns of FOCUS 1.2, as CSV")->capture_default_str();
  exported.add_option("--account", line.spend.account, "Whose bill: BillingAccountId")->capture_default_str();
  exported.add_option("-o,--output", line.spend.output, "A file, instead of standard output");
  add_spend_window(exported, line);
  add_spend_prices(exported, line);
  CLI::App& budgets = command(spend, line, "budgets", "How full each budget is, the fullest first",
                              [&line] { return spend_budgets_command(line.common, line.id); });
  reads_ledger(budgets, line).add_option("NAME", line.id, "Only this one");
  reads_ledger(command(spend, line, "reservations", "What is held for calls under way",
                       [&line] { return spend_reservations_command(line.common); }),
               line);
}

void add_budgets(CLI::App& app, Line& line) {
  CLI::App& budget =
      family(app, "budget", "Write budgets that hold at once, without a file in the governance directory");
  CLI::App& set = command(budget, line, "set", "Write one or several: new ones, or in place of those of their names",
                          [&line] { return budget_set_command(line.common, line.budget); });
  set.add_option("FILE", line.budget.file, "YAML with 'kind: Budget' documents; - for standard input")->required();
  set.add_option("--by", line.budget.by, "Who writes it (default: the user that runs this)");
  set.footer(
      "It holds within a second, also for a running server; where nodes share a database, for all of them. Exits with "
      "1 "
      "when a file of the governance directory declares a budget of that name.");
  CLI::App& remove = command(budget, line, "remove", "Remove one that was written so, or by the API",
                             [&line] { return budget_remove_command(line.common, line.budget); });
  remove.add_option("NAME", line.budget.name, "Its name")->required();
  remove.add_option("--by", line.budget.by, "Who removes it (default: the user that runs this)");
  command(budget, line, "list", "List all budgets and where each comes from",
          [&line] { return budget_list_command(line.common); });
}

}  // namespace

void add_money(CLI::App& app, Line& line) {
  add_spend(app, line);
  add_budgets(app, line);
  add_exceptions(app, line);
  add_notifications(app, line);
}

}  // namespace reeve::app
