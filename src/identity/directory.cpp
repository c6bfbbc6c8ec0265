#include "identity/directory.h"

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "core/bytes.h"
#include "core/log.h"
#include "identity/break_glass.h"
#include "identity/identity.h"
#include "identity/names.h"

namespace reeve::identity {

namespace {

constexpr Duration kRetryAfter = std::chrono::milliseconds(250);

AuthOutcome refused(AuthFailure failure, std::string message) { return {nullptr, failure, std::move(message)}; }

std::string_view first_line(std::string_view lines) { return lines.substr(0, lines.find('\n')); }

}  // namespace

// ---- What is in memory ----

/// Entries lie in deques, which do not move them: the maps' keys are views into them.
struct Directory::State {
  using Index = std::uint32_t;
  struct Person {
    std::string id, logins, team;
    std::vector<Index> groups;
    bool active = false;
  };
  struct Group {
    std::string id, name;
    std::vector<Index> parents;
  };
  enum class Found : std::uint8_t { kNobody, kOne, kSeveral };

  std::deque<Person> people;
  std::deque<Group> groups;
  std::vector<Index> free_people, free_groups;
  std::unordered_map<std::string_view, Index> person_by_id, group_by_id;
  std::unordered_multimap<std::string_view, Index> by_login;
  std::unordered_map<std::string, Instant> cut_off;

  /// A userName goes before an e-mail address of somebody else's.
  Found find(std::string_view login, const Person*& person) const {
    Found found = Found::kNobody;
    const auto [first, last] = by_login.equal_range(login);
    for (auto at = first; at != last; ++at) {
      const Person& candidate = people[at->second];
      if (first_line(candidate.logins) == login) {
        person = &candidate;
        return Found::kOne;
      }
      found = found == Found::kNobody ? Found::kOne : Found::kSeveral;
      person = &candidate;
    }
    return found;
  }

  /// With the groups that hold groups; a ring of groups is walked once.
  std::vector<std::string> groups_of(const Person& person) const {
    std::vector<Index> reached = person.groups;
    std::unordered_set<Index> seen(reached.begin(), reached.end());
    for (std::size_t at = 0; at < reached.size(); ++at) {
      for (const Index parent : groups[reached[at]].parents) {
        if (seen.insert(parent).second) reached.push_back(parent);
      }
    }
    std::vector<std::string> names;
    names.reserve(reached.size());
    for (const Index group : reached) names.push_back(groups[group].name);
    sort_unique(names);
    return names;
  }

  /// The logins of somebody who was active that are not theirs any more here, or not those of somebody active.
  void add_missing_logins(const Person& before, std::vector<std::string>& missing) const {
    const auto same = person_by_id.find(before.id);
    const Person* now = same == person_by_id.end() ? nullptr : &people[same->second];
    const auto logins = now != nullptr && now->active ? split(now->logins, '\n') : std::vector<std::string_view>();
    for (const std::string_view login : split(before.logins, '\n')) {
      if (std::find(logins.begin(), logins.end(), login) == logins.end()) missing.emplace_back(login);
    }
  }

  void forget_logins(Index index) {
    for (const std::string_view login : split(people[index].logins, '\n')) {
      const auto [first, last] = by_login.equal_range(login);
      const auto found = std::find_if(first, last, [&](const auto& known) { return known.second == index; });
      if (found != last) by_login.erase(found);
    }
  }
};

/// Takes what was read into a state; notes who stopped being active.
class Directory::Filler final : public DirectoryReader {
 public:
  explicit Filler(State& state) : state_(state) {}
  void forget_all() override {}

  void person(std::string_view id, std::string_view logins, std::string_view team, bool active) override {
    const auto known = state_.person_by_id.find(id);
    State::Index index = 0;
    if (known != state_.person_by_id.end()) {
      index = known->second;
      note_what_ends(state_.people[index], logins, active);
      state_.forget_logins(index);
    } else if (!state_.free_people.empty()) {
      index = state_.free_people.back();
      state_.free_people.pop_back();
    } else {
      index = static_cast<State::Index>(state_.people.size());
      state_.people.emplace_back();
    }
    State::Person& person = state_.people[index];
    if (known == state_.person_by_id.end()) {
      person.id = id;
      state_.person_by_id.emplace(person.id, index);
    }
    person.logins = logins;
    person.team = team;
    person.active = active;
    for (const std::string_view login : split(person.logins, '\n')) state_.by_login.emplace(login, index);
  }

  void group(std::string_view id, std::string_view name) override {
    const auto known = state_.group_by_id.find(id);
    if (known != state_.group_by_id.end()) {
      state_.groups[known->second].name = name;
      return;
    }
    State::Index index = 0;
    if (!state_.free_groups.empty()) {
      index = state_.free_groups.back();
      state_.free_groups.pop_back();
    } else {
      index = static_cast<State::Index>(state_.groups.size());
      state_.groups.emplace_back();
    }
    State::Group& group = state_.groups[index];
    group.id = id;
    group.name = name;
    state_.group_by_id.emplace(group.id, index);
  }

  void gone(std::string_view id) override {
    if (const auto person = state_.person_by_id.find(id); person != state_.person_by_id.end()) {
      const State::Index index = person->second;
      if (state_.people[index].active) gone_.push_back(state_.people[index].logins);
      state_.forget_logins(index);
      state_.person_by_id.erase(person);
      state_.people[index] = {};
      state_.free_people.push_back(index);
    } else if (const auto group = state_.group_by_id.find(id); group != state_.group_by_id.end()) {
      forget_group(group->second);
    }
  }

  void member(std::string_view group, std::string_view member, bool is_one) override {
    const auto holder = state_.group_by_id.find(group);
    if (holder == state_.group_by_id.end()) return;
    std::vector<State::Index>* holders = nullptr;
    if (const auto person = state_.person_by_id.find(member); person != state_.person_by_id.end()) {
      holders = &state_.people[person->second].groups;
    } else if (const auto inner = state_.group_by_id.find(member); inner != state_.group_by_id.end()) {
      holders = &state_.groups[inner->second].parents;
    }
    if (holders == nullptr) return;
    const auto found = std::find(holders->begin(), holders->end(), holder->second);
    if (is_one && found == holders->end()) holders->push_back(holder->second);
    if (!is_one && found != holders->end()) holders->erase(found);
  }

  void cut_off(std::string_view login, Instant at) override {
    Instant& known = state_.cut_off[std::string(login)];
    known = std::max(known, at);
  }

  /// The logins of those who were active and are no more.
  const std::vector<std::string>& gone() const { return gone_; }

 private:
  /// Whoever is active no more, and logins that are no more theirs.
  void note_what_ends(const State::Person& before, std::string_view logins, bool active) {
    if (!before.active) return;
    const auto now = split(logins, '\n');
    for (const std::string_view login : split(before.logins, '\n')) {
      if (!active || std::find(now.begin(), now.end(), login) == now.end()) gone_.emplace_back(login);
    }
  }

  void forget_group(State::Index index) {
    for (State::Person& person : state_.people) std::erase(person.groups, index);
    for (State::Group& group : state_.groups) std::erase(group.parents, index);
    state_.group_by_id.erase(state_.groups[index].id);
    state_.groups[index] = {};
    state_.free_groups.push_back(index);
  }

  State& state_;
  std::vector<std::string> gone_;
};

/// Writes down what changed, so that the store is read without anybody waiting for a lock; everything at once goes into
/// a state of its own.
class Directory::Notes final : public DirectoryReader {
 public:
  void forget_all() override {
    fresh_ = std::make_unique<State>();
    filler_.emplace(*fresh_);
  }
  void person(std::string_view id, std::string_view logins, std::string_view team, bool active) override {
    if (filler_) return filler_->person(id, logins, team, active);
    notes_.push_back([=, id = std::string(id), logins = std::string(logins), team = std::string(team)](Filler& into) {
      into.person(id, logins, team, active);
    });
  }
  void group(std::string_view id, std::string_view name) override {
    if (filler_) return filler_->group(id, name);
    notes_.push_back([id = std::string(id), name = std::string(name)](Filler& into) { into.group(id, name); });
  }
  void gone(std::string_view id) override {
    if (!filler_) notes_.push_back([id = std::string(id)](Filler& into) { into.gone(id); });
  }
  void member(std::string_view group, std::string_view member, bool is_one) override {
    if (filler_) return filler_->member(group, member, is_one);
    notes_.push_back([group = std::string(group), member = std::string(member), is_one](Filler& into) {
      into.member(group, member, is_one);
    });
  }
  void cut_off(std::string_view login, Instant at) override {
    if (filler_) return filler_->cut_off(login, at);
    notes_.push_back([login = std::string(login), at](Filler& into) { into.cut_off(login, at); });
  }

  std::unique_ptr<State> take_fresh() { return std::move(fresh_); }
  bool empty() const { return !fresh_ && notes_.empty(); }
  void replay(Filler& into) const {
    for (const auto& note : notes_) note(into);
  }

 private:
  std::unique_ptr<State> fresh_;
  std::optional<Filler> filler_;
  std::vector<std::function<void(Filler&)>> notes_;
};

// ---- Keeping it up to date ----

Directory::Directory(DirectoryStore& store, DirectoryMode mode, const Clock& clock)
    : store_(store), mode_(mode), clock_(clock), state_(std::make_unique<State>()) {}
Directory::~Directory() = default;

bool Directory::is_current() const {
  return usable_.load(std::memory_order_acquire) && generation_.load(std::memory_order_acquire) == store_.generation();
}

/// Under reading_.
Result<void> Directory::read() {
  // Before what it stands for: a change in between is read once more.
  const std::uint64_t generation = store_.generation();
  Notes notes;
  const auto until = store_.read_changes(read_until_, notes);
  if (!until) return until.error();
  std::vector<std::string> gone;
  if (!notes.empty()) {
    const std::unique_lock lock(mutex_);
    std::unique_ptr<State> fresh = notes.take_fresh();
    // A database that was restored may lack people that were known before.
    if (fresh && usable_.load()) {
      for (const State::Person& person : state_->people) {
        if (person.active) fresh->add_missing_logins(person, gone);
      }
    }
    if (fresh) {
      state_.swap(fresh);
    } else {
      Filler filler(*state_);
      notes.replay(filler);
      gone = filler.gone();
    }
    version_.fetch_add(1, std::memory_order_release);
  }
  read_until_ = *until;
  generation_.store(generation, std::memory_order_release);
  usable_.store(true, std::memory_order_release);
  for (const std::string& logins : gone) {
    for (const std::string_view login : split(logins, '\n')) {
      Cutoff cutoff;
      cutoff.id = std::string(kDirectoryCutoffPrefix) + std::string(login);
      cutoff.scope = {CutoffKind::kPerson, std::string(login)};
      cutoff.reason = kNotActive;
      cutoff.by = "the directory";
      cutoff.at = clock_.now();
      cutoff.issued_until = cut_off_at(login);
      for (const CutoffListener& listener : listeners_) listener(cutoff);
    }
  }
  return {};
}

/// Until when what was issued to them is void.
std::optional<Instant> Directory::cut_off_at(std::string_view login) const {
  const std::shared_lock lock(mutex_);
  const auto found = state_->cut_off.find(std::string(login));
  return found == state_->cut_off.end() ? std::nullopt : std::optional(found->second);
}

Result<void> Directory::look() {
  if (is_current()) return {};
  const std::lock_guard lock(reading_);
  if (is_current()) return {};
  auto done = read();
  failed_at_.store(done ? 0 : clock_.steady().time_since_epoch().count());
  return done;
}

bool Directory::bring_up_to_date() {
  if (is_current()) return true;
  const std::int64_t failed_at = failed_at_.load();
  if (failed_at != 0 && clock_.steady().time_since_epoch().count() - failed_at < kRetryAfter.count()) return false;
  const auto looked = look();
  if (!looked) log_error("the directory cannot be read", {{"error", looked.error().message}});
  return looked.ok();
}

// ---- Deciding ----

namespace {

std::shared_ptr<const Principal> with_directory(const Principal& base, std::vector<std::string> groups,
                                                const std::string& team, DirectoryMode mode) {
  auto principal = std::make_shared<Principal>(base);
  if (mode == DirectoryMode::kRequired) {
    principal->groups = std::move(groups);
    principal->team = team;
  } else {
    principal->groups.insert(principal->groups.end(), groups.begin(), groups.end());
    sort_unique(principal->groups);
    if (!team.empty()) principal->team = team;
  }
  return principal;
}

}  // namespace

namespace {

/// Of a credential from before. Nobody is sent to sign in, or for a new key, who would be refused there, too.
std::string words_about_leaver(std::string_view who, Instant since, bool is_back) {
  if (is_back) {
    return "This credential ended on " + format_time(since) +
           ", when its owner was deactivated in the directory. They are active again: sign in anew, or ask for a new "
           "key.";
  }
  return "The directory ended the access of " + printable(who, 80) + " on " + format_time(since) +
         ": they are deactivated in the directory, or removed. Whoever runs the company's identity provider can say "
         "why, and give it back.";
}

}  // namespace

AuthOutcome Directory::admit(const std::shared_ptr<const Principal>& principal) {
  // For the day on which the directory is away, or says what it should not.
  if (principal->id == kBreakGlassOwner && principal->type == "service" && !principal->key_id.empty()) {
    return {principal, {}, {}};
  }
  if (!bring_up_to_date() || store_.uncertain_for() > kServesUnconfirmed) {
    return refused(AuthFailure::kUnavailable,
                   "Reeve cannot read its directory of people at the moment, so it cannot tell who may still call. Try "
                   "again shortly; whoever runs Reeve finds the cause in its log.");
  }
  const std::string login = fold_case(principal->id);
  const std::shared_lock lock(mutex_);
  const State::Person* person = nullptr;
  const State::Found found = state_->find(login, person);
  const auto cut_off = state_->cut_off.find(login);
  // What does not say when it was issued may be from before.
  if (cut_off != state_->cut_off.end() && (!principal->issued || *principal->issued <= cut_off->second)) {
    const bool is_back = found == State::Found::kOne && person->active;
    return refused(AuthFailure::kRevoked, words_about_leaver(principal->id, cut_off->second, is_back));
  }
  switch (found) {
    case State::Found::kNobody:
      if (mode_ == DirectoryMode::kOptional || principal->type != "person") return {principal, {}, {}};
      return refused(AuthFailure::kRevoked,
                     printable(principal->id, 80) +
                         " is not in the directory. Whoever runs the identity provider assigns Reeve to people there.");
    case State::Found::kSeveral:
      return refused(AuthFailure::kRevoked, "Several people of the directory have the address " +
                                                printable(principal->id, 80) +
                                                ". Use a credential that names one of them by userName.");
    case State::Found::kOne: break;
  }
  if (!person->active) {
    return refused(AuthFailure::kRevoked, printable(principal->id, 80) +
                                              " is deactivated in the directory. Whoever runs the identity provider "
                                              "can activate them again.");
  }
  return {with_directory(*principal, state_->groups_of(*person), person->team, mode_), {}, {}};
}

std::optional<std::vector<std::string>> Directory::groups_of(std::string_view login) const {
  const std::shared_lock lock(mutex_);
  const State::Person* person = nullptr;
  if (state_->find(fold_case(login), person) != State::Found::kOne || !person->active) return std::nullopt;
  return state_->groups_of(*person);
}

std::size_t Directory::people() const {
  const std::shared_lock lock(mutex_);
  return state_->person_by_id.size();
}

std::size_t Directory::groups() const {
  const std::shared_lock lock(mutex_);
  return state_->group_by_id.size();
}

}  // namespace reeve::identity
