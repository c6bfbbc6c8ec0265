#include "net/http_parser.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace reeve::net {
namespace {

struct Parsed {
  ParseStatus status = ParseStatus::kIncomplete;
  int refusal = 0;
  std::size_t head_bytes = 0;
  std::string shown;  // everything found, as text

  bool operator==(const Parsed&) const = default;
};

std::string show(const RequestHead& head, const RequestParser& parser) {
  std::string text = std::string(head.method_text) + "|" + std::string(head.target) + "|" + std::string(head.path) +
                     "|" + std::string(head.query);
  for (const Header& field : head.headers) text += "\n" + std::string(field.name) + "=" + std::string(field.value);
  if (head.content_length) text += "\nlength " + std::to_string(*head.content_length);
  if (head.chunked) text += "\nchunked";
  if (head.upgrade_requested) text += "\nupgrade";
  if (parser.framing().close) text += "\nclose";
  if (parser.expects_continue()) text += "\nexpects";
  return text;
}

// Gives the parser the text in pieces that end at `cuts`, each time at a fresh address, as a growing buffer would.
Parsed parse_in_pieces(std::string_view text, const std::vector<std::size_t>& cuts, std::size_t bytes_max = 65536,
                       std::size_t count_max = 128) {
  RequestParser parser(bytes_max, count_max);
  parser.begin();
  RequestHead head;
  Parsed parsed;
  std::vector<std::string> homes;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::size_t end = i < cuts.size() ? cuts[i] : text.size();
    homes.emplace_back(text.substr(0, end));
    parsed.status = parser.parse(homes.back(), head);
    if (parsed.status != ParseStatus::kIncomplete) break;
  }
  if (parsed.status == ParseStatus::kFailed) parsed.refusal = parser.refusal().status;
  if (parsed.status == ParseStatus::kComplete) {
    parsed.head_bytes = parser.head_bytes();
    parsed.shown = show(head, parser);
  }
  return parsed;
}

Parsed parse(std::string_view text) { return parse_in_pieces(text, {}); }

std::vector<std::size_t> every_byte(std::size_t size) {
  std::vector<std::size_t> cuts;
  for (std::size_t i = 1; i < size; ++i) cuts.push_back(i);
  return cuts;
}

TEST(RequestParser, FindsThePartsOfARequest) {
  const std::string text =
      "POST /v1/messages?beta=true HTTP/1.1\r\nHost: api.example.com:8484\r\nContent-Length: 12\r\n"
      "X-Empty:\r\nX-Padded:   two\twords  \r\nconnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n{}";
  const Parsed parsed = parse(text);
  EXPECT_EQ(parsed.status, ParseStatus::kComplete);
  EXPECT_EQ(parsed.head_bytes, text.size() - 2);
  EXPECT_EQ(
      parsed.shown,
      "POST|/v1/messages?beta=true|/v1/messages|beta=true\nHost=api.example.com:8484\nContent-Length=12\nX-Empty=\n"
      "X-Padded=two\twords\nconnection=keep-alive, Upgrade\nUpgrade=websocket\nlength 12\nupgrade");
}

TEST(RequestParser, TakesTheFormsOfATarget) {
  EXPECT_TRUE(parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n").shown.starts_with("GET|/|/|\n"));
  EXPECT_TRUE(parse("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").shown.starts_with("OPTIONS|*|*|\n"));
  EXPECT_TRUE(parse("GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n").shown.starts_with("GET|/b?c|/b|c\n"));
  EXPECT_TRUE(parse("GET HTTPS://A:1 HTTP/1.1\r\nHost: a:1\r\n\r\n").shown.starts_with("GET|/|/|\n"));
  EXPECT_EQ(parse("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n").refusal, 400);
  EXPECT_EQ(parse("GET http://user@a/ HTTP/1.1\r\nHost: a\r\n\r\n").refusal, 400);
  EXPECT_EQ(parse("GET * HTTP/1.1\r\nHost: a\r\n\r\n").refusal, 400);
  EXPECT_EQ(parse("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n").refusal, 400);
  EXPECT_EQ(parse("GET a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n").refusal, 400);
  EXPECT_EQ(parse("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n").refusal, 501);
}

TEST(RequestParser, TakesOneEmptyLineBeforeARequest) {
  EXPECT_EQ(parse("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").head_bytes, 29U);
  EXPECT_EQ(parse("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").refusal, 400);
  EXPECT_EQ(parse("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").refusal, 400);
}

TEST(RequestParser, RefusesWhatIsLongerThanTheLimits) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(100, 'x') + "\r\n\r\n";
  EXPECT_EQ(parse_in_pieces(head, {}, head.size()).status, ParseStatus::kComplete);
  EXPECT_EQ(parse_in_pieces(head, {}, head.size() - 1).refusal, 431);
  EXPECT_EQ(parse_in_pieces("GET /" + std::string(200, 'x'), {}, 100).refusal, 431);
  EXPECT_EQ(parse_in_pieces("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(200, 'x'), {}, 100).refusal, 431);
  EXPECT_EQ(parse_in_pieces("GET / HTTP/1.1\r\nHost: a\r\nB: 1\r\nC: 2\r\n\r\n", {}, 1000, 3).status,
            ParseStatus::kComplete);
  EXPECT_EQ(parse_in_pieces("GET / HTTP/1.1\r\nHost: a\r\nB: 1\r\nC: 2\r\n\r\n", {}, 1000, 2).refusal, 431);
  EXPECT_EQ(parse(std::string(33, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n").refusal, 400);
}

// Each of these has split two parsers somewhere, or is one byte away from a shape that has.
using namespace std::string_literals;  // NOLINT
const std::vector<std::pair<std::string, int>> kRefusedHeads = {
    // Two ideas of where the body ends
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551617\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \vchunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tchunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\t\r\n\r\n", 400},
    {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    // Field lines
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\n Content-Length: 5\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n X: b\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX\t: b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX(: b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX\x80: b\r\n\r\n", 400},
    // Line ends
    {"GET / HTTP/1.1\nHost: a\n\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: b\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\rc\r\n\r\n", 400},
    {"GET / HTTP/1.1\rHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\rY: c\r\n\r\n", 400},
    // Control characters
    {"GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n"s, 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: b\x01\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: b\x7f\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX\0Y: b\r\n\r\n"s, 400},
    {"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s, 400},
    // Request lines
    {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
    {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /\r\n\r\n", 400},
    {"GET / \r\nHost: a\r\n\r\n", 400},
    {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET / http/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1,1\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/11\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
    {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"get / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"helloGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"\x16\x03\x01\x02", 400},  // a TLS hello
    // Host
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a?b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a:\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a..b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: :80\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: []\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: ::1]\r\n\r\n", 400},
    // Expectations
    {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\n", 417},
};

TEST(RequestParser, RefusesWhatIsAmbiguous) {
  for (const auto& [text, status] : kRefusedHeads) {
    EXPECT_EQ(parse(text).refusal, status) << ::testing::PrintToString(text);
    EXPECT_EQ(parse_in_pieces(text, every_byte(text.size())).refusal, status) << ::testing::PrintToString(text);
  }
}

TEST(RequestParser, TakesWhatIsUnusualButClear) {
  for (const char* text : {
           "GET / HTTP/1.0\r\n\r\n",
           "GET /?a=b%20c&d={e}|f\\g\"h HTTP/1.1\r\nHost: [::1]:8484\r\n\r\n",
           "GET / HTTP/1.1\r\nhOsT: a\r\nX-Latin: \xe4\xf6\r\n\r\n",
           "M-SEARCH / HTTP/1.1\r\nHost: a\r\nContent-Length: 000\r\n\r\n",
           "POST / HTTP/1.1\r\nHost:a\r\ntransfer-encoding:CHUNKED \r\n\r\n",
           "GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nX: : , ;\r\n\r\n",
       }) {
    EXPECT_EQ(parse(text).status, ParseStatus::kComplete) << text;
  }
}

TEST(RequestParser, GivesTheSameAnswerHoweverTheBytesCome) {
  std::vector<std::string> texts = {
      "POST /v1/messages?x=y HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nX-Long: " + std::string(300, 'z') +
          "\r\nConnection: close\r\nExpect: 100-continue\r\n\r\nabc",
      "GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n",
      "\r\nPOST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  };
  for (const auto& [text, status] : kRefusedHeads) texts.push_back(text);
  std::mt19937 random(20260101);
  for (const std::string& text : texts) {
    const Parsed whole = parse(text);
    EXPECT_EQ(parse_in_pieces(text, every_byte(text.size())), whole) << ::testing::PrintToString(text);
    for (int round = 0; round < 20; ++round) {
      std::vector<std::size_t> cuts;
      for (std::size_t at = 1 + random() % 40; at < text.size(); at += 1 + random() % 40) cuts.push_back(at);
      EXPECT_EQ(parse_in_pieces(text, cuts), whole) << ::testing::PrintToString(text);
    }
  }
}

// ---- Answers

struct ParsedAnswer {
  ParseStatus status = ParseStatus::kIncomplete;
  int code = 0;
  std::string failure;
};

ParsedAnswer parse_answer(std::string_view text, bool bytewise = false) {
  ResponseParser parser(65536);
  parser.begin();
  ResponseHead head;
  ParsedAnswer parsed;
  std::vector<std::string> homes;
  for (std::size_t end = bytewise ? 1 : text.size(); end <= text.size(); ++end) {
    homes.emplace_back(text.substr(0, end));
    parsed.status = parser.parse(homes.back(), head);
    if (parsed.status != ParseStatus::kIncomplete) break;
  }
  parsed.failure = parser.failure();
  parsed.code = head.status;
  return parsed;
}

TEST(ResponseParser, TakesAnswers) {
  for (const char* text : {
           "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
           "HTTP/1.1 200 \r\n\r\n",
           "HTTP/1.1 200\r\n\r\n",
           "HTTP/1.0 200 Fine, thanks\r\nServer: x\r\n\r\n",
           "HTTP/1.1 200 \xc3\x9c\r\nTransfer-Encoding: Chunked\r\n\r\n",
       }) {
    EXPECT_EQ(parse_answer(text).status, ParseStatus::kComplete) << text;
    EXPECT_EQ(parse_answer(text, true).status, ParseStatus::kComplete) << text;
    EXPECT_EQ(parse_answer(text).code, 200);
  }
}

TEST(ResponseParser, RefusesWhatIsAmbiguous) {
  using namespace std::string_literals;  // NOLINT
  for (const std::string& text : {
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"s,
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"s,
           "HTTP/1.1 200 OK\r\nContent-Length: 5a\r\n\r\n"s,
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"s,
           "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"s,
           "HTTP/1.1 200 OK\nContent-Length: 5\n\n"s,
           "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"s,
           "HTTP/1.1 200 OK\r\nX : a\r\n\r\n"s,
           "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"s,
           "HTTP/1.1 200 O\0K\r\n\r\n"s,
           "HTTP/1.1 20 OK\r\n\r\n"s,
           "HTTP/1.1 2000 OK\r\n\r\n"s,
           "HTTP/1.1 099 OK\r\n\r\n"s,
           "HTTP/1.1 600 OK\r\n\r\n"s,
           "HTTP/1.1  200 OK\r\n\r\n"s,
           "HTTP/2 200\r\n\r\n"s,
           "HTTP/2.0 200 OK\r\n\r\n"s,
           "ICY 200 OK\r\n\r\n"s,
           " HTTP/1.1 200 OK\r\n\r\n"s,
           "<html>"s,
       }) {
    EXPECT_EQ(parse_answer(text).status, ParseStatus::kFailed) << ::testing::PrintToString(text);
    EXPECT_EQ(parse_answer(text, true).status, ParseStatus::kFailed) << ::testing::PrintToString(text);
    EXPECT_NE(parse_answer(text).failure, "");
  }
}

TEST(ResponseParser, LimitsTheHead) {
  ResponseParser parser(100);
  ResponseHead head;
  parser.begin();
  const std::string text = "HTTP/1.1 200 OK\r\nX: " + std::string(200, 'x');
  EXPECT_EQ(parser.parse(text, head), ParseStatus::kFailed);
  EXPECT_TRUE(parser.too_large());
}

}  // namespace
}  // namespace reeve::net
