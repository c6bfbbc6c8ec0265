// NIST OSCAL 1.1 assessment results. What fits: each control that has records is an observation with the entries behind
// it. No findings are written: whether an objective is satisfied is for an assessor.

#include "core/bytes.h"
#include "core/json.h"
#include "evidence/evidence.h"

namespace reeve::evidence {

namespace {

/// The same report has the same ids. OSCAL takes UUIDs of version 4 or 5 only: this is a pseudorandom one of version 4,
/// from a hash of what is named.
std::string uuid_of(const Assessment& assessment, std::string_view what) {
  const Sha256 hash = sha256(std::string(as_bytes(assessment.checkpoint.root)) + format_time(assessment.question.now) +
                             "\n" + std::string(what));
  std::string hex = to_hex(as_bytes(hash)).substr(0, 32);
  hex[12] = '4';
  hex[16] = '8';
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
         hex.substr(20);
}

/// OSCAL tokens begin with a letter or underscore and have no spaces.
std::string token(std::string_view id) {
  std::string out = "_";
  for (const char c : id) {
    const bool fits =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-';
    out += fits ? c : '_';
  }
  return out;
}

/// Without a namespace of its own a property's name would be one of OSCAL's.
void write_property(JsonWriter& json, std::string_view name, std::string_view value) {
  json.begin_object().member("name", name).member("ns", "urn:reeve:evidence").member("value", value).end_object();
}

void write_observation(JsonWriter& json, const Assessment& assessment, const Framework& framework,
                       const Control& control) {
  const ControlState state = state_of(assessment, framework, control);
  json.begin_object().member("uuid", uuid_of(assessment, framework.name + "/" + control.id));
  json.member("title", control.id + ": " + control.title);
  json.member("description", "Records that bear on this control: " + std::string(state.name) + ", " +
                                 std::to_string(state.entries.count()) + " entries. report.json has their indexes.");
  json.key("props").begin_array();
  write_property(json, "framework", framework.name);
  write_property(json, "control", control.id);
  write_property(json, "strength", control.strength);
  write_property(json, "entries", std::to_string(state.entries.count()));
  write_property(json, "exceptions", std::to_string(state.exceptions));
  json.end_array().key("methods").begin_array().value("EXAMINE").end_array();
  json.key("types").begin_array().value("control-objective").end_array();
  json.key("relevant-evidence").begin_array().begin_object().member("href", "report.json");
  json.member("description", "The figures, with the leaf index of every entry behind them").end_object();
  json.end_array().member("collected", format_time(assessment.question.now)).end_object();
}

void write_reviewed(JsonWriter& json, const Assessment& assessment) {
  json.key("reviewed-controls").begin_object().key("control-selections").begin_array();
  for (const Framework* framework : assessment.frameworks) {
    json.begin_object().member("description", framework->title).key("include-controls").begin_array();
    for (const Control& control : framework->controls) {
      json.begin_object().member("control-id", token(control.id)).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().end_object();
}

}  // namespace

std::string oscal_json(const Assessment& assessment, std::string_view version) {
  const std::string made = format_time(assessment.question.now);
  JsonWriter json;
  json.begin_object().key("assessment-results").begin_object().member("uuid", uuid_of(assessment, "results"));
  json.key("metadata").begin_object().member("title", "Evidence of AI use under control");
  json.member("last-modified", made).member("version", version).member("oscal-version", "1.1.2").end_object();
  json.key("import-ap").begin_object().member("href", "#" + uuid_of(assessment, "plan")).end_object();
  json.key("results").begin_array().begin_object().member("uuid", uuid_of(assessment, "result"));
  json.member("title", "Records of the log " + assessment.checkpoint.origin);
  json.member("description", "What the signed log has recorded in the period, by control. It is not a judgement.");
  json.member("start", format_time(assessment.question.from)).member("end", format_time(assessment.question.until));
  write_reviewed(json, assessment);
  json.key("observations").begin_array();
  for (const Framework* framework : assessment.frameworks) {
    for (const Control& control : framework->controls) write_observation(json, assessment, *framework, control);
  }
  json.end_array().end_object().end_array();
  json.key("back-matter").begin_object().key("resources").begin_array().begin_object();
  json.member("uuid", uuid_of(assessment, "plan")).member("title", "No plan");
  json.member("description", "These results were made from records alone, without an assessment plan.");
  return json.end_object().end_array().end_object().end_object().end_object().take() + "\n";
}

}  // namespace reeve::evidence
