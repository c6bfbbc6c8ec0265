#include "reeve/config_providers.h"

#include <algorithm>

#include "core/bytes.h"

namespace reeve::app {

namespace {

constexpr std::size_t kKeysMax = 32;
constexpr std::size_t kKeyNameBytesMax = 40;

std::string vendor_of(const std::vector<wire::Dialect>& dialects) {
  if (dialects.empty()) return {};
  switch (dialects.front()) {
    case wire::Dialect::kAnthropic: return "anthropic";
    case wire::Dialect::kGemini: return "google";
    case wire::Dialect::kOpenAiChat:
    case wire::Dialect::kOpenAiResponses:
    case wire::Dialect::kOpenAiEmbeddings: return "openai";
  }
  return {};
}

/// Why a URL is none, without the text itself: what the environment put there, or a query, may be a secret.
std::string reason_of(const Error& error) {
  const std::size_t reason = error.message.rfind(": ");
  return "base_url is not as a vendor's SDK takes it" +
         (reason == std::string::npos ? ": " + error.message : error.message.substr(reason));
}

bool holds_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

/// Stands in metrics, in the ledger, and in the place that the key is sealed for.
bool is_key_name(std::string_view name) {
  return !name.empty() && name.size() <= kKeyNameBytesMax && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

class ProviderReader {
 public:
  ProviderReader(const SecretReader::Expand& expand, SecretReader& secrets, std::vector<Diagnostic>& complaints)
      : expand_(expand), secrets_(secrets), complaints_(complaints) {}

  std::optional<ProviderConfig> read(const YamlValue& value) {
    if (!mapping(value, {"name", "dialect", "base_url", "api_key", "api_keys", "region", "retention", "prices"})) {
      return std::nullopt;
    }
    const YamlValue* name = value.find("name");
    const YamlValue* dialect = value.find("dialect");
    if (name == nullptr) return complain(value, "a provider needs a name");
    if (dialect == nullptr) {
      return complain(value, "a provider needs a dialect: anthropic, openai-chat, openai-responses or gemini");
    }
    ProviderConfig read;
    gateway::Provider& provider = read.provider;
    provider.name = expand_(*name);
    provider.dialects = read_dialects(*dialect, read.practice);
    provider.simulated = read.practice;
    if (const YamlValue* base_url = value.find("base_url")) {
      auto url = net::parse_url(expand_(*base_url));
      if (!url) return complain(*base_url, reason_of(url.error()));
      provider.base_url = *std::move(url);
    } else if (!read.practice) {
      complain(value, "a provider needs a base_url, such as https://api.anthropic.com");
    }
    read_keys(value, provider);
    if (const YamlValue* region = value.find("region")) provider.region = expand_(*region);
    if (const YamlValue* retention = value.find("retention")) provider.retention = expand_(*retention);
    const YamlValue* prices = value.find("prices");
    provider.price_provider = prices != nullptr ? expand_(*prices)
                              : read.practice   ? "practice"
                                                : vendor_of(provider.dialects);
    return read;
  }

 private:
  std::nullopt_t complain(const YamlValue& value, std::string message) {
    complaints_.push_back(value.complain(std::move(message)));
    return std::nullopt;
  }

  bool mapping(const YamlValue& value, std::initializer_list<std::string_view> keys) {
    if (!value.is_mapping()) {
      complain(value, "a mapping is expected here");
      return false;
    }
    value.refuse_unknown_keys(keys, complaints_);
    return true;
  }

  std::vector<wire::Dialect> read_dialects(const YamlValue& value, bool& practice) {
    std::vector<wire::Dialect> dialects;
    const std::vector<YamlValue> single{value};
    for (const YamlValue& item : value.is_sequence() ? value.items() : single) {
      const std::string name = expand_(item);
      if (name == "practice") {
        practice = true;
        dialects = {wire::Dialect::kAnthropic, wire::Dialect::kOpenAiChat, wire::Dialect::kOpenAiResponses,
                    wire::Dialect::kGemini};
      } else if (const auto dialect = wire::dialect_from_name(name)) {
        dialects.push_back(*dialect);
      } else {
        complain(item, "'" + printable(name, 40) +
                           "' is not a dialect; use anthropic, openai-chat, openai-responses, gemini or practice");
      }
    }
    return dialects;
  }

  std::string secret(const YamlValue& value, const std::string& place) {
    std::string text = secrets_.read(value, place);
    if (holds_control_character(text)) complain(value, "api_key holds a line break or another control character");
    return text;
  }

  void read_keys(const YamlValue& value, gateway::Provider& provider) {
    const YamlValue* one = value.find("api_key");
    const YamlValue* several = value.find("api_keys");
    if (one != nullptr && several != nullptr) complain(*several, "write api_key, or api_keys for several; not both");
    if (one != nullptr) {
      std::string text = secret(*one, "providers." + provider.name + ".api_key");
      if (!text.empty()) provider.keys.push_back({.name = {}, .secret = SecretText(std::move(text)), .health = {}});
    }
    if (several == nullptr) return;
    if (!several->is_sequence() || several->items().empty() || several->items().size() > kKeysMax) {
      complain(*several, "a list of 1 to 32 keys is expected here: [{name: first, api_key: ...}, ...]");
      return;
    }
    for (const YamlValue& item : several->items()) read_key(item, provider);
  }

  void read_key(const YamlValue& item, gateway::Provider& provider) {
    if (!mapping(item, {"name", "api_key", "weight", "priority"})) return;
    const YamlValue* name = item.find("name");
    const YamlValue* key = item.find("api_key");
    if (name == nullptr || key == nullptr) {
      complain(item, "a key needs a name, which stands in metrics and in the ledger, and an api_key");
      return;
    }
    gateway::ProviderKey read;
    read.name = expand_(*name);
    if (!is_key_name(read.name)) {
      complain(*name, "a key's name is 1 to 40 letters, digits, hyphens and underscores");
      return;
    }
    const auto& keys = provider.keys;
    if (std::any_of(keys.begin(), keys.end(), [&](const auto& other) { return other.name == read.name; })) {
      complain(*name, "there is another key of that name");
      return;
    }
    std::string text = secret(*key, "providers." + provider.name + ".api_keys." + read.name);
    if (text.empty()) return;
    read.secret = SecretText(std::move(text));
    read_number(item, "weight", read.weight);
    read_number(item, "priority", read.priority);
    provider.keys.push_back(std::move(read));
  }

  void read_number(const YamlValue& item, const char* key, std::uint32_t& into) {
    const YamlValue* value = item.find(key);
    if (value == nullptr) return;
    const auto number = value->as_int();
    if (number && *number >= 1 && *number <= 1000) {
      into = static_cast<std::uint32_t>(*number);
    } else {
      complain(*value, "a whole number from 1 to 1000 is expected here");
    }
  }

  const SecretReader::Expand& expand_;
  SecretReader& secrets_;
  std::vector<Diagnostic>& complaints_;
};

}  // namespace

std::optional<ProviderConfig> read_provider(const YamlValue& value, const SecretReader::Expand& expand,
                                            // NOLINTNEXTLINE(performance-unnecessary-value-param)
                                            SecretReader secrets, std::vector<Diagnostic>& complaints) {
  return ProviderReader(expand, secrets, complaints).read(value);
}

}  // namespace reeve::app
