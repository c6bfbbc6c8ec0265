#include "reeve/governance.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/bytes.h"

namespace reeve::app {

Governance read_governance(const std::filesystem::path& directory, std::vector<Diagnostic>& complaints) {
  Governance governance;
  governance.documents = read_yaml_directory(directory, complaints);
  constexpr std::array<std::string_view, 7> kKnown{"Policy", "Exception",    "Ladder",  "PolicyTest",
                                                   "Price",  "UnknownPrice", "Detector"};
  for (const YamlValue& document : governance.documents) {
    const YamlValue& kind = *document.find("kind");
    if (std::find(kKnown.begin(), kKnown.end(), kind.text()) == kKnown.end()) {
      complaints.push_back(kind.complain(
          "this version does not enforce documents of kind '" + printable(kind.text(), 40) +
          "'; it knows Policy, Exception, Ladder, PolicyTest, Price, UnknownPrice and Detector. Move the file "
          "elsewhere until then"));
    }
  }
  governance.policy = policy::Bundle::build(governance.documents, complaints);
  governance.prices = spend::Catalogue::with_overrides(governance.documents, complaints);
  return governance;
}

std::string not_enforced(const policy::Bundle& bundle) {
  std::map<std::string_view, std::size_t> unasked;
  std::size_t rules = 0;
  std::string refusing;
  for (const policy::RuleInfo* rule : bundle.rules()) {
    if (rule->mode != policy::Mode::kEnforce) continue;
    bool asked = false;
    for (const policy::Point point : rule->points) {
      const bool asks = point == policy::Point::kModelCall || point == policy::Point::kModelResponse;
      asked = asked || asks;
      if (!asks) ++unasked[policy::point_name(point)];
    }
    rules += asked ? 0U : 1U;
    const bool undone = rule->effect == policy::Effect::kRewrite || rule->effect == policy::Effect::kDegrade;
    if (asked && undone) refusing += (refusing.empty() ? "" : ", ") + rule->name;
  }
  std::string text;
  if (rules > 0) {
    text = std::to_string(rules) + " rules decide where nothing in this version asks yet, so they are not enforced:";
    for (const auto& [point, count] : unasked) text += " " + std::string(point) + " (" + std::to_string(count) + ")";
  }
  if (!refusing.empty()) {
    text += (text.empty() ? "" : "; ");
    text += "the gateway cannot rewrite or degrade yet and refuses the calls that these match: " + refusing;
  }
  return text;
}

std::string directory_fingerprint(const std::filesystem::path& directory, int depth_max) {
  std::vector<std::string> lines;
  std::error_code error;
  auto entries = std::filesystem::recursive_directory_iterator(directory, error);
  for (const auto end = std::filesystem::recursive_directory_iterator(); !error && entries != end;
       entries.increment(error)) {
    std::error_code ignored;
    if (entries.depth() == depth_max) entries.disable_recursion_pending();
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
