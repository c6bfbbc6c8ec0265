// plan_model_swap: what the dialects share.

#include "wire/swap_plan.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"
#include "wire/dialect.h"

namespace reeve::wire {

namespace {

// One per thread: its index memory is used again by the next request.
JsonScan& swap_scan() {
  thread_local JsonScan scan;
  return scan;
}

// From the least to the most, over all vendors. Gemini writes them in capitals.
constexpr std::string_view kEfforts[] = {"none", "minimal", "low", "medium", "high", "xhigh", "max", "ultra"};

std::size_t rank_of(std::string_view effort) {
  const std::string lower = to_lower(effort);
  const auto* const found = std::find(std::begin(kEfforts), std::end(kEfforts), lower);
  return static_cast<std::size_t>(found - std::begin(kEfforts));
}

// The path that names the model names the new one: "/v1beta/models/{model}:{method}".
std::string path_for(const Route& route, std::string_view model) {
  const std::size_t at = route.model.empty() ? std::string::npos : route.upstream_path.rfind(route.model);
  std::string path = route.upstream_path;
  return at == std::string::npos ? path : path.replace(at, route.model.size(), model);
}

}  // namespace

SwapPlan::SwapPlan(const Route& route, std::string_view model, const HeaderLookup& header)
    : facts_(model_facts(model)), header_(header) {
  swap_.model = std::string(model);
  swap_.route = route;
  swap_.route.upstream_path = path_for(route, model);
  if (!route.model.empty()) swap_.route.model = swap_.model;
}

void SwapPlan::replace(JsonNode value, std::string json) {
  swap_.edits.push_back({{value.offset(), value.raw().size()}, std::move(json)});
}

void SwapPlan::replace_with_string(JsonNode value, std::string_view text) {
  JsonWriter json;
  json.value(text);
  replace(value, json.take());
}

void SwapPlan::remove_run(std::size_t begin, std::size_t end) { swap_.edits.push_back({{begin, end - begin}, ""}); }

namespace {

struct Item {
  std::size_t begin, end;  // of a member or an element
  bool removed;
};

// Runs of removed items with the commas that go with them: the one before a run, or for the first run the one after.
template <typename Remove>
void for_each_removed_run(const std::vector<Item>& items, Remove remove) {
  for (std::size_t first = 0; first < items.size();) {
    if (!items[first].removed) {
      ++first;
      continue;
    }
    std::size_t after = first;
    while (after < items.size() && items[after].removed) ++after;
    if (first > 0) {
      remove(items[first - 1].end, items[after - 1].end);
    } else if (after < items.size()) {
      remove(items[first].begin, items[after].begin);
    } else {
      remove(items[first].begin, items[after - 1].end);
    }
    first = after;
  }
}

}  // namespace

void SwapPlan::remove(JsonNode object, const std::vector<std::string_view>& names) {
  std::vector<Item> items;
  for (const JsonMember member : object.members()) {
    const bool removed = std::find(names.begin(), names.end(), member.key.raw_string()) != names.end();
    items.push_back({member.key.offset(), member.value.offset() + member.value.raw().size(), removed});
  }
  for_each_removed_run(items, [this](std::size_t begin, std::size_t end) { remove_run(begin, end); });
}

void SwapPlan::remove_elements(JsonNode array, const std::function<bool(JsonNode)>& removed) {
  std::vector<Item> items;
  for (const JsonNode element : array.elements()) {
    items.push_back({element.offset(), element.offset() + element.raw().size(), removed(element)});
  }
  for_each_removed_run(items, [this](std::size_t begin, std::size_t end) { remove_run(begin, end); });
}

void SwapPlan::note_reduced(std::string_view name) {
  if (std::find(swap_.reduced.begin(), swap_.reduced.end(), name) == swap_.reduced.end()) {
    swap_.reduced.emplace_back(name);
  }
}

std::optional<std::int64_t> SwapPlan::limit(JsonNode value, std::int64_t most, std::string_view name) {
  const std::optional<std::int64_t> asked = value.as_int();
  if (!asked || most <= 0 || *asked <= most) return asked;
  replace(value, std::to_string(most));
  note_reduced(name);
  return most;
}

std::string_view SwapPlan::effort_for(std::string_view asked) const {
  std::string_view least;
  std::string_view best;
  for (const std::string_view effort : split(facts_.efforts, ' ')) {
    if (effort.empty()) continue;
    if (least.empty()) least = effort;
    if (rank_of(effort) <= rank_of(asked)) best = effort;
  }
  return best.empty() ? least : best;
}

void SwapPlan::remove_from_header(std::string_view header, std::string_view prefix) {
  auto changed = std::find_if(swap_.headers.begin(), swap_.headers.end(),
                              [header](const auto& field) { return field.first == header; });
  const std::string before(changed != swap_.headers.end() ? std::string_view(changed->second) : header_(header));
  std::string after;
  bool found = false;
  for (const std::string_view part : split(before, ',')) {
    const std::string_view value = trim(part);
    if (value.starts_with(prefix)) {
      found = true;
    } else if (!value.empty()) {
      after += (after.empty() ? "" : ",") + std::string(value);
    }
  }
  if (!found) return;
  if (changed == swap_.headers.end()) changed = swap_.headers.emplace(changed, std::string(header), "");
  changed->second = std::move(after);
}

ModelSwap SwapPlan::take() {
  std::sort(swap_.edits.begin(), swap_.edits.end(),
            [](const BodyEdit& left, const BodyEdit& right) { return left.span.offset < right.span.offset; });
  return std::move(swap_);
}

bool opens_with_summary(std::string_view decoded_text) {
  constexpr std::string_view kOpenings[] = {
      "This session is being continued from a previous conversation",  // Claude Code
      "What did we do so far?",                                        // OpenCode
      "<state_snapshot>",                                              // Gemini CLI
  };
  const std::string_view text = trim(decoded_text);
  return std::any_of(std::begin(kOpenings), std::end(kOpenings),
                     [text](std::string_view opening) { return text.starts_with(opening); });
}

Result<ModelSwap> plan_model_swap(const Route& route, std::string_view body, std::string_view model,
                                  const HeaderLookup& header) {
  const DialectRules& rules = rules_of(route.dialect);
  if (rules.plan_swap == nullptr) {
    return Error{ErrorCode::kInvalid, "Calls of this kind cannot be answered by another model than the one they name."};
  }
  JsonScan& scan = swap_scan();
  const Result<JsonNode> root = scan.read(body);
  if (!root) return root.error();
  if (!root->is_object()) return Error{ErrorCode::kInvalid, "The body must be a JSON object."};
  const JsonNode named = root->find("model");
  if (route.model.empty() && !named.is_string()) {
    return Error{ErrorCode::kInvalid, "The field \"model\" is not where it can be replaced."};
  }
  SwapPlan plan(route, model, header);
  const Result<void> planned = rules.plan_swap(*root, plan);
  // Gemini's bodies may repeat the name of the path, with "models/" before it.
  if (named.is_string()) {
    const bool prefixed = named.raw_string().starts_with("models/");
    plan.replace_with_string(named, (prefixed ? "models/" : "") + std::string(model));
  }
  ModelSwap swap = plan.take();
  scan.release_excess();
  return planned ? Result<ModelSwap>(std::move(swap)) : Result<ModelSwap>(planned.error());
}

std::string apply_edits(std::string_view body, const std::vector<BodyEdit>& edits) {
  std::string out;
  out.reserve(body.size() + 256);
  std::size_t at = 0;
  for (const BodyEdit& edit : edits) {
    out += body.substr(at, edit.span.offset - at);
    out += edit.text;
    at = edit.span.offset + edit.span.length;
  }
  out += body.substr(at);
  return out;
}

}  // namespace reeve::wire
