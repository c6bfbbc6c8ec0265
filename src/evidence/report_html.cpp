// The report for people: one page without scripts and without requests, to be read, printed or kept as PDF.

#include <array>

#include "core/bytes.h"
#include "core/json.h"
#include "evidence/evidence.h"
#include "evidence/state_text.h"

namespace reeve::evidence {

namespace {

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Evidence report</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; --line: #c8ccd2; --soft: #f1f3f5; --full: #1f7a43; --part: #856200; --none: #5f6873;
 --gap: #b3413a; --text: #16191d; --page: #fff }
@media screen and (prefers-color-scheme: dark) { :root { --line: #444b55; --soft: #20252b; --full: #4cb577;
 --part: #d9ab2b; --none: #8d96a1; --gap: #e5766e; --text: #e6e9ed; --page: #14171b } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); max-width: 66rem;
 margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 1.4rem; table-layout: auto }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border-bottom: 1px solid var(--line);
 overflow-wrap: anywhere }
th { background: var(--soft); overflow-wrap: normal } td:nth-child(3) { overflow-wrap: normal }
td.n { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal }
.stream { white-space: nowrap } code, .i { font: .85em ui-monospace, monospace; overflow-wrap: anywhere } .soft
{ color: var(--none) }
.evidenced { color: var(--full) } .partly { color: var(--part) } .gap { color: var(--gap) } .none { color:
var(--none) }
td.s { white-space: nowrap } .how { border: 1px solid var(--line); border-radius: 6px; padding: .4rem 1rem;
margin: 1.2rem 0 }
.how p { margin: .5rem 0 } b.x { color: var(--gap) } svg { width: 100%; height: 1.2rem; border-radius: 4px } dl
{ display: grid;
 grid-template-columns: max-content 1fr; gap: .15rem 1rem } dd { margin: 0; overflow-wrap: anywhere }
@page { size: A4; margin: 16mm 14mm }
@media print { body { font-size: 9.5pt; max-width: none; margin: 0; padding: 0 } h2 { break-before: page }
 h2.first { break-before: auto } tr, h3, dl { break-inside: avoid } h3 { break-after: avoid } thead {
 display: table-header-group } * { print-color-adjust: exact } }
</style></head><body>
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string number(std::uint64_t value) { return std::to_string(value); }

/// "1,000,000": for amounts. Indexes are names and stay as they are.
std::string amount(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

/// "2026-11-23 02:44:12 UTC".
std::string moment(Instant time) {
  std::string text = format_time(time).substr(0, std::string_view("2026-11-23T02:44:12").size());
  text[10] = ' ';
  return text + " UTC";
}

/// Runs of indexes, "7–9, 12"; the first few where there are many.
std::string runs_text(const IndexSet& set) {
  constexpr std::size_t kShown = 12;
  std::string out;
  std::size_t shown = 0;
  for (const IndexSet::Run& run : set.runs()) {
    if (shown++ == kShown) return out + ", … (all in report.json)";
    out += (out.empty() ? "" : ", ") + number(run.first);
    if (run.count > 1) out += "–" + number(run.first + run.count - 1);
  }
  return out;
}

/// A bar of what controls came to.
std::string bar(const Coverage& coverage) {
  struct Part {
    std::size_t count;
    const char* color;
    const char* text;
  };
  const std::array<Part, 4> parts{{{coverage.evidenced, "--full", "evidenced"},
                                   {coverage.partly, "--part", "partly"},
                                   {coverage.no_entries, "--none", "no entries"},
                                   {coverage.gap, "--gap", "gap"}}};
  std::string out = "<svg viewBox=\"0 0 " + number(std::max<std::size_t>(coverage.controls, 1)) +
                    " 1\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"";
  for (const Part& part : parts) out += number(part.count) + " " + part.text + "; ";
  out += "\">";
  std::size_t at = 0;
  for (const Part& part : parts) {
    if (part.count == 0) continue;
    out += "<rect x=\"" + number(at) + "\" width=\"" + number(part.count) + "\" height=\"1\" style=\"fill:var(" +
           part.color + ")\"><title>" + number(part.count) + " " + part.text + "</title></rect>";
    at += part.count;
  }
  return out + "</svg>\n";
}

std::string coverage_text(const Coverage& coverage) {
  return "<p>" + number(coverage.controls) + " controls: <b class=\"evidenced\">" + number(coverage.evidenced) +
         " evidenced</b> in all their streams (" + number(coverage.direct) + " directly), <b class=\"partly\">" +
         number(coverage.partly) + " partly</b>, <b class=\"none\">" + number(coverage.no_entries) +
         " without entries</b> in the period, <b class=\"gap\">" + number(coverage.gap) +
         " gaps</b>, of which Reeve has no records.</p>\n" + bar(coverage);
}

void row(std::string& out, std::string_view name, std::string_view text) {
  out += "<dt>" + std::string(name) + "</dt><dd>" + std::string(text) + "</dd>\n";
}

/// For who sees such a report for the first time: what the words mean, and how to check it.
void write_how(std::string& out, const Assessment& assessment) {
  out +=
      R"(<div class="how"><p><b>How to read it.</b> A control names streams of evidence; entries of the log feed them.
<b class="evidenced">Evidenced</b>: every stream of the control has entries in the period.
<b class="partly">Partly</b>: some have. <b class="none">No entries</b>: such things are recorded, but none were.
<b class="gap">Gap</b>: Reeve has no records of this kind; bring them from elsewhere. Before a stream, ✓ means
entries, ○
none, ✗ a gap. <i>Direct</i>, <i>supporting</i> and <i>partial</i> say how much the evidence bears on the control. An
exception is an entry that somebody should look at. Figures say what was recorded; whether a control works is for the
reader to judge.</p>
<p><b>How to check it.</b> Open verify.html beside this page and drop the whole folder on it, with the log's verifier
key got by another way than the folder. )";
  out += assessment.whole ? "The pack holds every entry of the period, so each figure is counted again.</p></div>\n"
                          : "The period has too many entries for the pack: it holds samples and exceptions, and of all "
                            "others the indexes that the log can be asked for.</p></div>\n";
}

void write_summary(std::string& out, const Assessment& assessment) {
  const Question& question = assessment.question;
  std::string titles;
  for (const Framework* one : assessment.frameworks) titles += (titles.empty() ? "" : "; ") + escaped(one->title);
  out += "<h1>Evidence report</h1>\n<dl>\n";
  row(out, "Frameworks", titles);
  row(out, "Period", "from " + moment(question.from) + " to before " + moment(question.until));
  row(out, "Made", moment(question.now) + " by " + escaped(question.by));
  row(out, "Log",
      "<code>" + escaped(assessment.checkpoint.origin) + "</code>, " + amount(assessment.checkpoint.size) +
          " entries signed");
  row(out, "Root", "<code>" + to_base64(as_bytes(assessment.checkpoint.root)) + "</code>");
  row(out, "Entries",
      amount(assessment.period.count()) + " in the period, <span class=\"i\">" + runs_text(assessment.period) +
          "</span>");
  if (assessment.not_signed > 0) row(out, "Not counted", amount(assessment.not_signed) + " entries, not signed yet");
  row(out, "Samples", escaped(kSamplingRule));
  out += "</dl>\n";
  write_how(out, assessment);
  // Of one framework the same stands below its title.
  if (assessment.frameworks.size() > 1) out += coverage_text(coverage_of(assessment));
}

void write_down(std::string& out, const Assessment& assessment) {
  out += "<h3>Times without a full record</h3>\n";
  if (assessment.down.empty()) {
    out += "<p>The ledger tells of none in the period.</p>\n";
    return;
  }
  out += "<table><thead><tr><th>From</th><th>Until</th><th>Cause</th><th>Entry</th></tr></thead><tbody>\n";
  for (const DownSpan& span : assessment.down) {
    out += "<tr><td>" + moment(span.from) + "</td><td>" + moment(span.until) + "</td><td>" + std::string(span.cause) +
           (span.lost > 0 ? ", " + amount(static_cast<std::uint64_t>(span.lost)) + " records" : std::string()) +
           "</td><td class=\"n\">" + number(span.index) + "</td></tr>\n";
  }
  out += "</tbody></table>\n";
}

/// With a mark, because colours alone say nothing to some, and on some paper.
std::string names_text(const std::vector<std::string_view>& names, std::string_view look, const char* mark) {
  std::string out;
  for (const std::string_view name : names) {
    out += std::string("<span class=\"stream\">") + mark + " <a class=\"" + std::string(look) + "\" href=\"#" +
           escaped(name) + "\">" + escaped(name) + "</a></span> ";
  }
  return out;
}

void write_framework(std::string& out, const Assessment& assessment, const Framework& framework, bool first) {
  out += "<h2" + std::string(first ? " class=\"first\"" : "") + ">" + escaped(framework.title) + "</h2>\n";
  out += "<p class=\"soft\">Mapping last compared with its source on " + escaped(framework.checked_on) + ".";
  if (!framework.part_of.empty()) {
    out += " A profile of " + escaped(framework.part_of) + ": where both are reported, only that one counts in totals.";
  }
  out += "</p>\n" + coverage_text(coverage_of(assessment, framework));
  for (const LegalDate& date : framework.dates) {
    out += "<p>From " + format_time(date.from).substr(0, 10) +
           (date.from < assessment.question.until ? " (in force): " : " (not yet): ") + escaped(date.what) +
           (date.note.empty() ? "" : " <b class=\"x\">" + escaped(date.note) + "</b>") + "</p>\n";
  }
  out +=
      "<table><thead><tr><th>Control</th><th>About</th><th>State</th><th>Entries</th><th>Exceptions</th>"
      "<th>Streams</th></tr></thead><tbody>\n";
  for (const Control& control : framework.controls) {
    const ControlState state = state_of(assessment, framework, control);
    const std::string look(state.name == "no entries" ? "none" : state.name);
    out += "<tr><td>" + escaped(control.id) + "</td><td>" + escaped(control.title) + " <span class=\"soft\">" +
           escaped(control.strength) + (state.applies ? "" : "; does not apply yet") + "</span></td><td class=\"s " +
           look + "\">" + std::string(state.name) + "</td><td class=\"n\">" + amount(state.entries.count()) +
           "</td><td class=\"n\">" + amount(state.exceptions) + "</td><td>" +
           names_text(state.with_entries, "evidenced", "✓") + names_text(state.without_entries, "none", "○") +
           names_text(state.gaps, "gap", "✗") + "</td></tr>\n";
  }
  out += "</tbody></table>\n";
}

void write_samples(std::string& out, const std::vector<Sample>& samples, const Stream& stream) {
  for (const Sample& sample : samples) {
    const auto document = JsonDocument::parse(sample.entry);
    if (!document) continue;
    const JsonValue entry = document->root();
    out += "<tr><td class=\"n\">" + number(sample.index) + "</td><td>" + escaped(entry["time"].string_or("")) +
           "</td><td>" + escaped(entry["kind"].string_or("")) + "</td><td>";
    for (const std::string& path : stream.sample) {
      const JsonValue value = entry.at(path);
      if (!value.present() || path == "kind") continue;
      out += "<span class=\"soft\">" + escaped(path) + "</span> <code>" +
             escaped(value.as_string() ? std::string(*value.as_string()) : value.to_json()) + "</code> ";
    }
    out += "</td></tr>\n";
  }
}

void write_stream(std::string& out, const Assessment& assessment, const StreamFound& found) {
  const Stream& stream = *found.stream;
  out += "<h3 id=\"" + escaped(stream.name) + "\">" + escaped(stream.name) + "</h3>\n<p>" + escaped(stream.text) +
         "</p>\n";
  if (!stream.gap.empty()) {
    out += "<p class=\"gap\">Gap: " + escaped(stream.gap) + ". Nothing here counts as evidence.</p>\n";
    return;
  }
  if (stream.proofs) {
    out +=
        "<p>The checkpoint and the proofs in this pack, over " + amount(assessment.period.count()) + " entries.</p>\n";
    return;
  }
  out += "<table><thead><tr><th>Count</th><th>Number</th><th>Leaf indexes</th></tr></thead><tbody>\n";
  out += "<tr><td>all entries of the stream</td><td class=\"n\">" + amount(found.entries.count()) +
         "</td><td class=\"i\">" + runs_text(found.entries) + "</td></tr>\n";
  for (const FigureFound& figure : found.figures) {
    const bool look = figure.figure->exception && figure.entries.count() > 0;
    out += "<tr><td>" + std::string(look ? "<b class=\"x\">" : "") + escaped(figure.figure->text) +
           (look ? "</b>" : "") + "</td><td class=\"n\">" + amount(figure.entries.count()) + "</td><td class=\"i\">" +
           runs_text(figure.entries) + "</td></tr>\n";
  }
  out += "</tbody></table>\n";
  if (found.samples.empty()) return;
  out += "<table><thead><tr><th>Sample</th><th>Time</th><th>Kind</th><th>Shows</th></tr></thead><tbody>\n";
  write_samples(out, found.samples, stream);
  out += "</tbody></table>\n";
  for (const FigureFound& figure : found.figures) {
    if (figure.samples.empty()) continue;
    out += "<table><thead><tr><th>Exception</th><th>Time</th><th>Kind</th><th>" + escaped(figure.figure->text) +
           "</th></tr></thead><tbody>\n";
    write_samples(out, figure.samples, stream);
    out += "</tbody></table>\n";
  }
}

}  // namespace

std::string report_html(const Assessment& assessment) {
  std::string out(kHead);
  write_summary(out, assessment);
  write_down(out, assessment);
  bool first = true;
  for (const Framework* framework : assessment.frameworks) {
    write_framework(out, assessment, *framework, first);
    first = false;
  }
  out += "<h2>Streams of evidence</h2>\n";
  for (const auto& [name, found] : assessment.streams) write_stream(out, assessment, found);
  return out + "</body></html>\n";
}

}  // namespace reeve::evidence
