// reeve spend budgets, reeve spend reservations: how full budgets are, and what is held for calls under way.

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/bytes.h"
#include "core/json.h"
#include "core/money.h"
#include "reeve/budget_desk.h"
#include "reeve/budget_state.h"
#include "reeve/commands.h"
#include "reeve/complaints.h"
#include "reeve/governance.h"
#include "reeve/ledger_reading.h"
#include "reeve/spending.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

using spend::CounterView;
using spend::Quantity;

std::string amount(Quantity quantity, std::int64_t value) {
  return quantity == Quantity::kMoney ? format_money({value}) : std::to_string(value);
}

/// Ten cells that fill up.
std::string bar(int percent) {
  const int full = std::clamp((percent + 5) / 10, 0, 10);
  std::string cells;
  for (int i = 0; i < 10; ++i) cells += i < full ? "█" : "░";
  return percent >= 100 ? red(cells) : percent >= 80 ? yellow(cells) : green(cells);
}

std::string to_json(const std::vector<CounterView>& counters, const spend::BudgetSet& budgets) {
  JsonWriter json;
  json.begin_object().key("budgets").begin_array();
  for (const spend::Budget& budget : budgets.list()) {
    json.begin_object().member("name", budget.name).member("origin", spend::origin_of(budget)).end_object();
  }
  json.end_array().key("counters").begin_array();
  for (const CounterView& counter : counters) write_counter(json, counter);
  return json.end_array().end_object().take();
}

void print_table(const std::vector<CounterView>& counters, const spend::BudgetSet& budgets) {
  if (counters.empty()) {
    std::printf(
        "Nothing was spent under any budget in its current window. 'reeve budget list' shows those that there are;\n"
        "docs/budgets.md shows how to write one.\n");
    return;
  }
  std::vector<std::vector<std::string>> rows{
      {"BUDGET", "SCOPE", "OF", "", "", "SPENT", "HELD", "LIMIT", "UNTIL", "FROM"}};
  for (const CounterView& counter : counters) {
    const spend::Budget* budget = budgets.find(counter.budget);
    const std::string origin = budget == nullptr ? "" : spend::origin_of(*budget);
    for (const CounterView::Line& line : counter.lines) {
      const int percent = percent_of(line);
      std::string limit = amount(line.quantity, line.limit + line.carried + line.allowed);
      if (line.allowed > 0) limit += " (" + amount(line.quantity, line.allowed) + " by exception)";
      rows.push_back({counter.budget, printable(counter.scope, 60), std::string(spend::quantity_name(line.quantity)),
                      bar(percent), std::to_string(percent) + " %", amount(line.quantity, line.spent),
                      amount(line.quantity, line.reserved), limit, format_time(counter.window_end).substr(0, 16),
                      origin});
    }
  }
  std::printf("%s", table(rows).c_str());
}

}  // namespace

int spend_budgets_command(const Common& common, const std::string& budget) {
  const auto directory = governance_directory(common, "");
  if (!directory) return fail(common, exit_code_of(directory.error()), directory.error().message);
  std::vector<Diagnostic> complaints;
  const auto registered = registered_budgets(common);
  if (!registered) return fail(common, kFailed, registered.error().message);
  const Governance governance = read_governance(*directory, complaints, {}, *registered);
  if (!governance.budgets)
    return fail(common, kFailed, "the budgets cannot be read; 'reeve check' lists what is wrong");
  if (!budget.empty() && governance.budgets->find(budget) == nullptr) {
    return fail(common, kWrongUse,
                "there is no budget '" + printable(budget, 60) + "'; 'reeve budget list' shows them");
  }
  auto reader = open_ledger(common);
  if (!reader) return fail(common, exit_code_of(reader.error()), reader.error().message);
  const auto books = read_books(**reader, governance.budgets, system_clock().now());
  if (!books) return fail(common, kFailed, books.error().message);
  const auto budgets = spend::Budgets::create({});
  budgets->publish(governance.budgets, *books);
  std::vector<CounterView> counters = budgets->counters(budget);
  if (auto noted = note_reading(common, counters.size()); !noted) return fail(common, kFailed, noted.error().message);
  // What is nearest to its limit first.
  const auto fullest = [](const CounterView& counter) {
    int most = 0;
    for (const CounterView::Line& line : counter.lines) most = std::max(most, percent_of(line));
    return most;
  };
  std::stable_sort(counters.begin(), counters.end(),
                   [&](const CounterView& a, const CounterView& b) { return fullest(a) > fullest(b); });
  if (common.json) {
    std::printf("%s\n", to_json(counters, *governance.budgets).c_str());
  } else {
    print_table(counters, *governance.budgets);
  }
  return kDone;
}

int spend_reservations_command(const Common& common) {
  auto reader = open_ledger(common);
  if (!reader) return fail(common, exit_code_of(reader.error()), reader.error().message);
  const auto list = open_reservations(**reader, system_clock().now());
  if (!list) return fail(common, kFailed, list.error().message);
  if (auto noted = note_reading(common, list->size()); !noted) return fail(common, kFailed, noted.error().message);
  if (common.json) {
    JsonWriter json;
    json.begin_object().key("reservations").begin_array();
    for (const OpenReservation& held : *list) write_reservation(json, held);
    json.end_array().end_object();
    std::printf("%s\n", json.text().c_str());
    return kDone;
  }
  if (list->empty()) {
    std::printf("No call is under way, so nothing is held.\n");
    return kDone;
  }
  std::vector<std::vector<std::string>> rows{{"SINCE", "CALL", "PERSON", "MODEL", "HELD", "TOKENS"}};
  for (const OpenReservation& held : *list) {
    rows.push_back({held.time.substr(0, 19), printable(held.request_id, 40), printable(held.person, 60),
                    printable(held.model, 60), format_money({held.held_nanos}), std::to_string(held.held_tokens)});
  }
  std::printf("%s", table(rows).c_str());
  return kDone;
}

}  // namespace reeve::app
