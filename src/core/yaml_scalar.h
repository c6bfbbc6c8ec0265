#pragma once

// What YAML itself would take a scalar for. Apart from yaml.h, because hardly anybody asks: configuration files say by
// their keys what their values are.

#include "core/yaml.h"

namespace reeve {

/// Whether the scalar stands in its file without quotes, on one line, so that true is a flag there and 12 a number.
/// False for what was not read from a file.
bool is_plain_scalar(const YamlValue& value);

}  // namespace reeve
