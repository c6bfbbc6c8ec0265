#include "net/loop.h"

#include <ctime>
#include <utility>

#include "core/check.h"
#include "net/transport.h"

namespace reeve::net {

namespace {

// Deadlines are found this late at most. All timeouts are seconds, so a finer clock would buy nothing.
constexpr auto kSweepInterval = std::chrono::milliseconds(250);
// Two seconds: buffers that nobody needed for so long are not coming back soon.
constexpr unsigned kSweepsPerTrim = 8;
// How long a stopping loop lets handlers end by themselves after their sockets were closed.
constexpr auto kStopGrace = std::chrono::seconds(1);
// A call in work uses two: what the client sent and what the upstream answered.
constexpr std::size_t kSpareHeadersMax = 256;

thread_local const LoopCore* current_loop = nullptr;

Moment coarse_now() {
  timespec at{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &at);
  return Moment(std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec));
}

}  // namespace

LoopCore& core_of(Loop& loop) { return static_cast<LoopCore&>(loop); }

LoopCore::LoopCore(std::size_t index)
    : index_(index),
      // Sockets and timers belong to the loop's thread alone; only the mailbox and the resolver come from others.
      context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
      readiness_(context_),
      sweep_timer_(context_.get_executor()),
      alarm_timer_(context_.get_executor()),
      stop_timer_(context_.get_executor()) {}

LoopCore::~LoopCore() {
  request_stop();
  join();
}

bool LoopCore::is_current_thread() const { return current_loop == this; }

// The coarse clock of the kernel costs a few nanoseconds and ticks every 1 to 4 ms.
Moment LoopCore::now() const { return coarse_now(); }

void LoopCore::post(std::function<void()> work) { try_post(std::move(work)); }

bool LoopCore::try_post(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kStopped) return false;
  posted_.push_back(std::move(work));
  wake_loop();
  return true;
}

void LoopCore::resume_later(std::span<const std::coroutine_handle<>> handles) {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kStopped) return;  // their frames are gone
  resumed_.insert(resumed_.end(), handles.begin(), handles.end());
  wake_loop();
}

bool LoopCore::running() const {
  const std::lock_guard lock(mutex_);
  return state_ == State::kRunning;
}

void LoopCore::wake_loop() {
  if (std::exchange(mail_announced_, true)) return;
  asio::post(context_, [this] { empty_mailbox(); });
}

void LoopCore::empty_mailbox() {
  std::vector<std::function<void()>> posted;
  std::vector<std::coroutine_handle<>> resumed;
  {
    const std::lock_guard lock(mutex_);
    mail_announced_ = false;
    posted.swap(posted_);
    resumed.swap(resumed_);
  }
  for (std::coroutine_handle<> handle : resumed) handle.resume();
  for (std::function<void()>& work : posted) {
    work();
    work = nullptr;  // what it holds goes before the next one runs
  }
}

Task<void> LoopCore::sleep(Duration duration) {
  WaitSlot slot;
  const Alarm alarm(*this, std::chrono::steady_clock::now() + duration, slot);
  co_await slot.wait();
}

LoopCore::Alarm::Alarm(LoopCore& loop, Moment at, WaitSlot& slot)
    : loop_(loop), slot_(slot), position_(loop.alarms_.emplace(at, this)) {
  if (position_ == loop.alarms_.begin()) loop.schedule_alarms();
}

LoopCore::Alarm::~Alarm() {
  if (pending_) loop_.alarms_.erase(position_);
}

void LoopCore::schedule_alarms() {
  if (alarms_.empty()) return;
  alarm_timer_.expires_at(alarms_.begin()->first);
  alarm_timer_.async_wait([this](const AsioError& error) {
    if (!error) ring_alarms();
  });
}

void LoopCore::ring_alarms() {
  const Moment now = std::chrono::steady_clock::now();
  while (!alarms_.empty() && alarms_.begin()->first <= now) {
    Alarm& alarm = *alarms_.begin()->second;
    alarms_.erase(alarms_.begin());
    alarm.pending_ = false;
    alarm.slot_.wake(Wake::kTimeout);  // may end the Alarm
  }
  schedule_alarms();
}

void LoopCore::start() {
  {
    const std::lock_guard lock(mutex_);
    CHECK(state_ == State::kCreated);
    state_ = State::kRunning;
  }
  thread_ = std::thread([this] { run(); });
}

void LoopCore::run() {
  current_loop = this;
  DetachedTasks::set_current(&detached_);
  const auto work = asio::make_work_guard(context_);
  readiness_.start();
  schedule_sweep();
  context_.run();
  DetachedTasks::set_current(nullptr);
  current_loop = nullptr;
}

void LoopCore::schedule_sweep() {
  sweep_timer_.expires_after(kSweepInterval);
  sweep_timer_.async_wait([this](const AsioError& error) {
    if (error) return;
    sweep();
    schedule_sweep();
  });
}

void LoopCore::sweep() {
  const Moment now = this->now();
  // Collected first: what a deadline starts may end any connection, also others in the list.
  std::vector<TransportRef> expired;
  for (Transport& transport : transports_) {
    if (transport.deadline() <= now) expired.emplace_back(&transport);
  }
  for (const TransportRef& transport : expired) transport->deadline_passed();
  if (++sweeps_ % kSweepsPerTrim == 0) buffers_.trim();
}

void LoopCore::request_stop() {
  CHECK(!is_current_thread());
  asio::post(context_, [this] { begin_stop(); });
}

void LoopCore::begin_stop() {
  if (std::exchange(stopping_, true)) return;
  close_everything();
  if (connections_ == 0) {
    context_.stop();
    return;
  }
  stop_timer_.expires_after(kStopGrace);
  stop_timer_.async_wait([this](const AsioError& error) {
    if (!error) context_.stop();
  });
}

void LoopCore::connection_ended() {
  --connections_;
  if (stopping_ && connections_ == 0) context_.stop();
}

void LoopCore::join() {
  if (thread_.joinable()) thread_.join();
  std::vector<std::function<void()>> posted;
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kStopped) return;
    state_ = State::kStopped;
    posted.swap(posted_);
    resumed_.clear();
  }
  stopping_ = true;
  // Nobody resumes anything any more: coroutines first, because they hold connections, then the sockets that others
  // hold, then Asio's operations, whose handlers hold the last references.
  detached_.destroy_all();
  close_everything();
  sweep_timer_.cancel();
  alarm_timer_.cancel();
  stop_timer_.cancel();
  context_.restart();
  context_.poll();
}

void LoopCore::close_everything() {
  for (const auto& work : std::exchange(stop_work_, {})) work();
  std::vector<TransportRef> open;
  for (Transport& transport : transports_) open.emplace_back(&transport);
  for (const TransportRef& transport : open) transport->abort();
}

std::string_view LoopCore::date_field() {
  timespec at{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &at);
  if (at.tv_sec != date_second_) {
    date_second_ = at.tv_sec;
    tm parts{};
    ::gmtime_r(&at.tv_sec, &parts);
    // RFC 9110 section 5.6.7. The C locale's names, which the program never changes.
    std::strftime(date_.data(), date_.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
  }
  return date_.data();
}

Headers LoopCore::take_headers() {
  if (spare_headers_.empty()) return {};
  Headers headers = std::move(spare_headers_.back());
  spare_headers_.pop_back();
  return headers;
}

void LoopCore::give_back_headers(Headers headers) {
  if (spare_headers_.size() >= kSpareHeadersMax) return;
  headers.clear();
  spare_headers_.push_back(std::move(headers));
}

}  // namespace reeve::net
