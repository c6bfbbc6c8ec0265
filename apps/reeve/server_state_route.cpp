#include "reeve/server_state_route.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "core/bytes.h"
#include "core/json.h"
#include "core/private_file.h"
#include "reeve/api_route.h"
#include "reeve/export_mappings.h"
#include "reeve/export_threads.h"
#include "reeve/provider_report.h"

namespace reeve::app {

namespace {

using Sources = ControlApi::Sources;

void write_issuers(JsonWriter& json, const Config& config) {
  json.key("issuers").begin_array();
  for (const identity::OidcIssuer& issuer : config.issuers) {
    json.begin_object().member("issuer", issuer.issuer).member_if("name", issuer.name);
    json.member("people_sign_in", !issuer.client_id.empty()).end_object();
  }
  json.end_array();
}

void write_witnesses(JsonWriter& json, const Config& config) {
  json.key("witnesses").begin_array();
  for (const ledger::WitnessEndpoint& witness : config.witnesses) {
    json.value(std::string(split(witness.key, '+').front()));
  }
  json.end_array().member("witness_quorum",
                          static_cast<std::uint64_t>(config.witnesses.empty() ? 0 : config.witness_quorum));
}

/// The lines of a checkpoint that name the log, its size and its root; nothing where there is none yet.
void write_checkpoint(JsonWriter& json, std::string_view name, std::string_view text) {
  const auto lines = split(text, '\n');
  if (lines.size() < 3) return;
  json.key(name).begin_object().member("origin", lines[0]).member("entries", parse_int(lines[1]).value_or(0));
  json.member("root", lines[2]).end_object();
}

std::string file_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return std::move(text).str();
}

void write_exports(JsonWriter& json, const Sources& sources, std::uint64_t entries) {
  const auto reader = ledger::LogReader::open(sources.ledger.ledger);
  const auto key = reader ? (*reader)->verifier_key() : Result<std::string>(reader.error());
  json.key("exports").begin_array();
  for (const auto& [name, sink] : sources.exports) {
    const auto directory = exports_directory(sources.data_directory);
    const auto position =
        key ? ledger::read_export_position(ledger::export_position_file(directory, name), log_name(*key))
            : Result<ledger::ExportPosition>(key.error());
    const std::uint64_t next = position ? position->next : 0;
    json.begin_object().member("name", name).member("sink", sink).member("begun", position.ok());
    json.member("lag", entries > next ? entries - next : 0);
    json.member_if("held_up_by", trim(file_text(ledger::export_trouble_file(directory, name)))).end_object();
  }
  json.end_array();
}

void write_models(JsonWriter& json, const gateway::Settings& settings) {
  json.key("models").begin_array();
  for (const gateway::Model& model : settings.models) json.value(model.pattern);
  json.end_array();
}

}  // namespace

std::string started_with_json(const Config& config, Instant started) {
  JsonWriter json;
  json.begin_object().member("version", REEVE_VERSION).member("started", format_time(started));
  json.member("node", config.ledger_node).member("tls", config.tls.has_value());
  json.member("listens", config.listen_host + ":" + std::to_string(config.listen_port));
  json.member_if("public_url", config.public_url).member("shares_a_database", config.postgres.has_value());
  json.member("directory", config.directory.has_value()).member("agents", config.agents.has_value());
  write_issuers(json, config);
  json.member("content", config.seal_content ? "sealed" : config.record_request_digest ? "hash" : "metadata");
  if (config.seal_content) json.member("content_kept", format_duration(config.keep_content));
  json.key("retention_frameworks").begin_array();
  for (const std::string& framework : config.retention_frameworks) json.value(framework);
  json.end_array();
  write_witnesses(json, config);
  json.member("heartbeat", format_duration(config.heartbeat));
  return json.end_object().take();
}

ApiAnswer show_server(const Sources& sources, const ApiRequest&) {
  const auto settings = sources.settings->current();
  const Instant now = system_clock().now();
  JsonWriter json;
  json.begin_object().key("started_with").raw(sources.started_with).member("now", format_time(now));
  json.member("bundle", settings->policy->digest());
  json.member("rules", static_cast<std::uint64_t>(settings->policy->rules().size()));
  json.member("budgets", static_cast<std::uint64_t>(settings->budgets->list().size()));
  if (settings->detectors) json.member("detectors", settings->detectors->digest());
  write_models(json, *settings);
  const auto providers = read_private_file(sources.data_directory / kProviderReportFile);
  const auto told = providers && *providers ? JsonDocument::parse(trim(**providers))
                                            : Result<JsonDocument>(Error{ErrorCode::kNotFound, "nothing is told yet"});
  if (told) json.key("providers").raw(told->root()["providers"].to_json());
  const std::string checkpoint = file_text(sources.ledger.ledger / "public" / "checkpoint");
  write_checkpoint(json, "checkpoint", checkpoint);
  const auto cosigned = ledger::read_cosigned_checkpoint(sources.ledger.ledger);
  if (cosigned) write_checkpoint(json, "cosigned", *cosigned);
  const auto lines = split(checkpoint, '\n');
  const auto entries = lines.size() > 1 ? parse_int(lines[1]) : std::nullopt;
  write_exports(json, sources, static_cast<std::uint64_t>(std::max<std::int64_t>(entries.value_or(0), 0)));
  const auto index = sources.ledger.index->index();
  json.key("index").begin_object().member("ready", index.ok());
  if (!index) json.member("why", index.error().message);
  json.end_object();
  const auto cutoffs = sources.cutoffs->current()->all();
  json.member("cutoffs", static_cast<std::uint64_t>(std::count_if(
                             cutoffs.begin(), cutoffs.end(),
                             [&](const identity::Cutoff& one) { return !one.practice && one.in_force(now); })));
  return {200, json.end_object().take(), {}};
}

std::vector<ApiRoute> server_api_routes() {
  using enum ApiEffect;
  using identity::Permission;
  return {{.path = "/api/v1/server",
           .summary = "What the server runs with, and how it stands",
           .permission = Permission::kReadSettings,
           .answer = show_server,
           .gives = "ServerState"}};
}

}  // namespace reeve::app
