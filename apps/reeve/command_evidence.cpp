// `reeve ledger evidence`: evidence packs for auditors, and the list of what they can be made for.

#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "core/bytes.h"
#include "core/json.h"
#include "evidence/evidence.h"
#include "reeve/commands.h"
#include "reeve/complaints.h"
#include "reeve/kept_value.h"
#include "reeve/retention.h"
#include "reeve/starter.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

constexpr std::size_t kDateLength = 10;

Result<evidence::Catalogue> open_catalogue(const Common& common) {
  const auto directory = governance_directory(common, {});
  if (!directory) return directory.error();
  std::vector<Diagnostic> complaints;
  evidence::Catalogue catalogue = read_evidence_catalogue(*directory, complaints);
  for (const Diagnostic& complaint : complaints) {
    if (complaint.severity == Diagnostic::Severity::kError) return Error{ErrorCode::kInvalid, complaint.to_string()};
  }
  return catalogue;
}

Result<evidence::Question> question_of(const evidence::Catalogue& catalogue, const EvidenceArguments& arguments) {
  evidence::Question question;
  question.now = system_clock().now();
  question.by = arguments.by.empty() ? system_user_name() : arguments.by;
  question.entries_max = arguments.entries_max;
  const auto from = parse_since(arguments.from, question.now);
  if (!from) return with_context(from.error(), "--from");
  question.from = *from;
  question.until = question.now;
  if (!arguments.to.empty()) {
    const auto until = parse_since(arguments.to, question.now);
    if (!until) return with_context(until.error(), "--to");
    const bool is_date = arguments.to.size() == kDateLength && arguments.to.find('-') != std::string::npos;
    question.until = is_date ? *until + std::chrono::hours(24) : *until;
  }
  if (question.until <= question.from) return Error{ErrorCode::kInvalid, "--to is not after --from"};
  if (arguments.framework == "all") {
    for (const evidence::Framework& framework : catalogue.frameworks) question.frameworks.push_back(framework.name);
  } else {
    question.frameworks.push_back(arguments.framework);
  }
  return question;
}

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

std::string note_text(const EvidenceArguments& arguments, const evidence::Question& question, std::string_view digest) {
  JsonWriter json;
  json.begin_object().member("at", format_time(question.now)).member("by", question.by);
  json.member("framework", arguments.framework).member("from", format_time(question.from));
  json.member("pack", digest).member("until", format_time(question.until)).member("what", "evidence");
  return json.end_object().take();
}

/// How far it has come, on a terminal only. What it leaves there is for `end` to wipe away.
evidence::Progress progress_of(const Common& common, const char* what) {
  if (common.json || ::isatty(STDERR_FILENO) != 1) return {};
  return [what](std::uint64_t done, std::uint64_t total) {
    std::fprintf(stderr, "\r\033[K%s: %llu %% of %llu entries", what,
                 static_cast<unsigned long long>(total == 0 ? 100 : done * 100 / total),
                 static_cast<unsigned long long>(total));
  };
}
void end_progress(const evidence::Progress& progress) {
  if (progress) std::fprintf(stderr, "\r\033[K");
}

/// A pack that is being written beside where it shall be, and is gone again unless it was kept.
class Draft {
 public:
  explicit Draft(const std::string& output) : output_(output), draft_(output + ".new") {}
  ~Draft() {
    std::error_code ignored;
    if (made_) std::filesystem::remove_all(draft_, ignored);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  const std::filesystem::path& path() const { return draft_; }
  Result<void> make() {
    std::error_code error;
    made_ = std::filesystem::create_directories(draft_, error);
    if (made_) return {};
    return Error{ErrorCode::kConflict, draft_.string() + " cannot be made, or is there already"};
  }
  Result<void> keep() {
    std::error_code error;
    std::filesystem::rename(draft_, output_, error);
    if (error) return Error{ErrorCode::kUnavailable, "cannot make " + output_.string() + ": " + error.message()};
    made_ = false;
    return {};
  }

 private:
  const std::filesystem::path output_;
  const std::filesystem::path draft_;
  bool made_ = false;
};

Result<void> write_file(const std::filesystem::path& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  if (!file) return Error{ErrorCode::kUnavailable, "cannot write " + path.string()};
  return {};
}

/// The manifest of the pack that is in `directory` then.
Result<std::string> write_pack(const Common& common, const std::filesystem::path& data,
                               const evidence::Assessment& assessment, const std::filesystem::path& directory) {
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
  const evidence::Progress progress = progress_of(common, "Writing");
  auto manifest = evidence::write_pack(data / "ledger", assessment, others, directory, progress);
  end_progress(progress);
  if (!manifest) return manifest;
  const std::string bundle = evidence::sigstore_bundle(*key, *manifest);
  if (auto written = write_file(directory / "pack.sigstore.json", bundle); !written) return std::move(written).error();
  return manifest;
}

void print_summary(const Common& common, const std::string& output, const evidence::Assessment& assessment) {
  const evidence::Coverage sum = evidence::coverage_of(assessment);
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("pack", output).member("entries", assessment.period.count());
    json.member("not_signed", assessment.not_signed).member("size", assessment.checkpoint.size);
    json.member("controls", static_cast<std::uint64_t>(sum.controls));
    json.member("evidenced", static_cast<std::uint64_t>(sum.evidenced));
    json.member("partly", static_cast<std::uint64_t>(sum.partly)).end_object();
    std::printf("%s\n", json.text().c_str());
    return;
  }
  std::printf("Wrote %s: %llu signed entries of the period.\n", output.c_str(),
              static_cast<unsigned long long>(assessment.period.count()));
  std::printf(
      "%zu controls: %zu with evidence in all their streams, %zu in some, %zu without entries, %zu that Reeve "
      "has no records for.\n",
      sum.controls, sum.evidenced, sum.partly, sum.no_entries, sum.gap);
  if (assessment.not_signed > 0) {
    std::printf("%llu newer entries are not signed yet and not counted.\n",
                static_cast<unsigned long long>(assessment.not_signed));
  }
}

}  // namespace

int ledger_evidence_command(const Common& common, const EvidenceArguments& arguments) {
  if (arguments.framework.empty() || arguments.from.empty() || arguments.output.empty()) {
    return fail(common, kWrongUse,
                "--framework, --from and --output say what to write and where; --list has the names");
  }
  std::error_code ignored;
  if (std::filesystem::exists(arguments.output, ignored)) {
    return fail(common, kWrongUse, arguments.output + " is there already; name a new folder");
  }
  const auto catalogue = open_catalogue(common);
  if (!catalogue) return fail(common, exit_code_of(catalogue.error()), catalogue.error().message);
  auto question = question_of(*catalogue, arguments);
  if (!question) return fail(common, kWrongUse, question.error().message);
  const auto data = data_directory(common);
  if (!data) return fail(common, exit_code_of(data.error()), data.error().message);
  const evidence::Progress progress = progress_of(common, "Reading");
  const auto assessment = evidence::assess(*data / "ledger", *catalogue, *std::move(question), progress);
  end_progress(progress);
  if (!assessment) {
    const bool unknown = assessment.error().code == ErrorCode::kNotFound;
    return fail(common, unknown ? kWrongUse : kFailed, assessment.error().message);
  }
  Draft draft(arguments.output);
  if (auto made = draft.make(); !made) return fail(common, kFailed, made.error().message);
  const auto manifest = write_pack(common, *data, *assessment, draft.path());
  if (!manifest) return fail(common, kFailed, manifest.error().message);
  const std::string digest = to_hex(as_bytes(sha256(*manifest)));
  if (auto noted = leave_note(common, "ledger.read", note_text(arguments, assessment->question, digest)); !noted) {
    return fail(common, kFailed, "not written, because it cannot be recorded: " + noted.error().message);
  }
  if (auto kept = draft.keep(); !kept) return fail(common, kFailed, kept.error().message);
  print_summary(common, arguments.output, *assessment);
  return kDone;
}

int ledger_evidence_list_command(const Common& common) {
  const auto catalogue = open_catalogue(common);
  if (!catalogue) return fail(common, exit_code_of(catalogue.error()), catalogue.error().message);
  JsonWriter json;
  json.begin_array();
  std::vector<std::vector<std::string>> rows{{"FRAMEWORK", "CONTROLS", "RECORDED", "CHECKED", "TITLE"}};
  for (const evidence::Framework& framework : catalogue->frameworks) {
    std::uint64_t recorded = 0;
    for (const evidence::Control& control : framework.controls) {
      for (const std::string& name : control.streams) {
        if (!catalogue->streams.find(name)->second.gap.empty()) continue;
        ++recorded;
        break;
      }
    }
    const std::uint64_t controls = framework.controls.size();
    rows.push_back(
        {framework.name, std::to_string(controls), std::to_string(recorded), framework.checked_on, framework.title});
    json.begin_object().member("name", framework.name).member("title", framework.title);
    json.member_if("part_of", framework.part_of).member("checked_on", framework.checked_on);
    json.member("controls", controls).member("recorded", recorded).end_object();
  }
  if (common.json) {
    std::printf("%s\n", json.end_array().text().c_str());
    return kDone;
  }
  std::printf("%s\n%s\n", table(rows).c_str(),
              dim("RECORDED: controls for which Reeve records at least some of the evidence.").c_str());
  return kDone;
}

}  // namespace reeve::app
