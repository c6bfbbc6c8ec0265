#include "stream_upstream.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

namespace reeve::bench {

namespace {

std::string json_answer() {
  const std::string text(1'500, 'x');
  const std::string body =
      R"({"id":"msg_bench","type":"message","role":"assistant","model":"claude-haiku-4-5","content":[{"type":"text","text":")" +
      text +
      R"("}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":15000,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":375,"service_tier":"standard"}})";
  return "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: req_bench\r\ncontent-length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string chunk(const std::string& data) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  return size + data + "\r\n";
}

/// The pieces of a stream: head with the first event, then one event each, then the end.
std::vector<std::string> stream_pieces() {
  std::vector<std::string> pieces;
  pieces.push_back(
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nrequest-id: req_bench\r\ntransfer-encoding: "
      "chunked\r\n\r\n" +
      chunk("event: message_start\ndata: "
            "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_bench\",\"type\":\"message\",\"role\":\"assistant\","
            "\"model\":\"claude-haiku-4-5\",\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":15000,"
            "\"output_tokens\":1}}}\n\n"));
  for (int i = 0; i < kStreamEvents - 3; ++i) {
    pieces.push_back(
        chunk("event: content_block_delta\ndata: "
              "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"" +
              std::string(60, 'y') + "\"}}\n\n"));
  }
  pieces.push_back(chunk(
      "event: message_delta\ndata: "
      "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":3000}}\n\n"));
  pieces.push_back(chunk("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n") + "0\r\n\r\n");
  return pieces;
}

struct Connection {
  std::string head;
  std::size_t body_left = 0;
  bool in_body = false;
  bool stream = false;
  int next_piece = -1;  // of a running stream
};

class Upstream {
 public:
  explicit Upstream(int gap_microseconds) : gap_microseconds_(gap_microseconds) {}

  [[noreturn]] void serve(int port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener, 1024) != 0)
      std::abort();
    epoll_ = ::epoll_create1(0);
    watch(listener);
    timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    const itimerspec tick{{0, gap_microseconds_ * 1000L}, {0, gap_microseconds_ * 1000L}};
    ::timerfd_settime(timer_, 0, &tick, nullptr);
    watch(timer_);
    epoll_event events[256];
    while (true) {
      const int count = ::epoll_wait(epoll_, events, 256, -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[i].data.fd;
        if (fd == listener) {
          accept_all(listener);
        } else if (fd == timer_) {
          advance_streams();
        } else {
          read_all(fd);
        }
      }
    }
  }

 private:
  void watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void accept_all(int listener) {
    int fd = 0;
    while ((fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      connections_[fd] = {};
      watch(fd);
    }
  }

  void drop(int fd) {
    ::close(fd);
    connections_.erase(fd);
  }

  void read_all(int fd) {
    char buffer[256 * 1024];
    const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) return drop(fd);
    Connection& connection = connections_[fd];
    std::string_view bytes(buffer, static_cast<std::size_t>(got));
    if (!connection.in_body) {
      connection.head.append(bytes);
      const std::size_t end = connection.head.find("\r\n\r\n");
      if (end == std::string::npos) return;
      std::size_t at = connection.head.find("ontent-");
      std::size_t length = 0;
      for (; at != std::string::npos && at < end; at = connection.head.find("ontent-", at + 1)) {
        if (::strncasecmp(connection.head.c_str() + at, "ontent-length:", 14) == 0) {
          length = std::strtoull(connection.head.c_str() + at + 14, nullptr, 10);
        }
      }
      const std::size_t have = connection.head.size() - end - 4;
      // The benchmark's stream request says so at the front of its body or in its path.
      connection.stream = connection.head.find("\"stream\":true") != std::string::npos;
      connection.in_body = true;
      connection.body_left = length > have ? length - have : 0;
      connection.head.clear();
    } else {
      connection.body_left -= std::min(connection.body_left, bytes.size());
    }
    if (connection.body_left == 0) answer(fd, connection);
  }

  void answer(int fd, Connection& connection) {
    connection.in_body = false;
    if (!connection.stream) {
      if (::send(fd, json_.data(), json_.size(), MSG_NOSIGNAL) < 0) drop(fd);
      return;
    }
    connection.next_piece = 0;
    streaming_.push_back(fd);
  }

  void advance_streams() {
    std::uint64_t ticks = 0;
    if (::read(timer_, &ticks, sizeof ticks) < 0) return;
    std::vector<int> going;
    for (const int fd : streaming_) {
      const auto found = connections_.find(fd);
      if (found == connections_.end() || found->second.next_piece < 0) continue;
      const std::string& piece = pieces_[static_cast<std::size_t>(found->second.next_piece)];
      if (::send(fd, piece.data(), piece.size(), MSG_NOSIGNAL) < 0) {
        drop(fd);
        continue;
      }
      if (++found->second.next_piece == static_cast<int>(pieces_.size())) {
        found->second.next_piece = -1;
      } else {
        going.push_back(fd);
      }
    }
    streaming_ = std::move(going);
  }

  int gap_microseconds_;
  int epoll_ = -1;
  int timer_ = -1;
  std::string json_ = json_answer();
  std::vector<std::string> pieces_ = stream_pieces();
  std::unordered_map<int, Connection> connections_;
  std::vector<int> streaming_;
};

}  // namespace

void serve_upstream(int port, int gap_microseconds) { Upstream(gap_microseconds).serve(port); }

}  // namespace reeve::bench
