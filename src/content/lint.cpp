// The linter of detectors: whether each finds what it says, leaves what it should leave, and what it costs.

#include <algorithm>
#include <cmath>
#include <ctime>

#include "content/content.h"
#include "content/detector_set.h"
#include "content/first_stage.h"
#include "content/lint_sample.h"
#include "content/normalise.h"
#include "core/bytes.h"

namespace reeve::content {

namespace {

constexpr float kFound = 0.5F;  // what `reeve scan` shows
constexpr std::size_t kCleanBytes = 256UL << 10U, kHostileBytes = 32UL << 10U;

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string number(double value) { return std::to_string(std::lround(value)); }

const YamlValue& place_of(const YamlValue& document, std::string_view key, std::size_t index) {
  const YamlValue* value = document.find(key);
  if (value == nullptr) return document;  // NOLINT(bugprone-return-const-ref-from-parameter): the caller's own
  return value->is_sequence() && index < value->items().size() ? value->items()[index] : *value;
}

class Linter {
 public:
  Linter(const LintOptions& options, std::vector<Diagnostic>& complaints) : options_(options), complaints_(complaints) {
    if (!options.measure) return;
    clean_ = clean_sample(kCleanBytes);
    hostile_ = hostile_samples(kHostileBytes);
    clean_.append(Buffer::kPadding, '\0');
    for (std::string& text : hostile_) text.append(Buffer::kPadding, '\0');
  }

  /// One detector by itself.
  void lint_alone(const YamlValue& document) {
    const auto built = DetectorSet::build({document}, {}, complaints_);
    if (built == nullptr || built->detectors().empty()) return;
    const Detector& detector = built->detectors()[0];
    if (detector.finder.starts_with("registered-")) return;  // finds nothing without registered data
    if (detector.examples.empty())
      warn(document, detector.info.id + " has no examples: nobody will notice when it stops finding anything");
    for (std::size_t i = 0; i < detector.examples.size(); ++i) {
      if (!finds(*built, detector.examples[i])) {
        complain(place_of(document, "examples", i), detector.info.id + " does not find this example");
      }
    }
    for (std::size_t i = 0; i < detector.counter_examples.size(); ++i) {
      if (finds(*built, detector.counter_examples[i])) {
        complain(place_of(document, "counter_examples", i), detector.info.id + " finds this counter-example");
      }
    }
    if (options_.measure) measure(*built, document);
  }

  /// Examples that a detector of another class claims.
  void lint_together(const std::vector<YamlValue>& documents) {
    std::vector<Diagnostic> known;  // said already, one by one
    const auto set = DetectorSet::build(documents, {}, known);
    if (set == nullptr) {
      if (!has_errors(complaints_)) complaints_.insert(complaints_.end(), known.begin(), known.end());
      return;
    }
    std::size_t index = 0;
    for (const YamlValue& document : documents) {
      const YamlValue* kind = document.find("kind");
      if (kind == nullptr || kind->text() != "Detector") continue;
      const Detector& detector = set->detectors()[index++];
      for (std::size_t i = 0; i < detector.examples.size(); ++i) {
        check_conflict(*set, detector, detector.examples[i], place_of(document, "examples", i));
      }
    }
  }

  std::vector<DetectorCost> costs;

 private:
  void complain(const YamlValue& at, std::string message) { complaints_.push_back(at.complain(std::move(message))); }
  void warn(const YamlValue& at, std::string message) {
    complaints_.push_back(at.complain(std::move(message), Diagnostic::Severity::kWarning));
  }

  const Report& scan(const DetectorSet& set, std::string_view text) {
    TextOrigin origin = TextOrigin::kUser;
    const std::uint32_t origins = set.detectors().size() == 1 ? set.detectors()[0].origins : 0;
    for (std::size_t i = 0; i < kTextOrigins && origins != 0; ++i) {
      if ((origins & (1U << i)) != 0) origin = static_cast<TextOrigin>(i);
    }
    const BodyText part{0, text.size(), TextForm::kPlain, origin};
    return scanner_.scan(set, text, std::span(&part, 1));
  }

  bool finds(const DetectorSet& set, std::string_view text) {
    const auto& findings = scan(set, text).findings;
    return std::any_of(findings.begin(), findings.end(), [](const Finding& f) { return f.confidence >= kFound; });
  }

  void check_conflict(const DetectorSet& set, const Detector& detector, std::string_view example,
                      const YamlValue& place) {
    const Finding* other = nullptr;
    for (const Finding& finding : scan(set, example).findings) {
      if (finding.confidence < kFound || finding.is_document) continue;
      if (finding.detector->class_name == detector.info.class_name) return;
      other = &finding;
    }
    if (other == nullptr) return;
    warn(place, "in this example of " + detector.info.id + " the detector " + other->detector->id + " of class " +
                    other->detector->class_name + " is surer");
  }

  double nanoseconds_per_kib(const DetectorSet& set, FirstStage& first, std::string_view text) {
    text.remove_suffix(Buffer::kPadding);
    constexpr int kRounds = 3;
    double best = 1e9;
    // What all detectors share is not this one's cost.
    masks_.compute(text);
    decode_masks_.compute(text);
    first.long_words.clear();
    first.long_words.collect(text, masks_, decode_masks_);
    for (int round = 0; round < kRounds; ++round) {
      const double start = thread_seconds();
      first.look(set, text);
      first.look_at_words(set);
      if (!set.finders().empty()) {
        candidates_.clear();
        for (const auto& finder : set.finders()) finder->find({text, masks_, TextOrigin::kUser}, candidates_);
      }
      best = std::min(best, thread_seconds() - start);
    }
    return best * 1e9 / (static_cast<double>(text.size()) / 1024);
  }

  void measure(const DetectorSet& set, const YamlValue& document) {
    FirstStage first(set);
    DetectorCost cost;
    cost.id = set.list()[0].id;
    cost.clean_ns_per_kib = nanoseconds_per_kib(set, first, clean_);
    cost.matches_per_mib = static_cast<double>(first.texts.hits.size() + first.texts.runs().size() +
                                               first.words.hits.size() + first.words.runs().size()) *
                           (1UL << 20U) / kCleanBytes;
    for (const std::string& text : hostile_) {
      cost.hostile_ns_per_kib = std::max(cost.hostile_ns_per_kib, nanoseconds_per_kib(set, first, text));
    }
    // A finder serves all its detectors in one walk: by itself it is allowed what they may cost together.
    const bool finder = !set.finders().empty();
    // What looking for any literal costs is shared, too; only a pattern without one slows each text by itself.
    const bool without_literal =
        !set.text_patterns().patterns_without().empty() || !set.word_patterns().patterns_without().empty();
    if (without_literal && cost.clean_ns_per_kib > options_.clean_ns_per_kib_max) {
      warn(document, cost.id + " costs " + number(cost.clean_ns_per_kib) + " ns per KiB of clean text; at most " +
                         number(options_.clean_ns_per_kib_max) +
                         ": give the pattern fixed characters that are rare in text");
    }
    if (!finder && cost.hostile_ns_per_kib > options_.hostile_ns_per_kib_max) {
      warn(document, cost.id + " costs " + number(cost.hostile_ns_per_kib) + " ns per KiB of hostile text; at most " +
                         number(options_.hostile_ns_per_kib_max) + ": bound its repeats");
    }
    if (cost.matches_per_mib > options_.matches_per_mib_max) {
      warn(document, cost.id + "'s pattern fits " + number(cost.matches_per_mib) + " times in a MiB of clean text");
    }
    costs.push_back(std::move(cost));
  }

  const LintOptions& options_;
  std::vector<Diagnostic>& complaints_;
  std::string clean_;
  std::vector<std::string> hostile_;
  Scanner scanner_;
  TextMasks masks_;
  DecodeMasks decode_masks_;
  std::vector<Candidate> candidates_;
};

}  // namespace

std::vector<DetectorCost> lint_detectors(const std::vector<YamlValue>& documents, const LintOptions& options,
                                         std::vector<Diagnostic>& complaints) {
  Linter linter(options, complaints);
  for (const YamlValue& document : documents) linter.lint_alone(document);
  linter.lint_together(documents);
  return std::move(linter.costs);
}

}  // namespace reeve::content
