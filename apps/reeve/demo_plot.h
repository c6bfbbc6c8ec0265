#pragma once

// What happens in demonstration data besides calls: how the company is set up, and the scenes that somebody who looks
// at it can find: a team that moves to a dearer model, one that runs out of money and asks for more, an agent that
// runs away and is stopped, exceptions that are approved, denied and waiting, a drill of the kill switch, secrets and
// personal data in prompts. docs/demo-data.md tells where they are.

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/body_text.h"
#include "reeve/demo_calls.h"
#include "reeve/demo_company.h"
#include "reeve/governance.h"
#include "store/store.h"

namespace reeve::app {

inline constexpr std::string_view kDemoNote =
    "demonstration data: these people and their company do not exist, and nothing of this happened";
/// The agent that runs away.
inline constexpr const char* kDemoRunaway = "nightly-refactor";

/// Says in the ledger what all of it is, then brings in people, groups, keys and budgets.
/// `documents`: of the governance directory.
Result<void> begin_demo(store::Store& store, const Clock& clock, const DemoCompany& company,
                        const std::vector<YamlValue>& documents);

class DemoPlot {
 public:
  /// What it plays with; all of it outlives the plot.
  struct Stage {
    const DemoCompany& company;
    store::Store& store;
    const Clock& clock;
    const Governance& governance;
    spend::Budgets& budgets;
    DemoRules& rules;
    Instant begin, end;
  };
  explicit DemoPlot(Stage stage) : stage_(stage) {}

  using Scene = std::pair<Instant, std::function<void()>>;
  std::vector<Scene> scenes();
  /// That the person mostly asks for on that day.
  std::string_view model_of(const DemoPerson& person, Instant day) const;
  const DemoPerson& runaway_owner() const { return stage_.company.member("platform", 0); }
  /// What a call says that detectors find something in; mostly nothing. Secrets among it open nothing.
  static std::pair<std::string, TextOrigin> text_of(DemoNumbers& numbers);
  /// The first thing that went wrong.
  const Result<void>& state() const { return state_; }

 private:
  control::Actor reviewer(std::size_t number) const;
  /// Makes a request; its id.
  std::string ask(control::Asked asked);
  void answer(const std::string& id, const std::function<Result<void>(control::ExceptionRequest&)>& decide,
              std::string_view kind, std::string_view by);
  /// What is granted holds from now on.
  void put_in_force();
  void add_exceptions(std::vector<Scene>& scenes);
  void add_agents(std::vector<Scene>& scenes);
  void add_kill_switch(std::vector<Scene>& scenes);
  void decide_about_agent(std::string_view id, identity::AgentDecision decision, std::string_view reason);
  void keep(const Result<void>& result) {
    if (state_ && !result) state_ = result;
  }

  Stage stage_;
  std::map<std::string, std::string> requests_;  // ids, by the name of the scene
  Result<void> state_;
};

}  // namespace reeve::app
