#pragma once

// A house with sign-in, in memory and under a clock that tests move.

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/id.h"
#include "identity/identity.h"

namespace reeve::identity {

class SignInHouse : public ::testing::Test {
 protected:
  SignInHouse() { open(); }
  ~SignInHouse() override {
    std::error_code ignored;
    std::filesystem::remove(key_file_, ignored);
  }

  void open() {
    tokens_ = OwnTokens::open(key_file_, settings_, *store_, clock_).value();
    tokens_->serve_as("https://reeve.example.com");
    grants_ = std::make_unique<Grants>(
        *store_, *tokens_, clock_,
        [this](std::string_view kind, const std::string& detail) -> Result<void> {
          if (ledger_is_down_) return Error{ErrorCode::kUnavailable, "no ledger"};
          recorded_.emplace_back(kind, detail);
          return {};
        },
        std::vector<ClientTraits>{{std::string(kClaudeCodeClient), true, true}});
  }

  static Principal person(const std::string& id = "dev@example.com") {
    Principal principal;
    principal.id = id;
    principal.groups = {"developers", "payments"};
    principal.issuer = "https://idp.example.com";
    return principal;
  }

  /// A device whose owner has agreed.
  std::string agreed_device(const Principal& owner, std::string_view client = "reeve-cli") {
    const auto codes = grants_->begin_device({std::string(client), "a test", "127.0.0.1"}).value();
    const auto purpose = grants_->find_device(codes.user_code).value();
    const auto secret = grants_->begin_confirmation(purpose, owner, "browser").value();
    EXPECT_TRUE(grants_->confirm(secret, "browser", true).ok());
    return codes.device_code;
  }
  TokenAnswer sign_in(const Principal& owner = person()) {
    return grants_->exchange_device(agreed_device(owner), "reeve-cli");
  }
  std::vector<std::string> kinds() const {
    std::vector<std::string> list;
    for (const auto& [kind, detail] : recorded_) list.push_back(kind);
    return list;
  }

  ManualClock clock_{from_unix_seconds(1'700'000'000)};
  const std::filesystem::path key_file_ = std::filesystem::temp_directory_path() / make_id("reeve-tokens");
  TokenSettings settings_;
  std::unique_ptr<GrantStore> store_ = make_memory_grant_store();
  std::unique_ptr<OwnTokens> tokens_;
  std::unique_ptr<Grants> grants_;
  bool ledger_is_down_ = false;
  std::vector<std::pair<std::string, std::string>> recorded_;
};

}  // namespace reeve::identity
