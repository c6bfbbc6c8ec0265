// Any bytes as an upstream's side of a connection: first through the parser, whole and in pieces, which must agree;
// then into a real client over a loopback socket, which must come to an end: an answer or an error.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.h"
#include "net/http_parser.h"
#include "net/net.h"

namespace {

using namespace reeve;       // NOLINT
using namespace reeve::net;  // NOLINT

struct Verdict {
  ParseStatus status = ParseStatus::kIncomplete;
  int code = 0;
  std::size_t head_bytes = 0;
  std::string shown;
  bool operator==(const Verdict&) const = default;
};

Verdict judge(std::string_view text, std::size_t piece) {
  ResponseParser parser(4096);
  parser.begin();
  ResponseHead head;
  Verdict verdict;
  std::vector<std::unique_ptr<std::string>> homes;
  for (std::size_t end = std::min(piece, text.size());; end = std::min(end + piece, text.size())) {
    homes.push_back(std::make_unique<std::string>(text.substr(0, end)));
    verdict.status = parser.parse(*homes.back(), head);
    if (verdict.status != ParseStatus::kIncomplete || end == text.size()) break;
  }
  if (verdict.status != ParseStatus::kComplete) return verdict;
  CHECK(head.status >= 100 && head.status <= 599);
  CHECK(!(parser.framing().chunked && parser.framing().content_length));
  verdict.code = head.status;
  verdict.head_bytes = parser.head_bytes();
  for (const Header& field : head.headers) {
    CHECK(is_token(field.name) && is_field_value(field.value));
    verdict.shown += std::string(field.name) + ':' + std::string(field.value) + '\n';
  }
  return verdict;
}

class Upstream {
 public:
  Upstream() : runtime_(*Runtime::create(1)), client_(*Client::create(runtime_->loop(0), limits())) {
    runtime_->start();
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    CHECK(::listen(listener_, 16) == 0);
    socklen_t size = sizeof(address);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    url_ = *parse_url("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  }

  // Plays the upstream of one call.
  void answer(std::string_view bytes, std::size_t piece, std::string_view method) {
    std::promise<void> done;
    runtime_->loop(0).post([&] { start_detached(call(*client_, url_, method, &done)); });
    const int peer = ::accept(listener_, nullptr, nullptr);
    CHECK(peer >= 0);
    std::array<char, 1024> request;
    CHECK(::recv(peer, request.data(), request.size(), 0) > 0);
    while (!bytes.empty()) {
      const ssize_t sent = ::send(peer, bytes.data(), std::min(piece, bytes.size()), MSG_NOSIGNAL);
      if (sent <= 0) break;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    ::close(peer);
    done.get_future().wait();
  }

 private:
  static ClientLimits limits() {
    ClientLimits limits;
    limits.header_bytes_max = 4096;
    limits.pool_idle_max = 0;  // each input has a connection of its own
    return limits;
  }

  static Task<void> call(Client& client, const Url& url, std::string_view method, std::promise<void>* done) {
    const ClientRequest request{.method = method, .path_and_query = "/", .headers = {}, .body = ""};
    Client::Sent sent = co_await client.send(url, request);
    if (sent.ok()) {
      CHECK(sent.response->status() >= 200);
      (void)co_await sent.response->read_all(1UL << 20U);
    } else {
      CHECK(!sent.failure.error.message.empty());
    }
    sent.response.reset();
    done->set_value();
  }

  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<Client> client_;
  int listener_ = -1;
  Url url_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t piece = 1 + data[0] % 61;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  CHECK(judge(text, text.size() + 1) == judge(text, piece));
  static Upstream upstream;
  upstream.answer(text, data[0] % 2 == 0 ? piece : text.size(), data[0] % 5 == 0 ? "HEAD" : "POST");
  return 0;
}
