#include "core/yaml_scalar.h"

namespace reeve {

/// A quote, or the sign of a block, stands where the scalar begins, and its text begins behind.
bool is_plain_scalar(const YamlValue& value) {
  if (!value.is_scalar() || value.line() == 0 || value.text().empty()) return false;
  const Diagnostic text = value.complain_at(0, {});
  return text.line == value.line() && text.column == value.column();
}

}  // namespace reeve
