#pragma once

// Names to addresses, with a cache. One per client, loop thread only. Private to the room.
//
// Lookups run on the resolver thread that Asio keeps for each loop; requests for the same name share one. A lookup that
// fails falls back to the last good answer for a while, so that a hiccup of the name server stops nobody.

#include <sys/socket.h>

#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"
#include "net/loop.h"

namespace reeve::net {

struct Endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
};

/// "192.0.2.7 port 443"
std::string endpoint_text(const Endpoint& endpoint);

class Resolver final : public boost::intrusive_ref_counter<Resolver, boost::thread_unsafe_counter> {
 public:
  Resolver(LoopCore& loop, Duration time_to_live);

  /// All addresses, best first, with the port set. `slot` is where the caller waits: waking it with kAborted cancels.
  static Task<Result<std::vector<Endpoint>>> resolve(boost::intrusive_ptr<Resolver> self, std::string host,
                                                     std::uint16_t port, Moment deadline, WaitSlot& slot);

 private:
  using WaiterHook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
  struct Waiter : WaiterHook {
    explicit Waiter(WaitSlot& where) : slot(where) {}
    WaitSlot& slot;
  };
  struct Entry {
    std::vector<Endpoint> addresses;  // without port
    std::string failure;
    Moment fresh_until = Moment::min();
    Moment usable_until = Moment::min();
    bool looking_up = false;
    boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>> waiters;
  };

  void look_up(const std::string& host, Entry& entry);
  void looked_up(const std::string& host, const AsioError& error, std::vector<Endpoint> addresses);
  void forget_old();

  LoopCore& loop_;
  const Duration time_to_live_;
  LoopResolver resolver_;
  std::map<std::string, Entry> entries_;
};

}  // namespace reeve::net
