#include "reeve/demo_company.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/check.h"

namespace reeve::app {

namespace {

constexpr std::array<DemoModel, 9> kModels{{
    {"claude-opus-4-6", "anthropic", "anthropic", "us", "anthropic", "frontier"},
    {"claude-sonnet-4-6", "anthropic", "anthropic", "us", "anthropic", "standard"},
    {"claude-haiku-4-5", "anthropic", "anthropic", "us", "anthropic", "small"},
    {"gpt-5", "openai", "openai", "us", "openai-responses", "standard"},
    {"gpt-5-mini", "openai", "openai", "us", "openai-responses", "small"},
    {"gemini-2.5-pro", "google", "google", "us", "gemini", "standard"},
    {"gemini-2.5-flash", "google", "google", "us", "gemini", "small"},
    {"claude-sonnet-4-5", "anthropic-eu", "anthropic", "eu", "anthropic", "standard"},
    {"mistral-large-latest", "mistral-eu", "mistral", "eu", "openai-chat", "standard"},
}};

const std::array<DemoClient, 6>& clients() {
  static const std::array<DemoClient, 6> list{{
      {"claude-code", "2.1.50", true, {"claude-sonnet-4-6", "claude-opus-4-6", "claude-haiku-4-5"}},
      {"codex", "0.98.0", false, {"gpt-5", "gpt-5-mini"}},
      {"gemini-cli", "0.27.3", false, {"gemini-2.5-pro", "gemini-2.5-flash"}},
      {"copilot-cli", "0.0.402", false, {"claude-sonnet-4-6", "gpt-5"}},
      {"cursor", "2.4.1", true, {"claude-sonnet-4-6", "gpt-5"}},
      {"opencode", "1.1.53", true, {"claude-sonnet-4-6", "gpt-5-mini"}},
  }};
  return list;
}

// Plants and tools: nobody is called so.
constexpr std::array<std::string_view, 24> kFirst{"Alder",  "Bracken", "Clover", "Dahlia",  "Elder",  "Fennel",
                                                  "Gorse",  "Heather", "Iris",   "Juniper", "Kale",   "Larch",
                                                  "Maple",  "Nettle",  "Oak",    "Poppy",   "Quince", "Rosemary",
                                                  "Sorrel", "Thistle", "Umbel",  "Vetch",   "Willow", "Yarrow"};
constexpr std::array<std::string_view, 20> kLast{
    "Anvil",  "Bellows", "Chisel", "Drill",  "Easel", "File",   "Gimlet", "Hammer",  "Inkwell", "Jigsaw",
    "Kettle", "Ladle",   "Mallet", "Needle", "Oar",   "Pliers", "Quill",  "Ratchet", "Spanner", "Trowel"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

/// Most people of a kind of work use the same tool.
std::size_t client_of(double share) {
  constexpr std::array<double, 6> kUpTo{0.46, 0.64, 0.74, 0.82, 0.93, 1};
  return static_cast<std::size_t>(std::upper_bound(kUpTo.begin(), kUpTo.end(), share) - kUpTo.begin());
}

}  // namespace

std::uint64_t DemoNumbers::next() {
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

std::int64_t DemoNumbers::around(double middle, double spread) {
  // The sum of four is near enough to a bell.
  const double bell = (unit() + unit() + unit() + unit() - 2) * 1.732;
  return std::max<std::int64_t>(1, std::llround(middle * std::exp(spread * bell)));
}

std::span<const DemoModel> demo_models() { return kModels; }

const DemoModel& demo_model(std::string_view name) {
  const auto* found =
      std::find_if(kModels.begin(), kModels.end(), [&](const DemoModel& one) { return one.name == name; });
  CHECK(found != kModels.end());
  return *found;
}

DemoCompany::DemoCompany(std::uint64_t seed, std::size_t people) {
  for (const auto& [name, model] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{{"payments", "claude-sonnet-4-6"},
                                                                            {kDemoMovingTeam, "claude-sonnet-4-6"},
                                                                            {"platform", "claude-sonnet-4-6"},
                                                                            {"mobile", "claude-sonnet-4-6"},
                                                                            {"data-science", "claude-opus-4-6"},
                                                                            {"security", "claude-sonnet-4-6"},
                                                                            {kDemoPoorTeam, "claude-sonnet-4-6"},
                                                                            {"support-tools", "claude-haiku-4-5"}}) {
    DemoTeam team{name, model, {}};
    for (const char* part : {"api", "service", "tools"}) {
      team.repos.push_back("demonstration/" + std::string(name) + "-" + part);
    }
    teams_.push_back(std::move(team));
  }
  DemoNumbers numbers(seed);
  constexpr std::array kZones{0, 1, 1, 2, -5, -8, 5};
  for (std::size_t i = 0; i < people; ++i) {
    DemoPerson person;
    const std::string_view first = kFirst[i % kFirst.size()];
    const std::string_view last = kLast[(i % kFirst.size() + i / kFirst.size()) % kLast.size()];
    const std::size_t again = i / (kFirst.size() * kLast.size());
    person.name = std::string(first) + " " + std::string(last) + " (demonstration)";
    person.id =
        lower(first) + "." + lower(last) + (again > 0 ? std::to_string(again) : "") + "@" + std::string(kDomain);
    const DemoTeam& team = teams_[i % teams_.size()];
    person.team = team.name;
    person.hours_from_utc = kZones[static_cast<std::size_t>(numbers.below(kZones.size()))];
    person.activity = numbers.chance(0.05) ? 4 + 3 * numbers.unit() : 0.3 + 1.4 * numbers.unit();
    person.client = &clients()[client_of(numbers.unit())];
    const bool by_team = std::find(person.client->models.begin(), person.client->models.end(), team.model) !=
                         person.client->models.end();
    person.model = by_team ? team.model : person.client->models.front();
    person.groups = {"employees"};
    if (i % 29 == 7) {
      person.groups = {"contractors"};
      person.client = clients().data();
      person.model = "claude-haiku-4-5";
    }
    if (person.team == "data-science") person.groups.emplace_back("ml-team");
    // Two of the council, of other teams than those who will ask.
    if (i == 2 || i == 5) person.groups.emplace_back("governance-council");
    if (person.hours_from_utc == 1 && person.client->name == "opencode") {
      person.groups.emplace_back("eu-residents");
      person.model = "claude-sonnet-4-5";
    }
    std::sort(person.groups.begin(), person.groups.end());
    people_.push_back(std::move(person));
  }
}

const DemoTeam& DemoCompany::team(std::string_view name) const {
  const auto found = std::find_if(teams_.begin(), teams_.end(), [&](const DemoTeam& one) { return one.name == name; });
  CHECK(found != teams_.end());
  return *found;
}

const DemoPerson& DemoCompany::member(std::string_view team, std::size_t number) const {
  for (const DemoPerson& person : people_) {
    if (person.team == team && number-- == 0) return person;
  }
  return people_.front();
}

std::size_t DemoCompany::size_of(std::string_view team) const {
  return static_cast<std::size_t>(
      std::count_if(people_.begin(), people_.end(), [&](const DemoPerson& person) { return person.team == team; }));
}

}  // namespace reeve::app
