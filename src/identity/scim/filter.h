#pragma once

// Filters and attribute paths (RFC 7644 sections 3.4.2.2 and 3.5.2): the whole grammar, bounded in length, depth and
// number of terms, understood by the schema, so that a name that does not exist is an error and not a filter that
// matches nothing.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/scim/schema.h"

namespace reeve::identity::scim {

inline constexpr std::size_t kFilterBytesMax = 4'096;
inline constexpr std::size_t kFilterDepthMax = 16;
inline constexpr std::size_t kFilterTermsMax = 100;

struct Filter;

/// What a path names: an attribute, maybe some of its values, maybe a part of it or them.
struct Path {
  const Attribute* attribute = nullptr;  // of the resource; an extension's is its part
  std::shared_ptr<const Filter> values;  // null: all
  const Attribute* part = nullptr;       // null: the whole
  const Attribute* inner = nullptr;      // a part of the part: the extension's manager.value
};

enum class Comparison : std::uint8_t { kEq, kNe, kCo, kSw, kEw, kGt, kLt, kGe, kLe, kPr };

/// A node: a comparison, or others joined.
struct Filter {
  enum class Kind : std::uint8_t { kAnd, kOr, kNot, kCompare } kind = Kind::kCompare;
  std::vector<Filter> operands;  // of and, or, not
  Path path;                     // of a comparison
  Comparison comparison = Comparison::kPr;
  Value value;
};

/// scimType invalidFilter when it is none.
OrProblem<Filter> parse_filter(const ResourceType& type, std::string_view text);
bool matches(const Filter& filter, const Value& resource);
/// How many comparisons it has, also those in brackets.
std::size_t count_terms(const Filter& filter);

/// A path of PATCH, of sortBy, or of `attributes`; invalidPath when it is none.
OrProblem<Path> parse_path(const ResourceType& type, std::string_view text);

/// The values that a path leads to.
std::vector<const Value*> values_at(const Path& path, const Value& resource);

/// A text that every match has as that attribute, where the filter says so: what an index can look up.
std::optional<std::string> required_text(const Filter& filter, std::string_view attribute);

/// The other way round: the values of a condition on the values of one attribute that is a conjunction of `eq`s, as
/// members that make it true. Nothing when it says more than that.
std::optional<Value> value_that_matches(const Filter& filter);

/// -1, 0, 1 as `left` is before, equal to, or behind `right`; texts by fold_case unless exact.
int compare_values(const Value& left, const Value& right, bool case_exact);

}  // namespace reeve::identity::scim
