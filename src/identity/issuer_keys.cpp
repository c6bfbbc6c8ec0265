#include "identity/issuer_keys.h"

#include <algorithm>
#include <coroutine>
#include <deque>
#include <fstream>

#include "core/log.h"

namespace reeve::identity {

/// One fetch and the coroutines that wait for its end. A waiting coroutine that is destroyed takes itself off the list.
struct IssuerKeys::Flight {
  std::deque<Landing*> waiting;
  bool landed = false;
};

class IssuerKeys::Landing {
 public:
  explicit Landing(std::shared_ptr<Flight> flight) : flight_(std::move(flight)) {}
  Landing(const Landing&) = delete;
  Landing& operator=(const Landing&) = delete;
  ~Landing() {
    if (queued_) std::erase(flight_->waiting, this);
  }

  bool await_ready() const { return flight_->landed; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    queued_ = true;
    flight_->waiting.push_back(this);
  }
  void await_resume() const {}
  /// The last use of this object by the caller: the coroutine that owns it goes on.
  void resume() {
    queued_ = false;
    waiter_.resume();
  }

 private:
  std::shared_ptr<Flight> flight_;
  std::coroutine_handle<> waiter_;
  bool queued_ = false;
};

/// The ways to cancel a fetch must not outlive its frame, which may also be destroyed half-way, with its loop.
struct IssuerKeys::FetchScope {
  IssuerKeys* self;
  explicit FetchScope(IssuerKeys& owner) : self(&owner) {}
  FetchScope(const FetchScope&) = delete;
  FetchScope& operator=(const FetchScope&) = delete;
  ~FetchScope() {
    self->abort_send_ = nullptr;
    self->reading_ = nullptr;
    self->flight_.reset();
  }
};

IssuerKeys::IssuerKeys(OidcIssuer issuer, const Clock& clock, net::Client& client)
    : issuer_(std::move(issuer)), clock_(&clock), client_(&client) {
  const auto checked = check_issuer(issuer_);
  usable_configuration_ = checked.ok();
  if (!checked) log_error("identity provider is not used", {{"error", checked.error().message}});
}

IssuerKeys::State IssuerKeys::state() {
  if (!usable_configuration_) return State::kDown;
  const Moment now = clock_->steady();
  const bool resting = failed_at_ && now - *failed_at_ < kRetryAfter;
  if (!fetched_at_ || now - *fetched_at_ >= issuer_.jwks_time_to_live + kGrace) {
    return resting && !flight_ ? State::kDown : State::kFetchFirst;
  }
  const Duration age = now - *fetched_at_;
  if (age >= issuer_.jwks_time_to_live && !failed_at_) return State::kFetchFirst;
  // Renewed a little early, so that nobody waits; or the issuer is down, and nobody waits for that either.
  if (age >= issuer_.jwks_time_to_live / 5 * 4 && !resting && !flight_) start_fetch();
  return State::kUsable;
}

bool IssuerKeys::may_look_for_rotation() const {
  return flight_ || !attempted_at_ || clock_->steady() - *attempted_at_ >= kRotationInterval;
}

Task<void> IssuerKeys::refresh() {
  if (!flight_) start_fetch();
  // A fetch that could end without waiting has landed already, and a null flight says so.
  if (const auto flight = flight_) co_await Landing(flight);
}

void IssuerKeys::start_fetch() {
  flight_ = std::make_shared<Flight>();
  attempted_at_ = clock_->steady();
  start_detached(fetch(shared_from_this(), flight_));
}

Task<void> IssuerKeys::fetch(std::shared_ptr<IssuerKeys> self, std::shared_ptr<Flight> flight) {
  {
    const FetchScope scope(*self);
    self->accept(co_await self->fetch_key_set());
  }
  flight->landed = true;
  while (!flight->waiting.empty()) {
    Landing* landing = flight->waiting.front();
    flight->waiting.pop_front();
    landing->resume();  // may destroy it, and others that wait
  }
}

Task<Result<KeySet>> IssuerKeys::fetch_key_set() {
  if (!issuer_.keys.empty()) {
    if (issuer_.keys.find("://") == std::string::npos) co_return read_key_file();
    const auto elsewhere = parse_document_address(issuer_.keys);
    if (!elsewhere) co_return elsewhere.error();
    const auto there = co_await get(*elsewhere, "its keys");
    if (!there) co_return there.error();
    co_return parse_key_set(*there, issuer_.key_use);
  }
  const auto home = parse_document_address(discovery_address(issuer_.issuer));
  if (!home) co_return home.error();
  const auto discovery = co_await get(*home, "its discovery document");
  if (!discovery) co_return discovery.error();
  const auto address = read_discovery(*discovery, issuer_.issuer);
  if (!address) co_return address.error();
  const auto document = co_await get(*address, "its keys");
  if (!document) co_return document.error();
  co_return parse_key_set(*document, issuer_.key_use);
}

/// A small file of this machine; a loop waits for it no longer than for a page of memory.
Result<KeySet> IssuerKeys::read_key_file() const {
  std::ifstream file(issuer_.keys, std::ios::binary);
  if (!file) return Error{ErrorCode::kUnavailable, issuer_.keys + " cannot be read"};
  std::string text(KeySet::kDocumentBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  auto keys = parse_key_set(text, issuer_.key_use);
  if (!keys) return with_context(std::move(keys).error(), issuer_.keys);
  return keys;
}

Task<Result<std::string>> IssuerKeys::get(const DocumentAddress& address, const char* what) {
  const net::ClientRequest request{.method = "GET",
                                   .path_and_query = address.path_and_query,
                                   .headers = {{"accept", "application/json"}, {"user-agent", "reeve"}},
                                   .body = {}};
  auto sent = co_await client_->send(address.origin, request, &abort_send_);
  if (!sent.ok() && sent.failure.stale_connection) {
    sent = co_await client_->send(address.origin, request, &abort_send_);
  }
  abort_send_ = nullptr;
  if (!sent.ok()) co_return with_context(sent.failure.error, what);
  reading_ = sent.response.get();
  auto body = co_await read_answer(*sent.response);
  reading_ = nullptr;
  if (!body) co_return with_context(std::move(body).error(), what);
  co_return body;
}

Task<Result<std::string>> IssuerKeys::read_answer(net::ClientResponse& response) {
  if (response.status() != 200) {
    co_return Error{ErrorCode::kUnavailable, "it answered with status " + std::to_string(response.status())};
  }
  co_return co_await response.read_all(KeySet::kDocumentBytesMax);
}

void IssuerKeys::accept(Result<KeySet> fetched) {
  if (!fetched) {
    failed_at_ = clock_->steady();
    log_warning("keys of an identity provider cannot be fetched",
                {{"issuer", issuer_.issuer}, {"error", fetched.error().message}});
    return;
  }
  failed_at_.reset();
  const bool changed = !fetched_at_ || fetched->fingerprint != keys_.fingerprint;
  fetched_at_ = clock_->steady();
  if (!changed) return;
  keys_ = *std::move(fetched);
  ++version_;
  log_info("keys of an identity provider", {{"issuer", issuer_.issuer}, {"usable", keys_.keys.size()}});
  for (const std::string& why : keys_.passed_over) {
    log_warning("key of an identity provider is not used", {{"issuer", issuer_.issuer}, {"why", why}});
  }
}

void IssuerKeys::cancel() {
  if (reading_ != nullptr) {
    reading_->cancel();
  } else if (abort_send_) {
    abort_send_();
  }
}

}  // namespace reeve::identity
