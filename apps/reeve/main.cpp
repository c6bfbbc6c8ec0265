// `reeve`: one program, server and commands. This file is the command line and nothing else.

#include <CLI/CLI.hpp>
#include <algorithm>

#include "reeve/agent_commands.h"
#include "reeve/command_line_secret.h"
#include "reeve/demo_commands.h"
#include "reeve/people_commands.h"
#include "reeve/register_commands.h"
#include "reeve/sealing_settings.h"

namespace reeve::app {

namespace {

/// Options that every command takes, wherever on the line they stand.
void add_common(CLI::App& command, Common& common) {
  command.add_option("-c,--config", common.config,
                     "Configuration file (default: ./reeve.yaml, else /etc/reeve/reeve.yaml)");
  command.add_option("--data", common.data_dir, "Data directory, instead of the configuration's data_dir");
  command.add_flag("--json", common.json, "Print JSON");
}

/// "reeve spend report".
std::string through_text(const CLI::App& command) {
  std::string text;
  for (const CLI::App* app = &command; app->get_parent() != nullptr; app = app->get_parent()) {
    text = " " + app->get_name() + text;
  }
  return "reeve" + text;
}

/// What else stood on its line, but for where to look and how to print: "--by team --since 7d".
std::string asked_text(const CLI::App& command) {
  std::string text;
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_name();
    const bool is_common = name == "--config" || name == "--data" || name == "--json" || name == "--unrecorded";
    if (option->count() == 0 || is_common) continue;
    const bool is_flag = option->get_items_expected_max() == 0;
    if (!option->get_positional()) text += (text.empty() ? "" : " ") + name;
    for (const std::string& value : option->results()) {
      if (!is_flag) text += (text.empty() ? "" : " ") + value;
    }
  }
  return text;
}

}  // namespace

CLI::App& command(CLI::App& parent, Line& line, const char* name, const char* text, std::function<int()> run) {
  CLI::App& added = *parent.add_subcommand(name, text);
  add_common(added, line.common);
  added.final_callback([&line, &added, run = std::move(run)] {
    line.chosen = run;
    line.common.through = through_text(added);
    line.common.asked = asked_text(added);
  });
  return added;
}

CLI::App& reads_ledger(CLI::App& added, Line& line) {
  added.add_flag("--unrecorded", line.common.unrecorded,
                 "Show it even where the ledger cannot record that it was read, such as on a read-only disk");
  return added;
}

CLI::App& family(CLI::App& parent, const char* name, const char* text) {
  CLI::App& added = *parent.add_subcommand(name, text);
  added.require_subcommand(1);
  return added;
}

}  // namespace reeve::app

namespace {

using namespace reeve::app;  // NOLINT: a main file

void add_serving(CLI::App& app, Line& line) {
  CLI::App& serve = command(app, line, "serve", "Serve model calls, governed; SIGTERM drains, SIGHUP reloads",
                            [&line] { return serve_command(line.common, line.listen); });
  serve.add_option("--listen", line.listen, "HOST:PORT, instead of the configuration's");
  CLI::App& run = command(app, line, "run", "Serve with ./reeve.yaml or a starter set-up, and play a short tour",
                          [&line] { return run_command(line.common, line.listen, !line.no_tour); });
  run.add_option("--listen", line.listen, "HOST:PORT, instead of 127.0.0.1:8484");
  run.add_flag("--no-tour", line.no_tour, "Only serve");
  CLI::App& init = command(app, line, "init", "Write a commented reeve.yaml and a starter governance/",
                           [&line] { return init_command(line.common, line.directory); });
  init.add_option("DIR", line.directory, "Where to")->required();
  command(app, line, "check", "Validate the configuration and the governance files",
          [&line] { return check_command(line.common); });
  CLI::App& backup = command(app, line, "backup", "Copy all that a server keeps, beside it, and verify the copy",
                             [&line] { return backup_command(line.common, line.directory, line.without_content); });
  backup.add_option("DIR", line.directory, "Where to: a new or empty directory")->required();
  backup.add_flag("--without-content", line.without_content, "Leave out what calls said, and the keys to it");
}

void add_keys(CLI::App& app, Line& line) {
  CLI::App& key = family(app, "key", "Virtual keys: what developers put where their tool keeps an API key");
  CLI::App& create = command(key, line, "create", "Make a key; the secret is printed once",
                             [&line] { return key_create_command(line.common, line.key); });
  create.add_option("--owner", line.key.owner, "Whose calls these are: an e-mail address")->required();
  create.add_option("-g,--group", line.key.groups, "A group of the owner; repeat for more");
  create.add_option("--team", line.key.team, "The team that pays");
  create.add_option("--type", line.key.type, "person, agent or service")->capture_default_str();
  create.add_option("--ttl", line.key.time_to_live, "How long it is valid: 12h, 30d (default: without an end)");
  create.add_option("--scope", line.key.scopes, "What it may be used for, such as models:claude-*; repeat for more");
  create.add_option("--note", line.key.note, "What it is for");
  CLI::App& list = command(key, line, "list", "List the keys (never their secrets)",
                           [&line] { return key_list_command(line.common, line.all); });
  list.add_flag("--all", line.all, "Also revoked and expired ones");
  CLI::App& revoke =
      command(key, line, "revoke", "End a key at once", [&line] { return key_revoke_command(line.common, line.id); });
  revoke.add_option("ID", line.id, "The key's id, key_...")->required();
}

void add_policy_questions(CLI::App& policy, Line& line) {
  CLI::App& eval = command(policy, line, "eval", "Evaluate a CEL expression",
                           [&line] { return policy_eval_command(line.common, line.eval); });
  eval.add_option("-e,--expr", line.eval.expression, "The expression");
  eval.add_option("-i,--input", line.eval.input, "A JSON file whose members are the variables; - reads standard input");
  eval.add_option("--on", line.eval.point, "Check it against the facts of this decision point, such as model.call");
  eval.add_flag("--jsonl", line.eval.lines, "Read {\"expr\",\"input\"} a line, write {\"value\"} or {\"error\"}");
  CLI::App& explain = command(policy, line, "explain", "Show which rule decided, and what every condition came to",
                              [&line] { return policy_explain_command(line.common, line.explain); });
  reads_ledger(explain, line);
  explain.add_option("REQUEST_ID", line.explain.request_id, "A recorded call: the x-reeve-request-id of its answer");
  explain.add_option("-i,--input", line.explain.input, "Facts as a JSON file instead; - reads standard input");
  explain.add_option("--on", line.explain.point, "The decision point of --input")->capture_default_str();
  explain.add_option("--bundle", line.explain.bundle,
                     "Rules to ask: a governance directory, a bundle file or a digest (default: those that decided)");
  explain.add_flag("--all", line.explain.all, "Also rules that were far from matching");
  CLI::App& facts = command(policy, line, "facts", "Print what rules may name, as Markdown",
                            [&line] { return policy_facts_command(line.common, line.schema); });
  facts.add_flag("--schema", line.schema, "Print a JSON Schema of the governance files, for editors");
}

void add_policy_sets(CLI::App& policy, Line& line) {
  CLI::App& bundle = command(policy, line, "bundle", "Write the rules as one signed file, for others to use", [&line] {
    return policy_bundle_command(line.common, line.source, line.output, line.good_for);
  });
  bundle.add_option("SOURCE", line.source, "Governance directory or digest (default: the configuration's)");
  bundle.add_option("-o,--output", line.output, "The file to write")->required();
  bundle.add_option("--good-for", line.good_for, "How long it may be used without a newer one")->capture_default_str();
  CLI::App& verify = command(policy, line, "verify", "Check a bundle file's signature, digest and age",
                             [&line] { return policy_verify_command(line.common, line.source, line.key_text); });
  verify.add_option("FILE", line.source, "The bundle file")->required();
  verify.add_option("--key", line.key_text, "The key it must be signed with, as 'bundle' printed it");
}

constexpr const char* kSinceText = "Recorded calls from then on: a duration (7d) or a time (2026-11-01)";
constexpr const char* kUntilText = "And up to then: a duration before now or a time";
constexpr const char* kRulesText = "A governance directory, a bundle file or a digest";

void add_policy_changes(CLI::App& policy, Line& line) {
  CLI::App& diff = command(policy, line, "diff", "Show what differs between two sets of rules",
                           [&line] { return policy_diff_command(line.common, line.diff); });
  reads_ledger(diff, line);
  diff.add_option("BEFORE", line.diff.before, kRulesText)->required();
  diff.add_option("AFTER", line.diff.after, "The other one (default: the configuration's)");
  diff.add_option("--since", line.diff.since, "Also what it changes for recorded calls from then on: 30d, 2026-11-01");
  diff.add_option("--until", line.diff.until, kUntilText);
  CLI::App& replay = command(policy, line, "replay", "Decide recorded calls once more: what would rules have changed?",
                             [&line] { return policy_replay_command(line.common, line.replay); });
  reads_ledger(replay, line);
  replay.add_option("RULES", line.replay.bundle, std::string(kRulesText) + " (default: the configuration's)");
  replay.add_flag("--recorded", line.replay.recorded,
                  "By the rules of the time: does every decision come out the same?");
  replay.add_option("--since", line.replay.since, kSinceText)->capture_default_str();
  replay.add_option("--until", line.replay.until, kUntilText);
  CLI::App& shadow = command(policy, line, "shadow", "What rules in shadow mode would have done, and which are ready",
                             [&line] { return policy_shadow_command(line.common, line.shadow); });
  reads_ledger(shadow, line);
  shadow.add_option("--since", line.shadow.since, kSinceText)->capture_default_str();
  shadow.add_option("--until", line.shadow.until, kUntilText);
  shadow.add_option("--max-share", line.shadow.max_share, "The share of calls that a rule may refuse to be ready")
      ->capture_default_str();
}

void add_check_states(CLI::App& policy, Line& line) {
  CLI::App& states = family(policy, "check-state", "How named checks stand, on which rules and exceptions hang");
  CLI::App& set = command(states, line, "set", "Report a check; it holds from the next decision on",
                          [&line] { return check_state_set_command(line.common, line.check_state); });
  set.add_option("NAME", line.check_state.name, "The check, as rules and exceptions name it")->required();
  set.add_option("STATE", line.check_state.state, "green or red")->required();
  set.add_option("--reason", line.check_state.reason, "Why it is so: one line")->required();
  set.add_option("--for", line.check_state.good_for, "How long the report holds: 90m, 24h, 7d")->capture_default_str();
  set.add_option("--by", line.check_state.by, "Who reports it (default: the user that runs this)");
  command(states, line, "list", "List what was reported of each check",
          [&line] { return check_state_list_command(line.common); });
}

void add_policy(CLI::App& app, Line& line) {
  CLI::App& policy = family(app, "policy", "Rules as code");
  line.directory.clear();
  command(policy, line, "check", "Validate the governance files", [&line] {
    return policy_check_command(line.common, line.directory);
  }).add_option("DIR", line.directory, "Governance directory (default: the configuration's)");
  CLI::App& test = command(policy, line, "test", "Run the tests that stand in rules and in PolicyTest documents",
                           [&line] { return policy_test_command(line.common, line.policy_test); });
  test.add_option("DIR", line.policy_test.directory, "Governance directory (default: the configuration's)");
  test.add_flag("--coverage", line.policy_test.coverage, "Show what the tests exercised of each rule");
  test.add_flag("--strict", line.policy_test.strict, "Fail where a rule or a part of its condition lacks a test");
  test.add_option("--junit", line.policy_test.junit, "Write a JUnit XML file");
  add_policy_questions(policy, line);
  add_policy_sets(policy, line);
  add_policy_changes(policy, line);
  add_check_states(policy, line);
}

void add_content(CLI::App& app, Line& line) {
  CLI::App& scan = command(app, line, "scan", "Look for secrets, personal data and the like in files or a pipe",
                           [&line] { return scan_command(line.common, line.scan); });
  scan.add_option("FILE", line.scan.files, "Files; - or none reads standard input");
  scan.add_flag("--jsonl", line.scan.lines, "Read {\"id\",\"text\"} a line, write {\"id\",\"findings\"}");
  scan.add_flag("--staged", line.scan.staged, "Look at what the next git commit adds: for a pre-commit hook");
  scan.add_flag("--explain", line.scan.explain, "Tell how each finding came to be, and what was dropped and why");
  scan.add_flag("--redact", line.scan.redact, "Write the text with what is found replaced");
  scan.add_flag("--restore", line.scan.restore, "Write the text with placeholders of --redact put back");
  const std::map<std::string, reeve::content::RedactWith> kinds{{"token", reeve::content::RedactWith::kToken},
                                                                {"mask", reeve::content::RedactWith::kMask},
                                                                {"remove", reeve::content::RedactWith::kRemove}};
  scan.add_option("--with", line.scan.with, "token, which --restore can put back (default), mask or remove")
      ->transform(CLI::CheckedTransformer(kinds).description(""));
  scan.add_option("--session", line.scan.session, "Placeholders are the same within a session")->capture_default_str();
  scan.add_option("--min-confidence", line.scan.confidence_min, "From 0 to 1")->capture_default_str();
  scan.add_option("--detectors", line.scan.detectors,
                  "A directory of detectors (default: the configuration's, else those that ship)");
  CLI::App& detectors = family(app, "detectors", "What is looked for in content");
  CLI::App& list = command(detectors, line, "list", "List the detectors",
                           [&line] { return detectors_list_command(line.common, line.detectors); });
  list.add_option("DIR", line.detectors.directory, "Governance directory (default: the configuration's)");
  list.add_option("--class", line.detectors.class_name, "Only this class: secret, pii, ...");
  CLI::App& test = command(detectors, line, "test", "Check that each finds its examples and not its counter-examples",
                           [&line] { return detectors_test_command(line.common, line.detectors); });
  test.add_option("DIR", line.detectors.directory, "Governance directory (default: the configuration's)");
  test.add_flag("--cost", line.detectors.cost, "Also measure each on clean and on hostile text; takes a minute or two");
  test.add_option("--rows", line.detectors.rows, "How many of the dearest are shown")->capture_default_str();
  CLI::App& appeal = command(detectors, line, "appeal", "Say that a finding in a call was wrong",
                             [&line] { return appeal_command(line.common, line.appeal); });
  reads_ledger(appeal, line);
  appeal.add_option("REQUEST_ID", line.appeal.request_id, "The call: the x-reeve-request-id of its answer")->required();
  appeal.add_option("--type", line.appeal.type, "The finding's type, such as generic-password")->required();
  appeal.add_option("--reason", line.appeal.reason, "What it really is; recorded in the ledger")->required();
  appeal.add_option("--by", line.appeal.by, "Who says so (default: the user that runs this)");
  CLI::App& appeals = command(detectors, line, "appeals", "Findings and appeals by detector: which are wrong often",
                              [&line] { return appeals_command(line.common, line.appeals_since); });
  reads_ledger(appeals, line);
  appeals.add_option("--since", line.appeals_since, "A duration (7d) or a time (2026-11-01)")->capture_default_str();
  scan.footer("Exits with 1 when something was found. As a pre-commit hook: reeve scan --staged");
}

void add_own_data(CLI::App& app, Line& line) {
  CLI::App& fingerprint = family(app, "fingerprint", "Code that is your own: found in prompts when it is pasted");
  CLI::App& add = command(fingerprint, line, "add", "Register a repository by its fingerprints; again replaces it",
                          [&line] { return fingerprint_add_command(line.common, line.fingerprint); });
  add.add_option("PATH", line.fingerprint.path, "A folder or a file; .gitignore is followed")->required();
  add.add_option("--label", line.fingerprint.label, "What findings of it are labelled, such as payments-core")
      ->required();
  add.add_option("--subtract", line.fingerprint.subtract, "A folder of open source to leave out; repeat for more")
      ->allow_extra_args(false);
  command(fingerprint, line, "list", "List registered code", [&line] { return fingerprint_list_command(line.common); });
  CLI::App& forget = command(fingerprint, line, "remove", "Remove registered code",
                             [&line] { return fingerprint_remove_command(line.common, line.id); });
  forget.add_option("LABEL", line.id, "Its label")->required();

  CLI::App& edm = family(app, "edm", "Exact data match: tables whose values must not leave");
  CLI::App& table = command(edm, line, "add", "Register a table by keyed hashes of its values; again replaces it",
                            [&line] { return edm_add_command(line.common, line.edm); });
  table.add_option("FILE", line.edm.csv, "A CSV file with a heading")->required();
  table.add_option("--name", line.edm.name, "What it is called (default: the file's name)");
  table.add_option("--label", line.edm.label, "What findings of it are labelled (default: customer-data)");
  table
      .add_option("--primary", line.edm.primary, "A column whose value finds a row; repeat for more (default: chosen)")
      ->allow_extra_args(false);
  table.add_option("--confirm", line.edm.confirm, "Further fields of the row that must stand near by")
      ->capture_default_str();
  table.add_option("--window", line.edm.window, "Within so many bytes before and behind")->capture_default_str();
  command(edm, line, "list", "List registered tables", [&line] { return edm_list_command(line.common); });
  CLI::App& drop =
      command(edm, line, "remove", "Remove a table", [&line] { return edm_remove_command(line.common, line.id); });
  drop.add_option("NAME", line.id, "Its name")->required();
}

constexpr const char* kLag =
    "Beside a running server this may lag: an entry shows once a checkpoint is signed over it, mostly within a "
    "tenth of a second, under load within one.";

void add_ledger_index(CLI::App& ledger, Line& line) {
  CLI::App& sql = command(ledger, line, "sql", "Ask the index of the ledger with one SELECT",
                          [&line] { return ledger_sql_command(line.common, line.sql); });
  reads_ledger(sql, line);
  sql.add_option("STATEMENT", line.sql.statement, "Such as: SELECT team, sum(cost_nanos) FROM calls GROUP BY team")
      ->required();
  sql.add_option("--limit", line.sql.rows_max, "At most so many rows")->capture_default_str();
  sql.add_option("--timeout", line.sql.seconds_max, "At most so many seconds")->capture_default_str();
  sql.footer("Tables: calls, events, entries, sessions. The ledger records who asked what.");
  CLI::App& sessions = command(ledger, line, "sessions", "List sessions, the last begun first",
                               [&line] { return ledger_sessions_command(line.common, line.sessions); });
  reads_ledger(sessions, line);
  sessions.add_option("--since", line.sessions.since, "That went on then: a duration (7d) or a time")
      ->capture_default_str();
  sessions.add_option("--limit", line.sessions.limit, "At most so many")->capture_default_str();
  CLI::App& trace = command(ledger, line, "trace", "Show the calls of a session along time, and what came of them",
                            [&line] { return ledger_trace_command(line.common, line.sessions); });
  reads_ledger(trace, line);
  trace.add_option("SESSION", line.sessions.session, "The session, as entries name it")->required();
}

void add_hold_options(CLI::App& hold, Line& line) {
  hold.add_option("--subject", line.hold.subject, "Whose content: the principal's id, as entries name it");
  hold.add_flag("--everybody", line.hold.everybody, "All content");
  hold.add_option("--reason", line.hold.reason, "Why; recorded in the ledger")->required();
  hold.add_option("--by", line.hold.by, "Who asked for it (default: the user that runs this)");
}

void add_holds(CLI::App& holds, Line& line) {
  add_hold_options(command(holds, line, "place", "Keep what is there and what comes, until it is released",
                           [&line] { return hold_place_command(line.common, line.hold); }),
                   line);
  add_hold_options(
      command(holds, line, "release", "End a hold", [&line] { return hold_release_command(line.common, line.hold); }),
      line);
  command(holds, line, "list", "List the holds", [&line] { return hold_list_command(line.common); });
}

void add_ledger_keys(CLI::App& ledger, Line& line) {
  CLI::App& completeness = command(ledger, line, "completeness", "What is missing in the ledger, and why",
                                   [&line] { return ledger_completeness_command(line.common, line.completeness); });
  completeness.footer("Exits with 1 when something is unexplained.");
  completeness.add_option("--since", line.completeness.since, "A duration (7d) or a time");
  completeness.add_option("--until", line.completeness.until, "A duration before now or a time");
  completeness.add_flag("--strict", line.completeness.strict, "Ends without a stop count as unexplained, too");
  // Of two commands in one the outer is asked last, whichever was meant.
  const auto key_or_rotate = [&line] {
    return line.key_rotate.reason.empty() ? ledger_key_command(line.common)
                                          : ledger_key_rotate_command(line.common, line.key_rotate);
  };
  CLI::App& key = command(ledger, line, "key", "Print the log's verifier key, or rotate the key", key_or_rotate);
  CLI::App& rotate =
      command(key, line, "rotate", "Sign with another key from now on; the old one vouches for it", key_or_rotate);
  rotate.add_option("--reason", line.key_rotate.reason, "Why; recorded in the ledger")
      ->required()
      ->check([](const std::string& reason) { return reason.empty() ? "say why" : std::string(); });
  rotate.add_option("--both-for", line.key_rotate.both_for, "How long the old key signs, too")->capture_default_str();
  rotate.add_option("--by", line.key_rotate.by, "Who does it (default: the user that runs this)");
}

void add_ledger(CLI::App& app, Line& line) {
  CLI::App& ledger = family(app, "ledger", "The tamper-evident record");
  CLI::App& verify = command(ledger, line, "verify", "Check every entry, the tree and its signature",
                             [&line] { return ledger_verify_command(line.common, line.directory, line.trusted_key); });
  verify.footer(kLag);
  verify.add_option("--offline", line.directory, "A copied ledger directory to check instead");
  verify.add_option("--key", line.trusted_key,
                    "A verifier key of this log that you were given; newer ones must follow");
  CLI::App& query = command(ledger, line, "query", "Print the entries that match a condition", [&line] {
    return line.with_proof ? ledger_proven_query_command(line.common, line.query)
                           : ledger_query_command(line.common, line.query);
  });
  reads_ledger(query, line).footer(kLag);
  query.add_option("CONDITION", line.query.filter, "Such as: kind == \"model.outcome\" && cost.nanos > 1000000");
  query.add_option("--since", line.query.since, "A duration (7d) or a time");
  query.add_option("--until", line.query.until, "A duration before now or a time");
  query.add_option("--limit", line.query.limit, "At most so many entries");
  query.add_flag("--scan", line.query.scan, "Read every entry, without the index");
  query.add_flag("--proof", line.with_proof,
                 "With each entry the proof that it is in the log ('reeve ledger check-proof')");
  query.add_flag("--index", line.query.index, "Use the index even where reading every entry is quick");
  add_ledger_index(ledger, line);
  CLI::App& tail = command(ledger, line, "tail", "Print the newest entries",
                           [&line] { return ledger_tail_command(line.common, line.query); });
  reads_ledger(tail, line).footer(kLag);
  tail.add_option("CONDITION", line.query.filter, "Only entries that match");
  tail.add_option("-n,--lines", line.query.last, "How many")->capture_default_str();
  tail.add_flag("-f,--follow", line.query.follow, "Go on printing new entries as they come");
  add_exports(ledger, line);
  add_ledger_keys(ledger, line);
  add_ledger_proofs(ledger, line);
  CLI::App& content = command(ledger, line, "content", "Print what a call said, where content is kept",
                              [&line] { return ledger_content_command(line.common, line.content); });
  content.add_option("REQUEST_ID", line.content.request_id, "The call's id, as entries name it")->required();
  content.add_option("--reason", line.content.reason, "Why; recorded in the ledger");
  content.add_option("--by", line.content.by, "Who reads it (default: the user that runs this)");
  content.footer("The ledger records who read what.");
  CLI::App& erase = command(ledger, line, "erase", "Make the kept content of a person unreadable, for ever",
                            [&line] { return ledger_erase_command(line.common, line.erase); });
  erase.add_option("--subject", line.erase.subject, "Whose: the principal's id, as entries name it")->required();
  erase.add_option("--reason", line.erase.reason, "Why; recorded in the ledger")->required();
  erase.add_option("--by", line.erase.by, "Who asked for it (default: the user that runs this)");
  add_holds(family(ledger, "hold", "Legal holds: content that must stay"), line);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Reeve: the governance plane for AI-assisted software development"};
  app.set_version_flag("--version", std::string("reeve ") + REEVE_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  Line line;
  add_serving(app, line);
  add_keys(app, line);
  add_people(app, line);
  add_agents(app, line);
  add_registers(app, line);
  add_sign_in(app, line);
  add_policy(app, line);
  add_content(app, line);
  add_own_data(app, line);
  add_money(app, line);
  add_changes(app, line);
  add_kill(app, line);
  add_sessions(app, line);
  add_ledger(app, line);
  add_secrets(app, line);
  add_providers(app, line);
  DemoArguments demo;
  add_demo_data(app, line, demo);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool json =
        std::any_of(argv, argv + argc, [](const char* word) { return std::string_view(word) == "--json"; });
    if (json && error.get_exit_code() != 0) {
      line.common.json = true;
      return fail(line.common, kWrongUse, error.what());
    }
    return app.exit(error) == 0 ? kDone : kWrongUse;
  }
  seal_as_configured(line.common);
  return line.chosen ? line.chosen() : kWrongUse;
}
