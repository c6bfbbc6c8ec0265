#pragma once

// How types go together: what a list of mixed elements is a list of, which signature a call has, what can be equal.
//
// Whatever is found holds at run time: a value that the rules call an int is one, as long as variables hold what they
// were declared to hold. So dyn wins wherever it takes part.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policy/cel/function.h"
#include "policy/cel/type.h"

namespace reeve::policy::cel {

/// What the elements of [] are: no value has this type, and it goes together with every other.
Type no_element();
bool is_no_element(const Type& type);
/// The same type with dyn wherever no_element() was left.
Type settled(Type type);

/// The same type, with dyn for what nests deeper than a few levels, so that no type costs much to handle.
Type shallow(Type type);

/// dyn or no_element(): nothing can be said against an operand of this type.
bool is_open(const Type& type);

/// The one type that both are, looking through dyn and empty lists; nothing when there is none.
std::optional<Type> unite(const Type& left, const Type& right);
/// The same, and dyn when there is none: for elements of a list, and the two sides of a choice.
Type join(const Type& left, const Type& right);
/// False when values of these types are never equal.
bool can_be_equal(const Type& left, const Type& right);

/// The result's type of a call with these arguments, the target first for a member call; nothing when no signature
/// fits.
std::optional<Type> result_of(const Function& function, bool member, std::span<const Type> arguments);

/// "string.startsWith(string)", one for each signature with this call's form, or of every form when there is none.
std::string signatures_text(const Function& function, bool member);

/// "a string", "an int", "null": for sentences.
std::string with_article(const Type& type);

}  // namespace reeve::policy::cel
