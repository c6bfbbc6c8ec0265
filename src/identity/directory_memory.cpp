// The directory kept in memory, for tests: what the stores do, as plainly as possible.

#include <algorithm>
#include <map>
#include <set>

#include "identity/directory.h"

namespace reeve::identity {

namespace {

class MemoryDirectory final : public DirectoryStore {
 public:
  Result<ChangeOutcome> change(const DirectoryChange& change) override {
    const std::lock_guard lock(mutex_);
    const DirectoryEntry& entry = change.entry;
    const auto known = entries_.find(entry.id);
    const std::uint64_t before = known == entries_.end() ? 0 : known->second.version;
    if (before + 1 != entry.version) return ChangeOutcome::kChangedMeanwhile;
    if (!change.removes && name_is_taken(entry)) return ChangeOutcome::kNameTaken;
    for (const std::string& member : change.members_added) {
      if (!entries_.contains(member)) return ChangeOutcome::kNoSuchMember;
    }
    change.removes ? remove(entry) : put(change);
    for (const std::string& login : change.cut_off) {
      cut_off_[login] = std::max(cut_off_[login], entry.modified);
      log_.push_back({Touched::kCutOff, login, {}});
    }
    generation_.fetch_add(1, std::memory_order_release);
    return ChangeOutcome::kDone;
  }

  Result<std::optional<DirectoryEntry>> entry(EntryKind kind, std::string_view id) override {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end() || found->second.kind != kind) return std::optional<DirectoryEntry>();
    return std::optional(found->second);
  }

  Result<DirectoryPage> find(const DirectoryQuery& query) override {
    const std::lock_guard lock(mutex_);
    std::vector<const DirectoryEntry*> found;
    for (const auto& [id, entry] : entries_) {
      if (entry.kind != query.kind || (query.id && *query.id != id)) continue;
      if (query.folded_name && *query.folded_name != entry.folded_name) continue;
      if (query.external_id && *query.external_id != entry.external_id) continue;
      found.push_back(&entry);
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto* one, const auto* other) { return one->created < other->created; });
    DirectoryPage page;
    page.total = found.size();
    for (std::size_t i = query.offset; i < found.size() && page.entries.size() < query.limit; ++i) {
      page.entries.push_back(*found[i]);
    }
    return page;
  }

  Result<std::vector<DirectoryLink>> members_of(std::string_view group) override {
    const std::lock_guard lock(mutex_);
    std::vector<DirectoryLink> links;
    for (const auto& [holder, member] : members_) {
      if (holder == group) links.push_back(link_to(member));
    }
    return links;
  }

  Result<std::vector<DirectoryLink>> groups_of(std::string_view member) override {
    const std::lock_guard lock(mutex_);
    std::vector<DirectoryLink> links;
    for (const auto& [holder, inner] : members_) {
      if (inner == member) links.push_back(link_to(holder));
    }
    return links;
  }

  Result<std::uint64_t> read_changes(std::uint64_t since, DirectoryReader& reader) override {
    const std::lock_guard lock(mutex_);
    if (since > log_.size() + 1) since = 0;
    if (since == 0) {
      reader.forget_all();
      for (const auto& [id, entry] : entries_) tell(id, reader);
      for (const auto& [group, member] : members_) reader.member(group, member, true);
      for (const auto& [login, at] : cut_off_) reader.cut_off(login, at);
    }
    for (std::size_t i = since == 0 ? log_.size() : since - 1; i < log_.size(); ++i) {
      const Touched& touched = log_[i];
      if (touched.what == Touched::kEntry) tell(touched.id, reader);
      if (touched.what == Touched::kCutOff) reader.cut_off(touched.id, cut_off_[touched.id]);
      if (touched.what == Touched::kMember) {
        reader.member(touched.id, touched.member, members_.contains({touched.id, touched.member}));
      }
    }
    return log_.size() + 1;
  }

  std::uint64_t generation() const override { return generation_.load(std::memory_order_acquire); }

 private:
  struct Touched {
    enum What : std::uint8_t { kEntry, kMember, kCutOff } what = kEntry;
    std::string id, member;
  };

  bool name_is_taken(const DirectoryEntry& entry) const {
    return std::any_of(entries_.begin(), entries_.end(), [&](const auto& other) {
      return other.first != entry.id && other.second.kind == entry.kind &&
             other.second.folded_name == entry.folded_name;
    });
  }

  DirectoryLink link_to(const std::string& id) const {
    const DirectoryEntry& entry = entries_.at(id);
    return {id, entry.kind, entry.name};
  }

  void put(const DirectoryChange& change) {
    const std::string& id = change.entry.id;
    entries_[id] = change.entry;
    log_.push_back({Touched::kEntry, id, {}});
    for (const std::string& member : change.members_added) {
      if (members_.emplace(id, member).second) log_.push_back({Touched::kMember, id, member});
    }
    for (const std::string& member : change.members_removed) {
      if (members_.erase({id, member}) > 0) log_.push_back({Touched::kMember, id, member});
    }
  }

  void remove(const DirectoryEntry& entry) {
    std::erase_if(members_, [&](const auto& pair) {
      if (pair.second == entry.id) ++entries_[pair.first].version, entries_[pair.first].modified = entry.modified;
      return pair.first == entry.id || pair.second == entry.id;
    });
    entries_.erase(entry.id);
    log_.push_back({Touched::kEntry, entry.id, {}});
  }

  void tell(const std::string& id, DirectoryReader& reader) const {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return reader.gone(id);
    const DirectoryEntry& entry = found->second;
    if (entry.kind == EntryKind::kGroup) return reader.group(id, entry.name);
    std::string logins;
    for (const std::string& login : entry.logins) logins += (logins.empty() ? "" : "\n") + login;
    reader.person(id, logins, entry.team, entry.active);
  }

  std::mutex mutex_;
  std::map<std::string, DirectoryEntry, std::less<>> entries_;
  std::set<std::pair<std::string, std::string>> members_;  // group, member
  std::map<std::string, Instant> cut_off_;
  std::vector<Touched> log_;
  std::atomic<std::uint64_t> generation_{1};
};

}  // namespace

std::unique_ptr<DirectoryStore> make_memory_directory() { return std::make_unique<MemoryDirectory>(); }

}  // namespace reeve::identity
