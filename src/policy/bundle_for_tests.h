#pragma once

// Bundles from YAML, facts from JSON and what came of them by name. For this room's tests only.

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"

namespace reeve::policy {

struct Built {
  std::vector<YamlValue> documents;
  std::vector<Diagnostic> complaints;
  std::shared_ptr<const Bundle> bundle;

  /// One complaint a line.
  std::string text() const {
    std::string all;
    for (const Diagnostic& complaint : complaints) all += complaint.to_string() + "\n";
    return all;
  }
};

inline Built build(const std::string& yaml) {
  Built built;
  built.documents = parse_yaml(yaml, "p.yaml", built.complaints);
  built.bundle = Bundle::build(built.documents, built.complaints);
  return built;
}

inline std::shared_ptr<const Bundle> must_build(const std::string& yaml) {
  Built built = build(yaml);
  EXPECT_NE(built.bundle, nullptr) << built.text();
  EXPECT_EQ(built.text(), "");
  return built.bundle;
}

/// Facts from JSON, some of them unknown or of a wrong type.
class GivenFacts final : public Facts {
 public:
  GivenFacts(Point point, std::string_view json, std::initializer_list<Fact> unknown = {},
             std::initializer_list<Fact> wrong = {})
      : document_(*JsonDocument::parse(json)),
        wrong_value_(*JsonDocument::parse("[[{}]]")),
        unknown_(unknown),
        wrong_(wrong) {
    auto read = facts_from_json(point, document_.root());
    EXPECT_TRUE(read.ok()) << read.error().message;
    if (read) given_ = *std::move(read);
  }
  void read(Fact fact, FactSink& sink) const override {
    if (std::find(unknown_.begin(), unknown_.end(), fact) != unknown_.end()) return sink.unknown(fact);
    if (std::find(wrong_.begin(), wrong_.end(), fact) != wrong_.end()) return sink.json(fact, wrong_value_.root());
    if (given_) given_->read(fact, sink);
  }

 private:
  JsonDocument document_;
  JsonDocument wrong_value_;
  std::vector<Fact> unknown_, wrong_;
  std::unique_ptr<Facts> given_;
};

inline Decision decide(const Bundle& bundle, Point point, const Facts& facts, UseGate* gate = nullptr) {
  Scratch scratch;
  Decision decision;
  bundle.decide(point, facts, gate, scratch, decision);
  return decision;
}

inline Decision decide(const Bundle& bundle, std::string_view json, UseGate* gate = nullptr) {
  return decide(bundle, Point::kModelCall, GivenFacts(Point::kModelCall, json), gate);
}

/// Names of rules or exceptions, with commas.
template <typename Infos>
std::string names(const Infos& infos) {
  std::string text;
  for (const auto* info : infos) text += (text.empty() ? "" : ",") + info->name;
  return text;
}

/// "deny by no-frontier", "allow by default".
inline std::string verdict_of(const Decision& decision) {
  const std::string by = decision.rule == nullptr ? "default" : decision.rule->name;
  return std::string(effect_name(decision.effect)) + " by " + by;
}

}  // namespace reeve::policy
