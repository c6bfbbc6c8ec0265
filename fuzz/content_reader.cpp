// Reading, decoding and scanning of texts in every form. The first byte chooses the form, the second where the body is
// cut into two texts. Findings lie inside their texts and cut no character and no escape in half; the same body gives
// the same findings, from the cache too; two texts of one body give what each gives alone; a growing text gives the
// same however it is cut.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "content/content.h"
#include "core/bytes.h"
#include "core/check.h"

namespace {

using namespace reeve;
using content::Finding;
using content::Report;

// Short ones, so that chance meets them, in all the ways that a detector can be written.
constexpr std::string_view kDetectors = R"(
kind: Detector
id: key
title: Key
class: secret
severity: high
pattern: '\bk_[a-z0-9]{2,6}\b'
confidence: 0.9
---
kind: Detector
id: tail
title: Without an end
class: secret
severity: high
pattern: 'z[0-9]+'
---
kind: Detector
id: pair
title: Pair
class: pii
severity: low
pattern: '[0-9]{2}-([0-9]{2})(?:[^0-9]|$)'
value: 1
confidence: 0.5
context: {near: [date], within: 30}
with_context: 0.8
---
kind: Detector
id: words
title: Long words
class: secret
severity: low
pattern: '\b[a-f0-9]{12}:[a-f0-9]{12}\b'
rare: 0.3
not_near: [sum]
)";

std::shared_ptr<const content::Detectors> detectors() {
  static const auto kBuilt = [] {
    std::vector<Diagnostic> complaints;
    const auto documents = parse_yaml(kDetectors, "fuzz.yaml", complaints);
    auto built = content::Detectors::build(documents, {}, complaints);
    CHECK(built != nullptr);
    return built;
  }();
  return kBuilt;
}

bool same(const Finding& left, const Finding& right) {
  return left.detector == right.detector && left.start == right.start && left.end == right.end &&
         left.confidence == right.confidence && left.text == right.text && left.depth == right.depth &&
         left.origin == right.origin && left.marked_allowed == right.marked_allowed;
}

void check_same(const std::vector<Finding>& left, const std::vector<Finding>& right) {
  CHECK(left.size() == right.size());
  for (std::size_t i = 0; i < left.size(); ++i) CHECK(same(left[i], right[i]));
}

/// Places inside an escape of a JSON string: no finding begins or ends there.
std::vector<bool> inside_escapes(std::string_view text) {
  std::vector<bool> inside(text.size() + 1, false);
  const auto is_hex4 = [&](std::size_t at) {
    if (at + 4 > text.size()) return false;
    for (std::size_t i = at; i < at + 4; ++i) {
      if (std::string_view("0123456789abcdefABCDEF").find(text[i]) == std::string_view::npos) return false;
    }
    return true;
  };
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    if (text[at] != '\\') continue;
    std::size_t size = 0;
    if (std::string_view("ntrbf\"\\/").find(text[at + 1]) != std::string_view::npos) size = 2;
    if (text[at + 1] == 'u' && is_hex4(at + 2)) size = 6;
    for (std::size_t i = 1; i < size; ++i) inside[at + i] = true;
    if (size > 0) at += size - 1;
  }
  return inside;
}

void check_places(std::string_view body, const std::vector<BodyText>& texts, const Report& report) {
  std::size_t before = 0;
  for (const Finding& finding : report.findings) {
    CHECK(finding.detector != nullptr && finding.confidence > 0 && finding.confidence <= 1);
    CHECK(finding.text < texts.size() && finding.start < finding.end && finding.depth <= 4);
    const BodyText& text = texts[finding.text];
    CHECK(finding.origin == text.origin);
    CHECK(finding.start >= text.offset && finding.end <= text.offset + text.length);
    CHECK(finding.start >= before);
    before = finding.end;
    const std::string_view whole = body.substr(text.offset, text.length);
    const auto continues = [&](std::size_t at) {
      return at < body.size() && (static_cast<unsigned char>(body[at]) & 0xC0U) == 0x80U;
    };
    if (is_utf8(whole)) {
      CHECK(!continues(finding.start));
      if (finding.end < text.offset + text.length) CHECK(!continues(finding.end));
    }
    if (text.form == TextForm::kPlain) continue;
    const auto inside = inside_escapes(whole);
    CHECK(!inside[finding.start - text.offset] && !inside[finding.end - text.offset]);
  }
}

struct Streamed {
  std::vector<Finding> findings;
  bool complete = true;
};

Streamed streamed(std::string_view text, std::size_t piece, TextOrigin origin) {
  content::StreamScanner scanner(detectors(), origin);
  Streamed result;
  for (std::size_t at = 0; at < text.size(); at += piece) scanner.feed(text.substr(at, piece), result.findings);
  scanner.end(result.findings);
  result.complete = scanner.complete();
  return result;
}

/// A growing text gives the same findings however it is cut, none twice.
void check_growing(std::string_view text, std::size_t cut, TextOrigin origin) {
  const Streamed whole = streamed(text, text.size() + 1, origin);
  for (const std::size_t piece : {std::size_t{1}, cut + 1}) {
    const Streamed pieces = streamed(text, piece, origin);
    CHECK(pieces.complete == whole.complete);
    check_same(pieces.findings, whole.findings);
  }
  for (std::size_t i = 0; i < whole.findings.size(); ++i) {
    const Finding& finding = whole.findings[i];
    CHECK(finding.start < finding.end && finding.end <= text.size() && finding.origin == origin);
    for (std::size_t j = 0; j < i; ++j) {
      const Finding& before = whole.findings[j];
      CHECK(before.detector != finding.detector || before.end <= finding.start || finding.end <= before.start);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto form = static_cast<TextForm>(data[0] % 3);
  const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t cut = body.size() * data[1] / 256;
  const std::vector<BodyText> texts{{0, cut, form, TextOrigin::kUser},
                                    {cut, body.size() - cut, form, TextOrigin::kToolResult}};
  content::VerdictCache cache(1UL << 20U);
  content::Scanner scanner, cached(&cache);
  const Report first = scanner.scan(*detectors(), body, texts);
  check_places(body, texts, first);
  check_same(first.findings, scanner.scan(*detectors(), body, texts).findings);
  check_same(first.findings, cached.scan(*detectors(), body, texts).findings);
  const Report& known = cached.scan(*detectors(), body, texts);
  check_same(first.findings, known.findings);
  CHECK(!first.complete || known.scanned_bytes == 0);
  if (!first.complete) return 0;
  std::vector<Finding> apart;
  for (std::uint32_t i = 0; i < texts.size(); ++i) {
    const Report& alone = scanner.scan(*detectors(), body, std::span(&texts[i], 1));
    if (!alone.complete) return 0;
    for (Finding finding : alone.findings) {
      finding.text = i;
      apart.push_back(finding);
    }
  }
  check_same(first.findings, apart);
  check_growing(body, cut, form == TextForm::kPlain ? TextOrigin::kAssistant : TextOrigin::kToolArguments);
  return 0;
}
