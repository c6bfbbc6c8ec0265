// `reeve scan`: what the detectors find in files, pipes and staged changes, and the redaction path for pipes.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/commands.h"
#include "reeve/content_setup.h"
#include "reeve/staged.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

constexpr std::size_t kPaddingBytes = 64;  // that scanners may look at behind a text
constexpr std::size_t kTextBytesMax = 256UL << 20U;

Result<std::string> read_input(const std::string& path) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    std::error_code ignored;
    if (!file || std::filesystem::is_directory(path, ignored)) return Error{ErrorCode::kInvalid, "cannot read " + path};
  }
  std::ostringstream text;
  text << (path == "-" ? std::cin : file).rdbuf();
  std::string whole = std::move(text).str();
  if (whole.size() > kTextBytesMax) return Error{ErrorCode::kTooLarge, path + " is larger than 256 MiB"};
  return whole;
}

/// What says of a whole text what it is (a schema, a licence) is no finding that anybody must act on by itself.
bool says_what_text_is(const content::Finding& finding) {
  const std::string& name = finding.detector->class_name;
  return finding.is_document && name != "source" && name != "customer";
}

struct Place {
  std::size_t line = 1, column = 1;
};

Place place_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t newline = before.rfind('\n');
  return {1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')),
          offset - (newline == std::string_view::npos ? 0 : newline + 1) + 1};
}

std::string severity_text(const std::string& severity) {
  if (severity == "critical" || severity == "high") return red(severity);
  return severity == "medium" ? yellow(severity) : dim(severity);
}

/// One run of the command: the detectors and what a scan needs.
class Scan {
 public:
  Scan(const Common& common, const ScanArguments& arguments, std::shared_ptr<const content::Detectors> detectors)
      : common_(common), arguments_(arguments), detectors_(std::move(detectors)) {}

  /// Findings from the asked-for confidence on.
  std::vector<content::Finding> find(std::string& text, TextOrigin origin = TextOrigin::kUser) {
    const std::size_t size = text.size();
    text.append(kPaddingBytes, '\0');
    const BodyText whole{0, size, TextForm::kPlain, origin};
    const content::Report& report = scanner_.scan(*detectors_, std::string_view(text).substr(0, size), {&whole, 1});
    std::vector<content::Finding> found = report.findings;
    complete_ = complete_ && report.complete;
    if (!report.complete) incomplete_reason_ = report.incomplete_reason;
    labels_.assign(report.labels.begin(), report.labels.end());
    text.resize(size);
    std::erase_if(found, [this](const auto& finding) { return finding.confidence < arguments_.confidence_min; });
    return found;
  }

  int lines();
  int files(const std::vector<std::string>& paths);
  int staged();
  Result<std::string> redact(std::string& text, const content::Vault::Session& session);

 private:
  void explain(const std::string& name, const std::string& text);
  void print(const std::string& name, std::string_view text, const std::vector<content::Finding>& found);
  int end();

  const Common& common_;
  const ScanArguments& arguments_;
  std::shared_ptr<const content::Detectors> detectors_;
  content::Scanner scanner_;
  bool complete_ = true;
  std::string incomplete_reason_;
  std::vector<std::string> labels_;
  JsonWriter json_;
  std::size_t total_ = 0;      // findings
  std::size_t described_ = 0;  // what says what a text is
};

void append_finding(JsonWriter& json, const content::Finding& finding) {
  json.begin_object().member("type", finding.detector->id).member("class", finding.detector->class_name);
  json.member("start", static_cast<std::uint64_t>(finding.start));
  json.member("end", static_cast<std::uint64_t>(finding.end));
  json.member("confidence", std::round(static_cast<double>(finding.confidence) * 100) / 100);
}

int Scan::lines() {
  std::string line;
  while (std::getline(std::cin, line)) {
    if (trim(line).empty()) continue;
    JsonWriter json;
    const auto document = JsonDocument::parse(line);
    const auto text = document ? document->root()["text"].as_string() : std::nullopt;
    json.begin_object();
    if (document && document->root()["id"].present()) json.key("id").raw(document->root()["id"].to_json());
    if (!text) {
      json.member("error", document ? "the member 'text' must be a string" : document.error().message);
    } else {
      std::string whole(*text);
      const std::vector<content::Finding> found = find(whole);
      for (const bool documents : {false, true}) {
        if (documents && std::none_of(found.begin(), found.end(), says_what_text_is)) continue;
        json.key(documents ? "documents" : "findings").begin_array();
        for (const content::Finding& finding : found) {
          if (says_what_text_is(finding) != documents) continue;
          append_finding(json, finding);
          json.end_object();
        }
        json.end_array();
      }
      if (!labels_.empty()) {
        json.key("labels").begin_array();
        for (const std::string& label : labels_) json.value(label);
        json.end_array();
      }
    }
    std::printf("%s\n", json.end_object().text().c_str());
    std::fflush(stdout);  // somebody may wait for each line
  }
  return kDone;
}

void Scan::print(const std::string& name, std::string_view text, const std::vector<content::Finding>& found) {
  for (const content::Finding& finding : found) {
    const Place place = place_of(text, finding.start);
    ++(says_what_text_is(finding) ? described_ : total_);
    if (common_.json) {
      append_finding(json_, finding);
      json_.member("about_whole_text", says_what_text_is(finding))
          .member("title", finding.detector->title)
          .member("severity", finding.detector->severity);
      json_.member("file", name).member("line", static_cast<std::uint64_t>(place.line));
      json_.member("column", static_cast<std::uint64_t>(place.column)).end_object();
      continue;
    }
    std::printf("%s:%zu:%zu  %s  %s  %s %s\n", printable(name, 400).c_str(), place.line, place.column,
                severity_text(finding.detector->severity).c_str(), bold(finding.detector->id).c_str(),
                finding.detector->title.c_str(),
                dim("(" + std::to_string(std::lround(finding.confidence * 100)) + " %" +
                    (finding.depth > 0 ? ", encoded" : "") + ")")
                    .c_str());
  }
}

int Scan::end() {
  if (common_.json) {
    json_.end_array().member("count", static_cast<std::uint64_t>(total_)).member("complete", complete_).end_object();
    std::printf("%s\n", json_.text().c_str());
  } else if (total_ == 0 && described_ == 0 && complete_) {
    std::printf("%s\n", green("nothing found").c_str());
  } else if (total_ > 0) {
    std::printf("\n%s  %s\n", red(std::to_string(total_) + (total_ == 1 ? " finding" : " findings")).c_str(),
                dim("reeve scan --explain FILE tells how each came to be").c_str());
  }
  if (!complete_) {
    std::fprintf(stderr, "reeve: not everything was looked at: %s\n", incomplete_reason_.c_str());
    return kFailed;
  }
  return total_ == 0 ? kDone : kAnswerIsNo;
}

void Scan::explain(const std::string& name, const std::string& text) {
  scanner_.explain_to([name, text = std::string_view(text)](std::string_view detector, std::size_t start, std::size_t,
                                                            bool kept, std::string_view why) {
    const Place place = place_of(text, start);
    std::printf("%s:%zu:%zu  %s  %s  %s\n", printable(name, 400).c_str(), place.line, place.column,
                kept ? green("kept   ").c_str() : dim("dropped").c_str(), std::string(detector).c_str(),
                std::string(why).c_str());
  });
}

int Scan::files(const std::vector<std::string>& paths) {
  if (common_.json) json_.begin_object().key("findings").begin_array();
  for (const std::string& path : paths) {
    auto text = read_input(path);
    if (!text) return fail(common_, exit_code_of(text.error()), text.error().message);
    text->reserve(text->size() + kPaddingBytes);  // its bytes stay where explaining saw them
    if (arguments_.explain && !common_.json) explain(path, *text);
    const std::vector<content::Finding> found = find(*text);
    print(path == "-" ? "standard input" : path, *text, found);
  }
  return end();
}

int Scan::staged() {
  const auto changes = staged_changes();
  if (!changes) return fail(common_, kFailed, changes.error().message);
  if (common_.json) json_.begin_object().key("findings").begin_array();
  for (const StagedFile& change : *changes) {
    std::string text = change.text;
    std::vector<content::Finding> found = find(text);
    // Only what this commit brings in: the rest was there before, and a commit cannot take it back.
    std::erase_if(found, [&](const auto& finding) {
      return finding.is_document || !change.adds_line(place_of(text, finding.start).line);
    });
    print(change.path, text, found);
  }
  return end();
}

Result<std::string> Scan::redact(std::string& text, const content::Vault::Session& session) {
  std::vector<content::Replacement> replacements;
  for (const content::Finding& finding : find(text)) {
    if (finding.is_document) continue;
    replacements.push_back(
        {finding.start, finding.end, arguments_.with, finding.detector->class_name, finding.detector->id});
  }
  if (!complete_) {
    return Error{ErrorCode::kUnavailable, "not everything could be looked at: " + incomplete_reason_};
  }
  return content::redact(text, {{0, text.size(), TextForm::kPlain, TextOrigin::kUser}}, replacements, session);
}

/// The vault that redacting and restoring share between runs of the command.
int redact_or_restore(const Common& common, const ScanArguments& arguments) {
  auto text = read_input(arguments.files.empty() ? "-" : arguments.files.front());
  if (!text) return fail(common, exit_code_of(text.error()), text.error().message);
  const auto data = data_directory(common);
  if (!data) return fail(common, exit_code_of(data.error()), data.error().message);
  auto store = open_store(common, true);
  if (!store) return fail(common, kFailed, store.error().message);
  const auto key = vault_key(*data);
  if (!key) return fail(common, kFailed, key.error().message);
  content::Vault::Options options;
  options.key = *key;
  options.store = &(*store)->placeholders();
  content::Vault vault(std::move(options));
  const content::Vault::Session session = vault.session("scan", arguments.session);
  std::string out;
  if (arguments.restore) {
    content::Restorer restorer(session, content::Restorer::Writing::kPlain);
    Result<void> done = restorer.feed(*text, out);
    if (done) done = restorer.end(out);
    if (!done) return fail(common, kAnswerIsNo, done.error().message);
  } else {
    auto detectors = open_detectors(common, arguments.detectors);
    if (!detectors) return fail(common, exit_code_of(detectors.error()), detectors.error().message);
    Scan scan(common, arguments, *detectors);
    auto redacted = scan.redact(*text, session);
    if (!redacted) return fail(common, kFailed, redacted.error().message);
    out = *std::move(redacted);
    // Before anybody sees a placeholder, its value must be where it can be found again.
    if (auto kept = vault.flush(); !kept) return fail(common, kFailed, kept.error().message);
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
  return std::fflush(stdout) == 0 ? kDone : kFailed;
}

}  // namespace

int scan_command(const Common& common, const ScanArguments& arguments) {
  if (arguments.redact && arguments.restore) return fail(common, kWrongUse, "choose --redact or --restore");
  if (arguments.redact || arguments.restore) return redact_or_restore(common, arguments);
  auto detectors = open_detectors(common, arguments.detectors);
  if (!detectors) return fail(common, exit_code_of(detectors.error()), detectors.error().message);
  Scan scan(common, arguments, *detectors);
  if (arguments.lines) return scan.lines();
  if (arguments.staged) return scan.staged();
  return scan.files(arguments.files.empty() ? std::vector<std::string>{"-"} : arguments.files);
}

}  // namespace reeve::app
