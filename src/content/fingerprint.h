#pragma once

// Fingerprints of text by winnowing (Schleimer, Wilkerson, Aiken 2003). The text is reduced to its lower-case ASCII
// letters and digits, so that layout and punctuation do not count; every run of kGram of them has a hash, and of every
// kWindow neighbouring hashes the smallest one is kept. Two texts that share kGram + kWindow - 1 such characters in a
// row share at least one fingerprint. Private to the room.
//
// What is kept depends only on the characters around it, never on where a text begins or how it was cut, and must stay
// the same from version to version: registered files hold keys made by it. A change is a new kFingerprintVersion.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace reeve::content {

struct FingerprintSteps;

inline constexpr std::uint32_t kFingerprintVersion = 1;
inline constexpr std::size_t kGram = 20;
inline constexpr std::size_t kWindow = 24;

struct Fingerprint {
  std::uint64_t key = 0;             // hash of the gram's characters
  std::uint32_t start = 0, end = 0;  // bytes of the text, from the gram's first character to behind its last
  bool operator==(const Fingerprint&) const = default;
};

/// Computes fingerprints. Keeps its working memory between calls; belongs to one thread.
class Fingerprinter {
 public:
  Fingerprinter();
  /// For tests: with steps that are not the fastest.
  explicit Fingerprinter(const FingerprintSteps& steps);
  /// Replaces `found` with the fingerprints of `text`, in order. Texts beyond 4 GiB are cut.
  void extract(std::string_view text, std::vector<Fingerprint>& found);

 private:
  void fill(std::string_view text);
  void choose(bool first, bool last, std::vector<Fingerprint>& found);
  void keep(const std::uint32_t* grams, std::size_t count, std::vector<Fingerprint>& found) const;

  const FingerprintSteps& steps_;
  std::vector<std::uint8_t> characters_;  // normalised; what the windows at the border need is carried over
  std::vector<std::uint32_t> places_;     // where each stands in the text
  std::vector<std::uint32_t> hashes_, chosen_;
  std::size_t count_ = 0;  // of characters_
  std::size_t read_ = 0;   // bytes of the text that were taken
};

}  // namespace reeve::content
