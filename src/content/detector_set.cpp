#include "content/detector_set.h"

#include <re2/re2.h>

#include <atomic>
#include <map>

#include "content/word_patterns.h"
#include "core/bytes.h"
#include "core/crypto.h"

namespace reeve::content {

namespace {

bool is_detector(const YamlValue& document) {
  const YamlValue* kind = document.find("kind");
  return kind != nullptr && kind->is_scalar() && kind->text() == "Detector";
}

/// Everything of a document that bears on what is found, in one text without ambiguity.
void write_canonical(const YamlValue& value, std::string& out) {
  const auto text = [&](const std::string& t) { out += std::to_string(t.size()) + ":" + t; };
  switch (value.kind()) {
    case YamlValue::Kind::kNull: out += "n"; return;
    case YamlValue::Kind::kScalar: out += "s", text(value.text()); return;
    case YamlValue::Kind::kSequence:
      out += "[";
      for (const YamlValue& item : value.items()) write_canonical(item, out);
      out += "]";
      return;
    case YamlValue::Kind::kMapping:
      out += "{";
      for (const auto& [key, member] : value.members()) {
        if (key.text() == "examples" || key.text() == "counter_examples") continue;
        text(key.text());
        write_canonical(member, out);
      }
      out += "}";
      return;
  }
}

/// Raised when the code changes what is found with the same documents.
constexpr std::string_view kEngine = "reeve content 1";

std::string digest_of(const std::vector<Detector>& detectors, const OwnData* own_data) {
  std::string canonical(kEngine);
  for (const Detector& detector : detectors) write_canonical(*detector.document, canonical);
  if (own_data != nullptr) canonical += own_data->digest();
  return "sha256:" + to_hex(as_bytes(sha256(canonical)));
}

const YamlValue& pattern_place(const Detector& detector, std::size_t index) {
  const YamlValue* pattern = detector.document->find("pattern");
  if (pattern != nullptr) return *pattern;
  const YamlValue* patterns = detector.document->find("patterns");
  return patterns->is_sequence() ? patterns->items()[index] : *patterns;
}

std::unique_ptr<re2::RE2> compile_expression(const std::string& pattern) {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_encoding(re2::RE2::Options::EncodingLatin1);  // bytes, as the pattern database sees them
  options.set_max_mem(2 << 20U);
  return std::make_unique<re2::RE2>("(?m)" + pattern, options);
}

}  // namespace

CompiledPattern::CompiledPattern() = default;
CompiledPattern::CompiledPattern(CompiledPattern&&) noexcept = default;
CompiledPattern& CompiledPattern::operator=(CompiledPattern&&) noexcept = default;
CompiledPattern::~CompiledPattern() = default;

std::shared_ptr<const Detectors> Detectors::build(const std::vector<YamlValue>& documents, const Options& options,
                                                  std::vector<Diagnostic>& complaints) {
  return DetectorSet::build(documents, options, complaints);
}

std::shared_ptr<const DetectorSet> DetectorSet::build(const std::vector<YamlValue>& documents, const Options& options,
                                                      std::vector<Diagnostic>& complaints) {
  static std::atomic<std::uint64_t> serials{0};
  const std::shared_ptr<DetectorSet> set(new DetectorSet);
  set->serial_ = ++serials;
  set->own_data_ = options.own_data;
  std::map<std::string, const YamlValue*, std::less<>> ids;
  bool failed = false;
  for (const YamlValue& document : documents) {
    if (!is_detector(document)) continue;
    std::optional<Detector> detector = read_detector(document, complaints);
    if (!detector) {
      failed = true;
      continue;
    }
    const auto [first, inserted] = ids.emplace(detector->info.id, &document);
    if (!inserted) {
      complaints.push_back(document.complain("there are two detectors '" + detector->info.id + "'; the other is at " +
                                             first->second->file() + ":" + std::to_string(first->second->line())));
      failed = true;
    }
    set->detectors_.push_back(*std::move(detector));
  }
  if (failed) return nullptr;
  set->digest_ = digest_of(set->detectors_, options.own_data.get());
  if (!set->compile_patterns(options, complaints)) return nullptr;
  for (Detector& detector : set->detectors_) detector.document = nullptr;
  set->prepare_finders();
  for (const Detector& detector : set->detectors_) set->infos_.push_back(detector.info);
  return set;
}

bool DetectorSet::compile_patterns(const Options& options, std::vector<Diagnostic>& complaints) {
  std::vector<std::string> sources;
  std::vector<const YamlValue*> places;
  bool failed = false;
  for (std::uint32_t i = 0; i < detectors_.size(); ++i) {
    const Detector& detector = detectors_[i];
    for (std::size_t p = 0; p < detector.patterns.size(); ++p) {
      const YamlValue& place = pattern_place(detector, p);
      const auto refuse = [&](const std::string& why) {
        complaints.push_back(place.complain("the pattern cannot be used: " + why));
        failed = true;
      };
      const Result<PatternWidth> width = PatternDatabase::check(detector.patterns[p]);
      CompiledPattern compiled;
      compiled.detector = i;
      compiled.expression = compile_expression(detector.patterns[p]);
      if (!width) {
        refuse(width.error().message);
      } else if (!compiled.expression->ok()) {
        refuse(compiled.expression->error());
      } else if (compiled.expression->NumberOfCapturingGroups() < detector.value_group) {
        refuse("it has no group " + std::to_string(detector.value_group) + ", which 'value' names");
      } else {
        compiled.width = *width;
        patterns_.push_back(std::move(compiled));
        sources.push_back(detector.patterns[p]);
        places.push_back(&place);
      }
    }
  }
  return !failed && index_patterns(options, sources, places, complaints);
}

bool DetectorSet::index_patterns(const Options& options, const std::vector<std::string>& sources,
                                 const std::vector<const YamlValue*>& places, std::vector<Diagnostic>& complaints) {
  std::vector<std::uint32_t> of_texts, of_words;
  for (std::uint32_t i = 0; i < sources.size(); ++i) {
    (is_word_pattern(sources[i], patterns_[i].width.least) ? of_words : of_texts).push_back(i);
  }
  const auto build = [&](const std::vector<std::uint32_t>& which, double frequency_max,
                         std::unique_ptr<PatternIndex>& into) {
    std::size_t wrong = 0;
    auto built = PatternIndex::build(sources, which, frequency_max, options.cache_directory, wrong);
    if (!built) {
      complaints.push_back(places[wrong]->complain("the pattern cannot be used: " + built.error().message));
      return false;
    }
    into = *std::move(built);
    return true;
  };
  return build(of_texts, kFrequencyMax, text_patterns_) && build(of_words, kFrequencyMaxInWords, word_patterns_);
}

void DetectorSet::prepare_finders() {
  for (const NamedFinder& finder : all_finders()) {
    std::vector<std::uint32_t> mine;
    for (std::uint32_t i = 0; i < detectors_.size(); ++i) {
      if (detectors_[i].finder == finder.name) mine.push_back(i);
    }
    if (mine.empty()) continue;
    if (finder.prepare == nullptr && own_data_ == nullptr) continue;
    auto prepared =
        finder.prepare != nullptr ? finder.prepare(detectors_, mine) : finder.prepare_own_data(own_data_, mine);
    if (prepared != nullptr) finders_.push_back(std::move(prepared));
  }
}

}  // namespace reeve::content
