#pragma once

// The client of one loop: its pools of upstream connections, by origin. Private to the room; loop thread only.
//
// An Upstream is one connection. It is held by the response that uses it, or by its pool while it is idle; the pool,
// the limits and the name cache live in ClientCore, which every Upstream keeps alive, so that a response may outlive
// its Client.

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/http_parser.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "net/transport.h"

namespace reeve::net {

class Upstream;  // NOLINT(cppcoreguidelines-virtual-class-destructor): final
using UpstreamRef = boost::intrusive_ptr<Upstream>;

/// One scheme, host and port.
struct Origin : boost::intrusive_ref_counter<Origin, boost::thread_unsafe_counter> {
  Url url;  // without path
  std::string authority;
  std::vector<UpstreamRef> idle;  // the one used last at the back
  std::size_t open = 0;
  std::shared_ptr<TlsTickets> tickets;
};
using OriginRef = boost::intrusive_ptr<Origin>;

/// A request under way, as far as it can be cancelled from outside.
struct Call : boost::intrusive_ref_counter<Call, boost::thread_unsafe_counter> {
  explicit Call(LoopCore& where) : loop(where) {}
  void cancel();

  // One a request: recycled like coroutine frames.
  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* memory, std::size_t size) noexcept { free_frame(memory, size); }

  LoopCore& loop;
  Upstream* upstream = nullptr;
  WaitSlot* lookup = nullptr;
  bool cancelled = false;
};
using CallRef = boost::intrusive_ptr<Call>;

class ClientCore final : public boost::intrusive_ref_counter<ClientCore, boost::thread_unsafe_counter> {
 public:
  using Ref = boost::intrusive_ptr<ClientCore>;
  ClientCore(std::shared_ptr<LoopCore> loop, ClientLimits limits, ClientTls tls);

  static Task<Client::Sent> send(Ref self, const Url& url, const ClientRequest& request, CallRef call);
  /// Closes what is idle and pools nothing from now on.
  void shut_down();

  LoopCore& loop() const { return *loop_; }
  const ClientLimits& limits() const { return limits_; }
  Result<std::shared_ptr<TlsContext>> tls_context();

  void connection_ended(Origin& origin);
  /// Keeps the connection for the next request; false when there is no place for it.
  bool keep(UpstreamRef connection, Origin& origin);
  void drop_idle(Upstream& connection, Origin& origin);

 private:
  OriginRef origin_of(const Url& url);
  UpstreamRef take_idle(Origin& origin);
  static Task<Result<UpstreamRef>> connect(Ref self, OriginRef origin, CallRef call);

  const std::shared_ptr<LoopCore> loop_;
  const ClientLimits limits_;
  const ClientTls tls_options_;
  std::shared_ptr<TlsContext> tls_;
  boost::intrusive_ptr<Resolver> resolver_;
  std::unordered_map<std::string, OriginRef> origins_;
  OriginRef last_origin_;
  bool shut_down_ = false;
};

}  // namespace reeve::net
