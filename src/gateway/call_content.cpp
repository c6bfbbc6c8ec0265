#include "gateway/call_content.h"

#include <algorithm>
#include <cmath>

namespace reeve::gateway {

namespace {

constexpr std::size_t kPaddingBytes = 64;  // what readers of JSON may look at behind the text

/// Rules and records see the same number, so that a replay decides alike.
std::int64_t percent(float confidence) { return std::lround(std::clamp(confidence, 0.0F, 1.0F) * 100); }

content::RedactWith redact_with(const policy::RuleInfo& rule) {
  if (rule.redact_with == "remove") return content::RedactWith::kRemove;
  if (rule.redact_with == "mask") return content::RedactWith::kMask;
  return content::RedactWith::kToken;
}

std::string_view action_name(content::RedactWith with) {
  switch (with) {
    case content::RedactWith::kToken: return "tokenised";
    case content::RedactWith::kMask: return "masked";
    case content::RedactWith::kRemove: return "removed";
  }
  return "masked";
}

bool covers(const policy::RuleInfo& rule, std::string_view class_name) {
  return rule.effect == policy::Effect::kRedact &&
         (rule.classes.empty() ||
          std::find(rule.classes.begin(), rule.classes.end(), class_name) != rule.classes.end());
}

/// Of several rules that cover a class the one that leaves least is carried out.
std::optional<content::RedactWith> strictest(const policy::Decision& decision, std::string_view class_name,
                                             bool marked) {
  std::optional<content::RedactWith> found;
  for (const policy::RuleInfo* rule : decision.matched) {
    if (marked && rule->spares_marked) continue;
    if (covers(*rule, class_name)) found = std::max(found.value_or(content::RedactWith::kToken), redact_with(*rule));
  }
  return found;
}

}  // namespace

bool redacts(const policy::Decision& decision, const content::Finding& finding) {
  return strictest(decision, finding.detector->class_name, finding.marked_allowed).has_value();
}

// ---- FindingGroups

void FindingGroups::clear() {
  groups_.clear();
  recorded_.clear();
  classes_.clear();
}

void FindingGroups::add(const content::Finding& finding) {
  const std::string_view origin = text_origin_name(finding.origin);
  const std::string_view class_name = finding.detector->class_name;
  const std::int64_t hundredths = percent(finding.confidence);
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (groups_[i].type != finding.detector->id || groups_[i].origin != origin ||
        groups_[i].marked != finding.marked_allowed) {
      continue;
    }
    recorded_[i].confidence_percent = std::max(recorded_[i].confidence_percent, hundredths);
    groups_[i].confidence = static_cast<double>(recorded_[i].confidence_percent) / 100;
    groups_[i].count = ++recorded_[i].count;
    return;
  }
  groups_.push_back(
      {finding.detector->id, class_name, static_cast<double>(hundredths) / 100, 1, origin, finding.marked_allowed});
  recorded_.push_back({finding.detector->id, class_name, origin, hundredths, 1, {}, finding.marked_allowed});
  if (std::find(classes_.begin(), classes_.end(), class_name) == classes_.end()) classes_.push_back(class_name);
}

void FindingGroups::set_action(const content::Finding& finding, std::string_view action) {
  for (ledger::Entry::Content::Finding& group : recorded_) {
    if (group.type == finding.detector->id && group.origin == text_origin_name(finding.origin) &&
        group.marked == finding.marked_allowed) {
      group.action = action;
    }
  }
}

// ---- CallContent

void CallContent::scan(Worker& worker, const content::Detectors& detectors, std::string_view body,
                       std::span<const BodyText> texts) {
  const content::Report& report = worker.scanner.scan(detectors, body, texts);
  detectors_ = &detectors;
  findings_ = report.findings;
  labels_.assign(report.labels.begin(), report.labels.end());
  complete_ = report.complete;
  incomplete_reason_ = report.incomplete_reason;
  found_.clear();
  for (const content::Finding& finding : findings_) found_.add(finding);
}

std::vector<content::Replacement> CallContent::replacements_for(const policy::Decision& decision) {
  std::vector<content::Replacement> replacements;
  for (const content::Finding& finding : findings_) {
    if (finding.confidence < kTakenOutFrom || finding.is_document) continue;
    const std::string_view class_name = finding.detector->class_name;
    const auto with = strictest(decision, class_name, finding.marked_allowed);
    if (!with) continue;
    found_.set_action(finding, action_name(*with));
    replacements.push_back({finding.start, finding.end, *with, class_name, finding.detector->id});
  }
  return replacements;
}

Result<void> CallContent::redact(const policy::Decision& decision, std::string_view body,
                                 const std::vector<BodyText>& texts, content::Vault* vault, std::string_view principal,
                                 std::string_view session_id) {
  std::vector<content::Replacement> replacements = replacements_for(decision);
  if (replacements.empty()) return {};
  content::add_repeats(body, texts, replacements);
  const bool tokens = std::any_of(replacements.begin(), replacements.end(),
                                  [](const auto& one) { return one.with == content::RedactWith::kToken; });
  if (vault == nullptr) return Error{ErrorCode::kUnavailable, "there is no vault to keep what is taken out"};
  const content::Vault::Session session = vault->session(principal, session_id);
  auto redacted = content::redact(body, texts, replacements, session);
  if (!redacted) return redacted.error();
  body_ = *std::move(redacted);
  body_size_ = body_.size();
  body_.append(kPaddingBytes, '\0');
  redacted_ = true;
  if (tokens) session_ = session;
  return {};
}

void CallContent::fill(ledger::Entry::Content& content) const {
  if (!looked()) return;
  content.findings = found_.for_entry();
  content.labels = labels_;
  content.detectors = detectors_->digest();
  content.incomplete = incomplete_reason_;
}

}  // namespace reeve::gateway
