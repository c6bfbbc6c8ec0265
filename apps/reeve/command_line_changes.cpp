// The command line about merged changes.

#include <CLI/CLI.hpp>

#include "reeve/command_line.h"

namespace reeve::app {

void add_changes(CLI::App& app, Line& line) {
  CLI::App& change = family(app, "change", "Merged changes, so that spend is told for each");
  CLI::App& merged = command(change, line, "merged", "Tell of a change that was merged",
                             [&line] { return change_merged_command(line.common, line.change); });
  merged.add_option("--repo", line.change.repo, "The repository, as calls name it")->required();
  merged.add_option("--id", line.change.id, "Its id there: 142, or a commit. Told again, nothing changes")->required();
  merged.add_option("--work-item", line.change.work_item, "The ticket it is for, as calls name it");
  merged.add_option("--commit", line.change.commit, "The commit that merged it");
  merged.add_option("--author", line.change.author, "Who made it, as calls name the person");
  merged.add_option("--at", line.change.at, "When: a time, or a duration before now (default: now)");
  merged.add_option("--branch", line.change.branch, "The branch that it was made on");
  merged.add_option("--lines", line.change.lines, "Lines added and removed");
  merged.add_option("--by", line.change.by, "Who tells (default: the user that runs this)");
  CLI::App& import = command(change, line, "import", "Tell of many: from JSON lines, or a git repository",
                             [&line] { return change_import_command(line.common, line.change); });
  import.add_option("FILE", line.change.file,
                    "One JSON object a line with the options of 'merged' as members (work_item, ...); - reads standard "
                    "input");
  import.add_option("--git", line.change.git, "A git repository instead: each change of its main line");
  import.add_option("--since", line.change.since, "With --git: merged from then on")->capture_default_str();
  import.add_option("--repo", line.change.repo, "With --git: its name in calls (default: from origin's address)");
  import.add_option("--branch", line.change.branch, "With --git: the main line (default: what is checked out)");
  import.add_option("--pattern", line.change.pattern,
                    "With --git: a regular expression for work items in messages (default: such as PAY-142)");
  import.add_flag("--merges-only", line.change.merges_only, "With --git: leave out commits with one parent");
  import.add_option("--by", line.change.by, "Who tells (default: the user that runs this)");
  change.footer("'reeve spend units --by change' says what each cost.");
}

}  // namespace reeve::app
