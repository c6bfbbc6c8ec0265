#pragma once

// Policy: rules as code, read from YAML, decided by one matcher for every surface. docs/policy.md is the language,
// docs/facts.md what rules may name.
//
// A Bundle is immutable and shared by all threads; whoever publishes a new one swaps it whole, and a reader keeps the
// bundle it started with until its decision is made. A decision asks the surface for facts one by one, and only for
// those that some rule needs; it does no I/O, takes no lock and, once its Scratch is warm, allocates nothing.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "core/time.h"
#include "core/yaml.h"

namespace reeve::policy {

namespace cel {
class Arena;
struct Value;
}  // namespace cel

// ---- Decision points, effects ----

enum class Point : std::uint8_t {
  kModelCall,
  kModelResponse,
  kSessionStart,
  kPromptSubmit,
  kToolCall,
  kToolResult,
  kSecretLease,
  kContextQuery,
  kMcpCall,
  kChangeCommit,
  kChangeMerge,
  kRegister,
};
inline constexpr std::size_t kPoints = 12;
std::string_view point_name(Point point);  // "model.call", ...
std::optional<Point> point_from_name(std::string_view name);

/// From the weakest to the strongest: the verdict is the strongest that matched.
enum class Effect : std::uint8_t { kWarn, kAllow, kLease, kDegrade, kRoute, kRewrite, kRedact, kAsk, kRequire, kDeny };
inline constexpr std::size_t kEffects = 10;
std::string_view effect_name(Effect effect);  // "allow", ...
std::optional<Effect> effect_from_name(std::string_view name);
/// True for deny, require and ask: the surface must not go on by itself.
inline bool refuses(Effect effect) { return effect >= Effect::kAsk; }

enum class Mode : std::uint8_t { kEnforce, kShadow, kOff };
std::string_view mode_name(Mode mode);

// ---- Facts ----

/// What a rule may name. facts.cpp has the table: name, type, decision points, meaning.
enum class Fact : std::uint8_t {
  kNow,
  kPrincipalId,
  kPrincipalType,
  kPrincipalGroups,
  kPrincipalTeam,
  kAgentId,
  kAgentParent,
  kAgentChain,
  kClient,
  kClientVersion,
  kSessionId,
  kSessionWork,
  kSessionCounters,
  kRepo,
  kFeature,
  kWorkItem,
  kChecks,
  kApprovals,
  kModelName,
  kModelTier,
  kModelProvider,
  kModelRegion,
  kModelRetention,
  kModelDialect,
  kModelOperation,
  kRequestBytes,
  kRequestTokens,
  kRequestStream,
  kContentFindings,
  kContentClasses,
  kContentLabels,
  kPromptText,
  kToolName,
  kToolServer,
  kToolArguments,
  kToolPaths,
  kToolHosts,
  kToolCommands,
  kToolCommandNames,
  kSecretName,
  kSecretEnvironment,
  kSecretDuration,
  kContextRepos,
  kContextRawSource,
  kChangePaths,
  kChangeAdded,
  kChangeRemoved,
  kChangeAiLines,
  kChangeBranch,
  kChangeReviewers,
  kRegisterKind,
  kRegisterName,
  kRegisterRiskTier,
  kRegisterDataClasses,
};
inline constexpr std::size_t kFacts = 54;
std::string_view fact_name(Fact fact);  // "model.tier"

/// What scanning found of one kind, as content.findings lists it.
struct Finding {
  std::string_view type, class_name;
  double confidence = 0;  // 0 to 1
  std::int64_t count = 0;
  std::string_view origin;  // "user", "tool_result", ...
  bool marked = false;      // each stands on a line with an allow marker
};

/// An approval that somebody gave ahead of the decision, for one person: what meets a rule's `require: approval`.
struct GivenApproval {
  std::string rule, by;
  std::vector<std::string> groups;             // of who approved, as they were then
  Instant time;                                // when it was given: the rule says how old it may be
  Instant from, until;                         // when it holds
  std::string person;                          // whose decisions it is for
  std::vector<std::string> repos, work_items;  // patterns; empty: any

  bool covers(std::string_view principal, std::string_view repo, std::string_view work_item, Instant now) const;
};

/// Takes one fact's value. Texts are not copied: they must live until the decision is made.
class FactSink {
 public:
  FactSink(cel::Arena& arena, cel::Value& value) : arena_(arena), value_(value) {}
  void text(std::string_view text);
  void texts(std::span<const std::string> texts);
  void texts(std::span<const std::string_view> texts);
  void integer(std::int64_t number);
  void boolean(bool flag);
  void time(Instant time);
  void flags(const std::map<std::string, bool>& flags);
  void findings(std::span<const Finding> findings);
  void approvals(std::span<const GivenApproval* const> approvals);
  /// Not known yet, and it would cost to find out: a decision that hangs on it says so (Decision::unknown).
  void unknown(Fact fact);
  /// Any JSON; a value whose shape is not the fact's type makes the rules that need it fail, which denies.
  void json(Fact fact, JsonValue json);

 private:
  cel::Arena& arena_;
  cel::Value& value_;
};

/// Where a decision's facts come from.
class Facts {
 public:
  virtual ~Facts() = default;
  /// Called at most once a decision for each fact that some rule needs. One that is not put into the sink is absent.
  virtual void read(Fact fact, FactSink& sink) const = 0;
};

/// Facts as JSON, nested ({"model": {"tier": "small"}}) or dotted ({"model.tier": "small"}). Complains about names and
/// types that are wrong for the decision point. The JSON must outlive it.
Result<std::unique_ptr<Facts>> facts_from_json(Point point, JsonValue json);
/// Facts as a ledger entry keeps them (its `recorded` paths, see docs/facts.md). The entry must outlive it.
std::unique_ptr<Facts> facts_from_entry(JsonValue entry);
/// One line of canonical JSON with every fact of the point that is there: what a decision's input digest is taken over.
std::string facts_to_json(Point point, const Facts& facts);
/// "sha256:…" of that line.
std::string input_digest(Point point, const Facts& facts);

/// docs/facts.md, and a JSON Schema of the governance files for editors.
std::string facts_document();
std::string governance_schema();

// ---- What a bundle holds ----

struct ApprovalNeed {
  std::vector<std::string> by;  // groups; any member of one of them
  Duration within{};
};
struct Rewrite {
  std::string target;  // "tool.arguments.command"
  std::string json;    // its new value
};
struct Layer {
  enum class Kind : std::uint8_t { kOrganisation, kTeam, kRepository } kind = Kind::kOrganisation;
  std::string name;
};

/// A rule as others see it. Lives as long as its bundle.
struct RuleInfo {
  std::string name, title, owner, message, fix;
  std::vector<std::string> controls;
  std::vector<Point> points;
  Effect effect = Effect::kDeny;
  Mode mode = Mode::kEnforce;
  Layer layer;
  bool relaxable = false;
  std::vector<std::string> relaxes;
  std::optional<Instant> since, until;

  // What the effect needs.
  std::string redact_with;           // token, mask, remove
  std::vector<std::string> classes;  // redact
  bool spares_marked = false;        // redact: leaves alone what stands on a line with an allow marker
  std::vector<std::string> to_regions, to_providers, to_retentions;  // route
  std::string ladder;                                                // degrade
  std::optional<ApprovalNeed> approval;                              // require
  std::string check;                                                 // require
  std::vector<std::string> secrets;                                  // lease
  Duration lease_for{};

  std::string file;  // where it stands
  std::size_t line = 0;
};

struct ExceptionInfo {
  std::string name, reason, requested_by, approved_by, compensating_check, work_item;
  std::vector<std::string> rules;  // that it lifts
  Instant ends;
  std::optional<std::uint64_t> uses;  // at most so many decisions
  std::string file;
  std::size_t line = 0;
};

struct LadderInfo {
  std::string name;
  std::vector<std::string> steps;  // model patterns, the dearest first
};

// ---- Named checks ----

/// What was reported of a check: "sessions are audited", "the dependency scan is clean". Green until `until`; from then
/// on it counts as not reported.
struct CheckState {
  std::string name;  // as rules and exceptions name it: at most 63 letters a to z, digits and hyphens
  bool green = false;
  std::string reason, reported_by;
  Instant reported_at, until;
};

/// Port: where reports are kept. Implemented by the store; thread-safe.
class CheckRegister {
 public:
  virtual ~CheckRegister() = default;
  /// The new state of one check. Durable, and seen by every process that has the register open, when this returns.
  virtual Result<void> report(const CheckState& state) = 0;
  virtual Result<std::vector<CheckState>> list() = 0;  // by name
  /// Moves with every report, in whatever process; cheap, no system call. A reader keeps a copy and compares.
  virtual std::uint64_t generation() const = 0;
};

// ---- Decisions ----

/// Why an exception that fits did not help.
struct EndedException {
  const ExceptionInfo* exception = nullptr;
  enum class Why : std::uint8_t { kExpired, kUsedUp, kCheckNotGreen } why = Why::kExpired;
};
std::string_view ended_reason(EndedException::Why why);  // "expired", "used_up", "check_not_green"

struct RuleError {
  const RuleInfo* rule = nullptr;
  std::string message;
};

/// Points into the bundle it was made by; keep that alive. Reusing one for many decisions allocates nothing once its
/// lists have grown.
struct Decision {
  Effect effect = Effect::kDeny;                 // the verdict
  const RuleInfo* rule = nullptr;                // the decisive one; null when the default decided
  std::string message;                           // for the person, when the verdict refuses or warns
  std::vector<const RuleInfo*> matched;          // all enforced rules that matched and count, by name
  std::vector<const RuleInfo*> shadow;           // the same for rules in shadow mode
  Effect shadow_effect = Effect::kDeny;          // the verdict, had the shadow rules been enforced
  std::vector<const ExceptionInfo*> exceptions;  // that lifted a rule
  std::vector<EndedException> ended;             // that would have, had they still been alive
  std::vector<const RuleInfo*> relaxed;          // rules of a higher layer that a lower one lifted
  std::vector<RuleError> errors;                 // rules that could not be evaluated; each counts as a deny
  std::vector<Fact> unknown;                     // facts that the verdict still hangs on; counted as a deny until known
  std::vector<Rewrite> rewrites;

  bool refused() const { return refuses(effect); }
  /// The first matched rule of an effect, or null.
  const RuleInfo* first(Effect wanted) const;
};

/// Counts the uses of exceptions; shared by all threads. take() is atomic: of `limit` uses exactly so many succeed.
class UseCounter {
 public:
  bool take(std::string_view exception, std::uint64_t limit);
  bool left(std::string_view exception, std::uint64_t limit) const;
  /// What was used before this process started.
  void restore(std::string_view exception, std::uint64_t uses);
  std::map<std::string, std::uint64_t> all() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t, std::less<>> uses_;
};

/// Port: uses that several nodes take of the same limit, counted where all of them see it. Implemented by the store;
/// thread-safe, and blocks.
class SharedUses {
 public:
  virtual ~SharedUses() = default;
  /// Takes one of at most `limit`, for the decision named `once`: the same again takes no other. False when there is
  /// none left. Durable on return.
  virtual Result<bool> take(std::string_view exception, std::uint64_t limit, std::string_view once) = 0;
  /// This node had used so many already, by its ledger: what is counted for it is raised to that.
  virtual Result<void> restore(const std::map<std::string, std::uint64_t>& uses) = 0;
};

/// Whether an exception with a limit may be used once more: taken from a counter by the decision that uses it, only
/// looked at by one that asks "what if", answered from the record by a replay.
class UseGate {
 public:
  virtual ~UseGate() = default;
  virtual bool admit(const ExceptionInfo& exception) = 0;
};
class TakeUses final : public UseGate {
 public:
  explicit TakeUses(UseCounter& counter) : counter_(counter) {}
  bool admit(const ExceptionInfo& e) override { return counter_.take(e.name, *e.uses); }

 private:
  UseCounter& counter_;
};
class LookAtUses final : public UseGate {
 public:
  explicit LookAtUses(const UseCounter& counter) : counter_(counter) {}
  bool admit(const ExceptionInfo& e) override { return counter_.left(e.name, *e.uses); }

 private:
  const UseCounter& counter_;
};

/// One thread's working memory for decisions.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;
  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

class Bundle {
 public:
  /// Builds from governance documents; those of other kinds are left alone. Complaints go to `complaints` with file,
  /// line and column; the result is null when any of them is an error.
  static std::shared_ptr<const Bundle> build(const std::vector<YamlValue>& documents,
                                             std::vector<Diagnostic>& complaints);

  virtual ~Bundle() = default;
  /// docs/policy.md "How a decision is made". Thread-safe with a scratch for each thread; `gate` is only asked for
  /// exceptions with a limit, null admits all.
  virtual void decide(Point point, const Facts& facts, UseGate* gate, Scratch& scratch, Decision& decision) const = 0;

  virtual std::span<const RuleInfo* const> rules() const = 0;  // in file order, also those that are off
  virtual std::span<const ExceptionInfo* const> exceptions() const = 0;
  virtual std::span<const LadderInfo> ladders() const = 0;
  virtual const RuleInfo* find_rule(std::string_view name) const = 0;
  /// Whether any rule on the point needs the fact: a surface that finds it out at a cost asks first.
  virtual bool needs(Point point, Fact fact) const = 0;
  /// Names of the checks that rules and exceptions hang on.
  virtual std::span<const std::string> checks() const = 0;
  /// "sha256:" and the hex digest of canonical(): the same rules give the same digest wherever the files lie.
  virtual const std::string& digest() const = 0;
  /// Everything that bears on a decision or on who answers for it, as one line of canonical JSON, sorted by name; not
  /// the tests and not the place. A bundle file carries it.
  virtual const std::string& canonical() const = 0;
};

// ---- Explaining ----

/// One condition of a rule and what it came to.
struct PredicateValue {
  std::string text;                                        // 'model.tier != "small"', 'match groups: [contractors]'
  std::string value;                                       // "true", "false", "error: …", "unknown: content.findings"
  std::vector<std::pair<std::string, std::string>> facts;  // name and value, as it was
};
struct RuleExplanation {
  const RuleInfo* rule = nullptr;
  bool matched = false;
  bool counted = false;  // matched, enforced, not lifted
  std::string standing;  // "decisive", "matched", "lifted by exception X", "in shadow", "near miss", "no match", ...
  std::vector<PredicateValue> predicates;
  std::size_t failed = 0;  // predicates that did not hold; 1 is a near miss
};
struct Explanation {
  Point point = Point::kModelCall;
  std::string bundle, input;  // digests
  Decision decision;
  std::vector<RuleExplanation> rules;  // decisive first, then matched, then near misses, then the rest
};
Explanation explain(const Bundle& bundle, Point point, const Facts& facts, UseGate* gate);

// ---- Checking and testing ----

/// What is probably not meant, beyond what build() refuses: rules that can never match, that others make pointless,
/// that are always true; exceptions that ended; patterns that cost. `now` is for dates.
void lint(const Bundle& bundle, Instant now, std::vector<Diagnostic>& complaints);

/// Runs the tests that stand in rules and in PolicyTest documents.
struct TestCase {
  std::string suite;  // the rule's or the PolicyTest's name
  std::string name;
  std::string file;
  std::size_t line = 0;
  std::string failure;  // empty when it passed
};
/// What the tests exercised of a rule.
struct RuleCoverage {
  RuleInfo rule;                             // a copy: a report may outlive the bundle it is about
  std::size_t matched = 0, not_matched = 0;  // tests in which it did and did not
  struct Branch {
    std::string text;
    std::size_t held = 0, failed = 0;
  };
  std::vector<Branch> branches;  // the parts of its conditions
};
struct TestReport {
  std::vector<TestCase> cases;
  std::vector<RuleCoverage> coverage;
  std::size_t passed = 0;
  std::vector<Diagnostic> failures;
};
TestReport run_rule_tests(const Bundle& bundle, const std::vector<YamlValue>& documents);
std::string junit_report(const TestReport& report);

// ---- Bundle files ----

/// A signed bundle: {"bundle": canonical, "digest", "issued", "valid_until", "key", "signature"}. Ed25519 over
/// "reeve-policy-bundle\n" digest "\n" issued "\n" valid_until "\n".
struct BundleFile {
  std::shared_ptr<const Bundle> bundle;
  Instant issued, valid_until;
  std::string public_key;  // 32 bytes; whoever reads it decides whom to trust
};
std::string write_bundle_file(const Bundle& bundle, Instant issued, Instant valid_until,
                              const class BundleSigner& signer);
/// Checks digest and signature. `trusted_key`: 32 bytes, or empty to accept any key (the caller then shows it). A stale
/// bundle is an error (kDenied) when `now` is given.
Result<BundleFile> read_bundle_file(std::string_view text, std::string_view trusted_key, std::optional<Instant> now);
class BundleSigner {
 public:
  virtual ~BundleSigner() = default;
  virtual std::string public_key() const = 0;
  virtual std::string sign(std::string_view message) const = 0;
};

/// What a change of rules changes: names added, removed and changed, each with what differs.
struct BundleDifference {
  std::vector<std::string> added, removed;
  struct Changed {
    std::string name;
    std::vector<std::pair<std::string, std::pair<std::string, std::string>>> parts;  // part, before, after
  };
  std::vector<Changed> changed;
};
BundleDifference compare_bundles(const Bundle& before, const Bundle& after);

// ---- Expressions by themselves ----

/// `reeve policy eval`: the value as JSON. Without a point the input's members are the variables and types are settled
/// at run time; with one the facts' types hold.
Result<std::string> evaluate_expression(std::string_view expression, JsonValue input, std::optional<Point> point);

}  // namespace reeve::policy

// ---- Replaying ----

#include "policy/replay.h"  // recorded decisions, made once more: kept apart for its length
