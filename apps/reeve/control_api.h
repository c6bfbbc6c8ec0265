#pragma once

// The control API, /api/v1: what budgets, spend, reservations and exceptions are at this moment, and the writing of
// budgets. docs/api.md describes it. Machines need a Reeve key whose
// scopes name it: without a scope of the kind `control` nothing is given. Once there are RoleBinding documents, people
// need a role that has the route's permission, besides.
//
// A loop reads the credential and waits; the answer is made on one thread of its own, since stores and the ledger
// block.

#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "gateway/gateway.h"
#include "net/net.h"
#include "reeve/api_callers.h"
#include "reeve/api_limits.h"
#include "reeve/in_force.h"
#include "reeve/ledger_reading.h"
#include "reeve/live_budgets.h"
#include "reeve/live_sessions.h"
#include "spend/spend.h"
#include "store/store.h"

namespace reeve::app {

class EvidencePacks;

class ControlApi {
 public:
  /// What it asks; all of it outlives the API.
  struct Sources {
    spend::Budgets* budgets;
    gateway::SettingsStore* settings;
    store::Store* store;
    store::Registers* registers;  // of all nodes, where they share a database
    std::filesystem::path data_directory;
    std::string config_file;  // empty: none
    ApiCallers* callers;
    const RolesInForce* roles;
    const WorkflowInForce* workflow;
    LiveBudgets* live_budgets;
    /// Returns when what was written to the register of budgets is in force, or has not come so far for some seconds.
    std::function<void()> put_budgets_in_force;
    LedgerSources ledger;
    identity::KillSwitchStore* kill_switch;  // where the API switches
    const identity::KillSwitch* cutoffs;     // as this process knows them
    gateway::Gateway* gateway;
    LiveSessions* sessions;
    identity::GrantStore* sign_ins;
    /// Waits until this node knows the cutoff; false: for seconds it did not.
    std::function<bool(std::string_view id, bool on)> wait_until_switched;
    identity::AgentStore* agents;                              // where the API registers and decides
    identity::DirectoryStore* directory = nullptr;             // null: none is in force
    std::string started_with;                                  // started_with_json()
    std::vector<std::pair<std::string, std::string>> exports;  // name and kind of sink
    EvidencePacks* evidence = nullptr;
    ApiLimits limits;
    bool directory_decides = false;  // a directory is required: whoever it knows has its groups and no others
    bool is_demonstration = false;   // nobody in it exists
  };
  static std::unique_ptr<ControlApi> create(Sources sources);
  virtual ~ControlApi() = default;

  static bool serves(std::string_view path) { return path.starts_with("/api/"); }
  virtual Task<void> handle(net::Exchange& exchange) = 0;
  /// Before the server drains: streams of events are told to end, which they do within a second. Nobody waits for them.
  /// From any thread.
  virtual void end_streams() = 0;
  /// Ends its thread. Once no exchange is under way.
  virtual void stop() = 0;
};

}  // namespace reeve::app
