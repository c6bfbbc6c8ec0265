#pragma once

// A set of rules as one. Private to the policy room.

#include <memory>
#include <string>
#include <vector>

#include "policy/point_program.h"
#include "policy/policy.h"
#include "policy/rule.h"

namespace reeve::policy {

class CompiledBundle final : public Bundle {
 public:
  CompiledBundle(std::vector<Rule> rules, std::vector<Exception> exceptions, std::vector<LadderInfo> ladders,
                 std::vector<Diagnostic>& complaints);

  void decide(Point point, const Facts& facts, UseGate* gate, Scratch& scratch, Decision& decision) const override;
  std::span<const RuleInfo* const> rules() const override { return rule_infos_; }
  std::span<const ExceptionInfo* const> exceptions() const override { return exception_infos_; }
  std::span<const LadderInfo> ladders() const override { return ladders_; }
  const RuleInfo* find_rule(std::string_view name) const override;
  bool needs(Point point, Fact fact) const override { return programs_[static_cast<std::size_t>(point)]->needs(fact); }
  std::span<const std::string> checks() const override { return checks_; }
  const std::string& digest() const override { return digest_; }
  const std::string& canonical() const override { return canonical_; }

  const std::vector<Rule>& sources() const { return rules_; }
  const std::vector<Exception>& exception_sources() const { return exceptions_; }
  const PointProgram& program(Point point) const { return *programs_[static_cast<std::size_t>(point)]; }

 private:
  std::vector<Rule> rules_;  // in file order; nothing is added later, programs point into it
  std::vector<Exception> exceptions_;
  std::vector<LadderInfo> ladders_;
  std::vector<const RuleInfo*> rule_infos_;
  std::vector<const ExceptionInfo*> exception_infos_;
  std::vector<std::string> checks_;
  std::array<std::unique_ptr<PointProgram>, kPoints> programs_;
  std::string canonical_;
  std::string digest_;
};

/// The rules of a compiled bundle as this room sees them.
inline const CompiledBundle& compiled(const Bundle& bundle) { return static_cast<const CompiledBundle&>(bundle); }

/// One document as canonical JSON, in the form in which the readers take it.
std::string canonical_rule(const Rule& rule);
std::string canonical_exception(const Exception& exception);
std::string canonical_ladder(const LadderInfo& ladder);

}  // namespace reeve::policy
