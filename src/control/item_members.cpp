#include "control/item_members.h"

#include <algorithm>

#include "control/text_checks.h"
#include "core/bytes.h"

namespace reeve::control {

namespace {

constexpr std::size_t kNoteBytesMax = 2'000;
constexpr std::size_t kEntryBytesMax = 200;

constexpr std::array<std::string_view, 8> kKinds{
    "model", "copilot", "agent", "prompt_template", "vector_store", "embedding_service", "third_party_api", "tool"};
constexpr std::array<std::string_view, 3> kEnvironments{"development", "test", "production"};
constexpr std::array<std::string_view, 4> kHostings{"provider", "own_cloud", "own_premises", "workstation"};
constexpr std::array<std::string_view, 4> kTrainingUses{"none", "opt_out", "allowed", "unknown"};
constexpr std::array<std::string_view, 3> kHumanReviews{"always", "sampled", "none"};

constexpr ItemMember text(std::string_view name, std::string Item::* member, bool matters,
                          std::span<const std::string_view> choices = {}) {
  return {.name = name, .text = member, .matters = matters, .choices = choices};
}
constexpr ItemMember list(std::string_view name, std::vector<std::string> Item::* member, bool matters) {
  return {.name = name, .list = member, .bytes_max = kEntryBytesMax, .matters = matters};
}
constexpr ItemMember long_text(std::string_view name, std::string Item::* member, bool matters) {
  return {.name = name, .text = member, .bytes_max = kNoteBytesMax, .matters = matters};
}

constexpr ItemMember short_text(std::string_view name, std::string Item::* member, bool matters) {
  return {.name = name, .text = member, .bytes_max = kEntryBytesMax, .matters = matters};
}

constexpr std::array<ItemMember, 18> kMembers{{
    list("data_classes", &Item::data_classes, true),
    text("environment", &Item::environment, true, kEnvironments),
    list("guardrails", &Item::guardrails, false),
    text("hosting", &Item::hosting, true, kHostings),
    text("human_review", &Item::human_review, true, kHumanReviews),
    list("integrations", &Item::integrations, false),
    text("kind", &Item::kind, true, kKinds),
    text("model", &Item::model, true),
    long_text("notes", &Item::notes, false),
    short_text("owner", &Item::owner, false),
    text("provider", &Item::provider, true),
    long_text("purpose", &Item::purpose, true),
    text("region", &Item::region, true),
    text("retention", &Item::retention, true),
    list("seen_as", &Item::seen_as, true),
    short_text("title", &Item::title, false),
    text("training_use", &Item::training_use, true, kTrainingUses),
    list("users", &Item::users, true),
}};

/// "model:claude-*": one of the kinds of things that calls have, and a pattern.
bool is_pattern_of_traffic(std::string_view value) {
  for (const std::string_view kind : {"model:", "provider:", "client:", "tool:", "mcp_server:"}) {
    if (value.starts_with(kind) && value.size() > kind.size()) return true;
  }
  return false;
}

std::string joined(std::span<const std::string_view> choices) {
  std::string text;
  for (const std::string_view choice : choices) text += (text.empty() ? "" : ", ") + std::string(choice);
  return text;
}

}  // namespace

std::span<const std::string_view> item_kinds() { return kKinds; }
std::span<const ItemMember> item_members() { return kMembers; }

const ItemMember* find_item_member(std::string_view name) {
  const auto found =
      std::find_if(kMembers.begin(), kMembers.end(), [&](const ItemMember& member) { return member.name == name; });
  return found == kMembers.end() ? nullptr : &*found;
}
bool is_item_member(std::string_view member) { return find_item_member(member) != nullptr; }

std::vector<std::string> values_of(const Item& item, const ItemMember& member) {
  if (member.list != nullptr) return item.*member.list;
  const std::string& value = item.*member.text;
  return value.empty() ? std::vector<std::string>() : std::vector{value};
}

bool set_item_member(Item& item, std::string_view name, const std::vector<std::string>& values) {
  const ItemMember* const member = find_item_member(name);
  if (member == nullptr) return false;
  if (member->list != nullptr) {
    item.*member->list = values;
  } else {
    item.*member->text = values.empty() ? std::string() : values.front();
  }
  return true;
}

std::optional<std::string> fault_of_member(std::string_view name, const std::vector<std::string>& values) {
  const ItemMember* const member = find_item_member(name);
  if (member == nullptr) return "an item has no member '" + printable(name, 40) + "'";
  const std::size_t most = member->list != nullptr ? kListEntriesMax : 1;
  if (values.size() > most) return std::string(name) + " has at most " + std::to_string(most) + " entries";
  for (const std::string& value : values) {
    if (!is_line(value, member->bytes_max)) {
      return std::string(name) + " is one line of text, at most " + std::to_string(member->bytes_max) + " bytes";
    }
    if (!member->choices.empty() &&
        std::find(member->choices.begin(), member->choices.end(), value) == member->choices.end()) {
      return std::string(name) + " is one of " + joined(member->choices);
    }
    if (name == "seen_as" && !is_pattern_of_traffic(value)) {
      return "seen_as has model:, provider:, client:, tool: or mcp_server: and a pattern, such as model:claude-*";
    }
  }
  return std::nullopt;
}

bool read_item_members(JsonValue body, Item& item, std::vector<Diagnostic>& complaints) {
  const std::size_t before = complaints.size();
  const auto refuse = [&](std::string_view member, std::string message) {
    complaints.push_back({Diagnostic::Severity::kError, "#" + (member.empty() ? "" : "/" + std::string(member)), 0, 0,
                          std::move(message)});
  };
  if (!body.is_object()) refuse("", "an item is a JSON object");
  for (const ItemMember& member : kMembers) set_item_member(item, member.name, {});
  std::vector<std::string_view> seen;
  for (const auto& [name, value] : body.members()) {
    const ItemMember* const member = find_item_member(name);
    if (member == nullptr) {
      refuse(printable(name, 40), "an item has no member of that name that could be written");
      continue;
    }
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) refuse(name, "it stands twice");
    seen.push_back(name);
    std::vector<std::string> values;
    bool right = member->list != nullptr ? value.is_array() : value.as_string().has_value();
    if (member->list != nullptr) {
      for (const JsonValue& entry : value.items()) {
        right = right && entry.as_string();
        values.emplace_back(trim(entry.string_or("")));
      }
    } else if (!trim(value.string_or("")).empty()) {
      values.emplace_back(trim(value.string_or("")));
    }
    if (!right) {
      refuse(name, member->list != nullptr ? "a list of texts" : "a text");
    } else if (auto fault = fault_of_member(name, values)) {
      refuse(name, *std::move(fault));
    } else {
      set_item_member(item, name, values);
    }
  }
  for (const std::string_view needed : {"kind", "title", "owner"}) {
    const bool told = std::any_of(complaints.begin(), complaints.end(),
                                  [&](const Diagnostic& one) { return one.file == "#/" + std::string(needed); });
    if (!told && values_of(item, *find_item_member(needed)).empty()) refuse(needed, "it is needed");
  }
  return complaints.size() == before;
}

}  // namespace reeve::control
