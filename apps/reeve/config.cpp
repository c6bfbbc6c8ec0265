#include "reeve/config.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "core/bytes.h"
#include "reeve/config_content.h"
#include "reeve/config_identity.h"
#include "reeve/config_providers.h"
#include "reeve/config_served_log.h"
#include "reeve/config_witnesses.h"

namespace reeve::app {

namespace {

/// Reads one configuration document; every method adds what is wrong to `complaints` and goes on.
class ConfigReader {
 public:
  ConfigReader(std::filesystem::path base, std::vector<Diagnostic>& complaints, OpenSecrets opens = OpenSecrets::kNo)
      : base_(std::move(base)), complaints_(complaints), opens_(opens) {}

  void read_data_dir(const YamlValue& root, std::filesystem::path& data_dir) {
    if (const YamlValue* value = root.find("data_dir")) data_dir = path(*value);
  }

  void read(const YamlValue& root, Config& config) {
    if (!root.is_mapping()) return complain(root, "reeve.yaml is a mapping of keys such as 'listen: 127.0.0.1:8484'");
    root.refuse_unknown_keys(
        {"listen", "data_dir", "governance_dir", "storage", "providers", "models", "identity", "ledger", "spend", "tls",
         "limits", "upstream", "workers", "log", "exports", "sealing", "trusted_proxies"},
        complaints_);
    if (const YamlValue* value = root.find("listen")) read_listen(*value, config);
    read_data_dir(root, config.data_dir);
    if (const YamlValue* value = root.find("governance_dir")) config.governance_dir = path(*value);
    if (const YamlValue* value = root.find("storage")) read_storage(*value, config);
    if (const YamlValue* value = root.find("workers")) config.workers = number(*value, 1, 256);
    if (const YamlValue* value = root.find("sealing")) read_sealing(*value, base_, config.sealing, complaints_);
    if (const YamlValue* value = root.find("providers")) read_providers(*value, config);
    if (const YamlValue* value = root.find("models")) read_models(*value, config);
    if (const YamlValue* value = root.find("identity")) {
      read_identity(
          *value, [this](const YamlValue& scalar) { return text(scalar); }, secrets(config), config, complaints_);
    }
    if (const YamlValue* value = root.find("trusted_proxies")) {
      read_trusted_proxies(*value, [this](const YamlValue& scalar) { return text(scalar); }, config, complaints_);
    }
    if (const YamlValue* value = root.find("ledger")) read_ledger(*value, config);
    if (const YamlValue* value = root.find("spend")) read_spend(*value, config);
    if (const YamlValue* value = root.find("tls")) read_tls(*value, config);
    if (config.agents) settle_agents(*root.find("identity"), base_, config, complaints_);
    if (const YamlValue* value = root.find("limits")) read_limits(*value, config);
    if (const YamlValue* value = root.find("upstream")) read_upstream(*value, config);
    if (const YamlValue* value = root.find("log")) read_log(*value, config);
    if (const YamlValue* value = root.find("exports")) {
      const auto expand = [this](const YamlValue& scalar) { return text(scalar); };
      config.exports = ledger::read_exports(*value, base_, expand, complaints_);
    }
  }

  void read_limits(const YamlValue& value, Config& config) {
    if (!mapping(value,
                 {"body_mib", "header_kib", "connections", "header_timeout", "idle_timeout", "body_timeout",
                  "write_timeout", "api_per_second", "api_burst", "api_unknown_per_second", "api_unknown_burst"}))
      return;
    ApiLimits& api = config.api_limits;
    for (const auto& [key, into] :
         {std::pair("api_per_second", &api.known.per_second), std::pair("api_burst", &api.known.burst),
          std::pair("api_unknown_per_second", &api.unknown.per_second),
          std::pair("api_unknown_burst", &api.unknown.burst)}) {
      if (const YamlValue* count = value.find(key)) *into = number(*count, 1, 1'000'000);
    }
    net::ServerLimits& limits = config.server_limits;
    if (const YamlValue* size = value.find("body_mib")) limits.body_bytes_max = number(*size, 1, 1024) << 20U;
    if (const YamlValue* size = value.find("header_kib")) limits.header_bytes_max = number(*size, 1, 1024) << 10U;
    if (const YamlValue* count = value.find("connections")) limits.connections_max = number(*count, 1, 1'000'000);
    read_duration(value, "header_timeout", limits.header_timeout);
    read_duration(value, "idle_timeout", limits.idle_timeout);
    read_duration(value, "body_timeout", limits.body_timeout);
    read_duration(value, "write_timeout", limits.write_timeout);
  }

 private:
  void complain(const YamlValue& value, std::string message) {
    complaints_.push_back(value.complain(std::move(message)));
  }

  /// A scalar with ${NAME} and ${NAME:-default} replaced from the environment.
  std::string text(const YamlValue& value) {
    if (!value.is_scalar()) {
      complain(value, "plain text is expected here");
      return {};
    }
    std::string result;
    std::string_view rest = value.text();
    while (true) {
      const std::size_t start = rest.find("${");
      const std::size_t end = start == std::string_view::npos ? start : rest.find('}', start);
      if (end == std::string_view::npos) return result.append(rest);
      result.append(rest.substr(0, start));
      std::string name(rest.substr(start + 2, end - start - 2));
      const std::size_t fallback = name.find(":-");
      const std::string otherwise = fallback == std::string::npos ? "" : name.substr(fallback + 2);
      name.resize(std::min(fallback, name.size()));
      const char* found = std::getenv(name.c_str());
      if (found == nullptr && fallback == std::string::npos) {
        complain(value, "the environment variable " + printable(name, 60) + " is not set; set it, or write ${" +
                            printable(name, 60) + ":-} to allow that");
      }
      // As the shell has it: what is set but empty falls back too.
      const bool falls_back = found == nullptr || (*found == '\0' && fallback != std::string::npos);
      result += falls_back ? otherwise : found;
      rest.remove_prefix(end + 1);
    }
  }

  std::filesystem::path path(const YamlValue& value) {
    const std::filesystem::path given = text(value);
    if (given.empty()) complain(value, "a path is expected here");
    return given.is_absolute() ? given : (base_ / given).lexically_normal();
  }

  std::size_t number(const YamlValue& value, std::int64_t least, std::int64_t most) {
    const auto read = value.as_int();
    if (!read || *read < least || *read > most) {
      complain(value,
               "a whole number from " + std::to_string(least) + " to " + std::to_string(most) + " is expected here");
      return static_cast<std::size_t>(least);
    }
    return static_cast<std::size_t>(*read);
  }

  void read_duration(const YamlValue& mapping, std::string_view key, Duration& into) {
    const YamlValue* value = mapping.find(key);
    if (value == nullptr) return;
    const auto duration = parse_duration(text(*value));
    if (!duration) return complain(*value, duration.error().message);
    if (duration->count() <= 0) return complain(*value, "a time-out must be longer than zero");
    into = *duration;
  }

  bool mapping(const YamlValue& value, std::initializer_list<std::string_view> keys) {
    if (!value.is_mapping()) {
      complain(value, "a mapping is expected here");
      return false;
    }
    value.refuse_unknown_keys(keys, complaints_);
    return true;
  }

  void read_listen(const YamlValue& value, Config& config) {
    const auto listen = parse_listen(text(value));
    if (!listen) return complain(value, listen.error().message);
    std::tie(config.listen_host, config.listen_port) = *listen;
  }

  void read_storage(const YamlValue& value, Config& config) {
    if (!mapping(value, {"url", "postgres"})) return;
    const YamlValue* url = value.find("url");
    if (url != nullptr && text(*url) != "sqlite") {
      complain(*url,
               "a node stores its own state in SQLite only; write 'url: sqlite' or leave it out, and name the database "
               "that several nodes share as postgres: {url: ...}");
    }
    if (const YamlValue* postgres = value.find("postgres")) read_postgres(*postgres, config);
  }

  void read_postgres(const YamlValue& value, Config& config) {
    if (!mapping(value, {"url", "password_file", "connect_timeout", "call_timeout", "refuse_after", "end_after"}))
      return;
    const YamlValue* url = value.find("url");
    if (url == nullptr) return complain(value, "postgres needs a url, such as postgresql://reeve@db.example.com/reeve");
    store::PostgresOptions options;
    options.url = secrets(config).read_address(*url, "storage.postgres.url");
    const bool opened = !is_sealed(url->text()) || !options.url.empty();
    if (const auto checked = store::check_postgres_url(options.url); opened && !checked)
      complain(*url, checked.error().message);
    if (const YamlValue* file = value.find("password_file")) options.password_file = path(*file);
    read_duration(value, "connect_timeout", options.connect_timeout);
    read_duration(value, "call_timeout", options.call_timeout);
    read_duration(value, "refuse_after", config.refuse_after);
    read_duration(value, "end_after", config.end_after);
    config.postgres = std::move(options);
  }

  void read_providers(const YamlValue& value, Config& config) {
    if (!value.is_sequence()) return complain(value, "a list of providers is expected here");
    for (const YamlValue& item : value.items()) {
      auto read =
          read_provider(item, [this](const YamlValue& scalar) { return text(scalar); }, secrets(config), complaints_);
      if (!read) continue;
      if (!provider_lines_.emplace(read->provider.name, config.providers.size()).second) {
        complain(*item.find("name"), "there is another provider of that name");
        continue;
      }
      config.providers.push_back(*std::move(read));
    }
  }

  SecretReader secrets(Config& config) {
    return {[this](const YamlValue& scalar) { return text(scalar); }, opens_, config.secrets, complaints_};
  }

  void read_models(const YamlValue& value, Config& config) {
    if (!value.is_sequence()) return complain(value, "a list of models is expected here");
    for (const YamlValue& item : value.items()) {
      if (!mapping(item, {"name", "provider", "tier"})) continue;
      const YamlValue* name = item.find("name");
      const YamlValue* provider = item.find("provider");
      if (name == nullptr || provider == nullptr) {
        complain(item, "a model needs a name (or a pattern such as claude-opus-*) and a provider");
        continue;
      }
      gateway::Model model;
      model.pattern = text(*name);
      if (const YamlValue* tier = item.find("tier")) model.tier = text(*tier);
      const std::vector<YamlValue> single{*provider};
      for (const YamlValue& wanted : provider->is_sequence() ? provider->items() : single) {
        const auto known = provider_lines_.find(text(wanted));
        if (known == provider_lines_.end()) {
          complain(wanted, "there is no provider named '" + printable(text(wanted), 60) + "' above");
        } else {
          model.providers.push_back(known->second);
        }
      }
      config.models.push_back(std::move(model));
    }
  }

  void read_ledger(const YamlValue& value, Config& config) {
    if (!mapping(value, {"content", "keep", "keep_classes", "retention", "content_key", "sync", "origin", "node",
                         "segment_mib", "heartbeat", "witnesses", "quorum", "anchor", "serve"})) {
      return;
    }
    if (const YamlValue* content = value.find("content")) {
      const std::string level = text(*content);
      config.record_request_digest = level == "hash";
      config.seal_content = level == "sealed";
      if (level != "metadata" && level != "hash" && level != "sealed") {
        complain(*content,
                 "ledger content is metadata (who, what, cost, and what was found), hash (also a keyed digest of each "
                 "request) or sealed (requests and answers, encrypted for each person)");
      }
    }
    read_kept_content(value, base_, config, complaints_);
    if (const YamlValue* sync = value.find("sync"); sync != nullptr && text(*sync) != "always") {
      complain(*sync, "the ledger always syncs before a call leaves; write 'sync: always' or leave it out");
    }
    if (const YamlValue* origin = value.find("origin")) config.ledger_origin = text(*origin);
    if (const YamlValue* node = value.find("node")) config.ledger_node = text(*node);
    if (const YamlValue* size = value.find("segment_mib")) config.segment_bytes = number(*size, 1, 1024) << 20U;
    if (const YamlValue* heartbeat = value.find("heartbeat")) read_heartbeat(*heartbeat, config);
    if (const YamlValue* anchor = value.find("anchor")) {
      config.ledger_anchor = path(*anchor);
      check_anchor(*anchor, config, complaints_);
    }
    read_witnesses(value, [this](const YamlValue& scalar) { return text(scalar); }, config, complaints_);
    if (const YamlValue* serve = value.find("serve")) read_served_log(*serve, config.served_log, complaints_);
  }

  void read_spend(const YamlValue& value, Config& config) {
    if (!mapping(value, {"anomalies_every"})) return;
    read_duration(value, "anomalies_every", config.anomalies_every);
    if (config.anomalies_every < std::chrono::seconds(1) || config.anomalies_every > std::chrono::hours(24)) {
      complain(*value.find("anomalies_every"), "anomalies are looked for every 1s to every 24h");
    }
  }

  void read_heartbeat(const YamlValue& value, Config& config) {
    const auto every = parse_duration(text(value));
    if (every && *every >= std::chrono::seconds(1) && *every <= std::chrono::hours(1)) {
      config.heartbeat = *every;
      return;
    }
    complain(value,
             "the ledger's heartbeat is how an auditor sees that it was kept all the time, so it cannot be turned off; "
             "write how often it beats, from 1s to 1h (60s if you leave it out)");
  }

  void read_tls(const YamlValue& value, Config& config) {
    if (!mapping(value, {"certificate", "key"})) return;
    const YamlValue* certificate = value.find("certificate");
    const YamlValue* key = value.find("key");
    if (certificate == nullptr || key == nullptr)
      return complain(value, "tls needs 'certificate' and 'key', two PEM files");
    config.tls = net::ServerTls{path(*certificate).string(), path(*key).string()};
  }

  void read_upstream(const YamlValue& value, Config& config) {
    if (!mapping(value,
                 {"roots", "connections", "connect_timeout", "response_timeout", "read_timeout", "write_timeout"}))
      return;
    net::ClientLimits& limits = config.upstream_limits;
    if (const YamlValue* roots = value.find("roots")) {
      const std::vector<YamlValue> single{*roots};
      for (const YamlValue& file : roots->is_sequence() ? roots->items() : single) {
        config.upstream_tls.extra_root_files.push_back(path(file).string());
      }
    }
    if (const YamlValue* count = value.find("connections")) limits.connections_max = number(*count, 1, 100'000);
    read_duration(value, "connect_timeout", limits.connect_timeout);
    read_duration(value, "response_timeout", limits.response_timeout);
    read_duration(value, "read_timeout", limits.read_timeout);
    read_duration(value, "write_timeout", limits.write_timeout);
  }

  void read_log(const YamlValue& value, Config& config) {
    if (!mapping(value, {"level", "format"})) return;
    static const std::map<std::string, LogLevel> levels{{"debug", LogLevel::kDebug},
                                                        {"info", LogLevel::kInfo},
                                                        {"warning", LogLevel::kWarning},
                                                        {"error", LogLevel::kError}};
    if (const YamlValue* level = value.find("level")) {
      const auto found = levels.find(text(*level));
      if (found == levels.end()) return complain(*level, "log level is debug, info, warning or error");
      config.log_level = found->second;
    }
    if (const YamlValue* format = value.find("format")) {
      const std::string name = text(*format);
      if (name != "text" && name != "json") return complain(*format, "log format is text or json");
      config.log_format = name == "json" ? LogFormat::kJson : LogFormat::kText;
    }
  }

  std::filesystem::path base_;
  std::vector<Diagnostic>& complaints_;
  const OpenSecrets opens_;
  std::map<std::string, std::size_t> provider_lines_;
};

Config from_documents(const std::vector<YamlValue>& documents, const std::string& name,
                      const std::filesystem::path& base, std::vector<Diagnostic>& complaints, OpenSecrets opens) {
  Config config;
  config.data_dir = (base / "data").lexically_normal();
  config.governance_dir = (base / "governance").lexically_normal();
  if (documents.empty()) {
    if (!has_errors(complaints)) complaints.push_back({Diagnostic::Severity::kError, name, 0, 0, "the file is empty"});
    return config;
  }
  if (documents.size() > 1) complaints.push_back(documents[1].complain("reeve.yaml holds one document"));
  ConfigReader(base, complaints, opens).read(documents.front(), config);
  return config;
}

}  // namespace

Config read_config(const std::filesystem::path& file, std::vector<Diagnostic>& complaints, OpenSecrets opens) {
  const auto documents = read_yaml_file(file, complaints);
  return from_documents(documents, file.string(), file.parent_path(), complaints, opens);
}

Config parse_config(std::string_view text, const std::string& name, const std::filesystem::path& base,
                    std::vector<Diagnostic>& complaints, OpenSecrets opens) {
  return from_documents(parse_yaml(text, name, complaints), name, base, complaints, opens);
}

Result<std::filesystem::path> read_data_dir(const std::filesystem::path& file) {
  std::vector<Diagnostic> complaints;
  const auto documents = read_yaml_file(file, complaints);
  std::filesystem::path data_dir = (file.parent_path() / "data").lexically_normal();
  if (!documents.empty()) ConfigReader(file.parent_path(), complaints).read_data_dir(documents.front(), data_dir);
  if (documents.empty() && complaints.empty()) return Error{ErrorCode::kInvalid, file.string() + ": the file is empty"};
  if (has_errors(complaints)) return Error{ErrorCode::kInvalid, complaints.front().to_string()};
  return data_dir;
}

std::vector<std::string_view> settings_for_a_restart(const Config& running, const Config& wanted) {
  const std::pair<std::string_view, bool> kept[] = {
      {"listen", running.listen_host == wanted.listen_host && running.listen_port == wanted.listen_port},
      {"data_dir", running.data_dir == wanted.data_dir},
      {"storage.postgres", running.postgres == wanted.postgres && running.refuse_after == wanted.refuse_after &&
                               running.end_after == wanted.end_after},
      {"workers", running.workers == wanted.workers},
      {"identity",
       running.issuers == wanted.issuers && running.tokens == wanted.tokens && running.public_url == wanted.public_url},
      {"trusted_proxies", running.trusted_proxies == wanted.trusted_proxies},
      {"identity.directory", running.directory == wanted.directory},
      {"identity.agents", running.agents == wanted.agents},
      {"ledger.origin", running.ledger_origin == wanted.ledger_origin},
      {"ledger.node", running.ledger_node == wanted.ledger_node},
      {"ledger.content", running.seal_content == wanted.seal_content},
      {"ledger.keep", running.keep_content == wanted.keep_content},
      {"ledger.keep_classes", running.keep_classes == wanted.keep_classes},
      {"ledger.content_key", running.content_key == wanted.content_key},
      {"ledger.segment_mib", running.segment_bytes == wanted.segment_bytes},
      {"exports", running.exports == wanted.exports},
      {"ledger.heartbeat", running.heartbeat == wanted.heartbeat},
      {"ledger.anchor", running.ledger_anchor == wanted.ledger_anchor},
      {"ledger.witnesses", running.witnesses == wanted.witnesses && running.witness_quorum == wanted.witness_quorum},
      {"ledger.serve", running.served_log == wanted.served_log},
      {"tls", running.tls == wanted.tls},
      {"limits", running.server_limits == wanted.server_limits && running.api_limits == wanted.api_limits},
      {"upstream", running.upstream_limits == wanted.upstream_limits && running.upstream_tls == wanted.upstream_tls},
  };
  std::vector<std::string_view> changed;
  for (const auto& [name, same] : kept) {
    if (!same) changed.push_back(name);
  }
  return changed;
}

Result<std::pair<std::string, std::uint16_t>> parse_listen(std::string_view text) {
  const Error wrong{
      ErrorCode::kInvalid,
      "'" + printable(text, 60) + "' is not an address to listen on; write it as 127.0.0.1:8484 or [::1]:8484"};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong;
  const auto port = parse_int(text.substr(colon + 1));
  if (!port || *port < 0 || *port > 65'535) return wrong;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong;
  }
  return std::pair(std::string(host.empty() ? "0.0.0.0" : host), static_cast<std::uint16_t>(*port));
}

}  // namespace reeve::app
