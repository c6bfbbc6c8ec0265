#include "net/resolver.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include "core/check.h"
#include "net/listening.h"

namespace reeve::net {

namespace {

constexpr std::size_t kEntriesMax = 1024;
// How long an old answer serves when the name server does not.
constexpr auto kUsableAfterFresh = std::chrono::minutes(10);

bool numeric_address(const std::string& host, Endpoint& endpoint) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&endpoint.address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&endpoint.address);
  if (::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    endpoint.size = sizeof(sockaddr_in);
    return true;
  }
  if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    endpoint.size = sizeof(sockaddr_in6);
    return true;
  }
  return false;
}

void set_port(Endpoint& endpoint, std::uint16_t port) {
  if (endpoint.address.ss_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(&endpoint.address)->sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in*>(&endpoint.address)->sin_port = htons(port);
  }
}

std::vector<Endpoint> with_port(std::vector<Endpoint> endpoints, std::uint16_t port) {
  for (Endpoint& endpoint : endpoints) set_port(endpoint, port);
  return endpoints;
}

}  // namespace

std::string endpoint_text(const Endpoint& endpoint) {
  const std::uint16_t port = endpoint.address.ss_family == AF_INET6
                                 ? reinterpret_cast<const sockaddr_in6*>(&endpoint.address)->sin6_port
                                 : reinterpret_cast<const sockaddr_in*>(&endpoint.address)->sin_port;
  return address_text(endpoint.address) + " port " + std::to_string(ntohs(port));
}

Resolver::Resolver(LoopCore& loop, Duration time_to_live)
    : loop_(loop), time_to_live_(time_to_live), resolver_(loop.context().get_executor()) {}

Task<Result<std::vector<Endpoint>>> Resolver::resolve(boost::intrusive_ptr<Resolver> self, std::string host,
                                                      std::uint16_t port, Moment deadline, WaitSlot& slot) {
  Endpoint numeric;
  if (numeric_address(host, numeric)) {
    set_port(numeric, port);
    co_return std::vector<Endpoint>{numeric};
  }
  Entry& entry = self->entries_[host];
  if (entry.fresh_until <= self->loop_.now()) {
    if (!entry.looking_up) self->look_up(host, entry);
    Waiter waiter(slot);
    entry.waiters.push_back(waiter);
    const LoopCore::Alarm alarm(self->loop_, deadline, slot);
    switch (co_await slot.wait()) {
      case Wake::kReady: break;
      case Wake::kTimeout: co_return Error{ErrorCode::kTimeout, "looking up " + host + " took too long"};
      case Wake::kAborted: co_return Error{ErrorCode::kClosed, "the call was cancelled"};
    }
  }
  // Found again: entries come and go while somebody waits.
  const auto found = self->entries_.find(host);
  if (found == self->entries_.end() || found->second.addresses.empty()) {
    const std::string reason = found == self->entries_.end() ? std::string() : ": " + found->second.failure;
    co_return Error{ErrorCode::kUnavailable, "cannot find the address of " + host + reason};
  }
  co_return with_port(found->second.addresses, port);
}

void Resolver::look_up(const std::string& host, Entry& entry) {
  entry.looking_up = true;
  if (entries_.size() > kEntriesMax) forget_old();
  resolver_.async_resolve(host, "0", asio::ip::resolver_base::numeric_service,
                          [self = boost::intrusive_ptr<Resolver>(this), host](const AsioError& error,
                                                                              const LoopResolver::results_type& found) {
                            std::vector<Endpoint> addresses;
                            for (const auto& result : found) {
                              const asio::ip::tcp::endpoint& from = result.endpoint();
                              Endpoint endpoint;
                              endpoint.size = static_cast<socklen_t>(from.size());
                              CHECK(from.size() <= sizeof(endpoint.address));
                              std::memcpy(&endpoint.address, from.data(), from.size());
                              addresses.push_back(endpoint);
                            }
                            self->looked_up(host, error, std::move(addresses));
                          });
}

void Resolver::looked_up(const std::string& host, const AsioError& error, std::vector<Endpoint> addresses) {
  Entry& entry = entries_[host];
  const Moment now = loop_.now();
  entry.looking_up = false;
  if (!addresses.empty()) {
    entry.addresses = std::move(addresses);
    entry.fresh_until = now + time_to_live_;
    entry.usable_until = entry.fresh_until + kUsableAfterFresh;
  } else {
    entry.failure = error ? error.message() : "no address";
    if (entry.usable_until <= now) entry.addresses.clear();
  }
  // Each woken coroutine may do anything, also ask for the same name again: only those that wait now are told.
  decltype(entry.waiters) waiting;
  waiting.swap(entry.waiters);
  while (!waiting.empty()) {
    Waiter& waiter = waiting.front();
    waiting.pop_front();
    waiter.slot.wake(Wake::kReady);
  }
}

void Resolver::forget_old() {
  const Moment now = loop_.now();
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const bool unused = !entry->second.looking_up && entry->second.waiters.empty() && entry->second.usable_until <= now;
    entry = unused ? entries_.erase(entry) : std::next(entry);
  }
}

}  // namespace reeve::net
