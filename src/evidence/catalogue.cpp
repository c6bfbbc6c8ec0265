#include <algorithm>
#include <set>

#include "evidence/evidence.h"

namespace reeve::evidence {

namespace {

class CatalogueReader {
 public:
  CatalogueReader(Catalogue& catalogue, std::vector<Diagnostic>& complaints)
      : catalogue_(catalogue), complaints_(complaints) {}

  void read_stream(const YamlValue& document) {
    document.refuse_unknown_keys({"kind", "name", "text", "gap", "proofs", "entries", "counts", "sample"}, complaints_);
    Stream stream;
    stream.name = text(document, "name");
    stream.text = text(document, "text");
    if (document.find("gap") != nullptr) stream.gap = text(document, "gap");
    if (const YamlValue* proofs = document.find("proofs")) stream.proofs = proofs->as_bool().value_or(false);
    for (const YamlValue& one : list(document, "entries")) {
      if (auto condition = compiled(one)) stream.entries.push_back(*std::move(condition));
    }
    for (const YamlValue& one : list(document, "counts")) read_figure(one, stream);
    for (const YamlValue& one : list(document, "sample")) stream.sample.push_back(one.text());
    const int sources = (stream.gap.empty() ? 0 : 1) + (stream.proofs ? 1 : 0) + (stream.entries.empty() ? 0 : 1);
    if (sources != 1) complain(document, "a stream has either 'entries', or a 'gap', or 'proofs: true'");
    if (!catalogue_.streams.emplace(stream.name, stream).second) {
      complain(document, "there is already a stream '" + stream.name + "'");
    }
  }

  void read_framework(const YamlValue& document) {
    document.refuse_unknown_keys({"kind", "name", "title", "part_of", "checked_on", "dates", "retention", "controls"},
                                 complaints_);
    Framework framework;
    framework.name = text(document, "name");
    framework.title = text(document, "title");
    if (document.find("part_of") != nullptr) framework.part_of = text(document, "part_of");
    framework.checked_on = text(document, "checked_on");
    for (const YamlValue& one : list(document, "dates")) read_date(one, framework);
    for (const YamlValue& one : list(document, "controls")) read_control(one, framework);
    for (const YamlValue& one : list(document, "retention")) read_duty(one, framework);
    if (framework.controls.empty()) complain(document, "a framework has at least one of 'controls'");
    if (catalogue_.find(framework.name) != nullptr) {
      complain(document, "there is already a framework '" + framework.name + "'");
    }
    catalogue_.frameworks.push_back(std::move(framework));
  }

 private:
  void complain(const YamlValue& value, std::string message) {
    complaints_.push_back(value.complain(std::move(message)));
  }

  std::string text(const YamlValue& mapping, std::string_view key) {
    const YamlValue* value = mapping.find(key);
    if (value != nullptr && value->is_scalar() && !value->text().empty()) return value->text();
    complain(value != nullptr ? *value : mapping, "'" + std::string(key) + "' must be a text");
    return {};
  }

  std::span<const YamlValue> list(const YamlValue& mapping, std::string_view key) {
    const YamlValue* value = mapping.find(key);
    if (value == nullptr) return {};
    if (!value->is_sequence()) complain(*value, "'" + std::string(key) + "' must be a list");
    return value->items();
  }

  std::optional<Condition> compiled(const YamlValue& value) {
    auto filter = ledger::EntryFilter::compile(value.text());
    if (filter) return Condition{value.text(), *std::move(filter)};
    complain(value, "condition: " + filter.error().message);
    return std::nullopt;
  }

  void read_figure(const YamlValue& value, Stream& stream) {
    value.refuse_unknown_keys({"name", "text", "when", "exception"}, complaints_);
    const YamlValue* when = value.find("when");
    if (when == nullptr) return complain(value, "a count needs 'when'");
    auto condition = compiled(*when);
    if (!condition) return;
    const YamlValue* exception = value.find("exception");
    const bool marked = exception != nullptr && exception->as_bool().value_or(false);
    stream.figures.push_back({text(value, "name"), text(value, "text"), *std::move(condition), marked});
  }

  void read_date(const YamlValue& value, Framework& framework) {
    value.refuse_unknown_keys({"from", "what", "note", "controls"}, complaints_);
    const auto from = parse_time(text(value, "from"));
    if (!from) return complain(value, "'from': " + from.error().message);
    LegalDate date{*from, text(value, "what"), {}, {}};
    if (value.find("note") != nullptr) date.note = text(value, "note");
    for (const YamlValue& one : list(value, "controls")) date.controls.push_back(one.text());
    framework.dates.push_back(std::move(date));
  }

  void read_duty(const YamlValue& value, Framework& framework) {
    value.refuse_unknown_keys({"control", "period", "of", "except", "what", "note"}, complaints_);
    RetentionDuty duty;
    duty.control = text(value, "control");
    duty.what = text(value, "what");
    if (value.find("note") != nullptr) duty.note = text(value, "note");
    const auto& controls = framework.controls;
    if (std::ranges::none_of(controls, [&](const Control& one) { return one.id == duty.control; })) {
      complain(value, "there is no control '" + duty.control + "' in this framework");
    }
    const auto period = parse_duration(text(value, "period"));
    if (!period) return complain(value, "'period': " + period.error().message);
    duty.period = *period;
    for (const YamlValue& one : list(value, "of")) {
      if (one.text() == "content") duty.content = true;
      if (one.text() != "content" && one.text() != "entries") complain(one, "'of' lists entries, content or both");
    }
    for (const YamlValue& one : list(value, "except")) duty.except.push_back(one.text());
    framework.retention.push_back(std::move(duty));
  }

  void read_control(const YamlValue& value, Framework& framework) {
    value.refuse_unknown_keys({"id", "title", "strength", "streams"}, complaints_);
    Control control{text(value, "id"), text(value, "title"), text(value, "strength"), {}};
    static const std::set<std::string> strengths{"direct", "supporting", "partial"};
    if (!strengths.contains(control.strength)) complain(value, "'strength' is direct, supporting or partial");
    for (const YamlValue& one : list(value, "streams")) {
      if (!catalogue_.streams.contains(one.text())) complain(one, "there is no EvidenceStream '" + one.text() + "'");
      control.streams.push_back(one.text());
    }
    if (control.streams.empty()) complain(value, "a control needs 'streams'");
    framework.controls.push_back(std::move(control));
  }

  Catalogue& catalogue_;
  std::vector<Diagnostic>& complaints_;
};

bool is_of_kind(const YamlValue& document, std::string_view wanted) {
  const YamlValue* kind = document.find("kind");
  return kind != nullptr && kind->text() == wanted;
}

}  // namespace

const Framework* Catalogue::find(std::string_view name) const {
  const auto found = std::find_if(frameworks.begin(), frameworks.end(),
                                  [&](const Framework& framework) { return framework.name == name; });
  return found == frameworks.end() ? nullptr : &*found;
}

Catalogue read_catalogue(std::span<const YamlValue> documents, std::vector<Diagnostic>& complaints) {
  Catalogue catalogue;
  CatalogueReader reader(catalogue, complaints);
  for (const YamlValue& document : documents) {
    if (is_of_kind(document, "EvidenceStream")) reader.read_stream(document);
  }
  // Controls name streams.
  for (const YamlValue& document : documents) {
    if (is_of_kind(document, "ControlFramework")) reader.read_framework(document);
  }
  return catalogue;
}

}  // namespace reeve::evidence
