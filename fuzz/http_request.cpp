// Any bytes as a client's side of a connection: first through the parser, whole and in pieces, which must agree; then
// through a real server on a loopback socket, whose answers must be well-formed, whatever came.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
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
  int refusal = 0;
  std::size_t head_bytes = 0;
  std::string shown;
  bool operator==(const Verdict&) const = default;
};

// Every view must lie in the bytes, or the sanitizer objects when it is copied.
Verdict judge(std::string_view text, std::size_t piece) {
  RequestParser parser(4096, 32);
  parser.begin();
  RequestHead head;
  Verdict verdict;
  std::vector<std::unique_ptr<std::string>> homes;
  for (std::size_t end = std::min(piece, text.size());; end = std::min(end + piece, text.size())) {
    homes.push_back(std::make_unique<std::string>(text.substr(0, end)));
    verdict.status = parser.parse(*homes.back(), head);
    if (verdict.status != ParseStatus::kIncomplete || end == text.size()) break;
  }
  if (verdict.status == ParseStatus::kFailed) verdict.refusal = parser.refusal().status;
  if (verdict.status != ParseStatus::kComplete) return verdict;
  verdict.head_bytes = parser.head_bytes();
  verdict.shown = std::string(head.method_text) + ' ' + std::string(head.target) + ' ' + std::string(head.path) + ' ' +
                  std::string(head.query);
  for (const Header& field : head.headers) {
    CHECK(is_token(field.name) && is_field_value(field.value));
    verdict.shown += '\n' + std::string(field.name) + ':' + std::string(field.value);
  }
  CHECK(!(head.chunked && head.content_length));
  return verdict;
}

Task<void> echo(Exchange& exchange) {
  Result<std::string_view> body = co_await exchange.read_body();
  if (!body) co_return;
  if (exchange.head().path.size() % 2 == 0) {
    (void)co_await exchange.respond(200, {}, *body);
    co_return;
  }
  (void)co_await exchange.start(200, {}, std::nullopt);
  (void)co_await exchange.finish(*body);
}

std::uint16_t server_port() {
  static const std::unique_ptr<Runtime> runtime = *Runtime::create(1);
  static const std::unique_ptr<Server> server = [] {
    ServerOptions options;
    options.limits.header_bytes_max = 4096;
    options.limits.header_count_max = 32;
    options.limits.body_bytes_max = 16384;
    auto listening = *Server::listen(*runtime, options, echo);
    runtime->start();
    return listening;
  }();
  return server->port();
}

std::string converse(std::string_view bytes, std::size_t piece) {
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  // From another address each time: closed connections keep their pair of ports busy for a minute, and there are more
  // runs in a minute than ports.
  static std::uint32_t source = 0;
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl((INADDR_LOOPBACK & 0xff000000U) | (1U + ++source % 0xfffff0U));
  const int ports_later = 1;
  CHECK(::setsockopt(client, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &ports_later, sizeof(ports_later)) == 0);
  CHECK(::bind(client, reinterpret_cast<const sockaddr*>(&from), sizeof(from)) == 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server_port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int connected = ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  // libFuzzer's clock interrupts now and then; the connecting goes on, and another call says how it ended.
  while (connected != 0 && (errno == EINTR || errno == EALREADY)) {
    connected = ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    if (connected != 0 && errno == EISCONN) connected = 0;
  }
  if (connected != 0) {
    std::perror("the server does not take a connection");
    std::abort();
  }
  while (!bytes.empty()) {
    const ssize_t sent = ::send(client, bytes.data(), std::min(piece, bytes.size()), MSG_NOSIGNAL);
    if (sent <= 0) break;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  ::shutdown(client, SHUT_WR);
  std::string answers;
  std::array<char, 16384> buffer;
  while (true) {
    const ssize_t count = ::recv(client, buffer.data(), buffer.size(), 0);
    if (count <= 0) break;
    answers.append(buffer.data(), static_cast<std::size_t>(count));
  }
  ::close(client);
  return answers;
}

// A sequence of whole answers; interim ones without a body. An answer to HEAD has none either, which only its request
// tells, so nothing can be said about what follows one.
void check_answers(std::string_view answers, bool has_head_request) {
  while (!answers.empty() && !has_head_request) {
    ResponseParser parser(65536);
    parser.begin();
    ResponseHead head;
    CHECK(parser.parse(answers, head) == ParseStatus::kComplete);
    answers.remove_prefix(parser.head_bytes());
    if (head.status < 200) continue;
    if (!parser.framing().chunked) {
      if (!parser.framing().content_length) return;  // HTTP/1.0: to the end
      CHECK(*parser.framing().content_length <= answers.size());
      answers.remove_prefix(static_cast<std::size_t>(*parser.framing().content_length));
      continue;
    }
    ChunkDecoder decoder;
    while (true) {
      const ChunkDecoder::Step step = decoder.next(answers);
      answers.remove_prefix(step.consumed);
      if (step.status == ChunkDecoder::Status::kDone) break;
      CHECK(step.status == ChunkDecoder::Status::kData);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t piece = 1 + data[0] % 61;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Verdict whole = judge(text, text.size() + 1);
  const Verdict pieces = judge(text, piece);
  CHECK(whole == pieces);
  check_answers(converse(text, data[0] % 2 == 0 ? piece : text.size()), text.find("HEAD") != std::string_view::npos);
  return 0;
}
