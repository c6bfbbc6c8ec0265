#include "reeve/governance.h"

#include <algorithm>
#include <array>

#include "core/bytes.h"

namespace reeve::app {

Governance read_governance(const std::filesystem::path& directory, std::vector<Diagnostic>& complaints) {
  Governance governance;
  governance.documents = read_yaml_directory(directory, complaints);
  constexpr std::array<std::string_view, 6> kKnown{"Policy", "Exception", "Ladder", "PolicyTest", "Price",
                                                   "UnknownPrice"};
  for (const YamlValue& document : governance.documents) {
    const YamlValue& kind = *document.find("kind");
    if (std::find(kKnown.begin(), kKnown.end(), kind.text()) == kKnown.end()) {
      complaints.push_back(
          kind.complain("this version does not enforce documents of kind '" + printable(kind.text(), 40) +
                        "'; it knows Policy, Exception, Ladder, PolicyTest, Price and UnknownPrice. Move the file "
                        "elsewhere until then"));
    }
  }
  governance.policy = policy::Bundle::build(governance.documents, complaints);
  governance.prices = spend::Catalogue::with_overrides(governance.documents, complaints);
  return governance;
}

std::string directory_fingerprint(const std::filesystem::path& directory) {
  std::vector<std::string> lines;
  std::error_code error;
  auto entries = std::filesystem::recursive_directory_iterator(directory, error);
  for (const auto end = std::filesystem::recursive_directory_iterator(); !error && entries != end;
       entries.increment(error)) {
    std::error_code ignored;
    if (!entries->is_regular_file(ignored)) continue;
    const auto written = entries->last_write_time(ignored).time_since_epoch().count();
    lines.push_back(entries->path().string() + " " + std::to_string(entries->file_size(ignored)) + " " +
                    std::to_string(written));
  }
  std::sort(lines.begin(), lines.end());
  std::string fingerprint;
  for (const std::string& line : lines) fingerprint += line + "\n";
  return fingerprint;
}

}  // namespace reeve::app
