#include <optional>

#include "core/bytes.h"
#include "core/json.h"
#include "evidence/evidence.h"
#include "evidence/state_text.h"

namespace reeve::evidence {

namespace {

/// `"count":3,"ranges":[[7,2],[12,1]]`: first index and length of each run.
void write_set(JsonWriter& json, const IndexSet& set) {
  json.member("count", set.count()).key("ranges").begin_array();
  for (const IndexSet::Run& run : set.runs()) json.begin_array().value(run.first).value(run.count).end_array();
  json.end_array();
}

void write_samples(JsonWriter& json, const std::vector<Sample>& samples, const Stream& stream) {
  json.key("samples").begin_array();
  for (const Sample& sample : samples) {
    const auto document = JsonDocument::parse(sample.entry);
    if (!document) continue;
    const JsonValue entry = document->root();
    json.begin_object().member("index", sample.index).member("time", entry["time"].string_or(""));
    json.member("kind", entry["kind"].string_or("")).key("shows").begin_object();
    for (const std::string& path : stream.sample) {
      const JsonValue value = entry.at(path);
      if (value.present() && path != "kind") json.key(path).raw(value.to_json());
    }
    json.end_object().end_object();
  }
  json.end_array();
}

void write_conditions(JsonWriter& json, const std::vector<Condition>& conditions) {
  json.key("conditions").begin_array();
  for (const Condition& condition : conditions) json.value(condition.text);
  json.end_array();
}

void write_stream(JsonWriter& json, const Assessment& assessment, const StreamFound& found) {
  const Stream& stream = *found.stream;
  json.begin_object().member("name", stream.name).member("text", stream.text);
  json.member("state", stream_state(assessment, found)).member_if("gap", stream.gap);
  if (stream.gap.empty() && !stream.proofs) {
    write_conditions(json, stream.entries);
    json.key("entries").begin_object();
    write_set(json, found.entries);
    json.end_object().key("counts").begin_array();
    for (const FigureFound& figure : found.figures) {
      json.begin_object().member("name", figure.figure->name).member("text", figure.figure->text);
      json.member("when", figure.figure->when.text).member("exception", figure.figure->exception);
      write_set(json, figure.entries);
      if (figure.figure->exception) write_samples(json, figure.samples, stream);
      json.end_object();
    }
    json.end_array();
    write_samples(json, found.samples, stream);
  }
  json.end_object();
}

void write_names(JsonWriter& json, std::string_view key, const std::vector<std::string_view>& names) {
  json.key(key).begin_array();
  for (const std::string_view name : names) json.value(name);
  json.end_array();
}

void write_control(JsonWriter& json, const Assessment& assessment, const Framework& framework, const Control& control) {
  const ControlState state = state_of(assessment, framework, control);
  json.begin_object().member("id", control.id).member("title", control.title);
  json.member("strength", control.strength).member("state", state.name).member("applies", state.applies);
  if (state.date != nullptr) json.member("applies_from", format_time(state.date->from).substr(0, 10));
  write_names(json, "streams_with_entries", state.with_entries);
  write_names(json, "streams_without_entries", state.without_entries);
  write_names(json, "gaps", state.gaps);
  json.key("entries").begin_object();
  write_set(json, state.entries);
  json.end_object().member("exceptions", state.exceptions).end_object();
}

void write_coverage(JsonWriter& json, const Coverage& coverage) {
  const auto number = [&](std::string_view name, std::size_t value) {
    json.member(name, static_cast<std::uint64_t>(value));
  };
  json.key("coverage").begin_object();
  number("controls", coverage.controls);
  number("evidenced", coverage.evidenced);
  number("evidenced_directly", coverage.direct);
  number("partly", coverage.partly);
  number("no_entries", coverage.no_entries);
  number("gap", coverage.gap);
  json.end_object();
}

void write_framework(JsonWriter& json, const Assessment& assessment, const Framework& framework) {
  json.begin_object().member("name", framework.name).member("title", framework.title);
  json.member_if("part_of", framework.part_of).member("checked_on", framework.checked_on);
  json.key("dates").begin_array();
  for (const LegalDate& date : framework.dates) {
    json.begin_object().member("from", format_time(date.from).substr(0, 10)).member("what", date.what);
    json.member("status", date.from < assessment.question.until ? "in force" : "not yet");
    json.member_if("note", date.note).end_object();
  }
  json.end_array();
  write_coverage(json, coverage_of(assessment, framework));
  json.key("controls").begin_array();
  for (const Control& control : framework.controls) write_control(json, assessment, framework, control);
  json.end_array().end_object();
}

void write_down(JsonWriter& json, const std::vector<DownSpan>& spans) {
  json.key("audit_down").begin_array();
  for (const DownSpan& span : spans) {
    json.begin_object().member("from", format_time(span.from)).member("until", format_time(span.until));
    json.member("cause", span.cause).member("index", span.index);
    if (span.lost > 0) json.member("lost", span.lost);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string report_json(const Assessment& assessment) {
  const Question& question = assessment.question;
  JsonWriter json;
  json.begin_object().member("format", "reeve-evidence-report@1").member("made", format_time(question.now));
  json.member("by", question.by).key("period").begin_object().member("from", format_time(question.from));
  json.member("until", format_time(question.until)).end_object();
  json.key("log").begin_object().member("origin", assessment.checkpoint.origin);
  json.member("size", assessment.checkpoint.size).member("root", to_base64(as_bytes(assessment.checkpoint.root)));
  json.end_object().key("entries").begin_object();
  write_set(json, assessment.period);
  json.member("not_signed", assessment.not_signed).member("whole_period_in_pack", assessment.whole).end_object();
  json.key("sampling").begin_object().member("rule", kSamplingRule);
  json.member("size", static_cast<std::uint64_t>(question.samples)).end_object();
  write_down(json, assessment.down);
  write_coverage(json, coverage_of(assessment));
  json.key("frameworks").begin_array();
  for (const Framework* framework : assessment.frameworks) write_framework(json, assessment, *framework);
  json.end_array().key("streams").begin_array();
  for (const auto& [name, found] : assessment.streams) write_stream(json, assessment, found);
  return json.end_array().end_object().take() + "\n";
}

}  // namespace reeve::evidence
