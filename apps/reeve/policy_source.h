#pragma once

// Where commands take rules from: a governance directory, a bundle file, or a digest of a bundle that this server ran
// under before.

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "core/result.h"
#include "policy/policy.h"
#include "reeve/commands.h"

namespace reeve::app {

/// `name`: empty for the configuration's governance directory with what the register of exceptions grants, a directory,
/// a file written by `reeve policy bundle`, or "sha256:…". Errors in files are printed as `reeve policy check` would.
Result<std::shared_ptr<const policy::Bundle>> open_policy(const Common& common, const std::string& name);

/// Every bundle that a server ran under, by its digest: DATA/policy/bundles/HEX.json, signed with the server's own
/// bundle key (DATA/policy/bundle.key). Not thread-safe.
class BundleArchive {
 public:
  explicit BundleArchive(const std::filesystem::path& data_directory) : directory_(data_directory / "policy") {}

  /// Keeps the bundle, also as the last good one. Does nothing when it is there already.
  Result<void> keep(const policy::Bundle& bundle, Instant now);
  /// The bundle of a digest; null when it was never kept here or does not check out.
  std::shared_ptr<const policy::Bundle> find(const std::string& digest);
  /// The bundle that was in force last, when it is still good; kDenied when it is stale.
  Result<policy::BundleFile> last_good(Instant now);
  /// The signed file of a bundle, for others to use until `valid_until`.
  Result<std::string> sign(const policy::Bundle& bundle, Instant now, Instant valid_until);
  Result<std::string> public_key();

 private:
  std::filesystem::path path_of(const std::string& digest) const;

  std::filesystem::path directory_;
  std::map<std::string, std::shared_ptr<const policy::Bundle>> found_;
};

}  // namespace reeve::app
