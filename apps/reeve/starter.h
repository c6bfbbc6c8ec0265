#pragma once

// What a newcomer starts from: a commented reeve.yaml and the starter governance.

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"

namespace reeve::app {

struct StarterFile {
  std::string path;  // "governance/policies/model-access.yaml"
  std::string content;
};

/// The repository's governance folder as it was when the program was built.
std::vector<StarterFile> starter_governance();
/// The modules of the repository's verifier, likewise.
std::vector<StarterFile> verifier_modules();
/// Shapes that the control API takes and gives: each file an object of JSON Schemas by name.
std::vector<StarterFile> api_schemas();

/// A commented reeve.yaml. Vendors whose key is in the environment (ANTHROPIC_API_KEY, OPENAI_API_KEY, GEMINI_API_KEY)
/// are configured; the others' models are served by the practice model.
std::string starter_config();

/// Writes reeve.yaml and governance/ into `directory`. Existing files are kept, and listed in the result as kept.
struct StarterReport {
  std::vector<std::filesystem::path> written;
  std::vector<std::filesystem::path> kept;
};
Result<StarterReport> write_starter(const std::filesystem::path& directory, bool with_config);

}  // namespace reeve::app
