#pragma once

// A filter for tests of AnswerRewriter.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/json.h"
#include "wire/wire.h"

namespace reeve::wire {

using Originals = std::vector<std::pair<std::string, std::string>>;  // placeholder, original

inline std::string inside_json(std::string_view text) {
  std::string quoted;
  append_json_string(quoted, text);
  return quoted.substr(1, quoted.size() - 2);
}

inline std::string restore(std::string text, const Originals& originals) {
  for (const auto& [placeholder, original] : originals) {
    for (std::size_t at = text.find(placeholder); at != std::string::npos;
         at = text.find(placeholder, at + original.size())) {
      text.replace(at, placeholder.size(), original);
    }
  }
  return text;
}

/// Puts originals back and holds back what could still become a placeholder.
class RestoringFilter final : public AnswerFilter {
 public:
  /// With a lag it looks ahead, and settles what lies so many bytes behind the last that was shown.
  explicit RestoringFilter(const Originals& originals, std::optional<std::uint64_t> lag = std::nullopt)
      : originals_(originals), lag_(lag) {}

  Result<void> feed(std::uint32_t channel, Kind kind, std::string_view text, std::string& out) override {
    EXPECT_FALSE(text.empty());
    EXPECT_TRUE(is_utf8(text));
    EXPECT_FALSE(ended_.contains(channel)) << "a channel goes on after its end";
    if (lag_) {
      Shown& shown = shown_[channel];
      shown.fed += text.size();
      EXPECT_LE(shown.fed, shown.ended ? shown.bytes : shown.settled) << "fed before it was settled";
    }
    std::string& held = held_[channel];
    held += text;
    std::size_t whole = 0;  // the end of the last placeholder that is complete
    for (const auto& [placeholder, original] : originals_) {
      const std::size_t at = held.rfind(placeholder);
      if (at != std::string::npos) whole = std::max(whole, at + placeholder.size());
    }
    std::size_t keep = 0;
    for (const auto& [placeholder, original] : originals_) {
      for (std::size_t length = std::min(held.size() - whole, placeholder.size() - 1); length > keep; --length) {
        if (std::string_view(held).ends_with(placeholder.substr(0, length))) keep = length;
      }
    }
    out += put_back(held.substr(0, held.size() - keep), kind);
    held.erase(0, held.size() - keep);
    return {};
  }

  Result<void> end(std::uint32_t channel, Kind kind, std::string& out) override {
    out += put_back(held_[channel], kind);
    held_.erase(channel);
    ended_[channel] = true;
    return {};
  }

  bool looks_ahead() const override { return lag_.has_value(); }
  Result<std::uint64_t> look(std::uint32_t channel, Kind, std::string_view text) override {
    EXPECT_FALSE(text.empty());
    Shown& shown = shown_[channel];
    EXPECT_FALSE(shown.ended);
    shown.bytes += text.size();
    return shown.settled = shown.bytes - std::min(shown.bytes, *lag_);
  }
  Result<void> look_end(std::uint32_t channel, Kind) override {
    shown_[channel].ended = true;
    return {};
  }

  bool nothing_open() const { return held_.empty(); }

 private:
  struct Shown {
    std::uint64_t bytes = 0, settled = 0, fed = 0;
    bool ended = false;
  };

  std::string put_back(const std::string& text, Kind kind) const {
    Originals written = originals_;
    for (auto& [placeholder, original] : written) {
      if (kind == Kind::kToolArguments) original = inside_json(original);
    }
    return restore(text, written);
  }

  const Originals& originals_;
  const std::optional<std::uint64_t> lag_;
  std::map<std::uint32_t, Shown> shown_;
  std::map<std::uint32_t, std::string> held_;
  std::map<std::uint32_t, bool> ended_;
};

}  // namespace reeve::wire
