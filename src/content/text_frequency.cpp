#include "content/text_frequency.h"

#include <algorithm>
#include <string>

#include "content/rarity.h"

namespace reeve::content {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

/// Whether this is a part of what stands in code and prose so often that its letters do not tell.
bool is_common(std::string_view lower_case) {
  static constexpr std::string_view kCommon =
      "|only|basic|class|forward|addr|from the|to the|at "
      "the|tell|abstract|address|against|application|argument|boolean|client|close|column|command|common|condition|"
      "config|connect|const|continue|control|create|current|database|default|#define |delete|description|"
      "directory|distribut|document|double|element|endpoint|enum|error|example|execute|expected|export|"
      "extern|false|field|file|float|following|format|from|function|general|generate|global|handle|header|"
      "https://|http://|identifier|ifdef|ifndef|implement|import|#include |index|initial|inline|input|"
      "insert|install|instance|integer|interface|internal|library|license|length|message|method|model|"
      "module|namespace|number|object|operation|operator|option|original|output|package|parameter|password|"
      "pointer|policy|position|previous|print|private|process|program|project|property|protected|public|"
      "query|record|reference|release|request|required|resource|response|result|return|secret|section|"
      "select|server|service|session|should|signed|software|source|standard|static|status|string|struct|"
      "system|table|template|test|that|this|throw|token|type|typedef|undefined|union|update|user|using|"
      "value|variable|vector|version|virtual|void|warranty|where|which|while|with|without|//|";
  return lower_case.find('|') == std::string_view::npos && kCommon.find(lower_case) != std::string_view::npos;
}

}  // namespace

double byte_frequency(unsigned char byte) {
  static constexpr std::string_view kByFrequency = "etaionsrlcdpumfhgbyvxkwqjz";
  const auto letter = kByFrequency.find(static_cast<char>(byte | 0x20U));
  if (byte < 0x80 && letter != std::string_view::npos && (byte & 0x40U) != 0) {
    const double lower_case = 0.07 / (1.0 + 0.2 * static_cast<double>(letter));
    return (byte & 0x20U) != 0 ? lower_case : lower_case * 0.12;
  }
  switch (byte) {
    case ' ': return 0.17;
    case '\n': return 0.03;
    case '_': return 0.025;
    case '.':
    case ',':
    case '-':
    case '*': return 0.012;
    case '\t':
    case '\r': return 0.004;
    default: break;
  }
  if (byte >= '0' && byte <= '9') return 0.008;
  if (byte < 0x20 || byte >= 0x80) return 0.0008;
  return 0.005;
}

double text_frequency(std::string_view lower_case) {
  // Of common words and of short strings letters tell too little.
  constexpr double kCommonWord = 3e-4, kShortCommonWord = 1e-3, kThreeLetters = 5e-4, kFourLetters = 3e-5;
  // Marks follow words less freely than by chance, so they count for more than their own frequency says.
  constexpr double kDependence = 3;
  double all = 1;
  char before = 0, last = 0;
  for (const char any : lower_case) {
    const char c = lower(any);
    const bool is_letter = c >= 'a' && c <= 'z';
    if (is_letter && (last >= 'a' && last <= 'z')) {
      all *= letter_likelihood(before, last, c);
    } else {
      const double own = byte_frequency(static_cast<unsigned char>(c));
      all *= is_letter && last != 0 ? std::min(1.0, kDependence * own) : own * (last == 0 ? 1 : kDependence);
    }
    before = last;
    last = c;
  }
  std::string folded(lower_case);
  std::ranges::transform(folded, folded.begin(), lower);
  const auto letters = std::ranges::count_if(folded, [](char c) { return c >= 'a' && c <= 'z'; });
  double least = folded.size() == 3 && letters == 3   ? kThreeLetters
                 : folded.size() <= 4 && letters >= 3 ? kFourLetters
                                                      : 0;
  if (is_common(folded)) least = folded.size() < 6 || folded.starts_with("#") ? kShortCommonWord : kCommonWord;
  // With a blank behind it a word is rarer, but still no rare text.
  if (folded.ends_with(' ') && folded.size() > 4 && is_common(std::string_view(folded).substr(0, folded.size() - 1))) {
    least = std::max(least, kCommonWord / 10);
  }
  return std::clamp(all, least, 1.0);
}

}  // namespace reeve::content
