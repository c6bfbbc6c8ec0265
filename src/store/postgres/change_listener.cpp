#include "store/postgres/change_listener.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

namespace reeve::store {

namespace {

constexpr Duration kTimeout = std::chrono::seconds(2);

PostgresOptions impatient(PostgresOptions options) {
  options.connect_timeout = std::min(options.connect_timeout, kTimeout);
  options.call_timeout = std::min(options.call_timeout, kTimeout);
  return options;
}

}  // namespace

ChangeListener::ChangeListener(PostgresOptions options, std::string channel)
    : options_(impatient(std::move(options))),
      channel_(std::move(channel)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

ChangeListener::~ChangeListener() {
  if (wake_ >= 0) ::close(wake_);
}

Result<void> ChangeListener::wait(Duration patience, const std::function<Result<void>(PostgresConnection&)>& look) {
  auto waited = [&]() -> Result<void> {
    if (!session_) {
      auto connection = PostgresConnection::open(options_);
      if (!connection) return std::move(connection).error();
      session_.emplace(*std::move(connection));
      if (auto listens = session_->execute("LISTEN " + channel_); !listens) return listens;
    } else {
      const auto notice = session_->wait_for_notice(patience, wake_);
      if (!notice) return notice.error();
    }
    return look(*session_);
  }();
  if (!waited && session_) session_.reset();
  return waited;
}

void ChangeListener::stop() {
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_, &one, sizeof one));
}

}  // namespace reeve::store
