#include "net/http_parser.h"

#include <algorithm>

#include "core/bytes.h"
#include "net/http_characters.h"

namespace reeve::net {

namespace {

constexpr std::size_t kMethodBytesMax = 32;

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Calls `visit` with each element of a comma-separated list; false as soon as it says so.
template <typename Visit>
bool each_element(std::string_view list, Visit visit) {
  while (true) {
    const std::size_t comma = list.find(',');
    const std::string_view element = trim_blanks(list.substr(0, comma));
    if (!element.empty() && !visit(element)) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

// The fields that decide where a message ends and whether the connection lives on. Empty: fine; else what is wrong.
std::string_view read_framing_field(const Header& field, Framing& framing) {
  switch (field.name.size()) {
    case 7:
      if (same_name(field.name, "upgrade")) framing.upgrade_field = true;
      break;
    case 10:
      if (!same_name(field.name, "connection")) break;
      each_element(field.value, [&](std::string_view option) {
        if (same_name(option, "close")) framing.close = true;
        if (same_name(option, "upgrade")) framing.upgrade_token = true;
        return true;
      });
      break;
    case 14:
      if (!same_name(field.name, "content-length")) break;
      if (framing.content_length) return "more than one Content-Length";
      framing.content_length = parse_content_length(field.value);
      if (!framing.content_length) return "Content-Length is not a number";
      break;
    case 17:
      if (!same_name(field.name, "transfer-encoding")) break;
      if (framing.chunked) return "more than one Transfer-Encoding";
      if (!same_name(field.value, "chunked")) return "a transfer coding other than chunked";
      framing.chunked = true;
      break;
    default: break;
  }
  return {};
}

std::string_view check_framing(const Framing& framing) {
  if (framing.chunked && framing.content_length) return "Content-Length together with Transfer-Encoding";
  if (framing.chunked && framing.http_1_0) return "Transfer-Encoding in HTTP/1.0";
  return {};
}

// Field views made before the bytes moved, moved after them.
void move_fields(Headers& fields, const char* from, const char* to) {
  Headers moved;
  for (const Header& field : fields) {
    moved.add({to + (field.name.data() - from), field.name.size()},
              {to + (field.value.data() - from), field.value.size()});
  }
  fields = std::move(moved);
}

Method method_of(std::string_view text) {
  switch (text.size()) {
    case 3:
      if (text == "GET") return Method::kGet;
      if (text == "PUT") return Method::kPut;
      break;
    case 4:
      if (text == "POST") return Method::kPost;
      if (text == "HEAD") return Method::kHead;
      break;
    case 5:
      if (text == "PATCH") return Method::kPatch;
      break;
    case 6:
      if (text == "DELETE") return Method::kDelete;
      break;
    case 7:
      if (text == "OPTIONS") return Method::kOptions;
      break;
    default: break;
  }
  return Method::kOther;
}

bool all_in(const CharacterSet& set, std::string_view text) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return in(set, c); });
}

// A name, an IPv4 address or an IPv6 address in brackets; then a port, or not.
bool is_host(std::string_view text) {
  if (text.find("..") != std::string_view::npos) return false;
  std::size_t name_end = text.find(':');
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos || bracket == 1 || !all_in(kAddress, text.substr(1, bracket - 1)))
      return false;
    name_end = bracket + 1 == text.size() ? std::string_view::npos : bracket + 1;
    if (name_end != std::string_view::npos && text[name_end] != ':') return false;
  } else if (text.substr(0, name_end).empty() || !all_in(kHostName, text.substr(0, name_end))) {
    return false;
  }
  if (name_end == std::string_view::npos) return true;
  const std::string_view port = text.substr(name_end + 1);
  return !port.empty() && port.size() <= 5 && all_in(kDigit, port);
}

enum class Version { kIncomplete, k10, k11, kOther, kBad };

// "HTTP/1.1" at the start of `text`.
Version version_of(std::string_view text) {
  constexpr std::string_view kName = "HTTP/";
  for (std::size_t i = 0; i < 8; ++i) {
    if (i >= text.size()) return Version::kIncomplete;
    const char c = text[i];
    const bool good = i < kName.size() ? c == kName[i] : (i == 6 ? c == '.' : c >= '0' && c <= '9');
    if (!good) return Version::kBad;
  }
  if (text[5] != '1') return Version::kOther;
  if (text[7] == '1') return Version::k11;
  return text[7] == '0' ? Version::k10 : Version::kOther;
}

}  // namespace

bool is_token(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    if (!in(kToken, c)) return false;
  }
  return true;
}

bool is_field_value(std::string_view text) {
  return find_control(text.data(), text.data() + text.size()) == text.data() + text.size();
}

std::optional<std::uint64_t> parse_content_length(std::string_view text) {
  // 18 digits always fit, and no body is that long.
  if (text.empty() || text.size() > 18) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

FieldReader::Status FieldReader::read(const char*& at, const char* end, Header& field) {
  const char* p = at;
  if (p == end) return Status::kIncomplete;
  if (*p == '\r') {
    if (p + 1 == end) return Status::kIncomplete;
    if (p[1] != '\n') return Status::kFailed;
    at = p + 2;
    return Status::kEnd;
  }
  const char* name = p;
  while (p != end && in(kToken, *p)) ++p;
  if (p == end) return Status::kIncomplete;
  if (*p != ':' || p == name) return Status::kFailed;
  field.name = {name, static_cast<std::size_t>(p - name)};
  ++p;
  // Only blanks are padding. A tab would be too, says RFC 9110, but nginx takes it for a part of the value, and a
  // length that two servers read differently is what requests are smuggled with.
  while (p != end && *p == ' ') ++p;
  const char* value = p;
  p = find_control(p, end);
  if (p == end) return Status::kIncomplete;
  if (*p != '\r') return Status::kFailed;
  if (p + 1 == end) return Status::kIncomplete;
  if (p[1] != '\n') return Status::kFailed;
  const char* value_end = p;
  while (value_end != value && value_end[-1] == ' ') --value_end;
  field.value = {value, static_cast<std::size_t>(value_end - value)};
  at = p + 2;
  return Status::kField;
}

// ---- Requests

void RequestParser::begin() {
  position_ = 0;
  base_ = nullptr;
  line_done_ = false;
  expects_continue_ = false;
  host_count_ = 0;
  host_ = {};
  target_authority_ = {};
  framing_ = {};
  refusal_ = {};
}

ParseStatus RequestParser::fail(int status, std::string_view reason) {
  refusal_ = {status, reason};
  return ParseStatus::kFailed;
}

void RequestParser::rebase(std::string_view bytes, RequestHead& head) {
  if (base_ == bytes.data()) return;
  if (base_ != nullptr && line_done_) {
    const auto moved = [&](std::string_view& view) {
      // What does not lie in the bytes is a constant of ours.
      if (view.data() >= base_ && view.data() < base_ + position_)
        view = {bytes.data() + (view.data() - base_), view.size()};
    };
    moved(head.method_text);
    moved(head.target);
    moved(head.path);
    moved(head.query);
    moved(host_);
    moved(target_authority_);
    move_fields(head.headers, base_, bytes.data());  // NOLINT(bugprone-suspicious-stringview-data-usage)
  }
  base_ = bytes.data();
}

ParseStatus RequestParser::parse(std::string_view bytes, RequestHead& head) {
  rebase(bytes, head);
  // What lies beyond the limit is never looked at, or the verdict would depend on how the bytes came in.
  bytes = bytes.substr(0, bytes_max_);
  const bool full = bytes.size() == bytes_max_;
  if (!line_done_) {
    const ParseStatus status = request_line(bytes, head);
    if (status != ParseStatus::kComplete) {
      if (status == ParseStatus::kIncomplete && full) return fail(431, "the request line is longer than the limit");
      return status;
    }
    line_done_ = true;
  }
  const char* at = bytes.data() + position_;
  const char* end = bytes.data() + bytes.size();
  while (true) {
    Header field_found;
    const FieldReader::Status status = FieldReader::read(at, end, field_found);
    position_ = static_cast<std::size_t>(at - bytes.data());
    switch (status) {
      case FieldReader::Status::kIncomplete:
        return full ? fail(431, "the header fields are longer than the limit") : ParseStatus::kIncomplete;
      case FieldReader::Status::kFailed: return fail(400, "a malformed header field");
      case FieldReader::Status::kEnd: return finish(head);
      case FieldReader::Status::kField:
        if (head.headers.size() == count_max_) return fail(431, "more header fields than the limit");
        head.headers.add(field_found.name, field_found.value);
        if (field(field_found) == ParseStatus::kFailed) return ParseStatus::kFailed;
        break;
    }
  }
}

ParseStatus RequestParser::request_line(std::string_view bytes, RequestHead& head) {
  std::size_t at = position_;
  // One empty line before a request is left over from some clients' previous body (RFC 9112 section 2.2).
  if (at == 0 && !bytes.empty() && bytes[0] == '\r') {
    if (bytes.size() < 2) return ParseStatus::kIncomplete;
    if (bytes[1] != '\n') return fail(400, "a malformed request line");
    at = position_ = 2;
  }
  const std::size_t method = at;
  while (at < bytes.size() && in(kMethod, bytes[at])) ++at;
  if (at - method > kMethodBytesMax) return fail(400, "a malformed request line");
  if (at == bytes.size()) return ParseStatus::kIncomplete;
  if (bytes[at] != ' ' || at == method) return fail(400, "a malformed request line");
  head.method_text = bytes.substr(method, at - method);
  const std::size_t target_start = ++at;
  while (at < bytes.size() && in(kTarget, bytes[at])) ++at;
  if (at == bytes.size()) return ParseStatus::kIncomplete;
  if (bytes[at] != ' ' || at == target_start) return fail(400, "a malformed request target");
  const std::string_view target_text = bytes.substr(target_start, at - target_start);
  ++at;
  switch (version_of(bytes.substr(at))) {
    case Version::kIncomplete: return ParseStatus::kIncomplete;
    case Version::kBad: return fail(400, "a malformed HTTP version");
    case Version::kOther: return fail(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    case Version::k10: framing_.http_1_0 = true; break;
    case Version::k11: framing_.http_1_0 = false; break;
  }
  at += 8;
  if (at == bytes.size()) return ParseStatus::kIncomplete;
  if (bytes[at] != '\r') return fail(400, "a malformed request line");
  if (at + 1 == bytes.size()) return ParseStatus::kIncomplete;
  if (bytes[at + 1] != '\n') return fail(400, "a malformed request line");
  position_ = at + 2;
  head.method = method_of(head.method_text);
  return target(target_text, head);
}

ParseStatus RequestParser::target(std::string_view text, RequestHead& head) {
  if (head.method_text == "CONNECT") return fail(501, "this server is no tunnel");
  if (text == "*" && head.method == Method::kOptions) {
    head.target = head.path = text;
    return ParseStatus::kComplete;
  }
  if (text.front() != '/') {
    // Absolute form: what clients send to a proxy. Its authority must agree with Host, which finish() checks.
    const std::size_t scheme = text.find("://");
    if (scheme == std::string_view::npos ||
        !(same_name(text.substr(0, scheme), "http") || same_name(text.substr(0, scheme), "https"))) {
      return fail(400, "a request target that is no path");
    }
    text.remove_prefix(scheme + 3);
    const std::size_t path = text.find_first_of("/?");
    target_authority_ = text.substr(0, path);
    if (!is_host(target_authority_)) return fail(400, "a malformed authority in the request target");
    if (path != std::string_view::npos && text[path] == '?') return fail(400, "a request target without a path");
    text = path == std::string_view::npos ? std::string_view("/") : text.substr(path);
  }
  head.target = text;
  const std::size_t mark = text.find('?');
  head.path = text.substr(0, mark);
  if (mark != std::string_view::npos) head.query = text.substr(mark + 1);
  return ParseStatus::kComplete;
}

ParseStatus RequestParser::field(const Header& field) {
  if (const std::string_view wrong = read_framing_field(field, framing_); !wrong.empty()) return fail(400, wrong);
  if (field.name.size() == 4 && same_name(field.name, "host")) {
    if (++host_count_ > 1) return fail(400, "more than one Host");
    if (!is_host(field.value)) return fail(400, "a malformed Host");
    host_ = field.value;
  } else if (field.name.size() == 6 && same_name(field.name, "expect")) {
    if (!same_name(field.value, "100-continue")) return fail(417, "an expectation other than 100-continue");
    expects_continue_ = true;
  }
  return ParseStatus::kComplete;
}

ParseStatus RequestParser::finish(RequestHead& head) {
  if (const std::string_view wrong = check_framing(framing_); !wrong.empty()) return fail(400, wrong);
  if (host_count_ == 0 && !framing_.http_1_0) return fail(400, "no Host");
  if (!target_authority_.empty() && host_count_ > 0 && !equal_ignoring_case(target_authority_, host_)) {
    return fail(400, "a request target that disagrees with Host");
  }
  if (framing_.http_1_0) expects_continue_ = false;
  head.content_length = framing_.content_length;
  head.chunked = framing_.chunked;
  head.upgrade_requested = framing_.upgrade_token && framing_.upgrade_field;
  return ParseStatus::kComplete;
}

// ---- Responses

void ResponseParser::begin() {
  position_ = 0;
  base_ = nullptr;
  line_done_ = false;
  too_large_ = false;
  framing_ = {};
  failure_ = {};
}

ParseStatus ResponseParser::fail(std::string_view reason) {
  failure_ = reason;
  return ParseStatus::kFailed;
}

ParseStatus ResponseParser::parse(std::string_view bytes, ResponseHead& head) {
  const char* const base = bytes.data();
  if (base_ != nullptr && base_ != base) move_fields(head.headers, base_, base);
  base_ = bytes.data();
  bytes = bytes.substr(0, bytes_max_);
  const bool full = bytes.size() == bytes_max_;
  const auto too_large = [&] {
    too_large_ = true;
    return fail("a head larger than the limit");
  };
  if (!line_done_) {
    const ParseStatus status = status_line(bytes, head);
    if (status == ParseStatus::kIncomplete && full) return too_large();
    if (status != ParseStatus::kComplete) return status;
    line_done_ = true;
  }
  const char* at = bytes.data() + position_;
  const char* end = bytes.data() + bytes.size();
  while (true) {
    Header field;
    const FieldReader::Status status = FieldReader::read(at, end, field);
    position_ = static_cast<std::size_t>(at - bytes.data());
    switch (status) {
      case FieldReader::Status::kIncomplete: return full ? too_large() : ParseStatus::kIncomplete;
      case FieldReader::Status::kFailed: return fail("a malformed header field");
      case FieldReader::Status::kEnd:
        if (const std::string_view wrong = check_framing(framing_); !wrong.empty()) return fail(wrong);
        return ParseStatus::kComplete;
      case FieldReader::Status::kField:
        head.headers.add(field.name, field.value);
        if (const std::string_view wrong = read_framing_field(field, framing_); !wrong.empty()) return fail(wrong);
        break;
    }
  }
}

// "HTTP/1.1 200 OK". The blank before an empty reason is left out by some servers, which harms nobody.
ParseStatus ResponseParser::status_line(std::string_view bytes, ResponseHead& head) {
  switch (version_of(bytes)) {
    case Version::kIncomplete: return ParseStatus::kIncomplete;
    case Version::kBad:
    case Version::kOther: return fail("an answer that is not HTTP/1.1");
    case Version::k10: framing_.http_1_0 = true; break;
    case Version::k11: framing_.http_1_0 = false; break;
  }
  std::size_t at = 8;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (at < bytes.size() && bytes[at] != ' ') return fail("a malformed status line");
  for (std::size_t i = at + 1; i < at + 4 && i < bytes.size(); ++i) {
    if (!digit(bytes[i])) return fail("a malformed status line");
  }
  at += 4;
  if (at >= bytes.size()) return ParseStatus::kIncomplete;
  head.status = (bytes[9] - '0') * 100 + (bytes[10] - '0') * 10 + (bytes[11] - '0');
  if (head.status < 100 || head.status > 599) return fail("a malformed status line");
  if (bytes[at] != ' ' && bytes[at] != '\r') return fail("a malformed status line");
  const char* end = bytes.data() + bytes.size();
  const char* line_end = find_control(bytes.data() + at, end);
  if (line_end == end) return ParseStatus::kIncomplete;
  if (*line_end != '\r') return fail("a malformed status line");
  if (line_end + 1 == end) return ParseStatus::kIncomplete;
  if (line_end[1] != '\n') return fail("a malformed status line");
  position_ = static_cast<std::size_t>(line_end + 2 - bytes.data());
  return ParseStatus::kComplete;
}

}  // namespace reeve::net
