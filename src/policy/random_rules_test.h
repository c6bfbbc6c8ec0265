#pragma once

// Random sets of rules and random facts. For this room's tests only.

#include <array>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "policy/facts.h"
#include "policy/policy.h"

namespace reeve::policy {

/// What a plain reading needs to know of a rule or exception, as it was written.
struct RandomSource {
  std::string name;
  std::map<Fact, std::vector<std::string>> match, except;
  std::string when;
  std::string rewrite;  // the new value's expression
};

class RandomRules {
 public:
  explicit RandomRules(std::mt19937_64& random);
  const std::string& yaml() const { return yaml_; }
  const std::vector<RandomSource>& sources() const { return sources_; }
  /// One on which rules decide.
  Point point(std::mt19937_64& random) const;

 private:
  void add_rule(std::size_t number, std::mt19937_64& random);
  void add_exception(std::size_t number, std::mt19937_64& random);
  std::string selector(RandomSource& source, std::string_view on, std::mt19937_64& random);

  std::string yaml_;
  std::vector<RandomSource> sources_;
  std::vector<std::string> relaxable_of_organisation_, relaxable_of_teams_, liftable_;
};

/// Each fact absent, unknown, of the wrong type, or a value that rules are likely to name.
class RandomFacts final : public Facts {
 public:
  RandomFacts(Point point, std::mt19937_64& random);
  void read(Fact fact, FactSink& sink) const override;
  std::string text() const;

 private:
  enum class State : std::uint8_t { kAbsent, kUnknown, kWrong, kThere };
  struct Given {
    State state = State::kAbsent;
    std::vector<std::string> texts;
    std::string json;  // of a fact that is no text
  };
  std::array<Given, kFacts> given_;
  std::map<Fact, JsonDocument> documents_;
};

}  // namespace reeve::policy
