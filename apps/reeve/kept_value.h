#pragma once

// Small values that are made on the first start and kept in the data directory: a secret, a name.

#include <filesystem>
#include <functional>
#include <string>

#include "core/result.h"

namespace reeve::app {

/// The content of the file, or what `make` gives when there is no file yet: then it is written for its owner's eyes
/// only, whole and durable. Processes that start at the same time all get the same value. A file that is there but
/// cannot be read, or is empty, is an error: a new value in its place would break what the old one was used for.
Result<std::string> kept_value(const std::filesystem::path& path, const std::function<std::string()>& make);

/// The same of a secret: sealed in the file where sealing is configured, under its name as the place, and given in
/// clear. One that lies there in clear from before is sealed.
Result<std::string> kept_secret(const std::filesystem::path& path, const std::function<std::string()>& make);
/// The place that a file of the data directory is sealed for.
std::string place_of_file(const std::filesystem::path& path);

}  // namespace reeve::app
