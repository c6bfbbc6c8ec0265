#pragma once

// Policy: rules as code, read from YAML, decided by one matcher for every surface. First form: allow and deny on
// model.call with indexed match keys; conditions, further effects and decision points come on the same shapes.
//
// A Bundle is immutable and shared by all threads. PolicyStore holds the current one and swaps it whole; a reader keeps
// the bundle it started with until its decision is made.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/yaml.h"

namespace reeve::policy {

enum class Effect { kAllow, kDeny, kWarn };
enum class Mode { kEnforce, kShadow, kOff };
std::string_view effect_name(Effect effect);  // "allow", ...

/// What a rule on model.call may look at. Views; the caller keeps them alive during decide().
struct ModelCallFacts {
  std::string_view person;          // principal id
  std::string_view principal_type;  // "person", "agent", "service"
  std::vector<std::string_view> groups;
  std::string_view team;
  std::string_view client;  // wire::client_name
  std::string_view model;   // the model that will run
  std::string_view tier;    // as reeve.yaml gives it: "small", "frontier", ...; empty if none
  std::string_view provider;
  std::string_view region;
  std::string_view repo;
  std::string_view feature;
  std::string_view work_item;
};

struct Decision {
  Effect effect = Effect::kDeny;
  std::string rule;                  // the decisive rule; empty when the default decided
  std::vector<std::string> matched;  // every rule that matched, in file order
  std::vector<std::string> shadow;   // rules in shadow mode that would have denied
  std::string message;               // for the person, when denied
};

class Bundle {
 public:
  /// Builds from governance documents; those of other kinds are left alone. Complaints go to `complaints` with file,
  /// line and column; the result is null when any of them is an error.
  static std::shared_ptr<const Bundle> build(const std::vector<YamlValue>& documents,
                                             std::vector<Diagnostic>& complaints);

  virtual ~Bundle() = default;
  /// Any deny wins, then allow; where no rule speaks, model.call is denied. Thread-safe, no I/O.
  virtual Decision decide(const ModelCallFacts& facts) const = 0;
  virtual std::size_t rule_count() const = 0;
  /// "sha256:" and the hex digest of the rules in canonical form: the same rules give the same digest wherever the
  /// files lie.
  virtual const std::string& digest() const = 0;
};

/// Runs the tests that stand in the rule documents (given/expect) against the whole bundle; docs/policy.md says what a
/// test asks. A failure for each that does not hold.
struct TestReport {
  std::size_t passed = 0;
  std::vector<Diagnostic> failures;
};
TestReport run_rule_tests(const Bundle& bundle, const std::vector<YamlValue>& documents);

/// The current bundle, swapped atomically. Thread-safe.
class PolicyStore {
 public:
  explicit PolicyStore(std::shared_ptr<const Bundle> first) : current_(std::move(first)) {}
  std::shared_ptr<const Bundle> current() const { return current_.load(std::memory_order_acquire); }
  void replace(std::shared_ptr<const Bundle> next) {
    current_.store(std::move(next), std::memory_order_release);
    generation_.fetch_add(1, std::memory_order_release);
  }
  /// Changes with every replace(): a loop may keep its own copy and compare this, which costs no shared reference
  /// count.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::shared_ptr<const Bundle>> current_;
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace reeve::policy
