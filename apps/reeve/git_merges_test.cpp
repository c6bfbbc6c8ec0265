#include "reeve/git_merges.h"

#include <gtest/gtest.h>

namespace reeve::app {
namespace {

TEST(GitMerges, KnowARepositoryByItsAddressWithoutWhatIsSecretInIt) {
  const std::pair<const char*, const char*> addresses[] = {
      {"git@git.example.com:pay/core.git", "git.example.com/pay/core"},
      {"https://git.example.com/pay/core", "git.example.com/pay/core"},
      {"https://user:secret@git.example.com/pay/core.git/", "git.example.com/pay/core"},
      {"ssh://git@git.example.com:2222/pay/core.git", "git.example.com:2222/pay/core"},
      {"/srv/git/core.git", ""},
      {"../core", ""},
      {"", ""},
  };
  for (const auto& [address, repo] : addresses) EXPECT_EQ(repo_of_address(address), repo) << address;
}

}  // namespace
}  // namespace reeve::app
