#include "reeve/session_list.h"

#include "core/json.h"

namespace reeve::app {

namespace {

constexpr auto kTimeMax = std::chrono::seconds(10);
/// Parts of sessions that are looked at first, for each session of a page: most have one or two.
constexpr std::uint64_t kPartsOfEach = 8;

std::string first_before_sql(std::uint64_t first) { return " AND first_seq < " + std::to_string(first); }

/// Those behind the session that began with entry `first`, by cost and then by when they began.
std::string cheaper_sql(std::uint64_t first, const std::string& parts) {
  const std::string number = std::to_string(first);
  return " AND (cost_nanos, first_seq) < (SELECT (coalesce(least(sum(cost_nanos), 9223372036854775807), 0)::BIGINT, " +
         number + "::BIGINT) FROM " + parts +
         " AND session IN (SELECT session FROM session_parts WHERE first_seq = " + number + "))";
}

/// `candidates`: a table of sessions that may be on the page. `bound`: those that began before it are left out, because
/// another one that began between it and them may not be among the candidates.
std::string page_sql(const SessionsAsked& asked, const std::string& parts, const std::string& candidates,
                     const std::string& bound) {
  std::string having = "first_seq >= " + bound;
  if (asked.before) having += asked.dearest_first ? cheaper_sql(*asked.before, parts) : first_before_sql(*asked.before);
  if (asked.since) having += " AND \"last\" >= " + index_time_sql(*asked.since);
  return candidates + " SELECT session, person, team, client, repo, calls, denied, not_ok, " +
         index_time_sql("\"first\"") + " AS \"first\", " + index_time_sql("\"last\"") +
         " AS \"last\", cost_nanos, input_tokens, output_tokens, first_seq FROM (SELECT session, any_value(person) AS "
         "person, any_value(team) AS team, any_value(client) AS client, any_value(repo) AS repo, sum(begun)::BIGINT AS "
         "calls, sum(denied)::BIGINT AS denied, sum(not_ok)::BIGINT AS not_ok, min(\"first\") AS \"first\", "
         "max(\"last\") AS \"last\", least(sum(cost_nanos), 9223372036854775807)::BIGINT AS "
         "cost_nanos, least(sum(input_tokens), "
         "9223372036854775807)::BIGINT AS input_tokens, least(sum(output_tokens), 9223372036854775807)::BIGINT AS "
         "output_tokens, min(first_seq) AS first_seq FROM " +
         parts + " AND session IN (SELECT session FROM newest) GROUP BY session) WHERE " + having + " ORDER BY " +
         (asked.dearest_first ? "cost_nanos DESC, " : "") + "first_seq DESC LIMIT " + std::to_string(asked.limit);
}

}  // namespace

Result<ledger::IndexRows> sessions_page(ledger::Index& index, const SessionsAsked& asked, const std::string& person) {
  std::vector<std::string> parameters;
  std::string parts = "session_parts WHERE TRUE";
  if (!person.empty()) {
    parts += " AND person = $1";
    parameters.push_back(person);
  }
  const std::string before = asked.before ? first_before_sql(*asked.before) : "";
  const std::string newest = "WITH newest AS MATERIALIZED (SELECT session, first_seq FROM " + parts + before +
                             " ORDER BY first_seq DESC LIMIT " + std::to_string(asked.limit * kPartsOfEach) + ")";
  // One person's are few; which is the dearest is known when all were looked at.
  if (person.empty() && !asked.dearest_first) {
    auto rows = index.select(page_sql(asked, parts, newest, "(SELECT min(first_seq) FROM newest)"), parameters,
                             asked.limit, kTimeMax);
    if (!rows || rows->rows.size() == asked.limit) return rows;
  }
  // Not enough of them are among the newest parts. Whatever was seen since then has a part of that time.
  const std::string since = asked.since ? " AND \"last\" >= " + index_time_sql(*asked.since) : "";
  const std::string all = "WITH newest AS (SELECT DISTINCT session FROM " + parts + since + ")";
  return index.select(page_sql(asked, parts, all, "0"), parameters, asked.limit, kTimeMax);
}

std::string sessions_json(const ledger::IndexRows& rows, std::uint64_t limit) {
  JsonWriter json;
  json.begin_object().key("sessions");
  write_rows(json, rows);
  if (rows.rows.size() == limit) {
    const auto* first = std::get_if<std::int64_t>(&rows.rows.back().back());
    if (first != nullptr && *first > 0) json.member("next", std::to_string(*first));
  }
  return json.end_object().take();
}

}  // namespace reeve::app
