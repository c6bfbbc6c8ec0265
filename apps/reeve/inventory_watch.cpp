#include "reeve/inventory_watch.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/log.h"
#include "reeve/register_desk.h"
#include "reeve/spend_rows.h"

namespace reeve::app {

using control::Intake;
using control::Item;
using control::ItemStatus;
using control::SeenTraffic;
using control::Traffic;

namespace {

/// How far back the first start of a node looks.
constexpr Duration kFirstLook = std::chrono::days(90);
constexpr Duration kLookAtStatusesEvery = std::chrono::seconds(1);
constexpr Duration kKeepAtLeastEvery = std::chrono::minutes(1);
constexpr Duration kSoon = std::chrono::days(14);
constexpr std::size_t kThingsMax = 2'000;  // whatever calls have; and items that nobody registered
/// Of these; a model can make up names of tools, and takes no place from what there is otherwise.
constexpr std::size_t kToolsMax = 1'000;
constexpr std::size_t kNameBytesMax = 150;
constexpr int kNiceness = 10;

std::uint64_t hash_of(std::string_view name) {
  const auto digest = sha256(to_lower(name));
  std::uint64_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

/// As clients name a server's tools: "mcp__SERVER__TOOL". Empty for other tools.
std::string_view mcp_server_of(std::string_view tool) {
  constexpr std::string_view kPrefix = "mcp__";
  if (!tool.starts_with(kPrefix)) return {};
  tool.remove_prefix(kPrefix.size());
  const std::size_t end = tool.find("__");
  return end == std::string_view::npos ? std::string_view() : tool.substr(0, end);
}

bool is_tool(std::string_view what) { return what.starts_with("tool:") || what.starts_with("mcp_server:"); }

std::string detail_of(const Item& item) {
  JsonWriter json;
  json.begin_object();
  if (item.expires) json.member("expires", format_time(*item.expires));
  json.member("id", item.id).member("kind", item.kind);
  if (item.next_review) json.member("next_review", format_time(*item.next_review));
  json.member_if("owner", item.owner).member("title", item.title);
  return json.end_object().take();
}

std::string detail_of(const Intake& intake) {
  JsonWriter json;
  json.begin_object().member("due", format_time(*intake.due)).member("id", intake.id).member("item", intake.item);
  json.member("owner", intake.owner).member("requested_by", intake.requested_by);
  json.member("tier", intake.tier ? intake.tier->tier : 0).member("title", intake.title);
  return json.end_object().take();
}

}  // namespace

InventoryWatch::InventoryWatch(const ledger::Log& log, std::filesystem::path ledger, store::Registers& registers,
                               LiveInventory& statuses, std::string node, Duration every)
    : log_(log),
      ledger_(std::move(ledger)),
      registers_(registers),
      statuses_(statuses),
      node_(std::move(node)),
      every_(every),
      thread_([this] { run(); }) {}

InventoryWatch::~InventoryWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool InventoryWatch::is_stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void InventoryWatch::run() {
  // Of this thread alone: a first start reads some weeks of the ledger, and calls come first.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNiceness);
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    statuses_.look();
    const Moment now = system_clock().steady();
    if (now - looked_ >= std::min(every_, kKeepAtLeastEvery)) {
      if (begun_ || begin()) look();
      looked_ = now;
    }
    lock.lock();
    wake_.wait_for(lock, std::min(every_, kLookAtStatusesEvery), [this] { return stopping_; });
  }
}

/// What this node told before. A ledger that is shorter than that is another one.
bool InventoryWatch::begin() {
  auto before = registers_.governed().traffic_of(node_);
  if (!before) {
    tell("what was seen before cannot be read", before.error());
    return false;
  }
  auto reader = ledger::LogReader::open(ledger_);
  if (!reader) return false;
  mine_.clear();
  tools_ = 0;
  for (Traffic& one : before->first) {
    tools_ += is_tool(one.what) ? 1U : 0U;
    mine_[one.what] = std::move(one);
  }
  next_ = before->second;
  if (next_ == 0 || next_ > log_.size()) next_ = (*reader)->first_at(system_clock().now() - kFirstLook);
  begun_ = true;
  return true;
}

void InventoryWatch::add(const spend::SpendRow& row) {
  if (row.refused) return;
  add("model:", row.model, row, row.cost);
  add("provider:", row.provider, row, row.cost);
  add("client:", row.client, row, row.cost);
  std::set<std::string> called;  // a server's tools count as one
  for (const std::string& tool : row.called) {
    const std::string_view server = mcp_server_of(tool);
    if (!called.insert(server.empty() ? "tool:" + tool : "mcp_server:" + std::string(server)).second) continue;
    server.empty() ? add("tool:", tool, row, {}) : add("mcp_server:", server, row, {});
  }
}

void InventoryWatch::add(std::string_view kind, std::string_view name, const spend::SpendRow& row, Money cost) {
  if (name.empty() || name.size() > kNameBytesMax || !is_utf8(name)) return;
  std::string what = std::string(kind) + std::string(name);
  auto place = mine_.find(what);
  if (place == mine_.end()) {
    if (mine_.size() >= kThingsMax || (is_tool(what) && tools_ >= kToolsMax)) return;
    tools_ += is_tool(what) ? 1U : 0U;
    place = mine_.emplace(what, Traffic{.what = what, .first = row.time, .last = row.time}).first;
  }
  Traffic& seen = place->second;
  seen.first = std::min(seen.first, row.time);
  seen.last = std::max(seen.last, row.time);
  ++seen.calls;
  seen.cost = seen.cost + cost;
  if (!row.person.empty() && seen.people.size() < control::kPeopleCounted) seen.people.insert(hash_of(row.person));
  changed_.insert(std::move(what));
}

bool InventoryWatch::follow() {
  const std::uint64_t from = next_;
  spend::SpendRow row;
  const auto read = log_.read(next_, [&](const ledger::StoredEntry& stored) {
    // What cannot be read is for 'reeve ledger verify' to say.
    const auto is_row = read_spend_row(stored.bytes, row);
    if (is_row && *is_row) add(row);
    next_ = stored.index + 1;
    return stored.index % 1024 != 0 || !is_stopping();
  });
  if (!read) tell("the ledger cannot be followed", read.error());
  return next_ != from;
}

void InventoryWatch::look() {
  follow();
  if (is_stopping()) return;
  const bool any = !changed_.empty();
  if (any) {
    std::vector<Traffic> written;
    written.reserve(changed_.size());
    for (const std::string& what : changed_) written.push_back(mine_[what]);
    if (const auto put = registers_.governed().put_traffic(node_, written, next_); !put) {
      return tell("what was seen cannot be kept", put.error());
    }
    changed_.clear();
  }
  const Moment now = system_clock().steady();
  if (!any && now - kept_ < kKeepAtLeastEvery) return;
  kept_ = now;
  keep_register(system_clock().now());
}

void InventoryWatch::keep_register(Instant now) {
  const auto traffic = seen_traffic(registers_.governed());
  if (!traffic) return tell("what was seen cannot be read", traffic.error());
  std::vector<Item> items;
  const auto read = each_row(registers_.governed(), control::kInventoryRegister, 0,
                             [&](const control::RegisterRow& row) -> Result<bool> {
                               auto item = control::item_from_json(row.document);
                               if (!item) return std::move(item).error();
                               items.push_back(*std::move(item));
                               return !is_stopping();
                             });
  if (!read) return tell("the inventory cannot be read", read.error());
  std::set<std::size_t> known;
  Filed filed;
  for (const Item& item : items) {
    if (is_stopping()) return;
    for (const std::size_t place : traffic->places_of(item)) known.insert(place);
    if (item.status == ItemStatus::kSeenNotRegistered) filed.count(item);
    keep_item(item, *traffic, now);
  }
  register_seen(*traffic, known, filed, now);
  keep_intakes(now);
  failing_ = false;
}

void InventoryWatch::keep_item(const Item& item, const SeenTraffic& traffic, Instant now) {
  if (const auto expired = control::expire_item(item, now)) {
    return change_item(*expired, item, "register.item_expired", now);
  }
  if (!control::is_approved(item.status)) return;
  const auto seen = item.status == ItemStatus::kInUse ? std::nullopt : traffic.of(item);
  if (seen && item.reviewed && seen->last >= *item.reviewed) {
    const auto used = control::act_on_item(item, control::ItemAction::kUse, "reeve", {}, now);
    if (used) change_item(*used, item, "register.item_status", now);
  }
  if (!item.next_review || *item.next_review - kSoon > now) return;
  const std::string key = item.id + ":review:" + format_time(*item.next_review);
  if (told_.contains(key)) return;
  const auto announced = registers_.notifications().announce({key, "register.review_due", now, detail_of(item)});
  if (!announced) return tell("an event cannot be kept", announced.error());
  told_.insert(key);
}

void InventoryWatch::register_seen(const SeenTraffic& traffic, const std::set<std::size_t>& known, Filed filed,
                                   Instant now) {
  for (std::size_t place = 0; place < traffic.list().size() && filed.all < kThingsMax; ++place) {
    if (known.contains(place) || is_stopping()) continue;
    const Item item = control::item_of_traffic(traffic.list()[place], now);
    if (item.kind == "tool" && filed.tools >= kToolsMax) continue;
    control::RegisterChange change;
    change.rows.push_back(control::change_of_item(item, nullptr, "register.item_seen", {}, {}, now));
    const auto changed = registers_.governed().change(change);
    // Another node was faster.
    if (!changed && changed.error().code != ErrorCode::kConflict)
      return tell("an item cannot be kept", changed.error());
    filed.count(item);
  }
}

void InventoryWatch::keep_intakes(Instant now) {
  std::vector<control::Event> events;
  const auto read = each_row(registers_.governed(), control::kIntakeRegister, 0,
                             [&](const control::RegisterRow& row) -> Result<bool> {
                               const auto intake = control::intake_from_json(row.document);
                               if (!intake) return intake.error();
                               if (!intake->is_overdue(now)) return !is_stopping();
                               const std::string key = intake->id + ":overdue:" + format_time(*intake->due);
                               if (!told_.contains(key)) {
                                 events.push_back({.key = key,
                                                   .kind = "register.overdue",
                                                   .time = now,
                                                   .detail = detail_of(*intake),
                                                   .entry = "register.intake_overdue"});
                               }
                               return !is_stopping();
                             });
  if (!read) return tell("intakes cannot be read", read.error());
  if (events.empty()) return;
  if (const auto announced = registers_.notifications().announce_and_note(events); !announced) {
    return tell("an event cannot be kept", announced.error());
  }
  for (const control::Event& event : events) told_.insert(event.key);
}

void InventoryWatch::change_item(const Item& after, const Item& before, std::string_view step, Instant now) {
  control::RegisterChange change;
  change.rows.push_back(control::change_of_item(after, &before, step, {}, after.end_reason, now));
  const auto changed = registers_.governed().change(change);
  // Somebody else was faster; the next look shows it.
  if (!changed && changed.error().code != ErrorCode::kConflict) tell("an item cannot be kept", changed.error());
}

void InventoryWatch::tell(const std::string& what, const Error& error) {
  if (!failing_) log_error("the inventory is not kept to what happens: " + what, {{"why", error.message}});
  failing_ = true;
}

}  // namespace reeve::app
