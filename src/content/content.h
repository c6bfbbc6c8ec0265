#pragma once

// What is in the texts of a call, and what is done about it: detectors for secrets, identifiers, registered code and
// data; findings with their place in the bytes as sent; redaction, and the way back in answers.
//
// The path of a body (docs/content.md tells it for people):
//
//   texts (wire) -> known texts by their hash -> normalise and decode -> first stage: one pass of all patterns and the
//   finders -> second stage: checksum, structure, rarity, context -> findings -> policy -> redact, or not
//
// Nothing here reads the network or a clock that was not given to it. `Detectors` is immutable and shared by threads;
// a `Scanner` belongs to one thread; what is shared and changes (`VerdictCache`, `Vault`) says so and locks by itself.
// Found values are secrets: no error, log or diagnostic of this room holds one.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/body_text.h"
#include "core/result.h"
#include "core/time.h"
#include "core/yaml.h"

namespace reeve::content {

// ---- Detectors ----

/// A detector as people see it. Classes that ship: secret, pii, payment-card, financial, health, customer, source,
/// schema, api, security-config, label, licence, injection.
struct DetectorInfo {
  std::string id;     // "github-personal-token"; content.findings[].type
  std::string title;  // for people
  std::string class_name;
  std::string severity;  // low, medium, high, critical
  std::vector<std::string> controls;
  std::vector<std::string> labels;  // put into content.labels when it finds something
  std::string file;                 // where it stands
  std::size_t line = 0;
};

/// What people registered as their own: see own_data.h, which is a part of this face.
class OwnData;

/// A set of detectors, compiled. Immutable; thread-safe.
class Detectors {
 public:
  struct Options {
    std::filesystem::path cache_directory;    // compiled databases by digest; empty: none is kept
    std::shared_ptr<const OwnData> own_data;  // null: nothing is registered
  };
  /// From documents of kind Detector; others are passed over. Null, with complaints, when one is wrong.
  static std::shared_ptr<const Detectors> build(const std::vector<YamlValue>& documents, const Options& options,
                                                std::vector<Diagnostic>& complaints);
  virtual ~Detectors() = default;
  virtual const std::vector<DetectorInfo>& list() const = 0;
  /// "sha256:…" of everything that bears on what is found, registered data included.
  virtual const std::string& digest() const = 0;
};

// ---- Findings ----

struct Finding {
  const DetectorInfo* detector = nullptr;  // of the Detectors that were used
  std::size_t start = 0, end = 0;  // bytes of the body as sent; where the value is encoded, of its whole outermost run
  float confidence = 0;            // 0 to 1; 0.9 and more: by checksum, structure or paired evidence
  TextOrigin origin = TextOrigin::kUser;
  std::uint32_t text = 0;       // index of the text in which it was found
  std::uint8_t depth = 0;       // encodings around it: 0 stands there as it is
  bool marked_allowed = false;  // an allow marker stands on its line; policy says what that is worth
  bool is_document = false;     // says something of the whole text (a schema, a label): start and end are the evidence
  std::string_view label = {};  // of the registered code or table it is from (own_data.h); lives with the Detectors;
                                // Report::labels has it too
};

/// The result of one scan: findings by start, overlapping ones settled (the surer, then the longer, stays). Labels each
/// once. Valid until the scanner scans again.
struct Report {
  std::vector<Finding> findings;
  std::vector<std::string_view> labels;
  std::uint64_t bytes = 0;          // of texts
  std::uint64_t scanned_bytes = 0;  // of them, not known from the cache
  bool complete = true;  // false: a bound was met (reason); what was not looked at must be treated as unknown
  std::string_view incomplete_reason;
};

/// Verdicts on texts that were scanned before under the same detectors: keyed by a secret 128-bit hash of the bytes as
/// sent, their form and origin. Bounded; shared by all workers of a process; locks in shards.
class VerdictCache {
 public:
  explicit VerdictCache(std::size_t bytes_max = 64UL << 20U);
  ~VerdictCache();
  struct Stats {
    std::uint64_t hits = 0, misses = 0, evicted = 0, bytes = 0;
  };
  Stats stats() const;

 private:
  friend class Scanner;
  struct State;
  std::unique_ptr<State> state_;
};

/// Looks into texts. One per thread: it owns the memory that scanning needs and gives back what was unusually large.
class Scanner {
 public:
  explicit Scanner(VerdictCache* cache = nullptr);
  ~Scanner();
  /// `texts` must be ordered, apart from each other, inside `body`. `repo` and `path` (may be empty) are context for
  /// detectors that go by them.
  const Report& scan(const Detectors& detectors, std::string_view body, std::span<const BodyText> texts);

  /// How a finding came to be, for `reeve scan --explain`: lines for people, without the value itself.
  using Explain = std::function<void(std::string_view detector, std::size_t start, std::size_t end, bool kept,
                                     std::string_view why)>;
  void explain_to(Explain explain);

 private:
  friend class StreamScanner;
  /// The least work on confirming and the least decoded bytes that a scan may cost, however short its texts.
  void bound(std::uint64_t work_least, std::uint64_t decoded_least);
  struct State;
  std::unique_ptr<State> state_;
};

/// Looks into one growing text, an answer as it is generated, by the rules of Scanner: normalised, decoded, judged. One
/// per channel; belongs to one thread; keeps at most 4 KiB of its own. Cut anywhere, a text gives the same findings.
///
/// What is found: all that Scanner finds in the whole text where the value, what it is encoded in and the context that
/// speaks for it or against it lie within 2 KiB. Of what is longer (a large private key), the part that is still kept.
/// Base64 of plain text, hex and escapes may go on for any length: each 2 KiB of them are looked at. What is compressed
/// or encoded twice must fit whole. What says something of the whole text is told once, from a part of it.
class StreamScanner {
 public:
  explicit StreamScanner(std::shared_ptr<const Detectors> detectors, TextOrigin origin = TextOrigin::kAssistant);
  ~StreamScanner();
  StreamScanner(StreamScanner&&) noexcept;
  /// Appends findings that are sure by now, with places counted from the channel's start; none twice. `text` is plain,
  /// with kToolArguments as the origin JSON as the model writes it.
  void feed(std::string_view text, std::vector<Finding>& findings);
  void end(std::vector<Finding>& findings);
  /// False: a bound was met, as in Report.
  bool complete() const;
  std::string_view incomplete_reason() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// ---- The linter of detectors ----

/// What one detector costs by itself. The limits are those of a detector among hundreds.
struct DetectorCost {
  std::string id;
  double clean_ns_per_kib = 0;    // on code, logs, JSON and prose without findings
  double hostile_ns_per_kib = 0;  // on the worst of the floods that attackers send
  double matches_per_mib = 0;     // on clean text: places to look at, each of which costs some tenths of a microsecond
};
struct LintOptions {
  bool measure = true;  // false: examples and conflicts only
  double clean_ns_per_kib_max = 200, hostile_ns_per_kib_max = 5000, matches_per_mib_max = 1000;
};
/// Builds the detectors one by one and together. Errors: an example that its detector does not find, a counter-example
/// that it does. Warnings: no example, too slow, another class's detector that claims an example more surely.
std::vector<DetectorCost> lint_detectors(const std::vector<YamlValue>& documents, const LintOptions& options,
                                         std::vector<Diagnostic>& complaints);

}  // namespace reeve::content

#include "content/own_data.h"   // registered code and data
#include "content/redaction.h"  // placeholders, vault, redacting, restoring
