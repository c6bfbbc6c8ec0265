#pragma once

// A text that is a secret: its memory is overwritten when it goes. It has no operator for streams, so that it does not
// end up in a log by a slip. And the key that follows from a passphrase.

#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"

namespace reeve {

/// Overwrites the text's memory and empties it. What other copies hold stays.
void wipe(std::string& text);

/// 32 bytes that follow from something a person can remember: scrypt (RFC 7914) with N = 2^17, r = 8, p = 1, which
/// takes 128 MiB and about half a second, so that what is stolen does not help to guess. kUnavailable without that
/// memory.
Result<std::string> slow_key(std::string_view passphrase, std::string_view salt);

class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string text) : text_(std::move(text)) { wipe(text); }
  SecretText(const SecretText&) = default;
  // Short texts lie in the object itself, so a move leaves them behind.
  SecretText(SecretText&& other) noexcept : text_(std::move(other.text_)) { wipe(other.text_); }
  SecretText& operator=(const SecretText& other) {
    if (this != &other) {
      wipe(text_);
      text_ = other.text_;
    }
    return *this;
  }
  SecretText& operator=(SecretText&& other) noexcept {
    if (this != &other) {
      wipe(text_);
      text_ = std::move(other.text_);
      wipe(other.text_);
    }
    return *this;
  }
  ~SecretText() { wipe(text_); }

  std::string_view view() const { return text_; }
  bool empty() const { return text_.empty(); }
  friend bool operator==(const SecretText&, const SecretText&) = default;

 private:
  std::string text_;
};

}  // namespace reeve
