#pragma once

// What the tests of this room share: a catalogue of a few lines, and a ledger of a few entries.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/yaml.h"
#include "evidence/evidence.h"
#include "ledger/ledger.h"

namespace reeve::evidence {

inline constexpr std::string_view kTestCatalogue = R"(kind: EvidenceStream
name: decisions
text: what was decided
entries: ['has(decision.effect)']
counts:
  - {name: denied, text: denials, when: 'decision.effect == "deny"', exception: true}
  - {name: allowed, text: permits, when: 'decision.effect == "allow"'}
sample: [principal.id, decision.effect]
---
kind: EvidenceStream
name: calls
text: calls <of> models & their ends
entries: ['kind == "model.intent"', 'kind == "model.outcome"']
---
kind: EvidenceStream
name: keys
text: keys that were made
entries: ['kind == "identity.key_created"']
---
kind: EvidenceStream
name: trainings
text: who was trained
gap: not recorded
---
kind: EvidenceStream
name: proofs
text: that nothing was changed
proofs: true
---
kind: ControlFramework
name: house
title: Rules of the house
checked_on: 2026-11-22
dates: [{from: 2027-01-01, what: from then on, controls: [H4]}]
controls:
  - {id: H1, title: Denials are recorded, strength: direct, streams: [decisions]}
  - {id: H2, title: Calls and keys, strength: supporting, streams: [decisions, calls, keys]}
  - {id: H3, title: Training, strength: partial, streams: [trainings]}
  - {id: H4, title: Keys, strength: direct, streams: [keys]}
  - {id: H5, title: Proofs, strength: direct, streams: [proofs]}
---
kind: ControlFramework
name: house-profile
title: A profile of them
part_of: house
checked_on: 2026-11-22
controls:
  - {id: P1, title: Denials, strength: direct, streams: [decisions]}
)";

inline Catalogue catalogue_of(std::string_view text) {
  std::vector<Diagnostic> complaints;
  const auto documents = parse_yaml(text, "test.yaml", complaints);
  Catalogue catalogue = read_catalogue(documents, complaints);
  for (const Diagnostic& complaint : complaints) ADD_FAILURE() << complaint.to_string();
  return catalogue;
}

inline std::string load(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A closed ledger: `calls` of two entries each, the first of every three denied.
class SmallLedger {
 public:
  explicit SmallLedger(int calls) : path_(base() / ("reeve-evidence-test-" + to_hex(random_bytes(8)))) {
    ledger::LogOptions options;
    options.directory = ledger();
    options.origin = "reeve.example.com/evidence";
    options.node = "test";
    auto log = ledger::Log::open(options);
    if (!log) {
      ADD_FAILURE() << log.error().message;
      return;
    }
    for (int i = 0; i < calls; ++i) {
      const std::string request = "req_" + std::to_string(i);
      ledger::Entry entry;
      entry.request_id = request;
      entry.attempt = 1;
      entry.principal.id = "dev@example.com";
      entry.kind = "model.intent";
      entry.decision.effect = entry.decision.enforced = i % 3 == 0 ? "deny" : "allow";
      (*log)->append_later(entry);
      entry.kind = "model.outcome";
      entry.decision = {};
      // The last one is waited for, and all before it are there then.
      if (i + 1 < calls) {
        (*log)->append_later(entry);
      } else {
        EXPECT_TRUE((*log)->append_and_wait(entry).ok());
      }
    }
    (*log)->close();
  }
  ~SmallLedger() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  SmallLedger(const SmallLedger&) = delete;
  SmallLedger& operator=(const SmallLedger&) = delete;

  std::filesystem::path path() const { return path_; }
  std::filesystem::path ledger() const { return path_ / "ledger"; }

 private:
  /// In memory where that is possible: a ledger syncs.
  static std::filesystem::path base() {
    const std::filesystem::path memory = "/dev/shm";
    return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
  }
  std::filesystem::path path_;
};

/// All of the last hour, for these frameworks.
inline Question question_of(std::vector<std::string> frameworks) {
  Question question;
  question.frameworks = std::move(frameworks);
  question.now = system_clock().now();
  question.from = question.now + -std::chrono::hours(1);
  question.until = question.now + std::chrono::hours(1);
  question.by = "auditor@example.com";
  return question;
}

}  // namespace reeve::evidence
