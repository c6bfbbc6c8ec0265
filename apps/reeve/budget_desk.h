#pragma once

// What the API and the commands that write budgets have in common: whether a file declares the name, whether the
// document can hold, and the register to write it to.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "reeve/commands.h"
#include "reeve/config.h"
#include "spend/spend.h"
#include "store/store.h"

namespace reeve::app {

/// Where a file declares a budget of that name, "governance/budgets.yaml:3"; empty when none does.
std::string declared_at(const std::vector<YamlValue>& files, std::string_view name);
/// The words for whoever wants to change that one.
std::string declared_text(std::string_view name, std::string_view place);

/// Reads the document as those of files are read. Nothing when it has errors, which are complaints at its own values.
/// `files`, `registered`: what it would stand beside.
std::optional<spend::Budget> check_budget(const std::vector<YamlValue>& files,
                                          std::span<const spend::RegisteredBudget> registered,
                                          const YamlValue& document, std::vector<Diagnostic>& complaints);

const spend::RegisteredBudget* find_registered(std::span<const spend::RegisteredBudget> registered,
                                               std::string_view name);

/// The members that say what a budget is, where it comes from and its entity tag. `registered`: its row; null for a
/// budget of a file. `document`: as PUT takes it.
void write_budget_members(JsonWriter& json, const spend::Budget& budget, const spend::RegisteredBudget* registered,
                          std::string_view document);

/// The register of a set-up: of its database, or the one that its nodes share.
struct BudgetRegisterAccess {
  std::unique_ptr<store::Store> store;           // null: shared
  std::unique_ptr<store::SharedBudgets> shared;  // null: of this node alone
  spend::BudgetRegister& budgets() const {
    return shared ? static_cast<spend::BudgetRegister&>(*shared) : store->budgets();
  }
};
Result<BudgetRegisterAccess> open_budget_register(const Common& common);
/// What it holds; nothing where there is no data directory yet.
Result<std::vector<spend::RegisteredBudget>> registered_budgets(const Common& common);

/// The name of this node: the configuration's, else the host's.
std::string node_name_of(const Config& config);

}  // namespace reeve::app
