#include "reeve/evidence_making.h"

#include <fstream>

#include "core/bytes.h"
#include "reeve/complaints.h"
#include "reeve/kept_reading.h"
#include "reeve/kept_value.h"
#include "reeve/retention.h"
#include "reeve/starter.h"

namespace reeve::app {

namespace {

constexpr std::size_t kDateLength = 10;

/// Signs packs and nothing else: a checkpoint can never be mistaken for one.
Result<Ed25519Key> pack_key(const std::filesystem::path& data) {
  const auto seed = kept_secret(data / "evidence.key", [] { return random_bytes(32); });
  if (!seed) return seed.error();
  return Ed25519Key::from_seed(*seed);
}

std::string readme_text(const evidence::Assessment& assessment) {
  std::string text = "An evidence pack of the log " + assessment.checkpoint.origin + ", made " +
                     format_time(assessment.question.now) + ".\n\n";
  text +=
      "report.html      for people; report.json has the same figures with the index of every entry behind them\n"
      "verify.html      open it in a browser and drop this folder on it: it checks everything here, without a network\n"
      "oscal-assessment-results.json   the same in NIST OSCAL\n"
      "entries.jsonl, proof.json, leaves, checkpoint, key   the entries, and the proof that they are in the signed "
      "log\n"
      "pack.json        the digests of all files\n"
      "pack.sigstore.json, signer.pem  a Sigstore bundle over pack.json, and the key to check it with\n\n"
      "Get the log's verifier key by another way than this folder ('reeve ledger key' prints it), then:\n"
      "  node verifier/verify.mjs THIS-FOLDER --key KEY\n\n"
      "Figures say what was recorded. They do not say that a control works; that is for who reads them.\n";
  return text;
}

Result<void> write_file(const std::filesystem::path& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  if (!file) return Error{ErrorCode::kUnavailable, "cannot write " + path.string()};
  return {};
}

}  // namespace

Result<evidence::Catalogue> open_evidence_catalogue(const Common& common) {
  const auto directory = governance_directory(common, {});
  if (!directory) return directory.error();
  struct Read {
    evidence::Catalogue catalogue;
    std::vector<Diagnostic> complaints;
  };
  static KeptReading<Read> kept;
  const auto read = kept.get(*directory, [&] {
    auto made = std::make_shared<Read>();
    made->catalogue = read_evidence_catalogue(*directory, made->complaints);
    return made;
  });
  for (const Diagnostic& complaint : read->complaints) {
    if (complaint.severity == Diagnostic::Severity::kError) return Error{ErrorCode::kInvalid, complaint.to_string()};
  }
  return read->catalogue;
}

std::uint64_t recorded_controls(const evidence::Catalogue& catalogue, const evidence::Framework& framework) {
  std::uint64_t recorded = 0;
  for (const evidence::Control& control : framework.controls) {
    for (const std::string& name : control.streams) {
      if (!catalogue.streams.find(name)->second.gap.empty()) continue;
      ++recorded;
      break;
    }
  }
  return recorded;
}

void write_frameworks(JsonWriter& json, const evidence::Catalogue& catalogue) {
  json.begin_array();
  for (const evidence::Framework& framework : catalogue.frameworks) {
    json.begin_object().member("name", framework.name).member("title", framework.title);
    json.member_if("part_of", framework.part_of).member("checked_on", framework.checked_on);
    json.member("controls", static_cast<std::uint64_t>(framework.controls.size()));
    json.member("recorded", recorded_controls(catalogue, framework)).end_object();
  }
  json.end_array();
}

Result<evidence::Question> question_of(const evidence::Catalogue& catalogue, const EvidenceAsked& asked) {
  evidence::Question question;
  question.now = system_clock().now();
  question.by = asked.by;
  question.entries_max = asked.entries_max;
  const auto from = parse_since(asked.from, question.now);
  if (!from) return with_context(from.error(), "from");
  question.from = *from;
  question.until = question.now;
  if (!asked.to.empty()) {
    const auto until = parse_since(asked.to, question.now);
    if (!until) return with_context(until.error(), "to");
    const bool is_date = asked.to.size() == kDateLength && asked.to.find('-') != std::string::npos;
    question.until = is_date ? *until + std::chrono::hours(24) : *until;
  }
  if (question.until <= question.from) return Error{ErrorCode::kInvalid, "'to' is not after 'from'"};
  if (asked.framework == "all") {
    for (const evidence::Framework& framework : catalogue.frameworks) question.frameworks.push_back(framework.name);
  } else {
    question.frameworks.push_back(asked.framework);
  }
  return question;
}

EvidenceDraft::~EvidenceDraft() {
  std::error_code ignored;
  if (made_) std::filesystem::remove_all(draft_, ignored);
}

Result<void> EvidenceDraft::make() {
  std::error_code error;
  made_ = std::filesystem::create_directories(draft_, error);
  if (made_) return {};
  return Error{ErrorCode::kConflict, draft_.string() + " cannot be made, or is there already"};
}

Result<void> EvidenceDraft::keep() {
  std::error_code error;
  std::filesystem::rename(draft_, output_, error);
  if (error) return Error{ErrorCode::kUnavailable, "cannot make " + output_.string() + ": " + error.message()};
  made_ = false;
  return {};
}

Result<std::string> write_evidence_pack(const std::filesystem::path& data, const evidence::Assessment& assessment,
                                        const std::filesystem::path& directory, const evidence::Progress& progress) {
  const auto key = pack_key(data);
  if (!key) return key.error();
  evidence::Modules modules;
  for (const StarterFile& file : verifier_modules()) {
    modules[std::filesystem::path(file.path).filename().string()] = file.content;
  }
  evidence::Files others;
  others["report.json"] = evidence::report_json(assessment);
  others["report.html"] = evidence::report_html(assessment);
  others["oscal-assessment-results.json"] = evidence::oscal_json(assessment, REEVE_VERSION);
  others["verify.html"] = evidence::verifier_page(modules);
  others["README.txt"] = readme_text(assessment);
  others["signer.pem"] = evidence::public_key_pem(*key);
  auto manifest = evidence::write_pack(data / "ledger", assessment, others, directory, progress);
  if (!manifest) return manifest;
  const std::string bundle = evidence::sigstore_bundle(*key, *manifest);
  if (auto written = write_file(directory / "pack.sigstore.json", bundle); !written) return std::move(written).error();
  return manifest;
}

std::string evidence_note(const EvidenceAsked& asked, const evidence::Assessment& assessment,
                          std::string_view manifest) {
  const evidence::Question& question = assessment.question;
  JsonWriter json;
  json.begin_object().member("at", format_time(question.now)).member("by", question.by);
  json.member("framework", asked.framework).member("from", format_time(question.from));
  json.member("pack", to_hex(as_bytes(sha256(manifest)))).member("until", format_time(question.until));
  return json.member("what", "evidence").end_object().take();
}

}  // namespace reeve::app
