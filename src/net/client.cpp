#include "net/client.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "net/upstream.h"

namespace reeve::net {

namespace {

// Origins come from configuration, so there are few; those that are not in use are forgotten beyond this number.
constexpr std::size_t kOriginsMax = 256;

class Response final : public ClientResponse {
 public:
  explicit Response(UpstreamRef upstream) : upstream_(std::move(upstream)) {}
  ~Response() override { upstream_->let_go(); }

  // One a request: recycled like coroutine frames.
  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* memory, std::size_t size) noexcept { free_frame(memory, size); }

  int status() const override { return upstream_->status(); }
  const Headers& headers() const override { return upstream_->headers(); }
  std::optional<std::uint64_t> content_length() const override { return upstream_->content_length(); }
  Task<Result<std::string_view>> read() override { return Upstream::read(upstream_); }
  Task<Result<std::string>> read_all(std::size_t bytes_max) override { return read_whole(upstream_, bytes_max); }
  bool drained() const override { return upstream_->drained(); }
  void cancel() override { upstream_->abort("the call was cancelled"); }

 private:
  static Task<Result<std::string>> read_whole(UpstreamRef upstream, std::size_t bytes_max) {
    std::string whole;
    while (true) {
      Result<std::string_view> piece = co_await Upstream::read(upstream);
      if (!piece) co_return std::move(piece).error();
      if (piece->empty()) co_return whole;
      if (piece->size() > bytes_max - whole.size()) {
        upstream->abort("the answer was too large");
        co_return Error{ErrorCode::kTooLarge, "the answer has more than " + std::to_string(bytes_max) + " bytes"};
      }
      whole.append(*piece);
    }
  }

  const UpstreamRef upstream_;
};

class ClientFace final : public Client {
 public:
  explicit ClientFace(ClientCore::Ref core) : core_(std::move(core)) {}
  ~ClientFace() override { core_->shut_down(); }

  Task<Sent> send(const Url& origin, const ClientRequest& request, std::function<void()>* canceller) override {
    CallRef call;
    if (canceller != nullptr) {
      call = CallRef(new Call(core_->loop()));
      *canceller = [call] { call->cancel(); };
    }
    return ClientCore::send(core_, origin, request, std::move(call));
  }

 private:
  const ClientCore::Ref core_;
};

// Names in a Call what can be cancelled now, for as long as it lives.
template <typename T>
class Named {
 public:
  Named(Call* call, T* Call::* place, T* what) : call_(call), place_(place) {
    if (call_ != nullptr) call_->*place_ = what;
  }
  Named(const Named&) = delete;
  Named& operator=(const Named&) = delete;
  ~Named() {
    if (call_ != nullptr) call_->*place_ = nullptr;
  }

 private:
  Call* call_;
  T* Call::* place_;
};

Error cancelled() { return {ErrorCode::kClosed, "the call was cancelled"}; }

Client::Sent failed(SendFailure failure) {
  Client::Sent sent;
  sent.failure = std::move(failure);
  return sent;
}

}  // namespace

Result<std::unique_ptr<Client>> Client::create(Loop& loop, ClientLimits limits, ClientTls tls) {
  const bool own_roots = !tls.extra_root_files.empty();
  const ClientCore::Ref core(new ClientCore(core_of(loop).shared_from_this(), limits, std::move(tls)));
  // The system's roots are read when the first https origin is called; files that somebody named are read now, so that
  // a wrong name is found at once.
  if (own_roots) {
    if (auto context = core->tls_context(); !context) return std::move(context).error();
  }
  return std::unique_ptr<Client>(std::make_unique<ClientFace>(core));
}

void Call::cancel() {
  cancelled = true;
  if (upstream != nullptr) {
    upstream->abort("the call was cancelled");
  } else if (lookup != nullptr) {
    loop.post([self = CallRef(this)] {
      if (self->lookup != nullptr) self->lookup->wake(Wake::kAborted);
    });
  }
}

ClientCore::ClientCore(std::shared_ptr<LoopCore> loop, ClientLimits limits, ClientTls tls)
    : loop_(std::move(loop)),
      limits_(limits),
      tls_options_(std::move(tls)),
      resolver_(new Resolver(*loop_, limits.dns_time_to_live)) {}

Result<std::shared_ptr<TlsContext>> ClientCore::tls_context() {
  if (!tls_) {
    auto context = TlsContext::for_client(tls_options_);
    if (!context) return std::move(context).error();
    tls_ = *std::move(context);
  }
  return tls_;
}

Task<Client::Sent> ClientCore::send(Ref self, const Url& url, const ClientRequest& request, CallRef call) {
  const OriginRef origin = self->origin_of(url);
  while (true) {
    UpstreamRef connection = self->take_idle(*origin);
    if (!connection) {
      Result<UpstreamRef> connected = co_await connect(self, origin, call);
      if (!connected) co_return failed({std::move(connected).error()});
      connection = *std::move(connected);
    }
    if (call && call->cancelled) co_return failed({cancelled()});
    const Named<Upstream> named(call.get(), &Call::upstream, connection.get());
    std::optional<SendFailure> failure = co_await Upstream::send(connection, url, request);
    if (!failure) {
      Client::Sent sent;
      sent.response = std::make_unique<Response>(std::move(connection));
      co_return sent;
    }
    connection->abort("the call failed");
    if (!failure->stale_connection || failure->request_sent) co_return failed(*std::move(failure));
  }
}

Task<Result<UpstreamRef>> ClientCore::connect(Ref self, OriginRef origin, CallRef call) {
  if (origin->open >= self->limits_.connections_max) {
    co_return Error{ErrorCode::kUnavailable,
                    "all " + std::to_string(origin->open) + " connections to " + origin->authority + " are in use"};
  }
  // Counted from here on, so that many calls at once cannot pass the limit while they look up the name.
  UpstreamRef connection(new Upstream(self, origin));
  const Moment deadline = self->loop_->now() + self->limits_.connect_timeout;
  WaitSlot slot;
  Result<std::vector<Endpoint>> endpoints = std::vector<Endpoint>();
  {
    const Named<WaitSlot> named(call.get(), &Call::lookup, &slot);
    endpoints = co_await Resolver::resolve(self->resolver_, origin->url.host, origin->url.port, deadline, slot);
  }
  if (call && call->cancelled) co_return cancelled();
  if (!endpoints) co_return std::move(endpoints).error();
  const Named<Upstream> named(call.get(), &Call::upstream, connection.get());
  Result<void> connected = co_await Upstream::connect(connection, *std::move(endpoints), deadline);
  if (!connected) co_return std::move(connected).error();
  co_return connection;
}

OriginRef ClientCore::origin_of(const Url& url) {
  const auto same = [&](const Origin& known) {
    return known.url.port == url.port && known.url.tls == url.tls && known.url.host == url.host;
  };
  if (last_origin_ && same(*last_origin_)) return last_origin_;
  const std::string key = (url.tls ? "https://" : "http://") + url.host + " " + std::to_string(url.port);
  if (origins_.size() >= kOriginsMax && !origins_.contains(key)) {
    std::erase_if(origins_, [](const auto& known) { return known.second->open == 0; });
  }
  OriginRef& origin = origins_[key];
  if (!origin) {
    origin = new Origin;
    origin->url = url;
    origin->url.path.clear();
    origin->authority = url.authority();
    if (url.tls) origin->tickets = std::make_shared<TlsTickets>();
  }
  last_origin_ = origin;
  return origin;
}

UpstreamRef ClientCore::take_idle(Origin& origin) {
  while (!origin.idle.empty()) {
    UpstreamRef connection = std::move(origin.idle.back());
    origin.idle.pop_back();
    if (connection->usable()) {
      connection->set_busy();
      return connection;
    }
    connection->abort("the upstream closed an idle connection");
  }
  return nullptr;
}

bool ClientCore::keep(UpstreamRef connection, Origin& origin) {
  if (shut_down_ || origin.idle.size() >= limits_.pool_idle_max) return false;
  connection->set_idle();
  origin.idle.push_back(std::move(connection));
  return true;
}

void ClientCore::drop_idle(Upstream& connection, Origin& origin) {
  const auto found = std::find(origin.idle.begin(), origin.idle.end(), &connection);
  if (found == origin.idle.end()) return;
  const UpstreamRef dropped = std::move(*found);
  origin.idle.erase(found);
  dropped->abort("an idle connection ended");
}

void ClientCore::connection_ended(Origin& origin) {
  DCHECK(origin.open > 0);
  --origin.open;
}

void ClientCore::shut_down() {
  shut_down_ = true;
  for (const auto& [key, origin] : origins_) {
    for (const UpstreamRef& connection : std::exchange(origin->idle, {})) connection->abort("the client was shut down");
  }
  origins_.clear();
  last_origin_.reset();
}

}  // namespace reeve::net
