#include "gateway/hop_headers.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "wire/wire.h"

namespace reeve::gateway {

namespace {

constexpr std::size_t kHeaderNameMax = 64;

/// The name in lower case in `buffer`, cut where it is longer than any name or prefix we look for.
std::string_view lower_case(std::string_view name, std::array<char, kHeaderNameMax>& buffer) {
  name = name.substr(0, buffer.size());
  for (std::size_t i = 0; i < name.size(); ++i) {
    buffer[i] = name[i] >= 'A' && name[i] <= 'Z' ? static_cast<char>(name[i] + 32) : name[i];
  }
  return {buffer.data(), name.size()};
}

bool stays_here(std::string_view name) {
  std::array<char, kHeaderNameMax> buffer;
  const std::string_view lower = lower_case(name, buffer);
  return net::is_connection_header(name) || lower == "host" || lower == "expect" || lower == "accept-encoding" ||
         wire::is_private_request_header(lower);
}

bool stays_there(std::string_view name) {
  std::array<char, kHeaderNameMax> buffer;
  const std::string_view lower = lower_case(name, buffer);
  return net::is_connection_header(name) || lower == "set-cookie" || lower.starts_with("x-reeve-");
}

/// The fields that the sender's Connection fields declare to be about this connection only (RFC 9110 section 7.6.1).
/// Hardly ever any, so that the usual message costs one look at each name.
std::vector<std::string_view> named_by_connection(const net::Headers& headers) {
  std::vector<std::string_view> names;
  for (const net::Header& field : headers) {
    if (field.name.size() != 10 || !equal_ignoring_case(field.name, "connection")) continue;
    if (equal_ignoring_case(field.value, "keep-alive") || equal_ignoring_case(field.value, "close")) continue;
    for (const std::string_view name : split(field.value, ',')) names.push_back(trim(name));
  }
  return names;
}

bool names_field(const std::vector<std::string_view>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [name](std::string_view named) { return equal_ignoring_case(named, name); });
}

}  // namespace

void add_for_provider(const net::Headers& from_client, net::Headers& to_provider) {
  const auto hop = named_by_connection(from_client);
  for (const net::Header& field : from_client) {
    if (!stays_here(field.name) && !names_field(hop, field.name)) to_provider.add(field.name, field.value);
  }
}

void add_for_provider(const net::Headers& from_client, net::Headers& to_provider,
                      const std::vector<std::pair<std::string, std::string>>& instead) {
  const auto hop = named_by_connection(from_client);
  for (const net::Header& field : from_client) {
    if (stays_here(field.name) || names_field(hop, field.name)) continue;
    const auto other = std::find_if(instead.begin(), instead.end(), [&](const auto& replacement) {
      return equal_ignoring_case(replacement.first, field.name);
    });
    if (other == instead.end()) {
      to_provider.add(field.name, field.value);
    } else if (!other->second.empty()) {
      to_provider.add(field.name, other->second);
    }
  }
}

void add_for_client(const net::Headers& from_provider, net::Headers& to_client, bool without_limits) {
  const auto hop = named_by_connection(from_provider);
  std::array<char, kHeaderNameMax> buffer;
  for (const net::Header& field : from_provider) {
    if (stays_there(field.name) || names_field(hop, field.name)) continue;
    if (without_limits && wire::is_provider_limit_header(lower_case(field.name, buffer))) continue;
    to_client.add(field.name, field.value);
  }
}

}  // namespace reeve::gateway
