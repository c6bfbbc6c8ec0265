#pragma once

// The detectors that a program looks with: from governance files, together with what is registered in the data
// directory.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "content/content.h"
#include "core/yaml.h"
#include "policy/policy.h"
#include "reeve/commands.h"
#include "reeve/config.h"

namespace reeve::app {

/// Builds detectors and keeps them until something that bears on them changes: compiling some hundred patterns takes
/// seconds, and rules change more often than detectors do. Not thread-safe.
class ContentSetup {
 public:
  explicit ContentSetup(std::filesystem::path data_directory) : data_directory_(std::move(data_directory)) {}
  /// From the documents, or from those that ship where they hold no detector. Null, with complaints, where one is wrong
  /// or what is registered cannot be read.
  std::shared_ptr<const content::Detectors> build(const std::vector<YamlValue>& documents,
                                                  std::vector<Diagnostic>& complaints);
  /// The same for a server. Null without complaints where there is nothing to look for: no detector among the
  /// documents, and no rule that asks for content.
  std::shared_ptr<const content::Detectors> build(const std::vector<YamlValue>& documents, const policy::Bundle& rules,
                                                  std::vector<Diagnostic>& complaints);

 private:
  std::filesystem::path data_directory_;
  std::string built_from_;
  std::shared_ptr<const content::Detectors> built_;
};

/// What `reeve scan` and the like look with: the detectors of `directory`, else of the configuration's governance
/// directory, else those that ship. Never null.
Result<std::shared_ptr<const content::Detectors>> open_detectors(const Common& common, const std::string& directory);

/// The documents of the same places, for the linter.
Result<std::vector<YamlValue>> detector_documents(const Common& common, const std::string& directory,
                                                  std::vector<Diagnostic>& complaints);

/// What a server keeps of content.
struct ContentVaults {
  std::unique_ptr<content::Vault> placeholders;
  std::unique_ptr<ledger::ContentVault> sealed;  // null: what calls say is not kept
};
/// The store must outlive them.
Result<ContentVaults> open_content_vaults(const Config& config, store::Store& store);

/// The secret that the keys of placeholders come from: made on first use, kept in the data directory.
Result<std::string> vault_key(const std::filesystem::path& data_directory);
/// The root of the keys of kept content: from the stated source, else likewise. Without `make`, kNotFound when no
/// content was ever kept.
Result<std::string> content_key(const std::filesystem::path& data_directory, const KeySource& source, bool make);
/// The same for commands: never made.
Result<std::string> content_key(const Common& common);
/// Where kept content lies.
std::filesystem::path content_directory(const std::filesystem::path& data_directory);

}  // namespace reeve::app
