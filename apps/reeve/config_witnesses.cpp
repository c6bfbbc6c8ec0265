#include "reeve/config_witnesses.h"

#include <algorithm>

#include "core/bytes.h"

namespace reeve::app {

namespace {

constexpr std::size_t kWitnessesMax = 16;  // as many signatures as every verifier takes

void read_witness(const YamlValue& item, const TextOf& text, Config& config, std::vector<Diagnostic>& complaints) {
  if (!item.is_mapping()) {
    return complaints.push_back(item.complain("a witness is {url: https://..., key: \"NAME+HASH+KEY\"}"));
  }
  item.refuse_unknown_keys({"url", "key"}, complaints);
  const YamlValue* url = item.find("url");
  const YamlValue* key = item.find("key");
  if (url == nullptr || key == nullptr) {
    return complaints.push_back(
        item.complain("a witness needs a url and the key that 'reeve ledger witness key' prints"));
  }
  auto address = net::parse_url(text(*url));
  if (!address) return complaints.push_back(url->complain(address.error().message));
  const std::string vkey(trim(text(*key)));
  if (const auto name = ledger::witness_key_name(vkey); !name) {
    return complaints.push_back(key->complain(name.error().message));
  }
  if (std::any_of(config.witnesses.begin(), config.witnesses.end(), [&](const auto& w) { return w.key == vkey; })) {
    return complaints.push_back(key->complain("there is another witness with this key; each counts once"));
  }
  config.witnesses.push_back({*std::move(address), vkey});
}

}  // namespace

void read_witnesses(const YamlValue& ledger, const TextOf& text, Config& config, std::vector<Diagnostic>& complaints) {
  const YamlValue* witnesses = ledger.find("witnesses");
  const YamlValue* quorum = ledger.find("quorum");
  if (witnesses != nullptr) {
    if (!witnesses->is_sequence()) {
      return complaints.push_back(witnesses->complain("a list of witnesses is expected here"));
    }
    for (const YamlValue& item : witnesses->items()) read_witness(item, text, config, complaints);
    if (config.witnesses.size() > kWitnessesMax) {
      complaints.push_back(witnesses->complain("at most 16 witnesses: more are not read by everybody who checks"));
    }
  }
  config.witness_quorum = config.witnesses.size() / 2 + 1;
  if (quorum == nullptr) return;
  const auto count = quorum->as_int();
  if (!count || *count < 1 || static_cast<std::size_t>(*count) > config.witnesses.size()) {
    return complaints.push_back(
        quorum->complain("the quorum is how many of the witnesses have to cosign: a whole number from 1 to " +
                         std::to_string(config.witnesses.size())));
  }
  config.witness_quorum = static_cast<std::size_t>(*count);
}

void check_anchor(const YamlValue& value, const Config& config, std::vector<Diagnostic>& complaints) {
  const auto normal = [](const std::filesystem::path& path) {
    return std::filesystem::absolute(path).lexically_normal().string();
  };
  if (normal(config.ledger_anchor).starts_with(normal(config.data_dir) + "/")) {
    complaints.push_back(value.complain(
        "the anchor must lie outside the data directory: whoever restores an old copy of that restores it, too"));
  }
}

}  // namespace reeve::app
