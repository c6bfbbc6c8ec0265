#pragma once

// Which header fields pass from one side to the other.

#include <string>
#include <utility>
#include <vector>

#include "net/net.h"

namespace reeve::gateway {

/// Adds the client's fields that a provider may see: not its credentials, not what is about its connection with us, not
/// what we answer for ourselves.
void add_for_provider(const net::Headers& from_client, net::Headers& to_provider);
/// The same with some fields in another form: each {name, value}; an empty value leaves the field out. They must
/// outlive `to_provider`.
void add_for_provider(const net::Headers& from_client, net::Headers& to_provider,
                      const std::vector<std::pair<std::string, std::string>>& instead);

/// Adds the provider's fields that the client may see: not what is about its connection with us, not cookies (the
/// client would send them back to it, and they stay here), and nothing that only we may say.
/// `without_limits`: nor what the provider says of its own limits.
void add_for_client(const net::Headers& from_provider, net::Headers& to_client, bool without_limits = false);

}  // namespace reeve::gateway
