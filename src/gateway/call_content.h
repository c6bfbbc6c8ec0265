#pragma once

// What is in one call's request: what scanning found there, as rules and records take it, and the body without what a
// rule wants taken out.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/gateway.h"
#include "gateway/worker.h"

namespace reeve::gateway {

/// Findings of one kind and origin are one; below this confidence a finding is a hint: rules see it, nothing is taken
/// out for it.
inline constexpr float kTakenOutFrom = 0.5F;

/// Whether a redact rule that matched covers the finding.
bool redacts(const policy::Decision& decision, const content::Finding& finding);

/// Findings as rules and entries list them: one a type and origin.
class FindingGroups {
 public:
  void clear();
  void add(const content::Finding& finding);
  /// What became of the findings of this one's kind.
  void set_action(const content::Finding& finding, std::string_view action);
  std::span<const policy::Finding> for_rules() const { return groups_; }
  std::span<const ledger::Entry::Content::Finding> for_entry() const { return recorded_; }
  std::span<const std::string_view> classes() const { return classes_; }
  bool empty() const { return groups_.empty(); }

 private:
  std::vector<policy::Finding> groups_;
  std::vector<ledger::Entry::Content::Finding> recorded_;
  std::vector<std::string_view> classes_;
};

class CallContent {
 public:
  /// Looks into the texts of the body with the detectors, which must outlive this.
  void scan(Worker& worker, const content::Detectors& detectors, std::string_view body,
            std::span<const BodyText> texts);

  bool looked() const { return detectors_ != nullptr; }
  /// False: something was not looked at, so what rules say of content is not known.
  bool complete() const { return complete_; }
  const FindingGroups& found() const { return found_; }
  std::span<const std::string_view> labels() const { return labels_; }

  /// Takes out what the matched redact rules cover. `vault` may be null where no rule asks for tokens; otherwise that
  /// is an error. The result is body_to_send().
  Result<void> redact(const policy::Decision& decision, std::string_view body, const std::vector<BodyText>& texts,
                      content::Vault* vault, std::string_view principal, std::string_view session_id);
  bool redacted() const { return redacted_; }
  /// Valid after redact() when redacted(); followed by 64 readable bytes.
  std::string_view body_to_send() const { return {body_.data(), body_size_}; }
  /// Present when placeholders went out, so that the answer must be restored.
  const std::optional<content::Vault::Session>& session() const { return session_; }

  void fill(ledger::Entry::Content& content) const;

 private:
  std::vector<content::Replacement> replacements_for(const policy::Decision& decision);

  const content::Detectors* detectors_ = nullptr;
  FindingGroups found_;
  std::vector<content::Finding> findings_;
  std::vector<std::string_view> labels_;
  bool complete_ = true;
  std::string incomplete_reason_;
  bool redacted_ = false;
  std::string body_;
  std::size_t body_size_ = 0;
  std::optional<content::Vault::Session> session_;
};

}  // namespace reeve::gateway
