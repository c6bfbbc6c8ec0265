#include "wire/dialect.h"

namespace reeve::wire {

namespace {
constexpr std::array kAll = {Dialect::kAnthropic, Dialect::kOpenAiChat, Dialect::kOpenAiResponses,
                             Dialect::kOpenAiEmbeddings, Dialect::kGemini};
}

const DialectRules& rules_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::kAnthropic: return kAnthropicRules;
    case Dialect::kOpenAiChat: return kOpenAiChatRules;
    case Dialect::kOpenAiResponses: return kOpenAiResponsesRules;
    case Dialect::kOpenAiEmbeddings: return kOpenAiEmbeddingsRules;
    case Dialect::kGemini: return kGeminiRules;
  }
  CHECK(false);
}

std::string_view dialect_name(Dialect dialect) { return rules_of(dialect).name; }

std::optional<Dialect> dialect_from_name(std::string_view name) {
  for (const Dialect dialect : kAll) {
    if (dialect_name(dialect) == name) return dialect;
  }
  return std::nullopt;
}

}  // namespace reeve::wire
