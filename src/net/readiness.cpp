#include "net/readiness.h"

#include <utility>

#include "core/check.h"
#include "net/transport.h"

namespace reeve::net {

namespace {

int make_epoll() {
  const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  CHECK(descriptor >= 0);
  return descriptor;
}

}  // namespace

Readiness::Readiness(asio::io_context& context) : context_(context), epoll_(context.get_executor(), make_epoll()) {}

Readiness::~Readiness() = default;

void Readiness::start() { wait(); }

bool Readiness::watch(Transport& transport) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &transport;
  return ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, transport.socket(), &event) == 0;
}

void Readiness::forget(const Transport& transport) {
  for (std::size_t i = 0; i < batch_size_; ++i) {
    if (batch_[i].data.ptr == &transport) batch_[i].data.ptr = nullptr;
  }
}

void Readiness::tell_later(Transport& transport) {
  later_.emplace_back(&transport);
  if (later_.size() == 1) asio::post(context_, [this] { tell_all(); });
}

void Readiness::tell_all() {
  for (const auto& transport : std::exchange(later_, {})) transport->tell();
}

void Readiness::wait() {
  epoll_.async_wait(asio::posix::descriptor_base::wait_read, [this](const AsioError& error) {
    if (error) return;
    dispatch();
    wait();
  });
}

// One batch; when more is waiting, Asio says so again, after others had their turn.
void Readiness::dispatch() {
  const int count = ::epoll_wait(epoll_.native_handle(), batch_.data(), static_cast<int>(batch_.size()), 0);
  batch_size_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  for (std::size_t i = 0; i < batch_size_; ++i) {
    // forget() may have cleared it meanwhile.
    if (auto* transport = static_cast<Transport*>(batch_[i].data.ptr)) transport->happened(batch_[i].events);
  }
  batch_size_ = 0;
}

}  // namespace reeve::net
