#pragma once

// SCIM 2.0 (RFC 7643, RFC 7644): how an identity provider keeps the directory. Part of the identity room's face.
// docs/directory.md describes what is served.

#include <optional>
#include <string>

#include "core/time.h"
#include "identity/directory.h"
#include "net/net.h"

namespace reeve::identity {

inline constexpr std::size_t kScimBodyBytesMax = 4UL << 20U;
inline constexpr std::size_t kScimBulkBytesMax = 1UL << 20U;
inline constexpr std::size_t kScimBulkOperationsMax = 1'000;
inline constexpr std::size_t kScimPageMax = 200;

struct ScimRequest {
  net::Method method = net::Method::kGet;
  std::string path;   // behind /scim/v2, as it came: "/Users/usr_…"
  std::string query;  // as it came
  std::string body;
  std::optional<std::string> if_match, if_none_match;
  std::string by;    // who asks, for the ledger
  std::string base;  // what locations begin with: "https://reeve.example.com/scim/v2"
};
struct ScimAnswer {
  int status = 200;
  std::string body;  // application/scim+json, or empty
  std::string etag, location;
};

/// Answers requests one at a time or several at once; each is decided by the store. May block. What the caller is
/// allowed to is decided before.
class Scim {
 public:
  /// Both must outlive it.
  Scim(DirectoryStore& store, const Clock& clock) : store_(store), clock_(clock) {}
  ScimAnswer answer(const ScimRequest& request);

  /// An error of RFC 7644 section 3.12, for whoever refuses a request before it comes here.
  static ScimAnswer refuse(int status, std::string_view detail, std::string_view scim_type = "");

 private:
  DirectoryStore& store_;
  const Clock& clock_;
};

}  // namespace reeve::identity
