#pragma once

// One call of demonstration data, from the person's wish to the settled outcome: decided by the rules, looked into by
// the detectors, admitted by the budgets, priced by the catalogue and recorded by the ledger's own writer, as the
// gateway does it; only the provider is made up.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "content/content.h"
#include "ledger/ledger.h"
#include "policy/policy.h"
#include "reeve/demo_company.h"
#include "spend/spend.h"

namespace reeve::app {

/// What calls have in common that come one after another.
struct DemoSession {
  std::string id, repo, work_item, feature;
  const DemoPerson* person = nullptr;
  std::string agent, agent_parent;  // of a sub-agent
  std::string_view model;
  bool tools = true, thinking = false, small = false;  // small: short questions without tools
  std::int64_t context = 0;                            // tokens so far
};

struct DemoCall {
  std::shared_ptr<DemoSession> session;
  std::string request_id;
  Instant at;
  std::string text;  // that detectors look into; empty: nothing of interest
  TextOrigin origin = TextOrigin::kUser;
  std::int64_t attempt = 1;
};

/// The rules, budgets and prices in force, and the ledger.
struct DemoRules {
  std::shared_ptr<const policy::Bundle> policy;
  std::shared_ptr<const spend::Catalogue> prices;
  std::shared_ptr<const content::Detectors> detectors;
  spend::Budgets* budgets = nullptr;
};

/// One that was let through and has no answer yet.
struct DemoUnderWay {
  DemoCall call;
  const DemoModel* asked = nullptr;
  const DemoModel* served = nullptr;
  std::string degraded_by;
  Instant decided;
  std::int64_t tokens_in = 0;  // as estimated before it is sent
  spend::CallShape shape;
  spend::Reservation reservation;
  std::string effect, enforced, rule, input, bundle, time;
  std::vector<std::string_view> rules, shadow, exceptions;  // names; live as long as the rules
  std::shared_ptr<const policy::Bundle> policy;
  std::string shadow_effect;
  std::int64_t evaluation_ns = 0;
  std::vector<policy::Finding> findings;
  std::vector<std::string_view> classes;
  // Made up when it begins, so that the clock knows when it ends.
  TokenUsage usage;
  std::int64_t first_byte_us = 0, total_us = 0;
  std::string status = "ok";
  std::int64_t http_status = 200;
};

class DemoCalls {
 public:
  /// Appends an entry; its index.
  using Append = std::function<std::uint64_t(const ledger::Entry&)>;
  DemoCalls(Append append, DemoNumbers numbers) : append_(std::move(append)), numbers_(numbers) {}

  DemoRules rules;  // may change between calls

  /// Decides and records the intent, or that it was refused: then nothing is under way.
  std::unique_ptr<DemoUnderWay> begin(DemoCall call);
  /// When its answer has come.
  static Instant ends(const DemoUnderWay& call) { return call.call.at + std::chrono::microseconds(call.total_us); }
  /// Prices and records what came of it. A call to be tried again, when the provider had too much to do.
  std::optional<DemoCall> end(std::unique_ptr<DemoUnderWay> call);
  /// The last outcome, for whoever looks for anomalies.
  const spend::SpendRow& last_outcome() const { return last_; }
  std::uint64_t calls() const { return calls_; }
  std::uint64_t refused() const { return refused_; }

 private:
  void look_into(DemoUnderWay& call);
  void decide(DemoUnderWay& call);
  /// Why it is refused; empty: it is admitted, maybe to a cheaper model.
  std::string admit(DemoUnderWay& call);
  void fill(const DemoUnderWay& call, ledger::Entry& entry);
  void refuse(const DemoUnderWay& call, std::string_view reason);
  void imagine(DemoUnderWay& call);

  Append append_;
  DemoNumbers numbers_;
  content::Scanner scanner_;
  policy::Scratch scratch_;
  policy::Decision decision_;
  spend::HoldEstimator estimator_;
  std::vector<ledger::Entry::Content::Finding> recorded_;
  spend::SpendRow last_;
  std::uint64_t calls_ = 0, refused_ = 0;
};

}  // namespace reeve::app
