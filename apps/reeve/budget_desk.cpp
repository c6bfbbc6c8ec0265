#include "reeve/budget_desk.h"

#include <unistd.h>

#include <algorithm>

#include "core/bytes.h"
#include "reeve/register_access.h"

namespace reeve::app {

std::string declared_at(const std::vector<YamlValue>& files, std::string_view name) {
  const YamlValue* document = spend::find_budget_document(files, name);
  return document == nullptr ? "" : document->file() + ":" + std::to_string(document->line());
}

std::string declared_text(std::string_view name, std::string_view place) {
  return "the budget '" + printable(name, 63) + "' is declared in " + std::string(place) + "; change it there";
}

std::optional<spend::Budget> check_budget(const std::vector<YamlValue>& files,
                                          std::span<const spend::RegisteredBudget> registered,
                                          const YamlValue& document, std::vector<Diagnostic>& complaints) {
  // Alone with the ladders that it may name, so that what is wrong elsewhere is not held against it.
  std::vector<YamlValue> documents;
  std::size_t others = 0;
  for (const YamlValue& other : files) {
    const YamlValue* kind = other.find("kind");
    if (kind != nullptr && kind->text() == "Ladder") documents.push_back(other);
    if (kind != nullptr && kind->text() == "Budget") ++others;
  }
  documents.push_back(document);
  const auto set = spend::BudgetSet::build(documents, complaints);
  if (!set || set->list().empty()) return std::nullopt;
  const spend::Budget& budget = set->list().front();
  for (const spend::RegisteredBudget& other : registered) others += other.name == budget.name ? 0U : 1U;
  if (others < spend::kBudgetsMax) return budget;
  complaints.push_back(document.complain("there are " + std::to_string(others) + " budgets already, and no more than " +
                                         std::to_string(spend::kBudgetsMax) +
                                         " are possible; one budget with 'each' counts any number of people or teams"));
  return std::nullopt;
}

const spend::RegisteredBudget* find_registered(std::span<const spend::RegisteredBudget> registered,
                                               std::string_view name) {
  const auto found = std::find_if(registered.begin(), registered.end(), [&](const auto& b) { return b.name == name; });
  return found == registered.end() ? nullptr : &*found;
}

void write_budget_members(JsonWriter& json, const spend::Budget& budget, const spend::RegisteredBudget* registered,
                          std::string_view document) {
  json.member("name", budget.name).member_if("title", budget.title).member_if("owner", budget.owner);
  json.member_if("message", budget.message).member("window", spend::period_name(budget.period));
  if (budget.period == spend::Period::kRolling) json.member("rolling", format_duration(budget.rolling));
  json.member("time_zone", budget.time_zone);
  if (registered == nullptr) json.member("file", budget.file).member("line", budget.line);
  json.key("each").begin_array();
  for (const spend::Dimension dimension : budget.each) json.value(spend::dimension_name(dimension));
  json.end_array().key("for").begin_object();
  for (const auto& [dimension, patterns] : budget.match) {
    json.key(spend::dimension_name(dimension)).begin_array();
    for (const std::string& pattern : patterns) json.value(pattern);
    json.end_array();
  }
  json.end_object().key("limit").begin_object();
  for (std::size_t i = 0; i < spend::kQuantities; ++i) {
    const auto quantity = static_cast<spend::Quantity>(i);
    if (!budget.limits[i]) continue;
    json.member(quantity == spend::Quantity::kMoney ? "money_nanos" : spend::quantity_name(quantity),
                *budget.limits[i]);
  }
  json.end_object().member("origin", spend::origin_of(budget));
  json.member("etag", spend::budget_etag(registered == nullptr ? 0 : registered->version, document));
  json.key("document").raw(document);
}

std::string node_name_of(const Config& config) {
  if (!config.ledger_node.empty()) return config.ledger_node;
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "node";
  return to_lower(name);
}

Result<BudgetRegisterAccess> open_budget_register(const Common& common) {
  BudgetRegisterAccess access;
  const auto config = shared_config(common);
  if (!config) return config.error();
  if (*config) {
    auto shared = store::open_shared_budgets(*(*config)->postgres, node_name_of(**config));
    if (!shared) return std::move(shared).error();
    access.shared = *std::move(shared);
    return access;
  }
  auto store = open_store(common, false);
  if (!store) return std::move(store).error();
  access.store = *std::move(store);
  return access;
}

Result<std::vector<spend::RegisteredBudget>> registered_budgets(const Common& common) {
  const auto config = shared_config(common);
  if (!config) return config.error();
  if (!*config) {
    const auto directory = data_directory(common);
    if (!directory) return directory.error();
    std::error_code ignored;
    if (!std::filesystem::exists(*directory / "reeve.db", ignored)) return std::vector<spend::RegisteredBudget>();
  }
  const auto access = open_budget_register(common);
  if (!access) return access.error();
  return access->budgets().list();
}

}  // namespace reeve::app
