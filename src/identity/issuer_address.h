#pragma once

// Where an issuer's documents may be fetched from.

#include <string>
#include <string_view>

#include "core/result.h"
#include "identity/identity.h"
#include "net/net.h"

namespace reeve::identity {

struct DocumentAddress {
  net::Url origin;             // its path is empty
  std::string path_and_query;  // from '/', or empty
};

/// https, or http on a loopback address: keys that came over a plain line are anybody's keys.
Result<DocumentAddress> parse_document_address(std::string_view text);

/// The address of the discovery document (OpenID Connect Discovery section 4.1).
std::string discovery_address(std::string_view issuer);

/// The address of the key set out of the discovery document of `issuer`; kInvalid when the document is another
/// issuer's (section 4.3: the names must be equal to the last byte).
Result<DocumentAddress> read_discovery(std::string_view document, std::string_view issuer);

}  // namespace reeve::identity
