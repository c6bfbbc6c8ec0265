#pragma once

// The grammar of HTTP/1.1 messages (RFC 9112), strict, over bytes that lie in one piece. Nothing is copied: what is
// found are views. Private to the room; pure, no I/O.
//
// Strict means: every shape on which two implementations might disagree about where a message ends is refused. See
// docs/decisions/0003-http-parser.md for the list and for the differential test that holds us to it.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "net/net.h"

namespace reeve::net {

enum class ParseStatus { kIncomplete, kComplete, kFailed };

/// How the body of a message is framed and what becomes of the connection, as its header fields say.
struct Framing {
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool close = false;          // Connection: close
  bool upgrade_token = false;  // Connection: upgrade
  bool upgrade_field = false;
  bool http_1_0 = false;
};

/// Reads the line of fields of a message head, whatever its first line is.
class FieldReader {
 public:
  enum class Status { kIncomplete, kField, kEnd, kFailed };

  /// Reads one line that starts at `at`; moves `at` behind it on kField and kEnd.
  static Status read(const char*& at, const char* end, Header& field);
};

/// A refusal: the status to answer with and why, in a few words for a person.
struct Refusal {
  int status = 400;
  std::string_view reason;
};

class RequestParser {
 public:
  RequestParser(std::size_t bytes_max, std::size_t count_max) : bytes_max_(bytes_max), count_max_(count_max) {}

  void begin();
  /// `bytes` begins with the first byte of the request and holds all that came so far. After kIncomplete call again
  /// with the same bytes and more; they may have moved. On kComplete the views in `head` point into `bytes`, and
  /// head_bytes() says where the body begins.
  ParseStatus parse(std::string_view bytes, RequestHead& head);

  std::size_t head_bytes() const { return position_; }
  const Framing& framing() const { return framing_; }
  bool expects_continue() const { return expects_continue_; }
  const Refusal& refusal() const { return refusal_; }

 private:
  ParseStatus fail(int status, std::string_view reason);
  ParseStatus request_line(std::string_view bytes, RequestHead& head);
  ParseStatus target(std::string_view text, RequestHead& head);
  ParseStatus field(const Header& field);
  ParseStatus finish(RequestHead& head);
  void rebase(std::string_view bytes, RequestHead& head);

  std::size_t bytes_max_;
  std::size_t count_max_;
  std::size_t position_ = 0;
  const char* base_ = nullptr;
  bool line_done_ = false;
  bool expects_continue_ = false;
  std::size_t host_count_ = 0;
  std::string_view host_;
  std::string_view target_authority_;
  Framing framing_;
  Refusal refusal_;
};

struct ResponseHead {
  int status = 0;
  Headers headers;
};

class ResponseParser {
 public:
  explicit ResponseParser(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  void begin();
  /// As RequestParser::parse.
  ParseStatus parse(std::string_view bytes, ResponseHead& head);
  std::size_t head_bytes() const { return position_; }
  const Framing& framing() const { return framing_; }
  std::string_view failure() const { return failure_; }
  bool too_large() const { return too_large_; }

 private:
  ParseStatus fail(std::string_view reason);
  ParseStatus status_line(std::string_view bytes, ResponseHead& head);

  std::size_t bytes_max_;
  std::size_t position_ = 0;
  const char* base_ = nullptr;
  bool line_done_ = false;
  bool too_large_ = false;
  Framing framing_;
  std::string_view failure_;
};

/// Takes the chunked transfer coding apart, at any split of the input. Chunk extensions and trailer fields are checked
/// and dropped.
class ChunkDecoder {
 public:
  enum class Status { kNeedMore, kData, kDone, kFailed };
  struct Step {
    Status status;
    std::size_t consumed;   // bytes of the input that are used up
    std::string_view data;  // kData: a part of the input
  };

  Step next(std::string_view input);
  std::string_view failure() const { return failure_; }

 private:
  enum class State : std::uint8_t {
    kSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kEndLf,
    kDone,
    kFailed,
  };

  Step fail(std::string_view reason);
  bool take(char byte);
  bool take_size(char byte);
  bool take_trailer(char byte);

  State state_ = State::kSize;
  std::uint8_t digits_ = 0;
  std::uint64_t left_ = 0;
  std::size_t overhead_ = 0;  // bytes of the extension or of all trailers so far
  std::string_view failure_;
};

// The character classes of the grammar, also for what we write ourselves.

/// 1*tchar
bool is_token(std::string_view text);
/// No control character but a tab: what a field value or reason may hold.
bool is_field_value(std::string_view text);
/// 1*DIGIT that fits.
std::optional<std::uint64_t> parse_content_length(std::string_view text);

}  // namespace reeve::net
