#include <gtest/gtest.h>

#include "gateway/gateway.h"

namespace reeve::gateway {
namespace {

TEST(InventoryStatuses, ThePatternThatSaysMostCounts) {
  const InventoryStatuses statuses({{"model:claude-*", "in_use"},
                                    {"model:claude-opus-*", "suspended"},
                                    {"model:claude-opus-4", "approved"},
                                    {"provider:anthropic", "denied"},
                                    {"client:*", "proposed"}});
  EXPECT_EQ(statuses.status_of("model", "claude-haiku-4"), "in_use");
  EXPECT_EQ(statuses.status_of("model", "claude-opus-5"), "suspended");
  EXPECT_EQ(statuses.status_of("model", "Claude-Opus-4"), "approved") << "in whatever case of letters";
  EXPECT_EQ(statuses.status_of("provider", "anthropic"), "denied");
  EXPECT_EQ(statuses.status_of("model", "anthropic"), "") << "a provider's name is no model's";
  EXPECT_EQ(statuses.status_of("provider", "anthropic-eu"), "");
  EXPECT_EQ(statuses.status_of("client", "codex"), "proposed");
  EXPECT_EQ(statuses.status_of("client", ""), "") << "what has no name is nothing";
}

TEST(InventoryStatuses, OfTheSamePatternTheFirstCounts) {
  const InventoryStatuses statuses(
      {{"model:a", "in_use"}, {"model:a", "denied"}, {"model:b*", "in_use"}, {"model:b*", "denied"}});
  EXPECT_EQ(statuses.status_of("model", "a"), "in_use");
  EXPECT_EQ(statuses.status_of("model", "b1"), "in_use");
}

TEST(InventoryStatuses, WhatTrafficAloneMadeCountsLast) {
  const InventoryStatuses statuses({{"model:gpt-5", "seen_not_registered", true},
                                    {"model:o3", "seen_not_registered", true},
                                    {"model:gpt-*", "denied"}});
  EXPECT_EQ(statuses.status_of("model", "gpt-5"), "denied") << "though its pattern says less";
  EXPECT_EQ(statuses.status_of("model", "o3"), "seen_not_registered");
}

}  // namespace
}  // namespace reeve::gateway
