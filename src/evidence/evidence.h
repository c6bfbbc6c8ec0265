#pragma once

// Evidence: which records of the ledger bear on which control of which framework, counted over a period, with what it
// takes to check each figure without us. docs/evidence.md describes it to auditors.
//
// Controls and evidence streams are data (`kind: ControlFramework`, `kind: EvidenceStream`). One pass over the period
// sorts entries into streams; a figure is never more than a set of leaf indexes, and the pack proves that these leaves
// are in a signed tree. A stream that this version has no entries for is a gap, never evidence.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/crypto.h"
#include "core/result.h"
#include "core/time.h"
#include "core/yaml.h"
#include "ledger/ledger.h"

namespace reeve::evidence {

// ---- What is asked: data ----

struct Control {
  std::string id, title;
  std::string strength;  // "direct", "supporting", "partial": how much its evidence says
  std::vector<std::string> streams;
};

/// From when controls bind, as far as the law says so.
struct LegalDate {
  Instant from;
  std::string what, note;
  std::vector<std::string> controls;  // empty: all
};

/// For how long a control wants records kept, at least.
struct RetentionDuty {
  std::string control;
  Duration period{};
  bool content = false;             // also what calls said, where that is kept; entries always
  std::vector<std::string> except;  // classes of findings whose content may go earlier
  std::string what, note;
};

struct Framework {
  std::string name, title;
  std::string part_of;     // of a profile: the framework that it belongs to, with which it is never added up
  std::string checked_on;  // when a person last compared it with its source: 2026-11-22
  std::vector<LegalDate> dates;
  std::vector<RetentionDuty> retention;
  std::vector<Control> controls;
};

struct Condition {
  std::string text;
  ledger::EntryFilter filter;
};

struct Figure {
  std::string name, text;
  Condition when;
  bool exception = false;  // somebody should look at each of these entries
};

struct Stream {
  std::string name, text;
  std::string gap;      // why there are no entries of it; empty where there are
  bool proofs = false;  // the pack itself is this evidence
  std::vector<Condition> entries;
  std::vector<Figure> figures;
  std::vector<std::string> sample;  // dotted paths of members that the report shows
};

struct Catalogue {
  std::vector<Framework> frameworks;
  std::map<std::string, Stream, std::less<>> streams;

  const Framework* find(std::string_view name) const;
};

/// Reads the documents of these two kinds and passes over all others. A control that names an unknown stream, a name
/// that stands twice, a condition that does not compile: complaints.
Catalogue read_catalogue(std::span<const YamlValue> documents, std::vector<Diagnostic>& complaints);

// ---- What is there ----

/// Leaf indexes, added in ascending order, as runs.
class IndexSet {
 public:
  struct Run {
    std::uint64_t first = 0, count = 0;
  };
  void add(std::uint64_t index);  // not below the last one; the last one again changes nothing
  void unite(const IndexSet& other);
  std::uint64_t count() const;
  std::span<const Run> runs() const { return runs_; }

 private:
  std::vector<Run> runs_;
};

/// An entry that the report shows. Which ones: those with the smallest SHA-256 of the checkpoint's root, the name of
/// what is sampled and the index, so that nobody who makes a report can choose.
struct Sample {
  Sha256 rank{};
  std::uint64_t index = 0;
  std::string entry;
};

struct FigureFound {
  const Figure* figure = nullptr;
  IndexSet entries;
  std::vector<Sample> samples;  // of exceptions only
};

struct StreamFound {
  const Stream* stream = nullptr;
  IndexSet entries;
  std::vector<FigureFound> figures;
  std::vector<Sample> samples;
};

/// A time of which the ledger says that nothing, or not everything, was recorded.
struct DownSpan {
  Instant from, until;
  std::uint64_t index = 0;  // the entry that tells of it
  std::string_view cause;   // "stopped", "ended unasked", "records lost"
  std::int64_t lost = 0;    // records, where that is known
};

struct Question {
  std::vector<std::string> frameworks;  // names; at least one
  Instant from, until;                  // [from, until)
  std::string by;                       // who asks
  Instant now;
  std::size_t samples = 5;  // of each stream, and of each exception
  /// Up to so many entries of the period the pack holds all of them, so that a reader can count again; beyond, it
  /// holds samples and the entries that are exceptions.
  std::uint64_t entries_max = 100'000;
};

struct Assessment {
  Question question;
  std::vector<const Framework*> frameworks;
  std::string checkpoint_note, verifier_key;
  ledger::Checkpoint checkpoint;
  IndexSet period;                                          // all signed entries of the period
  std::uint64_t not_signed = 0;                             // entries of the period behind the checkpoint: not counted
  bool whole = false;                                       // the pack holds all entries of the period
  std::map<std::string, StreamFound, std::less<>> streams;  // those that the frameworks name
  std::vector<DownSpan> down;
};

/// Told now and then how many entries are done, and of how many about. False: stop; whatever was under way ends with
/// kClosed.
using Progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

/// Reads the ledger once. The catalogue must outlive the result. kNotFound for a framework that is not in it.
Result<Assessment> assess(const std::filesystem::path& ledger, const Catalogue& catalogue, Question question,
                          const Progress& progress = {});

/// What a control's streams came to.
struct ControlState {
  std::string_view name;  // "evidenced", "partly", "no entries", "gap"
  IndexSet entries;       // of all its streams together: one that feeds two streams counts once
  std::uint64_t exceptions = 0;
  std::vector<std::string_view> with_entries, without_entries, gaps;  // names of streams
  const LegalDate* date = nullptr;
  bool applies = true;  // at the end of the period
};
ControlState state_of(const Assessment& assessment, const Framework& framework, const Control& control);

struct Coverage {
  std::size_t controls = 0, evidenced = 0, partly = 0, no_entries = 0, gap = 0;
  std::size_t direct = 0;  // of the evidenced ones, those whose evidence bears directly on them
};
Coverage coverage_of(const Assessment& assessment, const Framework& framework);
/// Of all frameworks of the assessment; a profile whose framework is among them adds nothing.
Coverage coverage_of(const Assessment& assessment);

// ---- What is given away ----

std::string report_json(const Assessment& assessment);
std::string report_html(const Assessment& assessment);
/// NIST OSCAL 1.1 assessment results.
std::string oscal_json(const Assessment& assessment, std::string_view version);

/// Modules of the verifier, by file name: for the page that checks a pack in a browser.
using Modules = std::map<std::string, std::string>;
std::string verifier_page(const Modules& modules);

/// Files by name.
using Files = std::map<std::string, std::string>;
/// Writes a pack, as docs/evidence-pack.md has it, into a directory that is there and empty: the entries with their
/// proof, `others` beside them. Entries go there as they are read, so a pack may be larger than memory. The manifest,
/// which is pack.json. kCorrupt when the ledger's tiles do not lead to the checkpoint; what was written is left behind.
Result<std::string> write_pack(const std::filesystem::path& ledger, const Assessment& assessment, const Files& others,
                               const std::filesystem::path& directory, const Progress& progress = {});

/// The files of a pack's folder as one ZIP file, below `name`/; the same files make the same bytes.
Result<void> zip_pack(const std::filesystem::path& directory, const std::string& name,
                      const std::filesystem::path& output);

/// A Sigstore bundle (v0.3) of `artifact`, signed with a key that its reader must know: a message signature, without
/// certificates and logs of others.
std::string sigstore_bundle(const Ed25519Key& key, std::string_view artifact);
/// The public half as PEM (RFC 8410).
std::string public_key_pem(const Ed25519Key& key);

}  // namespace reeve::evidence
