#pragma once

// Rules of identifiers: how each is written and checked. Private to the room.

#include <span>
#include <string_view>

#include "content/detector.h"

namespace reeve::content {

/// One checker of identifiers. `layouts` are the groupings, separated by blanks, in which it is written: "3-2-4" is
/// three characters, a hyphen and so on, "_" stands for a blank. A layout before ";" is this identifier's own: in it
/// the number needs no context words. Those after are shared with other things. `shapes` says, for those with letters,
/// what each of the significant characters must be, or the check fails anyway: "AA999?" is two letters, three digits
/// and either, "*" at the end anything of any length. Several are separated by blanks; none: anything may pass.
/// `begins` are the characters that a value may begin with, or the check fails; none: any.
struct IdentifierRule {
  std::string_view name;
  std::string_view layouts;
  std::string_view description;
  Checker check;
  std::string_view shapes = {};
  std::string_view begins = {};
};

std::span<const IdentifierRule> north_american_rules();
std::span<const IdentifierRule> british_rules();
std::span<const IdentifierRule> west_european_rules();
std::span<const IdentifierRule> south_european_rules();
std::span<const IdentifierRule> north_european_rules();
std::span<const IdentifierRule> east_european_rules();
std::span<const IdentifierRule> east_asian_rules();
std::span<const IdentifierRule> south_asian_rules();
std::span<const IdentifierRule> latin_american_rules();
std::span<const IdentifierRule> african_and_middle_eastern_rules();
std::span<const IdentifierRule> value_added_tax_rules();
std::span<const IdentifierRule> finance_rules();
std::span<const IdentifierRule> device_rules();
std::span<const IdentifierRule> coin_rules();
std::span<const IdentifierRule> value_shape_rules();

/// The rule behind a checker, or null: it is none of identifiers.
const IdentifierRule* identifier_rule_of(Checker check);

/// The length of a country's IBANs; 0: it has none.
std::size_t iban_length(std::string_view country);

}  // namespace reeve::content
