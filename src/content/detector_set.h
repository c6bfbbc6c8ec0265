#pragma once

// A set of detectors, compiled: what Detectors::build makes. Private to the room.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "content/content.h"
#include "content/detector.h"
#include "content/finders.h"
#include "content/pattern_index.h"

namespace re2 {
class RE2;
}

namespace reeve::content {

/// A pattern of a detector, for finding where its match begins once the database has told where it ends.
struct CompiledPattern {
  std::uint32_t detector = 0;
  PatternWidth width;
  std::unique_ptr<re2::RE2> expression;

  CompiledPattern();
  CompiledPattern(CompiledPattern&&) noexcept;
  CompiledPattern& operator=(CompiledPattern&&) noexcept;
  ~CompiledPattern();
};

class DetectorSet final : public Detectors {
 public:
  static std::shared_ptr<const DetectorSet> build(const std::vector<YamlValue>& documents, const Options& options,
                                                  std::vector<Diagnostic>& complaints);
  static const DetectorSet& of(const Detectors& detectors) { return static_cast<const DetectorSet&>(detectors); }

  const std::vector<DetectorInfo>& list() const override { return infos_; }
  const std::string& digest() const override { return digest_; }

  const std::vector<Detector>& detectors() const { return detectors_; }
  const std::vector<CompiledPattern>& patterns() const { return patterns_; }
  /// The patterns that look at all of a text, and those that look at long words only (word_patterns.h). Patterns are
  /// places in patterns().
  const PatternIndex& text_patterns() const { return *text_patterns_; }
  const PatternIndex& word_patterns() const { return *word_patterns_; }
  const std::vector<std::unique_ptr<PreparedFinder>>& finders() const { return finders_; }
  /// Unique among all sets of this process: tells a scanner that its scratch belongs to another set.
  std::uint64_t serial() const { return serial_; }

 private:
  DetectorSet() = default;
  bool compile_patterns(const Options& options, std::vector<Diagnostic>& complaints);
  bool index_patterns(const Options& options, const std::vector<std::string>& sources,
                      const std::vector<const YamlValue*>& places, std::vector<Diagnostic>& complaints);
  void prepare_finders();

  std::vector<Detector> detectors_;
  std::vector<DetectorInfo> infos_;
  std::string digest_;
  std::vector<CompiledPattern> patterns_;
  std::unique_ptr<PatternIndex> text_patterns_, word_patterns_;
  std::vector<std::unique_ptr<PreparedFinder>> finders_;
  std::shared_ptr<const OwnData> own_data_;
  std::uint64_t serial_ = 0;
};

}  // namespace reeve::content
