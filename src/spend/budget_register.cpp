#include "spend/budget_register.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/crypto.h"

namespace reeve::spend {

namespace {

constexpr std::size_t kDetailBytesMax = 8'192;
constexpr std::string_view kOriginBegin = " (API, by ";

bool is_kind(const YamlValue& document, std::string_view name) {
  const YamlValue* kind = document.find("kind");
  return kind != nullptr && kind->is_scalar() && kind->text() == name;
}

/// Members in the order of their names. The document goes along where an entry can hold it.
std::string detail_of(const RegisteredBudget& budget, bool removes, std::string_view before, bool with_document) {
  JsonWriter json;
  json.begin_object().member("at", format_time(budget.at));
  if (with_document) json.key("budget").raw(budget.document);
  json.member("by", budget.by);
  if (!removes) {
    json.member("digest", digest_of_document(budget.document));
    json.member("etag", etag_of(budget));
  }
  json.member("name", budget.name).member_if("previous", before);
  return json.end_object().take();
}

BudgetChange told(RegisteredBudget budget, bool removes, std::string_view before) {
  BudgetChange change;
  change.kind = removes ? "budget.removed" : "budget.changed";
  change.detail = detail_of(budget, removes, before, !removes);
  if (change.detail.size() > kDetailBytesMax) change.detail = detail_of(budget, removes, before, false);
  change.budget = std::move(budget);
  change.removes = removes;
  return change;
}

}  // namespace

// origin_of() takes it apart.
std::string place_of(const RegisteredBudget& budget) {
  const std::string when = format_time(budget.at).substr(0, 19) + "Z";
  return "budget " + printable(budget.name, 63) + std::string(kOriginBegin) + printable(budget.by, 120) + ", " + when +
         ")";
}

std::string digest_of_document(std::string_view document) { return "sha256:" + to_hex(as_bytes(sha256(document))); }

std::string budget_etag(std::uint64_t version, std::string_view document) {
  return "\"" + std::to_string(version) + "-" + to_hex(as_bytes(sha256(document))).substr(0, 32) + "\"";
}

std::string document_to_keep(const YamlValue& document) {
  const auto canonical = JsonDocument::parse(to_canonical_json(document));
  CHECK(canonical.ok());
  JsonWriter json;
  json.begin_object();
  for (const auto& [name, member] : canonical->root().members()) {
    if (name != "kind") json.key(name).raw(member.to_json());
  }
  return json.end_object().take();
}

Result<YamlValue> document_of(const RegisteredBudget& budget) {
  std::string text = R"({"kind":"Budget")";
  if (budget.document.size() > 2) text += "," + budget.document.substr(1);
  const auto json = JsonDocument::parse(text);
  if (!json || !json->root().is_object()) {
    return Error{ErrorCode::kCorrupt, "the " + place_of(budget) + " cannot be read; write it again or remove it"};
  }
  return yaml_from_json(json->root(), place_of(budget));
}

const YamlValue* find_budget_document(const std::vector<YamlValue>& documents, std::string_view name) {
  const auto found = std::find_if(documents.begin(), documents.end(), [&](const YamlValue& document) {
    const YamlValue* own = document.find("name");
    return is_kind(document, "Budget") && own != nullptr && own->text() == name;
  });
  return found == documents.end() ? nullptr : &*found;
}

std::vector<YamlValue> merged_budget_documents(const std::vector<YamlValue>& files,
                                               std::span<const RegisteredBudget> registered,
                                               std::vector<Diagnostic>& complaints) {
  std::vector<YamlValue> documents;
  for (const YamlValue& document : files) {
    if (is_kind(document, "Budget") || is_kind(document, "Ladder")) documents.push_back(document);
  }
  const auto of_files = documents;
  for (const RegisteredBudget& budget : registered) {
    auto document = document_of(budget);
    if (!document) {
      complaints.push_back({Diagnostic::Severity::kError, place_of(budget), 0, 0, document.error().message});
      continue;
    }
    if (const YamlValue* declared = find_budget_document(of_files, budget.name)) {
      complaints.push_back(document->complain("has no effect while " + declared->file() + ":" +
                                                  std::to_string(declared->line()) + " declares a budget of that name",
                                              Diagnostic::Severity::kWarning));
      continue;
    }
    documents.push_back(*std::move(document));
  }
  return documents;
}

bool is_registered(const Budget& budget) {
  return budget.line == 0 && budget.file.find(kOriginBegin) != std::string::npos;
}

std::string origin_of(const Budget& budget) {
  if (!is_registered(budget)) return budget.file + ":" + std::to_string(budget.line);
  const std::size_t begin = budget.file.find(kOriginBegin) + 2;
  return budget.file.substr(begin, budget.file.size() - begin - 1);
}

BudgetChange change_budget(const RegisteredBudget* before, std::string_view name, std::string document,
                           std::string_view by, Instant now) {
  RegisteredBudget budget{std::string(name), before == nullptr ? 1 : before->version + 1, std::move(document),
                          std::string(by), now};
  return told(std::move(budget), false, before == nullptr ? "" : digest_of_document(before->document));
}

BudgetChange remove_budget(const RegisteredBudget& before, std::string_view by, Instant now) {
  RegisteredBudget budget = before;
  ++budget.version;
  budget.by = by;
  budget.at = now;
  return told(std::move(budget), true, digest_of_document(before.document));
}

}  // namespace reeve::spend
