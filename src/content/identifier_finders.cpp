// The table of identifiers' finders.

#include "content/contact_finders.h"
#include "content/finders.h"
#include "content/labelled_finder.h"
#include "content/number_finder.h"

namespace reeve::content {

std::vector<NamedFinder> identifier_finders() {
  return {
      {"digits", "identifiers of digits, bare or in groups", prepare_digits},
      {"identifiers", "identifiers of letters and digits, bare or in groups", prepare_identifiers},
      {"email", "e-mail addresses", prepare_email},
      {"ip-address", "IPv4 and IPv6 addresses of the public network", prepare_ip_address},
      {"mac", "hardware addresses", prepare_mac},
      {"phone", "telephone numbers", prepare_phone},
      {"postcode", "British postcodes", prepare_postcode},
      {"labelled", "values behind names: keys, columns, cells, fields", prepare_labelled},
  };
}

}  // namespace reeve::content
