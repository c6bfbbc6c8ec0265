#pragma once

// An upstream for the gateway benchmark: answers every POST with a JSON message, or with 200 paced server-sent events
// when the path ends in /stream or the body asks for a stream. One thread, epoll, as little work as possible.

namespace reeve::bench {

inline constexpr int kStreamEvents = 200;

/// Serves on 127.0.0.1:port until killed. Events of one stream are `gap_microseconds` apart, so that each is its own
/// read.
[[noreturn]] void serve_upstream(int port, int gap_microseconds);

}  // namespace reeve::bench
