#include "reeve/retention.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/bytes.h"
#include "core/json.h"
#include "ledger/ledger.h"
#include "reeve/starter.h"

namespace reeve::app {

namespace {

constexpr auto kPaceOf = std::chrono::days(30);
constexpr double kDaysOfAYear = 365;
constexpr double kNanosecondsOfADay = 86'400e9;
// An entry lies in a segment behind 16 bytes, in a bundle behind 2, and its hash in the tiles.
constexpr double kBytesBesidesEntry = 16 + 2 + 32.2;
constexpr std::uint64_t kEntriesMeasured = 1'000;
// Where there is no ledger yet: intent and outcome of a call, with the facts that rules usually see.
constexpr double kUsualEntryBytes = 800;
constexpr std::uint64_t kUsualCallsOfADay = 10'000;

std::string identity_of(const YamlValue& document) {
  const YamlValue* kind = document.find("kind");
  const YamlValue* name = document.find("name");
  return kind == nullptr || name == nullptr ? std::string() : kind->text() + " " + name->text();
}

bool is_of_evidence(const YamlValue& document) {
  const YamlValue* kind = document.find("kind");
  return kind != nullptr && (kind->text() == "ControlFramework" || kind->text() == "EvidenceStream");
}

std::string room_text(double bytes) {
  const double gibibytes = bytes / (1UL << 30U);
  if (gibibytes >= 10) return std::to_string(std::llround(gibibytes)) + " GiB";
  const double mebibytes = bytes / (1UL << 20U);
  return mebibytes < 1 ? std::string("less than 1 MiB") : std::to_string(std::llround(mebibytes)) + " MiB";
}

/// Whether settings keep content for less than a duty wants.
class DutyCheck {
 public:
  DutyCheck(const Config& config, const evidence::Framework& framework, const evidence::RetentionDuty& duty,
            std::vector<Diagnostic>& complaints)
      : config_(config), framework_(framework), duty_(duty), complaints_(complaints) {}

  void run() {
    if (!config_.seal_content || !duty_.content) return;
    if (config_.keep_content < duty_.period) complain("content", config_.keep_content);
    for (const auto& [name, keep] : config_.keep_classes) {
      const bool may_go = std::find(duty_.except.begin(), duty_.except.end(), name) != duty_.except.end();
      if (!may_go && keep < duty_.period) complain("content of class '" + name + "'", keep);
    }
  }

 private:
  void complain(const std::string& what, Duration keep) {
    Diagnostic complaint = config_.retention_place;
    complaint.message = what + " is kept for " + format_duration(keep) + ", but " + framework_.name + " " +
                        duty_.control + " wants " + format_duration(duty_.period) + ": " + duty_.what +
                        ". Keep it as long, do not keep content at all (content: hash), or, where that clause does "
                        "not bind you so, say so in a ControlFramework '" +
                        framework_.name + "' of your own";
    complaints_.push_back(std::move(complaint));
  }

  const Config& config_;
  const evidence::Framework& framework_;
  const evidence::RetentionDuty& duty_;
  std::vector<Diagnostic>& complaints_;
};

}  // namespace

evidence::Catalogue read_evidence_catalogue(const std::filesystem::path& governance,
                                            std::vector<Diagnostic>& complaints) {
  std::vector<Diagnostic> of_others;
  std::vector<YamlValue> documents;
  std::error_code ignored;
  if (std::filesystem::exists(governance, ignored)) documents = read_yaml_directory(governance, of_others);
  std::erase_if(documents, [](const YamlValue& document) { return !is_of_evidence(document); });
  std::set<std::string> own;
  for (const YamlValue& document : documents) own.insert(identity_of(document));
  for (const StarterFile& file : starter_governance()) {
    const bool wanted = file.path.starts_with("governance/controls/") || file.path.starts_with("governance/evidence/");
    if (!wanted || !file.path.ends_with(".yaml")) continue;
    for (YamlValue& document : parse_yaml(file.content, file.path, complaints)) {
      if (!own.contains(identity_of(document))) documents.push_back(std::move(document));
    }
  }
  return evidence::read_catalogue(documents, complaints);
}

void check_retention(const Config& config, const evidence::Catalogue& catalogue, std::vector<Diagnostic>& complaints) {
  for (const std::string& name : config.retention_frameworks) {
    const evidence::Framework* framework = catalogue.find(name);
    if (framework == nullptr) {
      Diagnostic complaint = config.retention_place;
      complaint.message =
          "there is no framework '" + printable(name, 60) + "'; 'reeve ledger evidence --list' has them";
      complaints.push_back(std::move(complaint));
      continue;
    }
    for (const evidence::RetentionDuty& duty : framework->retention) {
      DutyCheck(config, *framework, duty, complaints).run();
    }
  }
}

void check_retention(const Config& config, std::vector<Diagnostic>& complaints) {
  if (config.retention_frameworks.empty()) return;
  check_retention(config, read_evidence_catalogue(config.governance_dir, complaints), complaints);
}

std::string room_of_a_year(const std::filesystem::path& data_directory, Instant now) {
  auto reader = ledger::LogReader::open(data_directory / "ledger");
  const std::uint64_t size = reader ? (*reader)->size() : 0;
  const std::uint64_t first = reader ? (*reader)->first_at(now - kPaceOf) : 0;
  Instant since = now;
  double bytes = 0;
  std::uint64_t measured = 0;
  const auto measure = [&](const ledger::StoredEntry& stored) {
    bytes += 2.0 * static_cast<double>(stored.bytes.size());
    return ++measured < kEntriesMeasured;
  };
  const auto date = [&](const ledger::StoredEntry& stored) {
    const auto entry = JsonDocument::parse(stored.bytes);
    const auto time = parse_time(entry ? entry->root()["time"].string_or("") : "");
    if (time) since = *time;
    return false;
  };
  const bool any = first < size && (*reader)->read(first, date).ok() &&
                   (*reader)->read(size > kEntriesMeasured ? size - kEntriesMeasured : 0, measure).ok();
  const double days = static_cast<double>((now - since).count()) / kNanosecondsOfADay;
  // The pace of less than a day says nothing of a year.
  if (!any || measured == 0 || days < 1) {
    const double usual = 2.0 * static_cast<double>(kUsualCallsOfADay) * (2 * kUsualEntryBytes + kBytesBesidesEntry);
    return "entries of the ledger are never removed; with " + std::to_string(kUsualCallsOfADay) +
           " calls a day they take some " + room_text(usual * kDaysOfAYear) + " a year";
  }
  const double of_an_entry = bytes / static_cast<double>(measured) + kBytesBesidesEntry;
  const double of_a_day = static_cast<double>(size - first) / days;
  return "entries of the ledger are never removed; at the pace of the last " + std::to_string(std::llround(days)) +
         " days (" + std::to_string(std::llround(of_a_day)) + " entries a day) they take " +
         room_text(of_an_entry * of_a_day * kDaysOfAYear) + " a year";
}

}  // namespace reeve::app
