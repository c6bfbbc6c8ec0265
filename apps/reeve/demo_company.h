#pragma once

// A company that does not exist: the people, teams and tools of demonstration data. Everything follows from the seed.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::app {

/// splitmix64: the same on every machine.
class DemoNumbers {
 public:
  explicit DemoNumbers(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  /// Below `limit`, which is positive.
  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(limit));
  }
  double unit() { return static_cast<double>(next() >> 11U) / 9007199254740992.0; }
  bool chance(double share) { return unit() < share; }
  /// Around `middle`, mostly within a factor of e^`spread`, at least 1.
  std::int64_t around(double middle, double spread);

 private:
  std::uint64_t state_;
};

struct DemoModel {
  std::string_view name, provider, vendor, region, dialect, tier;  // vendor: as the price list names it
};
/// Those that people of the company call; the first of each family is the dearest.
std::span<const DemoModel> demo_models();
const DemoModel& demo_model(std::string_view name);

struct DemoClient {
  std::string_view name, version;
  bool caches = false;  // writes caches by itself
  std::vector<std::string_view> models;
};

struct DemoPerson {
  std::string id, team, name;       // the id ends in .example
  std::vector<std::string> groups;  // sorted
  int hours_from_utc = 0;
  double activity = 1;  // calls, beside the others
  const DemoClient* client = nullptr;
  std::string_view model;  // that this person mostly asks for
};

struct DemoTeam {
  std::string_view name;
  std::string_view model;  // of most
  std::vector<std::string> repos;
};

class DemoCompany {
 public:
  /// Where every address ends.
  static constexpr std::string_view kDomain = "demonstration.example";
  DemoCompany(std::uint64_t seed, std::size_t people);
  std::span<const DemoPerson> people() const { return people_; }
  std::span<const DemoTeam> teams() const { return teams_; }
  const DemoTeam& team(std::string_view name) const;
  /// The n-th member of the team, from 0.
  const DemoPerson& member(std::string_view team, std::size_t number) const;
  std::size_t size_of(std::string_view team) const;

 private:
  std::vector<DemoTeam> teams_;
  std::vector<DemoPerson> people_;
};

/// The team that moves to a dearer model, and the one that has less money than it needs.
inline constexpr std::string_view kDemoMovingTeam = "search";
inline constexpr std::string_view kDemoPoorTeam = "growth";

}  // namespace reeve::app
