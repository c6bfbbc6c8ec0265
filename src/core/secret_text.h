#pragma once

// A text that is a secret: its memory is overwritten when it goes. It has no operator for streams, so that it does not
// end up in a log by a slip.

#include <string>
#include <string_view>
#include <utility>

#include "core/crypto.h"

namespace reeve {

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
