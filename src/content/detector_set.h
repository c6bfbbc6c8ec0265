#pragma once

// A set of detectors, compiled: what Detectors::build makes. Private to the room.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "content/content.h"
#include "content/detector.h"
#include "content/finders.h"
#include "content/literal_matcher.h"
#include "content/pattern_database.h"

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

/// Where a pattern's match may begin when one of its required literals stands somewhere.
struct RequiredAt {
  std::uint32_t pattern = 0;
  std::uint32_t before_least = 0, before_most = 0;  // bytes from the match's begin to the literal
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
  /// Most patterns are asked only where one of their required literals stands; by index of the literal.
  const LiteralMatcher& literals() const { return *literals_; }
  const std::vector<RequiredAt>& required() const { return required_; }
  /// Those without such literals look at all of a text; their ids are places in block_patterns().
  const PatternDatabase& block() const { return *block_; }
  const std::vector<std::uint32_t>& block_patterns() const { return block_patterns_; }
  /// Those that look at long words only (word_patterns.h).
  const PatternDatabase& words() const { return *words_; }
  const std::vector<std::uint32_t>& word_patterns() const { return word_patterns_; }
  const std::vector<std::unique_ptr<PreparedFinder>>& finders() const { return finders_; }
  /// Unique among all sets of this process: tells a scanner that its scratch belongs to another set.
  std::uint64_t serial() const { return serial_; }

 private:
  DetectorSet() = default;
  bool compile_patterns(const Options& options, std::vector<Diagnostic>& complaints);
  bool compile_databases(const Options& options, const std::vector<std::string>& sources,
                         const std::vector<const YamlValue*>& places, std::vector<Diagnostic>& complaints);
  void prepare_finders();

  std::vector<Detector> detectors_;
  std::vector<DetectorInfo> infos_;
  std::string digest_;
  std::vector<CompiledPattern> patterns_;
  std::vector<std::uint32_t> block_patterns_, word_patterns_;
  std::vector<RequiredAt> required_;
  std::unique_ptr<LiteralMatcher> literals_;
  std::unique_ptr<PatternDatabase> block_, words_;
  std::vector<std::unique_ptr<PreparedFinder>> finders_;
  std::shared_ptr<const OwnData> own_data_;
  std::uint64_t serial_ = 0;
};

}  // namespace reeve::content
