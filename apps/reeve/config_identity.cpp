#include "reeve/config_identity.h"

#include <algorithm>

#include "core/bytes.h"

namespace reeve::app {

namespace {

class IdentityReader {
 public:
  IdentityReader(const Expand& expand, SecretReader& secrets, std::vector<Diagnostic>& complaints)
      : expand_(expand), secrets_(secrets), complaints_(complaints) {}

  void read(const YamlValue& value, Config& config) {
    if (!mapping(value, {"oidc", "tokens", "public_url", "directory", "agents"})) return;
    if (const YamlValue* directory = value.find("directory")) read_directory(*directory, config);
    if (const YamlValue* agents = value.find("agents")) read_agents(*agents, config);
    if (const YamlValue* issuers = value.find("oidc")) read_issuers(*issuers, config);
    if (const YamlValue* tokens = value.find("tokens")) read_tokens(*tokens, config.tokens);
    if (const YamlValue* address = value.find("public_url")) read_public_url(*address, config);
  }

 private:
  void complain(const YamlValue& value, std::string message) {
    complaints_.push_back(value.complain(std::move(message)));
  }
  bool mapping(const YamlValue& value, std::initializer_list<std::string_view> known) {
    if (!value.is_mapping()) {
      complain(value, "a mapping of keys is expected here");
      return false;
    }
    value.refuse_unknown_keys(known, complaints_);
    return true;
  }
  void text(const YamlValue& item, const char* key, std::string& into) {
    if (const YamlValue* value = item.find(key)) into = expand_(*value);
  }
  void duration(const YamlValue& item, const char* key, Duration& into) {
    const YamlValue* value = item.find(key);
    if (value == nullptr) return;
    const auto read = parse_duration(expand_(*value));
    if (!read) return complain(*value, read.error().message);
    into = *read;
  }

  void read_directory(const YamlValue& value, Config& config) {
    const std::string mode = expand_(value);
    if (mode == "required") {
      config.directory = identity::DirectoryMode::kRequired;
    } else if (mode == "optional") {
      config.directory = identity::DirectoryMode::kOptional;
    } else {
      complain(value, "a directory is required (people must be in it) or optional (who is in it must be active)");
    }
  }

  void read_issuers(const YamlValue& issuers, Config& config) {
    if (!issuers.is_sequence()) return complain(issuers, "a list of issuers is expected here");
    for (const YamlValue& item : issuers.items()) {
      if (!mapping(item, {"issuer", "audience", "groups_claim", "person_claim", "team_claim", "name", "client_id",
                          "client_secret", "scopes", "groups_from", "group_map", "group_parents", "unmapped_groups",
                          "workload", "keys"})) {
        continue;
      }
      const YamlValue* url = item.find("issuer");
      if (url == nullptr || item.find("audience") == nullptr) {
        complain(item, "an issuer needs 'issuer' (its URL, exactly as in its tokens) and 'audience'");
        continue;
      }
      identity::OidcIssuer issuer;
      text(item, "issuer", issuer.issuer);
      text(item, "audience", issuer.audience);
      text(item, "groups_claim", issuer.groups_claim);
      text(item, "person_claim", issuer.person_claim);
      text(item, "team_claim", issuer.team_claim);
      text(item, "keys", issuer.keys);
      read_groups(item, issuer);
      read_client(item, issuer);
      if (const auto checked = identity::check_issuer(issuer); !checked) complain(*url, checked.error().message);
      put_issuer(item, std::move(issuer), config);
    }
  }

  /// A machine's tokens are never a person's, so such an issuer stands apart from the others.
  void put_issuer(const YamlValue& item, identity::OidcIssuer issuer, Config& config) {
    const YamlValue* workload = item.find("workload");
    const auto is_workload = workload == nullptr ? std::optional(false) : workload->as_bool();
    if (!is_workload) return complain(*workload, "'workload' is true or false");
    if (!*is_workload) return config.issuers.push_back(std::move(issuer));
    for (const char* of_people : {"groups_claim", "person_claim", "team_claim", "name", "client_id", "client_secret",
                                  "scopes", "groups_from", "group_map", "group_parents", "unmapped_groups"}) {
      if (const YamlValue* value = item.find(of_people)) {
        complain(*value,
                 std::string(of_people) + " is for people; what a workload may do is in the register of agents");
      }
    }
    if (!config.agents) config.agents.emplace();
    config.agents->workloads.push_back(std::move(issuer));
  }

  void read_agents(const YamlValue& value, Config& config) {
    if (!mapping(value, {"unregistered", "spiffe"})) return;
    identity::AgentTrust& trust = config.agents.emplace();
    if (const YamlValue* unregistered = value.find("unregistered")) {
      const std::string word = expand_(*unregistered);
      if (word == "sandbox")
        trust.unregistered = identity::UnregisteredAgents::kSandbox;
      else if (word != "refuse")
        complain(*unregistered, "agents that nobody approved are 'refuse' or 'sandbox'");
    }
    const YamlValue* domains = value.find("spiffe");
    if (domains == nullptr) return;
    if (!domains->is_sequence()) return complain(*domains, "a list of trust domains is expected here");
    for (const YamlValue& item : domains->items()) {
      if (!mapping(item, {"trust_domain", "audience", "keys", "certificates"})) continue;
      identity::TrustDomain domain;
      text(item, "trust_domain", domain.name);
      text(item, "audience", domain.audience);
      text(item, "keys", domain.keys);
      text(item, "certificates", domain.certificates);
      trust.domains.push_back(std::move(domain));
      if (auto checked = identity::check_agent_trust({trust.unregistered, {trust.domains.back()}, {}}); !checked) {
        complain(item, checked.error().message);
      }
    }
    if (auto checked = identity::check_agent_trust(trust); !checked && trust.domains.size() > 1) {
      complain(*domains, checked.error().message);
    }
  }

  void read_client(const YamlValue& item, identity::OidcIssuer& issuer) {
    text(item, "name", issuer.name);
    text(item, "client_id", issuer.client_id);
    if (const YamlValue* secret = item.find("client_secret")) {
      const std::string& name = issuer.name.empty() ? issuer.issuer : issuer.name;
      issuer.client_secret = secrets_.read(*secret, "identity.oidc." + name + ".client_secret");
    }
    text(item, "scopes", issuer.scopes);
    const auto scopes = split(issuer.scopes, ' ');
    if (std::find(scopes.begin(), scopes.end(), "openid") == scopes.end()) {
      complain(*item.find("scopes"), "scopes must have openid among them: people sign in with an ID token");
    }
    for (const char* needs_client : {"client_secret", "scopes", "groups_from"}) {
      const YamlValue* value = item.find(needs_client);
      if (value != nullptr && issuer.client_id.empty()) {
        complain(*value, std::string(needs_client) + " is for people who sign in, which needs a client_id, too");
      }
    }
    if (const YamlValue* from = item.find("groups_from")) {
      const std::string word = expand_(*from);
      issuer.groups_from_userinfo = word == "userinfo";
      if (word != "userinfo" && word != "token") complain(*from, "groups come from 'token' or from 'userinfo'");
    }
  }

  void read_groups(const YamlValue& item, identity::OidcIssuer& issuer) {
    identity::GroupRules& rules = issuer.group_rules;
    if (const YamlValue* names = item.find("group_map")) read_group_lists(*names, rules.names);
    if (const YamlValue* parents = item.find("group_parents")) read_group_lists(*parents, rules.parents);
    if (const YamlValue* unmapped = item.find("unmapped_groups")) {
      const std::string word = expand_(*unmapped);
      rules.keep_unnamed = word != "drop";
      if (word != "drop" && word != "keep") complain(*unmapped, "groups without a name here are 'keep' or 'drop'");
      if (word == "drop" && rules.names.empty())
        complain(*unmapped, "without a group_map nobody would be in any group");
    }
  }

  void read_group_lists(const YamlValue& value, std::map<std::string, std::vector<std::string>>& lists) {
    if (!value.is_mapping())
      return complain(value, "a mapping of a group to one group or a list of groups is expected");
    for (const auto& [group, named] : value.members()) {
      std::vector<std::string>& list = lists[expand_(group)];
      const std::vector<YamlValue> single{named};
      for (const YamlValue& name : named.is_sequence() ? named.items() : single) {
        std::string text = name.is_scalar() ? expand_(name) : std::string();
        if (text.empty() || trim(text).size() != text.size()) {
          complain(name, "the name of a group is expected here, or a list of names");
        } else {
          list.push_back(std::move(text));
        }
      }
    }
  }

  void read_tokens(const YamlValue& value, identity::TokenSettings& tokens) {
    if (!mapping(value, {"audience", "lifetime", "session", "rotate_keys"})) return;
    text(value, "audience", tokens.audience);
    duration(value, "lifetime", tokens.lifetime);
    duration(value, "session", tokens.session);
    duration(value, "rotate_keys", tokens.rotate_keys);
    if (const auto checked = identity::check_token_settings(tokens); !checked) complain(value, checked.error().message);
  }

  /// Cookies and codes travel to this address, so it is https, but for this machine itself.
  void read_public_url(const YamlValue& value, Config& config) {
    std::string address = expand_(value);
    while (address.ends_with('/')) address.pop_back();
    const auto url = net::parse_url(address);
    if (!url) return complain(value, url.error().message);
    if (!url->path.empty()) return complain(value, "the address of the server has no path: write https://HOST");
    const bool loopback = url->host == "localhost" || url->host == "::1" || url->host.starts_with("127.");
    if (!url->tls && !loopback)
      return complain(value, "people sign in at this address, so it must begin with https://");
    config.public_url = std::move(address);
  }

  const Expand& expand_;
  SecretReader& secrets_;
  std::vector<Diagnostic>& complaints_;
};

}  // namespace

void read_trusted_proxies(const YamlValue& value, const Expand& expand, Config& config,
                          std::vector<Diagnostic>& complaints) {
  const YamlValue* addresses = value.is_mapping() ? value.find("addresses") : nullptr;
  if (addresses == nullptr || !addresses->is_sequence()) {
    complaints.push_back(value.complain("name the proxies: {header: x-forwarded-for, addresses: [10.0.0.0/8]}"));
    return;
  }
  value.refuse_unknown_keys({"header", "addresses"}, complaints);
  const YamlValue* header = value.find("header");
  std::vector<std::string> networks;
  for (const YamlValue& item : addresses->items()) {
    networks.push_back(expand(item));
    const auto checked = identity::TrustedProxies::create("x-forwarded-for", std::span(&networks.back(), 1));
    if (!checked) complaints.push_back(item.complain(checked.error().message));
  }
  auto proxies =
      identity::TrustedProxies::create(header == nullptr ? std::string("x-forwarded-for") : expand(*header), networks);
  if (proxies) {
    config.trusted_proxies = *std::move(proxies);
  } else if (header != nullptr && !has_errors(complaints)) {
    complaints.push_back(header->complain(proxies.error().message));
  }
}

void settle_agents(const YamlValue& identity, const std::filesystem::path& base, Config& config,
                   std::vector<Diagnostic>& complaints) {
  const auto resolve = [&](std::string& file) {
    const bool is_file = !file.empty() && file.find("://") == std::string::npos;
    if (is_file) file = (base / file).lexically_normal().string();
  };
  for (identity::OidcIssuer& issuer : config.agents->workloads) resolve(issuer.keys);
  for (identity::TrustDomain& domain : config.agents->domains) {
    resolve(domain.keys);
    resolve(domain.certificates);
    if (domain.certificates.empty()) continue;
    if (config.tls)
      config.tls->asks_clients = true;
    else
      complaints.push_back(identity.complain("X.509-SVIDs are shown in TLS, so 'certificates' needs 'tls', too"));
    std::error_code ignored;
    if (!std::filesystem::exists(domain.certificates, ignored)) {
      complaints.push_back(
          identity.complain("the authorities of " + domain.name + " are not in " + domain.certificates));
    }
  }
}

void read_identity(const YamlValue& value, const Expand& expand, SecretReader secrets, Config& config,
                   std::vector<Diagnostic>& complaints) {
  IdentityReader(expand, secrets, complaints).read(value, config);
}

}  // namespace reeve::app
