#include "policy/cel/type_rules.h"

#include <algorithm>
#include <utility>

namespace reeve::policy::cel {
namespace {

bool is_number(const Type& type) {
  return type.is_plain(Kind::kInt) || type.is_plain(Kind::kUint) || type.is_plain(Kind::kDouble);
}

bool has_parts(const Type& type) { return type.form == Type::Form::kList || type.form == Type::Form::kMap; }

void cut_below(Type& type, int levels) {
  if (levels == 0 && !type.parameters.empty()) type = Type::dyn();
  for (Type& parameter : type.parameters) cut_below(parameter, levels - 1);
}

void settle(Type& type) {
  if (is_no_element(type)) type = Type::dyn();
  for (Type& parameter : type.parameters) settle(parameter);
}

/// One attempt to read a signature with given arguments.
class Attempt {
 public:
  bool fits(const Type& pattern, const Type& actual) {
    if (actual.is_dyn()) open_ = true;
    switch (pattern.form) {
      case Type::Form::kDyn: return true;
      case Type::Form::kParameter: return bind(pattern.name, actual);
      case Type::Form::kPlain:
      case Type::Form::kStructure: return is_open(actual) || pattern == actual;
      case Type::Form::kTypeOf: return is_open(actual) || actual.form == pattern.form;
      case Type::Form::kList:
      case Type::Form::kMap: break;
    }
    if (!is_open(actual) && actual.form != pattern.form) return false;
    for (std::size_t i = 0; i < pattern.parameters.size(); ++i) {
      if (!fits(pattern.parameters[i], is_open(actual) ? actual : actual.parameters[i])) return false;
    }
    return true;
  }

  Type result(const Type& pattern) const {
    if (pattern.form == Type::Form::kParameter) {
      const auto found = std::ranges::find(bound_, pattern.name, &Bound::first);
      return found == bound_.end() ? Type::dyn() : found->second;
    }
    Type made = pattern;
    for (Type& parameter : made.parameters) parameter = result(parameter);
    return made;
  }

  /// Whether dyn took part, so that other signatures may be meant as well.
  bool open() const { return open_; }

 private:
  using Bound = std::pair<std::string, Type>;

  bool bind(const std::string& name, const Type& actual) {
    const auto found = std::ranges::find(bound_, name, &Bound::first);
    if (found == bound_.end()) {
      bound_.emplace_back(name, actual);
      return true;
    }
    auto united = unite(found->second, actual);
    if (!united) return false;
    found->second = *std::move(united);
    return true;
  }

  std::vector<Bound> bound_;
  bool open_ = false;
};

bool count_fits(const Function& function, const Signature& signature, std::size_t count) {
  if (function.variadic) return count >= signature.parameters.size();
  return count == signature.parameters.size();
}

std::string signature_text(const Function& function, const Signature& signature) {
  std::string text;
  std::size_t first = 0;
  if (signature.member) {
    text = type_text(signature.parameters[0]) + ".";
    first = 1;
  }
  text += std::string(function.name) + "(";
  for (std::size_t i = first; i < signature.parameters.size(); ++i) {
    if (i > first) text += ", ";
    text += type_text(signature.parameters[i]);
  }
  return text + (function.variadic ? ", ...)" : ")");
}

}  // namespace

Type no_element() { return Type::parameter(""); }
bool is_no_element(const Type& type) { return type.form == Type::Form::kParameter && type.name.empty(); }
bool is_open(const Type& type) { return type.is_dyn() || is_no_element(type); }

Type settled(Type type) {
  settle(type);
  return type;
}

Type shallow(Type type) {
  constexpr int kLevelsMax = 16;
  cut_below(type, kLevelsMax);
  return type;
}

std::optional<Type> unite(const Type& left, const Type& right) {
  if (is_no_element(left)) return right;
  if (is_no_element(right)) return left;
  if (left.is_dyn() || right.is_dyn()) return Type::dyn();
  if (left.form != right.form) return std::nullopt;
  if (left.form == Type::Form::kTypeOf) return left == right ? left : Type::type_of(Type::dyn());
  if (!has_parts(left)) return left == right ? std::optional(left) : std::nullopt;
  Type made = left;
  for (std::size_t i = 0; i < made.parameters.size(); ++i) {
    auto part = unite(left.parameters[i], right.parameters[i]);
    if (!part) return std::nullopt;
    made.parameters[i] = *std::move(part);
  }
  return made;
}

Type join(const Type& left, const Type& right) { return unite(left, right).value_or(Type::dyn()); }

bool can_be_equal(const Type& left, const Type& right) {
  if (is_open(left) || is_open(right)) return true;
  if (is_number(left) && is_number(right)) return true;
  if (left.form != right.form) return false;
  if (left.form == Type::Form::kTypeOf) return true;
  if (!has_parts(left)) return left == right;
  for (std::size_t i = 0; i < left.parameters.size(); ++i) {
    if (!can_be_equal(left.parameters[i], right.parameters[i])) return false;
  }
  return true;
}

std::optional<Type> result_of(const Function& function, bool member, std::span<const Type> arguments) {
  std::optional<Type> result;
  for (const Signature& signature : function.signatures) {
    if (signature.member != member || !count_fits(function, signature, arguments.size())) continue;
    Attempt attempt;
    bool fits = true;
    for (std::size_t i = 0; i < arguments.size() && fits; ++i) {
      fits = attempt.fits(signature.parameters[std::min(i, signature.parameters.size() - 1)], arguments[i]);
    }
    if (!fits) continue;
    Type found = attempt.result(signature.result);
    if (!result && !attempt.open()) return found;
    result = !result || *result == found ? found : Type::dyn();
  }
  return result;
}

std::string signatures_text(const Function& function, bool member) {
  const auto has_form = [member](const Signature& signature) { return signature.member == member; };
  const bool any = std::ranges::any_of(function.signatures, has_form);
  std::vector<std::string> texts;
  for (const Signature& signature : function.signatures) {
    if (any && !has_form(signature)) continue;
    texts.push_back(signature_text(function, signature));
  }
  std::string text;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) text += i + 1 == texts.size() ? " or " : ", ";
    text += texts[i];
  }
  return text;
}

std::string with_article(const Type& type) {
  if (type.is_plain(Kind::kNull)) return "null";
  const std::string text = type_text(type);
  const bool vowel = text.starts_with("int") || text.starts_with('A') || text.starts_with('E') ||
                     text.starts_with('I') || text.starts_with('O');
  return (vowel ? "an " : "a ") + text;
}

}  // namespace reeve::policy::cel
