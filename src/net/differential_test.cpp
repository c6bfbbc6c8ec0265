// Our server beside a real nginx, the same bytes to both. We may refuse what nginx takes; we must never take what nginx
// refuses, and where both take a request they must agree on where it ends: each request is followed by another one on
// the same connection, and both servers must give the same number of answers.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>

#include "net/http_parser.h"
#include "net/loopback_test.h"

extern char** environ;

namespace reeve::net {
namespace {

using namespace testing;  // NOLINT

// An nginx of the test's own, in a folder of its own, stopped at the end.
class Nginx {
 public:
  Nginx() {
    std::string pattern = (std::filesystem::temp_directory_path() / "reeve-nginx-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    {
      port_ = RawListener().port();
    }
    std::ofstream(folder_ + "/nginx.conf")
        << "daemon off; master_process off; pid " << folder_ << "/pid;\n"
        << "error_log " << folder_ << "/errors;\n"
        << "events {}\n"
        << "http { access_log off; keepalive_requests 1000000; client_max_body_size 1m;\n"
        << "client_body_temp_path " << folder_ << "; proxy_temp_path " << folder_ << "; fastcgi_temp_path " << folder_
        << "; uwsgi_temp_path " << folder_ << "; scgi_temp_path " << folder_ << ";\n"
        << "server { listen 127.0.0.1:" << port_ << "; location / { return 200 \"ok\"; } } }\n";
    const std::string configuration = folder_ + "/nginx.conf";
    std::vector<std::string> words = {"nginx", "-p", folder_, "-e", folder_ + "/errors", "-c", configuration};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 2, (folder_ + "/start").c_str(), O_WRONLY | O_CREAT, 0600);
    for (const char* program : {"/usr/sbin/nginx", "/usr/bin/nginx"}) {
      if (::posix_spawn(&process_, program, &actions, nullptr, arguments.data(), environ) == 0) break;
      process_ = -1;
    }
    ::posix_spawn_file_actions_destroy(&actions);
  }
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;
  ~Nginx() {
    if (process_ > 0) {
      ::kill(process_, SIGTERM);
      ::waitpid(process_, nullptr, 0);
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::uint16_t port() const { return port_; }
  bool answers() const {
    return process_ > 0 && eventually([&] {
             RawSocket client = RawSocket::connect(port_);
             client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
             return client.read_to_end().starts_with("HTTP/1.1 200 ");
           });
  }

 private:
  std::string folder_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};

constexpr const char* kNextRequest = "GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

// The statuses of all final answers on one connection.
std::vector<int> statuses(std::uint16_t port, const std::string& bytes) {
  RawSocket client = RawSocket::connect(port);
  client.send(bytes);
  client.shutdown_write();
  const std::string answers = client.read_to_end();
  std::vector<int> found;
  std::string_view rest = answers;
  while (!rest.empty()) {
    ResponseParser parser(65536);
    ResponseHead head;
    parser.begin();
    if (parser.parse(rest, head) != ParseStatus::kComplete) break;
    rest.remove_prefix(parser.head_bytes());
    if (head.status < 200) continue;
    found.push_back(head.status);
    rest.remove_prefix(std::min(rest.size(), static_cast<std::size_t>(parser.framing().content_length.value_or(0))));
  }
  return found;
}

bool all_ok(const std::vector<int>& answers) {
  return !answers.empty() && std::all_of(answers.begin(), answers.end(), [](int status) { return status == 200; });
}

class DifferentialTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(nginx_.answers()) << "nginx is needed here: apt-get install nginx-light";
    server_ = serve(*runtime_, echo);
  }

  // What is wrong with our answers to these bytes; empty when nothing is.
  std::string compare(const std::string& bytes) {
    const std::vector<int> ours = statuses(server_->port(), bytes);
    const std::vector<int> theirs = statuses(nginx_.port(), bytes);
    ours_took_ += all_ok(ours) ? 1 : 0;
    if (!all_ok(ours)) return {};
    if (ours == theirs) return {};
    return "ours " + ::testing::PrintToString(ours) + ", nginx " + ::testing::PrintToString(theirs) + " for " +
           ::testing::PrintToString(bytes);
  }

  Nginx nginx_;
  std::unique_ptr<Runtime> runtime_ = started_runtime();
  std::unique_ptr<Server> server_;
  int ours_took_ = 0;
};

const std::vector<std::string>& seeds() {
  static const std::vector<std::string> texts = {
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /v1/models?limit=5 HTTP/1.1\r\nHost: api.example.com:8484\r\nUser-Agent: x/1.0 (y; z)\r\nAccept: "
      "*/*\r\n\r\n",
      "POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
      "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n",
      "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b;c=\"d\"\r\nhello\r\n0\r\nX-Sum: "
      "1\r\n\r\n",
      "POST /a HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nContent-Type: application/json\r\nContent-Length: "
      "2\r\n\r\n{}",
      "GET /a HTTP/1.1\r\nHost: [::1]:80\r\nX-Empty:\r\nX-Tabs:\t a\tb \r\n\r\n",
      "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
  };
  return texts;
}

TEST_F(DifferentialTest, AgreesWithNginxOnGoodRequests) {
  for (const std::string& text : seeds()) EXPECT_EQ(compare(text + kNextRequest), "");
  EXPECT_EQ(ours_took_, static_cast<int>(seeds().size()));
}

TEST_F(DifferentialTest, IsNeverLaxerOnHandMadeShapes) {
  using namespace std::string_literals;  // NOLINT
  const std::string head = "POST /a HTTP/1.1\r\nHost: a\r\n";
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  for (const std::string& text : {
           head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           head + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
           head + "Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello",
           head + "Content-Length: +5\r\n\r\nhello",
           head + "Content-Length: 5,5\r\n\r\nhello",
           head + "Content-Length: 0005\r\n\r\nhello",
           head + "Content-Length : 5\r\n\r\nhello",
           head + "Content-Length:5\r\n\r\nhello",
           head + "Content-Length: 5 \r\n\r\nhello",
           head + "Content-Length: \t5\r\n\r\nhello",
           head + "Content_Length: 5\r\n\r\n",
           head + "Content-Length: 0\r\n\r\n",
           head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           head + "Transfer-Encoding: identity\r\n\r\n",
           head + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
           head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
           head + "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
           head + "Transfer-Encoding: chunked \r\n\r\n0\r\n\r\n",
           head + "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
           head + "Transfer-Encoding: \x0b"s + "chunked\r\n\r\n0\r\n\r\n",
           head + "X: a\r\n b\r\n\r\n",
           head + " X: a\r\n\r\n",
           head + "X: a\nContent-Length: 5\r\n\r\nhello",
           head + "X: a\rContent-Length: 5\r\n\r\nhello",
           head + "X: a\0b\r\n\r\n"s,
           head + "Host: b\r\n\r\n",
           "GET /a HTTP/1.1\r\n\r\n"s,
           "GET /a HTTP/1.1\r\nHost:\r\n\r\n"s,
           "GET /a HTTP/1.1\r\nHost: a b\r\n\r\n"s,
           "GET /a HTTP/1.1\r\nHost: a/b\r\n\r\n"s,
           "GET /a HTTP/1.1\nHost: a\n\n"s,
           "GET  /a HTTP/1.1\r\nHost: a\r\n\r\n"s,
           "GET /a HTTP/1.1 \r\nHost: a\r\n\r\n"s,
           "GET /a  HTTP/1.1\r\nHost: a\r\n\r\n"s,
           "GET /a\r\n\r\n"s,
           "\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n"s,
           "GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n"s,
           "GET http://b/b HTTP/1.1\r\nHost: a\r\n\r\n"s,
           chunked + "0\r\n\r\n",
           chunked + "00000\r\n\r\n",
           chunked + "5\r\nhello\r\n0\r\n\r\n",
           chunked + "5\nhello\r\n0\r\n\r\n",
           chunked + "5\r\nhello\n0\r\n\r\n",
           chunked + "5\r\nhello0\r\n\r\n",
           chunked + "5 \r\nhello\r\n0\r\n\r\n",
           chunked + "0x5\r\nhello\r\n0\r\n\r\n",
           chunked + "5;\r\nhello\r\n0\r\n\r\n",
           chunked + "5;a\r\nhello\r\n0\r\n\r\n",
           chunked + "-1\r\nhello\r\n0\r\n\r\n",
           chunked + "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
           chunked + "0\r\nA: b\r\n\r\n",
           chunked + "0\r\nContent-Length: 5\r\n\r\n",
       }) {
    EXPECT_EQ(compare(text + kNextRequest), "");
  }
}

// Seeds with a few bytes changed, removed, doubled or put in. The request line stays as it is: nginx judges methods and
// paths by rules of its own, which have nothing to do with where a message ends.
TEST_F(DifferentialTest, IsNeverLaxerOnMutatedRequests) {
  using namespace std::string_literals;  // NOLINT
  std::mt19937 random(4242);
  const std::string spice = "\r\n\t :;,=0159afxX-_\"\0\x01\x7f\x80\v+"s;
  for (int round = 0; round < 3000; ++round) {
    std::string text = seeds()[random() % seeds().size()];
    const std::size_t line = text.find("\r\n") + 2;
    for (std::size_t changes = 1 + random() % 3; changes > 0; --changes) {
      const std::size_t at = line + random() % (text.size() - line);
      const char byte = spice[random() % spice.size()];
      switch (random() % 4) {
        case 0: text[at] = byte; break;
        case 1: text.insert(at, 1, byte); break;
        case 2: text.erase(at, 1); break;
        default: text.insert(at, text.substr(at, 1 + random() % 12)); break;
      }
    }
    const std::string difference = compare(text + kNextRequest);
    if (!difference.empty()) ADD_FAILURE() << difference;
  }
  EXPECT_GT(ours_took_, 300);  // else the mutations say nothing
}

}  // namespace
}  // namespace reeve::net
