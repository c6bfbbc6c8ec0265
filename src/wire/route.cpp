#include <algorithm>

#include "wire/wire.h"

namespace reeve::wire {

namespace {

struct FixedPath {
  std::string_view path;
  Dialect dialect;
  Operation operation;
  std::string_view upstream_path;
};

// base_url is as the vendor's SDK takes it: Anthropic's and Google's end before the version, OpenAI's after it.
constexpr FixedPath kFixedPaths[] = {
    {"/v1/messages", Dialect::kAnthropic, Operation::kGenerate, "/v1/messages"},
    {"/v1/messages/count_tokens", Dialect::kAnthropic, Operation::kCountTokens, "/v1/messages/count_tokens"},
    {"/v1/chat/completions", Dialect::kOpenAiChat, Operation::kGenerate, "/chat/completions"},
    {"/v1/responses", Dialect::kOpenAiResponses, Operation::kGenerate, "/responses"},
    {"/v1/embeddings", Dialect::kOpenAiEmbeddings, Operation::kEmbed, "/embeddings"},
    {"/v1beta/models", Dialect::kGemini, Operation::kListModels, "/v1beta/models"},
};

struct GeminiMethod {
  std::string_view name;
  Operation operation;
  bool stream;
};

constexpr GeminiMethod kGeminiMethods[] = {
    {"generateContent", Operation::kGenerate, false}, {"streamGenerateContent", Operation::kGenerate, true},
    {"countTokens", Operation::kCountTokens, false},  {"embedContent", Operation::kEmbed, false},
    {"batchEmbedContents", Operation::kEmbed, false},
};

std::optional<std::string> percent_decoded(std::string_view text) {
  const auto digit = [](char byte) -> int {
    if (byte >= '0' && byte <= '9') return byte - '0';
    if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
    return -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = digit(text[i + 1]);
    const int low = digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

// A model name from a path: letters, digits and what vendors use between them. No escape survives decoding and no
// segment is "..", so that whoever reads the path after us reads the same name.
std::optional<std::string> model_in_path(std::string_view sent, bool slash_allowed) {
  constexpr std::size_t kBytesMax = 256;
  std::optional<std::string> model = percent_decoded(sent);
  if (!model || model->empty() || model->size() > kBytesMax || model->front() == '/') return std::nullopt;
  const bool clean = std::all_of(model->begin(), model->end(), [slash_allowed](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           std::string_view("-._:@+").find(byte) != std::string_view::npos || (byte == '/' && slash_allowed);
  });
  if (!clean || model->find("..") != std::string::npos) return std::nullopt;
  return model;
}

// "{model}:{method}" below /v1beta/models/ or /v1/models/.
std::optional<Route> gemini_call(std::string_view version, std::string_view rest) {
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto* method = std::find_if(std::begin(kGeminiMethods), std::end(kGeminiMethods),
                                    [name = rest.substr(colon + 1)](const auto& known) { return known.name == name; });
  if (method == std::end(kGeminiMethods)) return std::nullopt;
  std::optional<std::string> model = model_in_path(rest.substr(0, colon), false);
  if (!model) return std::nullopt;
  std::string upstream = std::string(version) + "/models/" + *model + ":" + std::string(method->name);
  return Route{Dialect::kGemini, method->operation, *std::move(model), method->stream, std::move(upstream)};
}

std::optional<Route> gemini_route(std::string_view rest) {
  if (std::optional<Route> call = gemini_call("/v1beta", rest)) return call;
  std::optional<std::string> model = model_in_path(rest, false);
  if (!model || model->find(':') != std::string::npos) return std::nullopt;
  std::string upstream = "/v1beta/models/" + *model;
  return Route{Dialect::kGemini, Operation::kGetModel, *std::move(model), false, std::move(upstream)};
}

std::optional<Route> model_list_route(std::string_view rest, bool anthropic) {
  const std::string prefix = anthropic ? "/v1/models" : "/models";
  const Dialect dialect = anthropic ? Dialect::kAnthropic : Dialect::kOpenAiChat;
  if (rest.empty()) return Route{dialect, Operation::kListModels, "", false, prefix};
  if (std::optional<Route> call = gemini_call("/v1", rest.substr(1))) return call;
  std::optional<std::string> model = model_in_path(rest.substr(1), true);
  if (!model) return std::nullopt;
  std::string upstream = prefix + "/" + *model;
  return Route{dialect, Operation::kGetModel, *std::move(model), false, std::move(upstream)};
}

}  // namespace

std::optional<Route> find_route(std::string_view path, bool has_anthropic_version_header) {
  constexpr std::string_view kGeminiModels = "/v1beta/models/";
  constexpr std::string_view kModels = "/v1/models";
  for (const FixedPath& fixed : kFixedPaths) {
    if (fixed.path == path) {
      return Route{fixed.dialect, fixed.operation, "", false, std::string(fixed.upstream_path)};
    }
  }
  if (path.starts_with(kGeminiModels)) return gemini_route(path.substr(kGeminiModels.size()));
  if (path == kModels || path.starts_with("/v1/models/")) {
    return model_list_route(path.substr(kModels.size()), has_anthropic_version_header);
  }
  return std::nullopt;
}

std::optional<Dialect> dialect_of_path(std::string_view path, bool has_anthropic_version_header) {
  if (const std::optional<Route> route = find_route(path, has_anthropic_version_header)) return route->dialect;
  constexpr std::pair<std::string_view, Dialect> kFamilies[] = {
      {"/v1beta/", Dialect::kGemini},
      {"/v1/messages", Dialect::kAnthropic},
      {"/v1/responses", Dialect::kOpenAiResponses},
      {"/v1/embeddings", Dialect::kOpenAiEmbeddings},
      {"/v1/chat/", Dialect::kOpenAiChat},
  };
  for (const auto& [prefix, dialect] : kFamilies) {
    if (path.starts_with(prefix)) return dialect;
  }
  if (!path.starts_with("/v1/")) return std::nullopt;
  return has_anthropic_version_header ? Dialect::kAnthropic : Dialect::kOpenAiChat;
}

std::string_view allowed_method(const Route& route) {
  return route.operation == Operation::kListModels || route.operation == Operation::kGetModel ? "GET" : "POST";
}

}  // namespace reeve::wire
