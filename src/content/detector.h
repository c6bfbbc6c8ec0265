#pragma once

// One detector, and what the parts of the room say to each other. Private to the room.
//
// A Detector document (governance/detectors; docs/content.md has a page on writing one):
//
//   kind: Detector
//   id: example-token                # lower case words with hyphens; unique
//   title: Example API token
//   class: secret
//   severity: high                   # low, medium, high, critical
//   pattern: '\bext_[a-z0-9]{32}\b'  # or several under `patterns`; the syntax that Vectorscan and RE2 share
//   value: 1                         # the capture group that is the value; 0, the default: all of it
//   find: digits                     # instead of a pattern: a hand-written finder proposes candidates (finders.h)
//   length: [9, 11]                  # with find: of the candidate's significant characters (digits, letters)
//   check: luhn                      # a checker's name (checkers.h), or several: all must hold
//   weigh: table-definition          # a weigher's name: confidence comes from counting what stands around
//   rare: 0.6                        # 0 to 1: how unlike words and identifiers the value must be (rarity.h)
//   context: {near: [example, "ext key"], within: 60, need: true}   # words before or after; need: false only raises
//   not_near: [sha256, integrity]    # words that rule it out, on the same line
//   not_values: [EXAMPLE]            # fixed values and fragments that are never real
//   confidence: 0.95                 # without context words, when checks hold; 0.6 by default
//   with_context: 0.99               # with them
//   labels: [restricted]
//   whole: true                      # says something of the whole text (Finding::is_document): never redacted by
//   itself with: ['secrets/**']             # what a finder is told: globs for `find: path` origins: [tool_result,
//   document] # sure only in texts of these origins (body_text.h); default: in all elsewhere: 0.3                   #
//   with origins: the most confidence in other texts; 0, the default: not looked for controls: [PCI-DSS:3.4] examples:
//   ['token = ext_…']      # texts in which it must be found; the linter and the tests run them counter_examples:
//   ['ext_aaaa…']  # texts in which it must not be

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "content/content.h"

namespace reeve::content {

/// True when `value` (the capture, separators and all) has the right check digits or structure.
using Checker = bool (*)(std::string_view value);
struct NamedChecker {
  std::string_view name;         // "luhn", "iban", "github-crc32"
  std::string_view description;  // one line for docs: what it computes, and where that is specified
  Checker check;
};
/// The table of all checkers: those of secrets (secret_checkers.cpp) and of identifiers (identifier_checkers.cpp).
const NamedChecker* find_checker(std::string_view name);
std::vector<NamedChecker> all_checkers();
std::vector<NamedChecker> secret_checkers();
std::vector<NamedChecker> identifier_checkers();

struct Detector;
/// Looks around a pattern's value at [start, end) of the normalised text where something must be counted: how sure it
/// is, from 0 (it is nothing) to 1. What it reads is bounded.
using Weigher = float (*)(const Detector& detector, std::string_view text, std::size_t start, std::size_t end);
struct NamedWeigher {
  std::string_view name;
  std::string_view description;
  Weigher weigh;
  std::uint32_t reads = 0;  // bytes around one place, about: what a look costs
};
/// document_weighers.cpp
const NamedWeigher* find_weigher(std::string_view name);
std::vector<NamedWeigher> all_weighers();

struct ContextWords {
  std::vector<std::string> near;  // lower case
  std::uint32_t within = 60;      // bytes before the value or after it
  bool need = false;
};

struct Detector {
  DetectorInfo info;
  std::vector<std::string> patterns;
  int value_group = 0;
  std::string finder;                            // "digits", …; empty with patterns
  std::uint32_t length_min = 0, length_max = 0;  // 0: any
  std::vector<Checker> checks;
  Weigher weigh = nullptr;          // with patterns; its answer takes the place of `confidence`
  std::uint32_t weigher_reads = 0;  // NamedWeigher::reads
  double rare = 0;
  ContextWords context;
  std::vector<std::string> not_near, not_values;
  float confidence = 0.6F, with_context = 0.0F;
  bool whole = false;
  std::vector<std::string> with;
  std::uint32_t origins = 0;  // bit 1 << TextOrigin; 0: all
  float elsewhere = 0;
  std::vector<std::string> examples, counter_examples;
  const YamlValue* document = nullptr;  // only while building
};

/// Reads one document of kind Detector; complaints point at the place. The patterns are not compiled here.
std::optional<Detector> read_detector(const YamlValue& document, std::vector<Diagnostic>& complaints);

/// A possible value in normalised text.
struct Candidate {
  std::uint32_t detector = 0;  // index in the set
  std::uint32_t start = 0, end = 0;
  float confidence = 0;
  std::string_view label = {};  // of the registration that was matched, as Finding::label
};

}  // namespace reeve::content
