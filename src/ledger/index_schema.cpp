#include "ledger/index_schema.h"

#include <array>

namespace reeve::ledger {

namespace {

using duckdb::TypeId;
using enum CallSource;
using enum TypeId;

constexpr std::array kCallColumns = {
    CallColumn{"seq", kBigint, kSeq},
    CallColumn{"intent", kBigint, CallSource::kIntent},
    CallColumn{"time", kTimestamp, kTime},
    CallColumn{"started", kTimestamp, kStarted},
    CallColumn{"id_high", kUbigint, kIdHigh},
    CallColumn{"id_low", kUbigint, kIdLow},
    CallColumn{"id_text", kVarchar, kIdText},
    CallColumn{"attempt", kBigint, kField, Field::kAttempt},
    CallColumn{"session", kVarchar, kField, Field::kSessionId},
    CallColumn{"person", kVarchar, kField, Field::kPrincipalId},
    CallColumn{"person_type", kVarchar, kField, Field::kPrincipalType},
    CallColumn{"team", kVarchar, kField, Field::kPrincipalTeam},
    CallColumn{"groups", kVarchar, kField, Field::kPrincipalGroups},
    CallColumn{"agent", kVarchar, kField, Field::kAgentId},
    CallColumn{"agent_parent", kVarchar, kField, Field::kAgentParent},
    CallColumn{"client", kVarchar, kField, Field::kClient},
    CallColumn{"client_version", kVarchar, kField, Field::kClientVersion},
    CallColumn{"repo", kVarchar, kField, Field::kRepo},
    CallColumn{"work_item", kVarchar, kField, Field::kWorkItem},
    CallColumn{"feature", kVarchar, kField, Field::kFeature},
    CallColumn{"model_asked", kVarchar, kField, Field::kModelAsked},
    CallColumn{"model_sent", kVarchar, kField, Field::kModelServed},
    CallColumn{"model_served", kVarchar, kModelServed},
    CallColumn{"provider", kVarchar, kField, Field::kModelProvider},
    CallColumn{"region", kVarchar, kField, Field::kModelRegion},
    CallColumn{"tier", kVarchar, kField, Field::kModelTier},
    CallColumn{"operation", kVarchar, kField, Field::kModelOperation},
    CallColumn{"effect", kVarchar, kField, Field::kDecisionEffect},
    CallColumn{"enforced", kVarchar, kField, Field::kDecisionEnforced},
    CallColumn{"mode", kVarchar, kField, Field::kDecisionMode},
    CallColumn{"rule", kVarchar, kField, Field::kDecisionRule},
    CallColumn{"rules", kVarchar, kField, Field::kDecisionRules},
    CallColumn{"reason", kVarchar, kField, Field::kDecisionReason},
    CallColumn{"labels", kVarchar, kLabels},
    CallColumn{"findings", kVarchar, kFindings},
    CallColumn{"answer_findings", kVarchar, kAnswerFindings},
    CallColumn{"degraded_by", kVarchar, kField, Field::kBudgetDegradedBy},
    CallColumn{"budget", kVarchar, kField, Field::kBudgetName},
    CallColumn{"input_tokens", kBigint, kField, Field::kUsageInput},
    CallColumn{"cache_read_tokens", kBigint, kField, Field::kUsageCacheRead},
    CallColumn{"cache_write_5m_tokens", kBigint, kField, Field::kUsageCacheWrite5m},
    CallColumn{"cache_write_1h_tokens", kBigint, kField, Field::kUsageCacheWrite1h},
    CallColumn{"output_tokens", kBigint, kField, Field::kUsageOutput},
    CallColumn{"reasoning_tokens", kBigint, kField, Field::kUsageReasoning},
    CallColumn{"input_audio_tokens", kBigint, kField, Field::kUsageInputAudio},
    CallColumn{"output_audio_tokens", kBigint, kField, Field::kUsageOutputAudio},
    CallColumn{"web_searches", kBigint, kField, Field::kUsageWebSearches},
    CallColumn{"cost_nanos", kBigint, kField, Field::kCostNanos},
    CallColumn{"cost_estimated", kBoolean, kField, Field::kCostEstimated},
    CallColumn{"price_known", kBoolean, kField, Field::kCostPriceKnown},
    CallColumn{"price_provider", kVarchar, kPriceProvider},
    CallColumn{"price_model", kVarchar, kPriceModel},
    CallColumn{"price_version", kVarchar, kField, Field::kCostPriceVersion},
    CallColumn{"service_tier", kVarchar, kField, Field::kCostServiceTier},
    CallColumn{"tools", kBoolean, kField, Field::kRequestTools},
    CallColumn{"thinking", kBoolean, kField, Field::kRequestThinking},
    CallColumn{"decision_us", kBigint, kField, Field::kTimingDecision},
    CallColumn{"first_byte_us", kBigint, kField, Field::kTimingFirstByte},
    CallColumn{"total_us", kBigint, kField, Field::kTimingTotal},
    CallColumn{"status", kVarchar, kField, Field::kOutcomeStatus},
    CallColumn{"status_reason", kVarchar, kField, Field::kOutcomeReason},
    CallColumn{"http_status", kVarchar, kField, Field::kOutcomeHttpStatus},
    CallColumn{"response_bytes", kBigint, kField, Field::kOutcomeResponseBytes},
    CallColumn{"producer", kVarchar, kField, Field::kProducerName},
};

constexpr std::array kEventColumns = {
    NamedType{"seq", kBigint},       NamedType{"time", kTimestamp},  NamedType{"kind", kVarchar},
    NamedType{"request", kVarchar},  NamedType{"session", kVarchar}, NamedType{"person", kVarchar},
    NamedType{"by", kVarchar},       NamedType{"about", kVarchar},   NamedType{"reason", kVarchar},
    NamedType{"producer", kVarchar}, NamedType{"number", kBigint},
};
constexpr std::array kSpendColumns = {
    NamedType{"hour", kTimestamp},
    NamedType{"session", kVarchar},
    NamedType{"person", kVarchar},
    NamedType{"person_type", kVarchar},
    NamedType{"team", kVarchar},
    NamedType{"client", kVarchar},
    NamedType{"repo", kVarchar},
    NamedType{"feature", kVarchar},
    NamedType{"work_item", kVarchar},
    NamedType{"agent", kVarchar},
    NamedType{"model_asked", kVarchar},
    NamedType{"model_served", kVarchar},
    NamedType{"provider", kVarchar},
    NamedType{"region", kVarchar},
    NamedType{"price_provider", kVarchar},
    NamedType{"price_model", kVarchar},
    NamedType{"price_version", kVarchar},
    NamedType{"service_tier", kVarchar},
    NamedType{"begun", kBigint},
    NamedType{"calls", kBigint},
    NamedType{"denied", kBigint},
    NamedType{"not_ok", kBigint},
    NamedType{"refused", kBigint},
    NamedType{"priced", kBigint},
    NamedType{"estimated", kBigint},
    NamedType{"unknown_prices", kBigint},
    NamedType{"input_tokens", kBigint},
    NamedType{"cache_read_tokens", kBigint},
    NamedType{"cache_write_5m_tokens", kBigint},
    NamedType{"cache_write_1h_tokens", kBigint},
    NamedType{"output_tokens", kBigint},
    NamedType{"reasoning_tokens", kBigint},
    NamedType{"input_audio_tokens", kBigint},
    NamedType{"output_audio_tokens", kBigint},
    NamedType{"web_searches", kBigint},
    NamedType{"cost_nanos", kBigint},
    NamedType{"first_seq", kBigint},
    NamedType{"first", kTimestamp},
    NamedType{"last_seq", kBigint},
    NamedType{"last", kTimestamp},
};
constexpr std::array kPlaceColumns = {NamedType{"seq", kBigint}, NamedType{"segment", kBigint},
                                      NamedType{"place", kBigint}};

template <typename Columns>
std::string create_table(std::string_view name, const Columns& columns) {
  std::string sql = "CREATE TABLE " + std::string(name) + " (";
  for (const auto& column : columns) {
    if (sql.back() != '(') sql += ", ";
    sql.append("\"").append(column.name).append("\" ").append(type_name(column.type));
  }
  return sql + ");";
}

/// Views that people query. Lists are lists here, and the request id is a text.
constexpr std::string_view kViews = R"(
CREATE VIEW calls AS SELECT seq, intent, time, coalesce(started, time) AS started,
  request_text(id_high, id_low, id_text) AS request, id_low AS request_key, attempt, session, person, person_type, team,
  string_split("groups", chr(31)) AS "groups", agent, agent_parent, client, client_version, repo, work_item, feature,
  model_asked, coalesce(model_served, model_sent) AS model_served, provider, region, tier, operation, effect, enforced,
  mode, rule, string_split(rules, chr(31)) AS rules, reason, string_split(labels, chr(31)) AS labels,
  string_split(findings, chr(31)) AS findings, string_split(answer_findings, chr(31)) AS answer_findings,
  degraded_by, budget, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,
  reasoning_tokens, input_audio_tokens, output_audio_tokens, web_searches, cost_nanos, cost_estimated, price_known,
  price_provider, price_model, price_version, service_tier, tools, thinking, decision_us, first_byte_us, total_us, status,
  status_reason, http_status, response_bytes, producer FROM all_calls;
CREATE VIEW spend AS SELECT * FROM all_spend;
CREATE VIEW events AS SELECT seq, time, kind, request, session, person, "by", about, reason, producer, number
  FROM all_events;
CREATE VIEW entries AS
  SELECT intent AS seq, started AS time, 'model.intent' AS kind, request_text(id_high, id_low, id_text) AS request,
    attempt, session, person, team, model_asked, effect, enforced, rule, NULL AS status, NULL::BIGINT AS cost_nanos,
    CASE WHEN intent = seq THEN producer END AS producer
  FROM all_calls WHERE intent IS NOT NULL
  UNION ALL SELECT seq, time, 'model.outcome', request_text(id_high, id_low, id_text), attempt, session, person, team,
    model_asked, effect, enforced, rule, status, cost_nanos, producer FROM all_calls WHERE intent IS DISTINCT FROM seq
  UNION ALL SELECT seq, time, kind, request, NULL, session, person, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    producer FROM all_events;
CREATE VIEW session_parts AS SELECT session, person, team, client, repo, begun, denied, not_ok, priced, cost_nanos,
    input_tokens::HUGEINT + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens AS input_tokens,
    output_tokens, first_seq, last_seq, first, last FROM all_spend WHERE session IS NOT NULL
  UNION ALL SELECT session, person, team, client, repo, 1, (enforced IS NOT DISTINCT FROM 'deny')::BIGINT, 0, 0, 0, 0,
    0, coalesce(intent, seq), seq, coalesce(started, time), time FROM open_calls WHERE session IS NOT NULL;
CREATE VIEW sessions AS SELECT session, min(first_seq) AS first_seq, max(last_seq) AS last_seq,
  any_value(person) AS person, any_value(team) AS team, any_value(client) AS client, any_value(repo) AS repo,
  sum(begun)::BIGINT AS calls, sum(denied)::BIGINT AS denied, sum(not_ok)::BIGINT AS not_ok,
  min(first) AS first, max(last) AS last,
  CASE WHEN sum(priced) > 0 THEN least(sum(cost_nanos), 9223372036854775807)::BIGINT END AS cost_nanos,
  CASE WHEN sum(input_tokens) + sum(output_tokens) > 0
    THEN least(sum(input_tokens), 9223372036854775807)::BIGINT END AS input_tokens,
  CASE WHEN sum(input_tokens) + sum(output_tokens) > 0
    THEN least(sum(output_tokens), 9223372036854775807)::BIGINT END AS output_tokens
  FROM session_parts GROUP BY session;
)";

}  // namespace

std::span<const CallColumn> call_columns() { return kCallColumns; }
std::span<const NamedType> event_columns() { return kEventColumns; }
std::span<const NamedType> spend_columns() { return kSpendColumns; }
std::span<const NamedType> place_columns() { return kPlaceColumns; }

const CallColumn* call_column_of(std::string_view path, FieldSide side) {
  const bool of_intent = side == FieldSide::kIntent;
  if (of_intent && (path.starts_with("producer.") || path.starts_with("request."))) return nullptr;
  const CallSource source = path == "content.labels"               ? kLabels
                            : path == "model.served" && !of_intent ? kModelServed
                            : path == "cost.provider"              ? kPriceProvider
                            : path == "cost.model"                 ? kPriceModel
                                                                   : kField;
  for (const CallColumn& column : kCallColumns) {
    if (column.source == source && (source != kField || field_info(column.field).path == path)) return &column;
  }
  return nullptr;
}

std::string column_sql(const CallColumn& column) {
  const std::string name = "\"" + std::string(column.name) + "\"";
  const auto unless_same = [&](const char* as) {
    const std::string mark = "'" + std::string(kSame) + "'";
    return "(CASE WHEN " + name + " = " + mark + " THEN " + as + " WHEN starts_with(" + name + ", " + mark +
           ") THEN substr(" + name + ", 2) ELSE " + name + " END)";
  };
  if (column.source == kPriceProvider) return unless_same("provider");
  if (column.source == kPriceModel) return unless_same("model_served");
  // Of numbers that are one of a few a dictionary of texts is smaller than the numbers.
  const bool is_number = column.source == kField && field_info(column.field).type == FieldType::kNumber;
  return is_number && column.type == kVarchar ? name + "::BIGINT" : name;
}

std::string_view type_name(TypeId type) {
  switch (type) {
    case kBoolean: return "BOOLEAN";
    case kSmallint: return "SMALLINT";
    case kInteger: return "INTEGER";
    case kBigint: return "BIGINT";
    case kUbigint: return "UBIGINT";
    case kDouble: return "DOUBLE";
    case kTimestamp: return "TIMESTAMP";
    case kVarchar: return "VARCHAR";
  }
  return "VARCHAR";
}

std::string create_tables(std::string_view catalog, std::string_view prefix) {
  const std::string before = std::string(catalog) + ".main." + std::string(prefix);
  return create_table(before + "calls", kCallColumns) + create_table(before + "events", kEventColumns) +
         create_table(before + "places", kPlaceColumns) + create_table(before + "spend", kSpendColumns);
}

std::string create_views(bool with_stored) {
  std::string sql;
  std::string of_calls;
  for (const CallColumn& column : kCallColumns) {
    of_calls += (of_calls.empty() ? "" : ", ") + column_sql(column) + " AS \"" + std::string(column.name) + "\"";
  }
  for (const std::string name : {"calls", "events", "places", "spend"}) {
    const std::string columns = name == "calls" ? of_calls : "*";
    sql += "CREATE VIEW all_" + name + " AS SELECT " + columns + " FROM new_" + name;
    if (with_stored) sql += " UNION ALL SELECT " + columns + " FROM stored.main." + name;
    if (name == "calls") sql += " UNION ALL SELECT " + columns + " FROM open_calls";
    sql += ";";
  }
  return sql + std::string(kViews);
}

}  // namespace reeve::ledger
