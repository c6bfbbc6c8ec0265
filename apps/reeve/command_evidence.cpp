// `reeve ledger evidence`: evidence packs for auditors, and the list of what they can be made for.

#include <unistd.h>

#include <cstdio>

#include "core/json.h"
#include "reeve/commands.h"
#include "reeve/evidence_making.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

EvidenceAsked asked_of(const EvidenceArguments& arguments) {
  return {.framework = arguments.framework,
          .from = arguments.from,
          .to = arguments.to,
          .by = arguments.by.empty() ? system_user_name() : arguments.by,
          .entries_max = arguments.entries_max};
}

/// How far it has come, on a terminal only. What it leaves there is for `end` to wipe away.
evidence::Progress progress_of(const Common& common, const char* what) {
  if (common.json || ::isatty(STDERR_FILENO) != 1) return {};
  return [what](std::uint64_t done, std::uint64_t total) {
    std::fprintf(stderr, "\r\033[K%s: %llu %% of %llu entries", what,
                 static_cast<unsigned long long>(total == 0 ? 100 : done * 100 / total),
                 static_cast<unsigned long long>(total));
    return true;
  };
}
void end_progress(const evidence::Progress& progress) {
  if (progress) std::fprintf(stderr, "\r\033[K");
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
  const auto catalogue = open_evidence_catalogue(common);
  if (!catalogue) return fail(common, exit_code_of(catalogue.error()), catalogue.error().message);
  const EvidenceAsked asked = asked_of(arguments);
  auto question = question_of(*catalogue, asked);
  if (!question) return fail(common, kWrongUse, question.error().message);
  const auto data = data_directory(common);
  if (!data) return fail(common, exit_code_of(data.error()), data.error().message);
  const evidence::Progress reading = progress_of(common, "Reading");
  const auto assessment = evidence::assess(*data / "ledger", *catalogue, *std::move(question), reading);
  end_progress(reading);
  if (!assessment) {
    const bool unknown = assessment.error().code == ErrorCode::kNotFound;
    return fail(common, unknown ? kWrongUse : kFailed, assessment.error().message);
  }
  EvidenceDraft draft(arguments.output);
  if (auto made = draft.make(); !made) return fail(common, kFailed, made.error().message);
  const evidence::Progress writing = progress_of(common, "Writing");
  const auto manifest = write_evidence_pack(*data, *assessment, draft.path(), writing);
  end_progress(writing);
  if (!manifest) return fail(common, kFailed, manifest.error().message);
  if (auto noted = leave_note(common, "ledger.read", evidence_note(asked, *assessment, *manifest)); !noted) {
    return fail(common, kFailed, "not written, because it cannot be recorded: " + noted.error().message);
  }
  if (auto kept = draft.keep(); !kept) return fail(common, kFailed, kept.error().message);
  print_summary(common, arguments.output, *assessment);
  return kDone;
}

int ledger_evidence_list_command(const Common& common) {
  const auto catalogue = open_evidence_catalogue(common);
  if (!catalogue) return fail(common, exit_code_of(catalogue.error()), catalogue.error().message);
  if (common.json) {
    JsonWriter json;
    write_frameworks(json, *catalogue);
    std::printf("%s\n", json.text().c_str());
    return kDone;
  }
  std::vector<std::vector<std::string>> rows{{"FRAMEWORK", "CONTROLS", "RECORDED", "CHECKED", "TITLE"}};
  for (const evidence::Framework& framework : catalogue->frameworks) {
    rows.push_back({framework.name, std::to_string(framework.controls.size()),
                    std::to_string(recorded_controls(*catalogue, framework)), framework.checked_on, framework.title});
  }
  std::printf("%s\n%s\n", table(rows).c_str(),
              dim("RECORDED: controls for which Reeve records at least some of the evidence.").c_str());
  return kDone;
}

}  // namespace reeve::app
