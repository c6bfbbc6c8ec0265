// Detector documents: read strictly, with complaints that point at the place and name the nearest known word.

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "content/detector.h"
#include "content/finders.h"
#include "content/normalise.h"
#include "core/bytes.h"
#include "core/nearest.h"

namespace reeve::content {

namespace {

constexpr std::size_t kTextBytesMax = 2000;
constexpr std::size_t kPatternBytesMax = 4000;
constexpr std::size_t kListMax = 500;
constexpr std::uint32_t kWithinMax = 4000;

std::string in_quotes(std::string_view text) { return "'" + printable(text, 60) + "'"; }

std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& names) {
  const std::string_view nearest = nearest_name(wrong, names);
  return nearest.empty() ? std::string() : "; did you mean " + in_quotes(nearest) + "?";
}

bool is_plain_name(std::string_view text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

class Reader {
 public:
  Reader(const YamlValue& document, std::vector<Diagnostic>& complaints)
      : document_(document), complaints_(complaints) {}

  bool failed() const { return failed_; }

  void complain(const YamlValue& at, std::string message) {
    failed_ = true;
    complaints_.push_back(at.complain(std::move(message)));
  }

  void refuse_unknown(const YamlValue& mapping, std::initializer_list<std::string_view> known) {
    const std::size_t before = complaints_.size();
    mapping.refuse_unknown_keys(known, complaints_);
    failed_ = failed_ || complaints_.size() > before;
  }

  std::string needed(std::string_view key, std::string_view example) {
    const YamlValue* value = document_.find(key);
    if (value == nullptr || !value->is_scalar() || trim(value->text()).empty()) {
      complain(value == nullptr ? document_ : *value,
               in_quotes(key) + " is missing; write it as " + in_quotes(example));
      return {};
    }
    if (value->text().size() > kTextBytesMax) complain(*value, in_quotes(key) + " is too long");
    return std::string(trim(value->text()));
  }

  /// A text alone, or a list of texts; none of them empty.
  std::vector<std::string> texts(const YamlValue& mapping, std::string_view key, std::size_t bytes_max) {
    const YamlValue* value = mapping.find(key);
    std::vector<std::string> read;
    if (value == nullptr) return read;
    const auto take = [&](const YamlValue& item) {
      if (!item.is_scalar() || item.text().empty() || item.text().size() > bytes_max) {
        complain(item, in_quotes(key) + " takes texts of 1 to " + std::to_string(bytes_max) + " bytes");
      } else {
        read.push_back(item.text());
      }
    };
    if (value->is_sequence()) {
      if (value->items().size() > kListMax) complain(*value, in_quotes(key) + " has too many entries");
      for (const YamlValue& item : value->items()) take(item);
    } else {
      take(*value);
    }
    return read;
  }

  double fraction(std::string_view key, double otherwise) {
    const YamlValue* value = document_.find(key);
    if (value == nullptr) return otherwise;
    double number = -1;
    const std::string& text = value->text();
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (!value->is_scalar() || read.ec != std::errc() || read.ptr != text.data() + text.size() || number < 0 ||
        number > 1) {
      complain(*value, in_quotes(key) + " must be a number from 0 to 1");
      return otherwise;
    }
    return number;
  }

  std::uint32_t count(const YamlValue& value, std::string_view what, std::uint32_t max) {
    const auto number = value.as_int();
    if (!number || *number < 0 || *number > max) {
      complain(value, in_quotes(what) + " must be a whole number from 0 to " + std::to_string(max));
      return 0;
    }
    return static_cast<std::uint32_t>(*number);
  }

  const YamlValue* find(std::string_view key) const { return document_.find(key); }

 private:
  const YamlValue& document_;
  std::vector<Diagnostic>& complaints_;
  bool failed_ = false;
};

void read_names(Reader& reader, const YamlValue& document, Detector& detector) {
  detector.info.id = reader.needed("id", "id: example-token");
  if (!detector.info.id.empty() && !is_plain_name(detector.info.id)) {
    reader.complain(*reader.find("id"), "an id has at most 63 letters a to z, digits and hyphens");
  }
  detector.info.title = reader.needed("title", "title: Example API token");
  detector.info.class_name = reader.needed("class", "class: secret");
  if (!detector.info.class_name.empty() && !is_plain_name(detector.info.class_name)) {
    reader.complain(*reader.find("class"), "a class has at most 63 letters a to z, digits and hyphens");
  }
  detector.info.severity = reader.needed("severity", "severity: high");
  static const std::vector<std::string_view> kSeverities{"low", "medium", "high", "critical"};
  const auto& severity = detector.info.severity;
  if (!severity.empty() && std::find(kSeverities.begin(), kSeverities.end(), severity) == kSeverities.end()) {
    reader.complain(*reader.find("severity"), "severity is low, medium, high or critical, not " + in_quotes(severity) +
                                                  did_you_mean(severity, kSeverities));
  }
  detector.info.labels = reader.texts(document, "labels", 63);
  detector.info.controls = reader.texts(document, "controls", 100);
  detector.info.file = document.file();
  detector.info.line = document.line();
}

/// What proposes values: patterns, or a finder.
void read_source(Reader& reader, const YamlValue& document, Detector& detector) {
  const YamlValue* pattern = reader.find("pattern");
  const YamlValue* patterns = reader.find("patterns");
  const YamlValue* find = reader.find("find");
  const int given = (pattern != nullptr) + (patterns != nullptr) + (find != nullptr);
  if (given != 1) {
    reader.complain(document, "a detector has one of 'pattern', 'patterns' and 'find'");
    return;
  }
  detector.patterns = reader.texts(document, pattern != nullptr ? "pattern" : "patterns", kPatternBytesMax);
  if (find == nullptr) return;
  detector.finder = reader.needed("find", "find: digits");
  static const std::vector<NamedFinder> kFinders = all_finders();
  std::vector<std::string_view> names;
  names.reserve(kFinders.size());
  for (const NamedFinder& finder : kFinders) names.push_back(finder.name);
  if (!detector.finder.empty() && std::find(names.begin(), names.end(), detector.finder) == names.end()) {
    reader.complain(*find, "there is no finder " + in_quotes(detector.finder) + did_you_mean(detector.finder, names));
  }
}

void read_length(Reader& reader, Detector& detector) {
  const YamlValue* length = reader.find("length");
  if (length == nullptr) return;
  if (length->is_sequence() && length->items().size() == 2) {
    detector.length_min = reader.count(length->items()[0], "length", 100'000);
    detector.length_max = reader.count(length->items()[1], "length", 100'000);
  } else {
    detector.length_min = detector.length_max = reader.count(*length, "length", 100'000);
  }
  if (detector.length_max < detector.length_min) {
    reader.complain(*length, "'length' must be a number, or [smallest, largest]");
  }
}

void read_checks(Reader& reader, const YamlValue& document, Detector& detector) {
  static const std::vector<NamedChecker> kCheckers = all_checkers();
  const YamlValue* value = reader.find("check");
  std::size_t index = 0;
  for (const std::string& name : reader.texts(document, "check", 63)) {
    const YamlValue& at = value->is_sequence() ? value->items()[index] : *value;
    ++index;
    if (const NamedChecker* checker = find_checker(name)) {
      detector.checks.push_back(checker->check);
      continue;
    }
    std::vector<std::string_view> names;
    names.reserve(kCheckers.size());
    for (const NamedChecker& checker : kCheckers) names.push_back(checker.name);
    reader.complain(at, "there is no checker " + in_quotes(name) + did_you_mean(name, names));
  }
}

void read_weigher(Reader& reader, Detector& detector) {
  const YamlValue* value = reader.find("weigh");
  if (value == nullptr) return;
  if (const NamedWeigher* weigher = find_weigher(value->text())) {
    detector.weigh = weigher->weigh;
    detector.weigher_reads = weigher->reads;
    if (detector.patterns.empty()) reader.complain(*value, "'weigh' looks around a pattern; there is none");
    return;
  }
  static const std::vector<NamedWeigher> kWeighers = all_weighers();
  std::vector<std::string_view> names;
  names.reserve(kWeighers.size());
  for (const NamedWeigher& weigher : kWeighers) names.push_back(weigher.name);
  reader.complain(*value, "there is no weigher " + in_quotes(value->text()) + did_you_mean(value->text(), names));
}

/// Words as they look in normalised text, in lower case.
std::vector<std::string> read_words(std::vector<std::string> words) {
  for (std::string& word : words) word = to_lower(normalised(word));
  return words;
}

void read_context(Reader& reader, const YamlValue& document, Detector& detector) {
  detector.not_near = read_words(reader.texts(document, "not_near", 100));
  detector.not_values = read_words(reader.texts(document, "not_values", 500));
  const YamlValue* context = reader.find("context");
  if (context == nullptr) return;
  if (!context->is_mapping()) {
    reader.complain(*context, "'context' is a mapping such as {near: [word], within: 60, need: true}");
    return;
  }
  reader.refuse_unknown(*context, {"near", "within", "need"});
  detector.context.near = read_words(reader.texts(*context, "near", 100));
  if (detector.context.near.empty()) reader.complain(*context, "'context' needs words under 'near'");
  if (const YamlValue* within = context->find("within")) {
    detector.context.within = reader.count(*within, "within", kWithinMax);
  }
  if (const YamlValue* need = context->find("need")) {
    const auto flag = need->as_bool();
    if (!flag) reader.complain(*need, "'need' must be true or false");
    detector.context.need = flag.value_or(false);
  }
}

/// Where it is looked for, and what its finder is told.
void read_scope(Reader& reader, const YamlValue& document, Detector& detector) {
  if (const YamlValue* whole = reader.find("whole")) {
    const auto flag = whole->as_bool();
    if (!flag) reader.complain(*whole, "'whole' must be true or false");
    detector.whole = flag.value_or(false);
  }
  detector.with = reader.texts(document, "with", 500);
  std::vector<std::string_view> names;
  names.reserve(kTextOrigins);
  for (std::size_t i = 0; i < kTextOrigins; ++i) names.push_back(text_origin_name(static_cast<TextOrigin>(i)));
  for (const std::string& name : reader.texts(document, "origins", 63)) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      reader.complain(*reader.find("origins"), "there is no origin " + in_quotes(name) + did_you_mean(name, names));
    } else {
      detector.origins |= 1U << static_cast<unsigned>(found - names.begin());
    }
  }
  detector.elsewhere = static_cast<float>(reader.fraction("elsewhere", 0));
  if (const YamlValue* elsewhere = reader.find("elsewhere"); elsewhere != nullptr && detector.origins == 0) {
    reader.complain(*elsewhere, "'elsewhere' needs 'origins'");
  }
}

}  // namespace

std::optional<Detector> read_detector(const YamlValue& document, std::vector<Diagnostic>& complaints) {
  Reader reader(document, complaints);
  reader.refuse_unknown(
      document, {"kind",       "id",     "title",    "class",     "severity",   "pattern",      "patterns",
                 "value",      "find",   "length",   "check",     "rare",       "context",      "not_near",
                 "not_values", "labels", "controls", "examples",  "confidence", "with_context", "counter_examples",
                 "whole",      "with",   "origins",  "elsewhere", "weigh"});
  Detector detector;
  detector.document = &document;
  read_names(reader, document, detector);
  read_source(reader, document, detector);
  read_length(reader, detector);
  read_checks(reader, document, detector);
  read_weigher(reader, detector);
  read_context(reader, document, detector);
  read_scope(reader, document, detector);
  if (const YamlValue* value = reader.find("value")) {
    detector.value_group = static_cast<int>(reader.count(*value, "value", 9));
    if (detector.patterns.empty()) reader.complain(*value, "'value' names a group of a pattern; there is no pattern");
  }
  detector.rare = reader.fraction("rare", 0);
  detector.confidence = static_cast<float>(reader.fraction("confidence", 0.6));
  detector.with_context = static_cast<float>(reader.fraction("with_context", detector.confidence));
  if (detector.with_context < detector.confidence) {
    reader.complain(*reader.find("with_context"), "'with_context' is less than 'confidence': words near by only raise");
  }
  detector.examples = reader.texts(document, "examples", 20'000);
  detector.counter_examples = reader.texts(document, "counter_examples", 20'000);
  if (reader.failed()) return std::nullopt;
  return detector;
}

}  // namespace reeve::content
