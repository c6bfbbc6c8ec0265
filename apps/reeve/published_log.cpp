#include "reeve/published_log.h"

#include "core/json.h"
#include "reeve/sent_file.h"

namespace reeve::app {

namespace {

using Kind = ledger::PublishedName::Kind;

constexpr std::string_view kPrefix = "/log/";
/// What one `ledger.read` speaks for: so many bundles of 256 entries, for so long. A reader of the whole log leaves an
/// entry for every 65,536 that it reads, instead of making the log grow as fast as it reads.
constexpr std::uint64_t kBundlesOfARead = 256;
constexpr std::uint64_t kEntriesOfARead = kBundlesOfARead * 256;
constexpr auto kReadSpeaksFor = std::chrono::hours(1);
constexpr std::size_t kReadsRememberedMax = 10'000;

/// As tlog-tiles wants them. A tile never changes under its name; entries are not for shared caches.
net::Headers headers_for(Kind kind) {
  const bool text = kind == Kind::kCheckpoint || kind == Kind::kKey;
  std::string_view caching = "no-cache";
  if (kind == Kind::kTile) caching = "public, max-age=31536000, immutable";
  if (kind == Kind::kEntries) caching = "private, max-age=31536000, immutable";
  return {{"content-type", text ? "text/plain; charset=utf-8" : "application/octet-stream"},
          {"cache-control", caching},
          {"x-content-type-options", "nosniff"}};
}

ApiAnswer nothing_here() {
  return problem(404, "Not found",
                 "Below /log lie checkpoint, cosigned-checkpoint, key, key-rotations where another key took over, and "
                 "tile/..., as "
                 "c2sp.org/tlog-tiles names them.");
}

}  // namespace

bool PublishedLog::is_served(Kind kind) const {
  if (kind == Kind::kTile) return sources_.served.tiles;
  return kind == Kind::kEntries ? sources_.served.entries : sources_.served.checkpoint;
}

Task<void> PublishedLog::handle(net::Exchange& exchange) {
  const std::string_view name = exchange.head().path.substr(kPrefix.size());
  const auto published = ledger::parse_published_name(name);
  if (!published || !is_served(published->kind)) co_return co_await respond(exchange, nothing_here());
  if (exchange.head().method != net::Method::kGet) {
    co_return co_await respond(exchange, problem(405, "Method not allowed", "This path takes GET only."));
  }
  if (published->kind == Kind::kEntries) {
    const ApiAnswer refusal = co_await admit_reader(exchange, published->number);
    if (refusal.status == 401 || refusal.status == 403) {
      co_await sources_.callers->tell_refusal(exchange, "ledger files", nullptr, refusal);
    }
    if (refusal.status != 200) co_return co_await respond(exchange, refusal);
  }
  co_await send(exchange, std::string(name), published->kind);
}

/// Entries name people: who reads them is known, and recorded before the first byte leaves.
Task<ApiAnswer> PublishedLog::admit_reader(net::Exchange& exchange, std::uint64_t bundle) {
  auto caller = co_await sources_.callers->identify(exchange, "ledger");
  if (!caller.principal) co_return std::move(caller.refusal);
  const identity::Principal& reader = *caller.principal;
  if (auto no = refuse_scope(reader, "ledger", "read")) co_return *std::move(no);
  const std::uint64_t part = bundle / kBundlesOfARead;
  const std::string reading = reader.key_id + "\n" + reader.id + "\n" + std::to_string(part);
  const Moment now = exchange.loop().now();
  if (is_recorded(reading, now)) co_return ApiAnswer{};
  JsonWriter detail;
  detail.begin_object().member("by", reader.id).member("first", part * kEntriesOfARead);
  detail.member("last", (part + 1) * kEntriesOfARead - 1).end_object();
  ledger::Entry entry;
  entry.kind = "ledger.read";
  entry.principal.id = reader.id;
  entry.principal.type = reader.type;
  entry.principal.team = reader.team;
  entry.principal.key_id = reader.key_id;
  entry.detail = detail.text();
  // A loop is one thread, so what it records is numbered in order whether it is about calls or about readers.
  entry.producer = &sources_.log->producer("worker-" + std::to_string(exchange.loop().index() + 1));
  const auto placed = co_await sources_.log->append(entry, exchange.loop());
  if (!placed) co_return problem(503, "Unavailable", "Reading cannot be recorded now: " + placed.error().message);
  remember(reading, now);
  co_return ApiAnswer{};
}

bool PublishedLog::is_recorded(const std::string& reading, Moment now) {
  const std::lock_guard lock(mutex_);
  const auto found = recorded_.find(reading);
  return found != recorded_.end() && now < found->second;
}

void PublishedLog::remember(const std::string& reading, Moment now) {
  const std::lock_guard lock(mutex_);
  // Forgetting costs no more than an entry too many.
  if (recorded_.size() >= kReadsRememberedMax) recorded_.clear();
  recorded_[reading] = now + kReadSpeaksFor;
}

Task<void> PublishedLog::send(net::Exchange& exchange, std::string name, Kind kind) {
  co_await send_file(exchange, thread_, sources_.ledger_directory / "public" / name, headers_for(kind), nothing_here(),
                     "Too many requests for the log wait; try again.");
}

}  // namespace reeve::app
