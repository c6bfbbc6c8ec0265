// `reeve`: one program, server and commands. This file is the command line and nothing else.

#include <CLI/CLI.hpp>
#include <algorithm>

#include "reeve/commands.h"

namespace {

using namespace reeve::app;  // NOLINT: a main file

/// Options that every command takes, wherever on the line they stand.
void add_common(CLI::App& command, Common& common) {
  command.add_option("-c,--config", common.config,
                     "Configuration file (default: ./reeve.yaml, else /etc/reeve/reeve.yaml)");
  command.add_option("--data", common.data_dir, "Data directory, instead of the configuration's data_dir");
  command.add_flag("--json", common.json, "Print JSON");
}

struct Line {
  Common common;
  std::function<int()> chosen;
  std::optional<std::string> listen;
  std::string directory = ".";
  std::string id;
  bool no_tour = false;
  bool all = false;
  KeyCreateArguments key;
  SpendReportArguments spend;
  LedgerQueryArguments query;
};

CLI::App& command(CLI::App& parent, Line& line, const char* name, const char* text, std::function<int()> run) {
  CLI::App& added = *parent.add_subcommand(name, text);
  add_common(added, line.common);
  added.final_callback([&line, run = std::move(run)] { line.chosen = run; });
  return added;
}

CLI::App& family(CLI::App& parent, const char* name, const char* text) {
  CLI::App& added = *parent.add_subcommand(name, text);
  added.require_subcommand(1);
  return added;
}

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
                             [&line] { return backup_command(line.common, line.directory); });
  backup.add_option("DIR", line.directory, "Where to: a new or empty directory")->required();
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

void add_policy(CLI::App& app, Line& line) {
  CLI::App& policy = family(app, "policy", "Rules as code");
  line.directory.clear();
  command(policy, line, "check", "Validate the governance files", [&line] {
    return policy_check_command(line.common, line.directory);
  }).add_option("DIR", line.directory, "Governance directory (default: the configuration's)");
  command(policy, line, "test", "Run the tests that stand beside the rules", [&line] {
    return policy_test_command(line.common, line.directory);
  }).add_option("DIR", line.directory, "Governance directory (default: the configuration's)");
}

void add_spend(CLI::App& app, Line& line) {
  CLI::App& spend = family(app, "spend", "What was spent, and by whom");
  CLI::App& report = command(spend, line, "report", "Sum up recorded calls",
                             [&line] { return spend_report_command(line.common, line.spend); });
  report
      .add_option("--by", line.spend.by,
                  "Comma-separated: person, team, client, session, repo, feature, work_item, model, provider, agent, "
                  "hour, day, month")
      ->capture_default_str();
  report.add_option("--since", line.spend.since, "A duration (7d) or a time (2026-11-01)")->capture_default_str();
  report.add_option("--until", line.spend.until, "A duration before now or a time");
  report.add_flag("--csv", line.spend.csv, "Print CSV");
}

constexpr const char* kLag =
    "Beside a running server this may lag: an entry shows once a checkpoint is signed over it, within a tenth of a "
    "second.";

void add_ledger(CLI::App& app, Line& line) {
  CLI::App& ledger = family(app, "ledger", "The tamper-evident record");
  CLI::App& verify = command(ledger, line, "verify", "Check every entry, the tree and its signature",
                             [&line] { return ledger_verify_command(line.common, line.directory); });
  verify.footer(kLag);
  verify.add_option("--offline", line.directory, "A copied ledger directory to check instead");
  CLI::App& query = command(ledger, line, "query", "Print the entries that match a condition",
                            [&line] { return ledger_query_command(line.common, line.query); });
  query.footer(kLag);
  query.add_option("CONDITION", line.query.filter, "Such as: kind == \"model.outcome\" && cost.nanos > 1000000");
  query.add_option("--since", line.query.since, "A duration (7d) or a time");
  query.add_option("--until", line.query.until, "A duration before now or a time");
  query.add_option("--limit", line.query.limit, "At most so many entries");
  CLI::App& tail = command(ledger, line, "tail", "Print the newest entries",
                           [&line] { return ledger_tail_command(line.common, line.query); });
  tail.footer(kLag);
  tail.add_option("CONDITION", line.query.filter, "Only entries that match");
  tail.add_option("-n,--lines", line.query.last, "How many")->capture_default_str();
  tail.add_flag("-f,--follow", line.query.follow, "Go on printing new entries as they come");
  command(ledger, line, "key", "Print the log's verifier key", [&line] { return ledger_key_command(line.common); });
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
  add_policy(app, line);
  add_spend(app, line);
  add_ledger(app, line);
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
  return line.chosen ? line.chosen() : kWrongUse;
}
