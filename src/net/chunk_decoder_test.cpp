#include <gtest/gtest.h>

#include <random>
#include <string>

#include "net/http_parser.h"

namespace reeve::net {
namespace {

struct Decoded {
  ChunkDecoder::Status status = ChunkDecoder::Status::kNeedMore;
  std::string data;
  std::string rest;

  bool operator==(const Decoded&) const = default;
};

// Gives the decoder pieces of the sizes that `next_size` says.
template <typename NextSize>
Decoded decode(std::string_view input, NextSize next_size) {
  ChunkDecoder decoder;
  Decoded decoded;
  while (!input.empty()) {
    std::string_view piece = input.substr(0, next_size());
    input.remove_prefix(piece.size());
    while (true) {
      const ChunkDecoder::Step step = decoder.next(piece);
      piece.remove_prefix(step.consumed);
      decoded.status = step.status;
      if (step.status == ChunkDecoder::Status::kData) {
        decoded.data += step.data;
        continue;
      }
      break;
    }
    if (decoded.status == ChunkDecoder::Status::kFailed) return decoded;
    if (decoded.status == ChunkDecoder::Status::kDone) {
      decoded.rest = std::string(piece) + std::string(input);
      return decoded;
    }
  }
  return decoded;
}

Decoded decode_whole(std::string_view input) {
  return decode(input, [] { return std::string_view::npos; });
}

Decoded decode_bytewise(std::string_view input) {
  return decode(input, [] { return std::size_t{1}; });
}

TEST(ChunkDecoder, TakesChunksApart) {
  const std::string input =
      "5\r\nhello\r\n6;ext=\"a b\"\r\n world\r\n00A\r\n0123456789\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\nGET /";
  const Decoded expected{ChunkDecoder::Status::kDone, "hello world0123456789", "GET /"};
  EXPECT_EQ(decode_whole(input), expected);
  EXPECT_EQ(decode_bytewise(input), expected);
}

TEST(ChunkDecoder, RefusesWhatIsAmbiguous) {
  using namespace std::string_literals;  // NOLINT
  for (const std::string& input : {"\r\nhello"s,
                                   "g\r\n"s,
                                   " 5\r\nhello\r\n"s,
                                   "5 \r\nhello\r\n"s,
                                   "+5\r\nhello\r\n"s,
                                   "-5\r\nhello\r\n"s,
                                   "0x5\r\nhello\r\n"s,
                                   "5\nhello\r\n"s,
                                   "5\r\nhello\n"s,
                                   "5\r\nhello0\r\n\r\n"s,
                                   "5\r\nhello\r\r\n"s,
                                   "5\rhello\r\n"s,
                                   ";\r\n"s,
                                   "5;a\nb\r\nhello\r\n"s,
                                   "5;a\0\r\nhello\r\n"s,
                                   "5;a\rb\r\nhello\r\n"s,
                                   "0\r\n: x\r\n\r\n"s,
                                   "0\r\nX\r\n\r\n"s,
                                   "0\r\nX : y\r\n\r\n"s,
                                   "0\r\n X: y\r\n\r\n"s,
                                   "0\r\nX: y\n\r\n"s,
                                   "0\r\nX: \0\r\n\r\n"s,
                                   "0\r\n\n"s,
                                   "0\r\nX: y\r\n\rz"s,
                                   "fffffffffffffffff\r\n"s,
                                   "1000000000000000\r\n"s,
                                   "5;" + std::string(2000, 'x') + "\r\nhello\r\n",
                                   "0\r\nX: " + std::string(20000, 'x') + "\r\n\r\n"}) {
    EXPECT_EQ(decode_whole(input).status, ChunkDecoder::Status::kFailed) << ::testing::PrintToString(input);
    EXPECT_EQ(decode_bytewise(input).status, ChunkDecoder::Status::kFailed) << ::testing::PrintToString(input);
  }
}

TEST(ChunkDecoder, FindsAnyBodyAtAnySplit) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string body;
    std::string input;
    const int chunks = static_cast<int>(random() % 6);
    for (int chunk = 0; chunk < chunks; ++chunk) {
      std::string data(1 + random() % 300, '\0');
      for (char& c : data) c = static_cast<char>(random());
      std::array<char, 20> size{};
      std::snprintf(size.data(), size.size(), random() % 2 == 0 ? "%zx" : "%04zX", data.size());
      input += std::string(size.data()) + (random() % 3 == 0 ? ";a=b" : "") + "\r\n" + data + "\r\n";
      body += data;
    }
    input += random() % 2 == 0 ? "0\r\n\r\n" : "000\r\nA-b: c d\r\n\r\n";
    const Decoded expected{ChunkDecoder::Status::kDone, body, "rest"};
    EXPECT_EQ(decode(input + "rest", [&] { return 1 + random() % 64; }), expected);
    // Every proper prefix asks for more.
    const std::size_t cut = random() % input.size();
    EXPECT_EQ(decode_whole(input.substr(0, cut)).status, ChunkDecoder::Status::kNeedMore);
  }
}

}  // namespace
}  // namespace reeve::net
