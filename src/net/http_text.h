#pragma once

// The fixed texts of HTTP: reason phrases, and the answers that a server gives by itself. Private to the room.

#include <string>
#include <string_view>

#include "net/http_parser.h"
#include "net/net.h"

namespace reeve::net {

/// "Not Found"; empty for a status without a registered phrase.
std::string_view reason_phrase(int status);

struct RefusalText {
  std::string content_type;
  std::string body;
};
RefusalText refusal_text(const ServerOptions& options, const Refusal& refusal, std::string_view path);

/// Appends `value` in decimal or lower-case hexadecimal digits to what ends at `to`; returns the new end. 20 bytes
/// suffice.
char* write_decimal(char* to, std::uint64_t value);
char* write_hex(char* to, std::uint64_t value);

}  // namespace reeve::net
