// Lists: filters, order, pages, projections.

#include <algorithm>
#include <limits>

#include "core/bytes.h"
#include "identity/scim/service.h"

namespace reeve::identity::scim {

namespace {

constexpr std::size_t kChunk = 1'000;
constexpr std::size_t kPageDefault = 100;

std::string_view value_or_nothing(const Parameters& parameters, std::string_view name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string_view() : std::string_view(found->second);
}

struct Wanted {
  std::size_t start = 1, count = kPageDefault;  // as SCIM counts: from 1
  bool descending = false;
};

OrProblem<std::size_t> read_number(const Parameters& parameters, std::string_view name, std::size_t least,
                                   std::size_t fallback) {
  const std::string_view text = value_or_nothing(parameters, name);
  if (text.empty()) return fallback;
  const auto number = parse_int(text);
  if (!number) return Problem{400, "invalidValue", std::string(name) + " is a whole number"};
  return *number < static_cast<std::int64_t>(least) ? least : static_cast<std::size_t>(*number);
}

OrProblem<Wanted> read_wanted(const Parameters& parameters) {
  Wanted wanted;
  const auto start = read_number(parameters, "startindex", 1, 1);
  if (const auto* wrong = std::get_if<Problem>(&start)) return *wrong;
  const auto count = read_number(parameters, "count", 0, kPageDefault);
  if (const auto* wrong = std::get_if<Problem>(&count)) return *wrong;
  wanted.start = std::get<std::size_t>(start);
  wanted.count = std::min(std::get<std::size_t>(count), kScimPageMax);
  const std::string_view order = value_or_nothing(parameters, "sortorder");
  wanted.descending = equal_ignoring_case(order, "descending");
  if (!order.empty() && !wanted.descending && !equal_ignoring_case(order, "ascending")) {
    return Problem{400, "invalidValue", "sortOrder is ascending or descending"};
  }
  return wanted;
}

bool asks_about(const Filter& filter, std::string_view attribute) {
  if (filter.kind == Filter::Kind::kCompare) return filter.path.attribute->name == attribute;
  return std::any_of(filter.operands.begin(), filter.operands.end(),
                     [&](const Filter& operand) { return asks_about(operand, attribute); });
}

/// What of a filter an index can look up; the filter still decides.
DirectoryQuery narrowed(const ResourceType& type, const Filter* filter) {
  DirectoryQuery query;
  query.kind = type.kind;
  if (filter == nullptr) return query;
  // A NUL is in no entry, and not every index can be asked for one.
  const auto wanted = [filter](std::string_view attribute) {
    auto text = required_text(*filter, attribute);
    return text && text->find('\0') == std::string::npos ? text : std::nullopt;
  };
  query.id = wanted("id");
  query.external_id = wanted("externalId");
  const auto name = wanted(type.kind == EntryKind::kPerson ? "userName" : "displayName");
  if (name) query.folded_name = fold_name(*name);
  return query;
}

/// One type's share of a list.
class Lister {
 public:
  Lister(DirectoryStore& store, const ResourceType& type, const Parameters& parameters, const std::string& base)
      : store_(store),
        type_(type),
        base_(base),
        projection_(read_projection(type, value_or_nothing(parameters, "attributes"),
                                    value_or_nothing(parameters, "excludedattributes"))) {}

  std::optional<Problem> read(const Parameters& parameters) {
    if (const std::string_view text = value_or_nothing(parameters, "filter"); !text.empty()) {
      auto filter = parse_filter(type_, text);
      if (auto* wrong = std::get_if<Problem>(&filter)) return std::move(*wrong);
      filter_ = std::move(std::get<Filter>(filter));
    }
    if (const std::string_view text = value_or_nothing(parameters, "sortby"); !text.empty()) {
      auto path = parse_path(type_, text);
      if (auto* wrong = std::get_if<Problem>(&path)) return std::move(*wrong);
      sort_by_ = std::get<Path>(path);
    }
    return std::nullopt;
  }

  /// Of all that match, `count` behind the first `offset`.
  std::optional<Problem> list(std::size_t offset, std::size_t count, bool descending) {
    DirectoryQuery query = narrowed(type_, filter_ ? &*filter_ : nullptr);
    if (!filter_ && !sort_by_) {
      query.offset = offset;
      query.limit = count;
      auto page = store_.find(query);
      if (!page) return unavailable(page.error());
      total_ = page->total;
      return show(page->entries);
    }
    return sort_by_ ? list_in_order(query, offset, count, descending) : list_matching(query, offset, count);
  }

  std::size_t total() const { return total_; }
  const Value::List& resources() const { return resources_; }

 private:
  struct Sorted {
    Value key;
    std::string id;
  };

  /// What it costs to look at one entry: its links, each once for every term.
  std::size_t values_looked_at(const Value& resource, std::string_view linked) const {
    const Value* links = resource.find(linked);
    const std::size_t values = links == nullptr || links->list() == nullptr ? 1 : 1 + links->list()->size();
    return values * (filter_ ? count_terms(*filter_) : 1);
  }

  /// Calls `take` with each entry that matches.
  std::optional<Problem> each_match(DirectoryQuery query, auto take) {
    Projection whole;
    const std::string_view linked = type_.kind == EntryKind::kPerson ? "groups" : "members";
    const bool links = (filter_ && asks_about(*filter_, linked)) || (sort_by_ && sort_by_->attribute->name == linked);
    if (!links) whole.without.push_back({find_attribute(type_.attributes, linked)});
    query.limit = kChunk;
    for (query.offset = 0;; query.offset += kChunk) {
      const auto page = store_.find(query);
      if (!page) return unavailable(page.error());
      for (const DirectoryEntry& entry : page->entries) {
        const auto resource = resource_of(store_, type_, entry, base_, whole);
        if (!resource) return unavailable(resource.error());
        if (!work_.spend(values_looked_at(*resource, linked))) return too_much_work();
        if (!filter_ || matches(*filter_, *resource)) take(entry, *resource);
      }
      if (page->entries.size() < kChunk) return std::nullopt;
    }
  }

  std::optional<Problem> list_matching(const DirectoryQuery& query, std::size_t offset, std::size_t count) {
    std::vector<DirectoryEntry> shown;
    auto wrong = each_match(query, [&](const DirectoryEntry& entry, const Value&) {
      if (total_++ >= offset && shown.size() < count) shown.push_back(entry);
    });
    return wrong ? wrong : show(shown);
  }

  /// Those without the attribute come last, or first in descending order (RFC 7644 section 3.4.2.3).
  std::optional<Problem> list_in_order(const DirectoryQuery& query, std::size_t offset, std::size_t count,
                                       bool descending) {
    std::vector<Sorted> all;
    auto wrong = each_match(query, [&](const DirectoryEntry& entry, const Value& resource) {
      const auto values = values_at(*sort_by_, resource);
      all.push_back({values.empty() ? Value() : key_of(values), entry.id});
    });
    if (wrong) return wrong;
    const Attribute& attribute = sort_by_->part != nullptr ? *sort_by_->part : *sort_by_->attribute;
    std::sort(all.begin(), all.end(), [&](const Sorted& left, const Sorted& right) {
      const int order = compare_values(left.key, right.key, attribute.case_exact);
      if (order != 0) return descending ? order > 0 : order < 0;
      return left.id < right.id;
    });
    total_ = all.size();
    std::vector<DirectoryEntry> shown;
    for (std::size_t i = offset; i < all.size() && shown.size() < count; ++i) {
      auto entry = store_.entry(type_.kind, all[i].id);
      if (!entry) return unavailable(entry.error());
      // Removed meanwhile.
      if (*entry) shown.push_back(**std::move(entry));
    }
    return show(shown);
  }

  /// Of several values the primary one, else the first.
  static Value key_of(const std::vector<const Value*>& values) {
    const auto primary = std::find_if(values.begin(), values.end(), [](const Value* value) {
      const Value* flag = value->find("primary");
      return flag != nullptr && flag->flag() != nullptr && *flag->flag();
    });
    const Value& chosen = primary == values.end() ? *values.front() : **primary;
    const Value* inner = chosen.find("value");
    return inner == nullptr ? chosen : *inner;
  }

  std::optional<Problem> show(const std::vector<DirectoryEntry>& entries) {
    for (const DirectoryEntry& entry : entries) {
      auto resource = resource_of(store_, type_, entry, base_, projection_);
      if (!resource) return unavailable(resource.error());
      resources_.push_back(*std::move(resource));
    }
    return std::nullopt;
  }

  DirectoryStore& store_;
  const ResourceType& type_;
  const std::string& base_;
  const Projection projection_;
  std::optional<Filter> filter_;
  std::optional<Path> sort_by_;
  Work work_;
  std::size_t total_ = 0;
  Value::List resources_;
};

}  // namespace

ScimAnswer search(DirectoryStore& store, const std::vector<const ResourceType*>& types, const Parameters& parameters,
                  const std::string& base) {
  const auto read = read_wanted(parameters);
  if (const auto* wrong = std::get_if<Problem>(&read)) return answer_of(*wrong);
  const auto& wanted = std::get<Wanted>(read);
  std::size_t total = 0;
  std::size_t listed = 0;
  JsonWriter resources;
  resources.begin_array();
  std::optional<Problem> not_for_one;
  std::size_t understood = 0;
  for (const ResourceType* type : types) {
    Lister lister(store, *type, parameters, base);
    // Of both types: what one of them does not know does not match it.
    if (auto wrong = lister.read(parameters)) {
      not_for_one = std::move(wrong);
      continue;
    }
    ++understood;
    const std::size_t before = wanted.start - 1;
    const std::size_t offset = before > total ? before - total : 0;
    if (auto wrong = lister.list(offset, wanted.count - listed, wanted.descending)) return answer_of(*wrong);
    total += lister.total();
    listed += lister.resources().size();
    for (const Value& resource : lister.resources()) resource.write(resources);
  }
  if (understood == 0) return answer_of(*not_for_one);
  JsonWriter json;
  json.begin_object().key("schemas").begin_array().value(kListMessage).end_array();
  json.member("totalResults", total).member("startIndex", wanted.start).member("itemsPerPage", listed);
  json.key("Resources").raw(resources.end_array().text()).end_object();
  return {200, json.take(), {}, {}};
}

}  // namespace reeve::identity::scim
