#pragma once

// `reeve serve`: the whole program put together. This is the one place where rooms are wired.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "reeve/config.h"

namespace reeve::app {

class Service;

struct ServeOptions {
  std::filesystem::path config_file;  // empty: `config_text` is used
  std::string config_text;
  std::optional<std::string> data_dir;  // overrides the file's
  std::optional<std::string> listen;
  /// Called on a thread of its own once everything is up, with the address to call; for the tour.
  std::function<void(Service&)> when_up;
};

/// What a running service offers to the code around it.
class Service {
 public:
  virtual ~Service() = default;
  virtual std::string base_url() const = 0;  // "http://127.0.0.1:8484"
  virtual const Config& config() const = 0;
  virtual identity::KeyStore& keys() = 0;
  virtual bool stopping() const = 0;
  /// A link that signs whoever runs this in to the console, once.
  virtual Result<std::string> make_console_link() = 0;
};

/// Runs until SIGTERM or SIGINT and its drain; SIGHUP reloads. An error says why it could not start: kInvalid for what
/// the configuration says, anything else for what it met. Once in a process: it takes over the signals.
Result<void> serve(const ServeOptions& options);

}  // namespace reeve::app
