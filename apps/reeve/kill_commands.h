#pragma once

// The commands of `reeve kill` and `reeve session`.

#include <string>

#include "reeve/commands.h"

namespace reeve::app {

struct KillArguments {
  std::string scope, id;  // off: one of the two
  std::string reason, until, by;
  bool here = false;  // on this node alone, also while the shared database is away
  bool all = false;   // list: those that were ended, too
  // drill
  std::int64_t streams = 50;
  bool for_real = false;
  std::string wait = "10s";
};
/// Beside a running server, or before one starts.
int kill_on_command(const Common& common, const KillArguments& arguments);
/// 1 when nothing of that scope was cut off.
int kill_off_command(const Common& common, const KillArguments& arguments);
int kill_list_command(const Common& common, const KillArguments& arguments);
/// Plays the switch on every node and tells how long it took. 1 when that was more than a second somewhere.
int kill_drill_command(const Common& common, const KillArguments& arguments);

struct SessionArguments {
  std::string session, reason, by;
  std::string since = "1h";
  bool live = false;   // list: only those with a call under way
  bool watch = false;  // list: again and again, until it is interrupted
};
int session_list_command(const Common& common, const SessionArguments& arguments);
/// Who and what it was, its sub-agents, and its calls. 1 when there is no such session.
int session_show_command(const Common& common, const SessionArguments& arguments);
int session_end_command(const Common& common, const SessionArguments& arguments);

/// Where a set-up keeps its cutoffs: its own storage, and the one that its nodes share.
struct KillSwitchAccess {
  std::unique_ptr<store::Store> own;
  std::unique_ptr<store::SharedKillSwitch> shared;  // null: this node is alone
  identity::KillSwitchStore& register_of(bool here) const {
    return shared && !here ? static_cast<identity::KillSwitchStore&>(*shared) : own->kill_switch();
  }
};
/// `here`: the shared one is not asked for.
Result<KillSwitchAccess> open_kill_switch(const Common& common, bool here);

}  // namespace reeve::app
