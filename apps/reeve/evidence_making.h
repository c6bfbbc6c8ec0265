#pragma once

// Making an evidence pack: what a command and the control API have in common. docs/evidence.md.

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/json.h"
#include "evidence/evidence.h"
#include "reeve/commands.h"

namespace reeve::app {

/// What somebody wants to have evidence of.
struct EvidenceAsked {
  std::string framework;  // a name, or "all"
  std::string from, to;   // as parse_since() takes them; a date in `to` includes that day, empty: now
  std::string by;         // who asks
  std::uint64_t entries_max = 100'000;
};

/// The frameworks and streams in force. kInvalid with the complaint when a document of them is wrong.
Result<evidence::Catalogue> open_evidence_catalogue(const Common& common);
/// Controls of the framework for which there is at least one stream that Reeve records.
std::uint64_t recorded_controls(const evidence::Catalogue& catalogue, const evidence::Framework& framework);
/// An array with an object for each framework.
void write_frameworks(JsonWriter& json, const evidence::Catalogue& catalogue);
/// kInvalid where the times make no sense. Whether there is such a framework is found out by evidence::assess().
Result<evidence::Question> question_of(const evidence::Catalogue& catalogue, const EvidenceAsked& asked);

/// A pack that is being written beside where it shall be, and is gone again unless it was kept.
class EvidenceDraft {
 public:
  explicit EvidenceDraft(const std::filesystem::path& output) : output_(output), draft_(output.string() + ".new") {}
  ~EvidenceDraft();
  EvidenceDraft(const EvidenceDraft&) = delete;
  EvidenceDraft& operator=(const EvidenceDraft&) = delete;

  const std::filesystem::path& path() const { return draft_; }
  Result<void> make();
  Result<void> keep();

 private:
  const std::filesystem::path output_;
  const std::filesystem::path draft_;
  bool made_ = false;
};

/// All files of the pack, into a directory that is there and empty; signed by the key of this data directory that signs
/// packs. The manifest.
Result<std::string> write_evidence_pack(const std::filesystem::path& data, const evidence::Assessment& assessment,
                                        const std::filesystem::path& directory,
                                        const evidence::Progress& progress = {});
/// What `ledger.read` says of a pack: who made it, of what, and the digest of its manifest.
std::string evidence_note(const EvidenceAsked& asked, const evidence::Assessment& assessment,
                          std::string_view manifest);

}  // namespace reeve::app
