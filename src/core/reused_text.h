#pragma once

// A text whose memory stays with the thread, for buffers that every call fills anew.

#include <string>

namespace reeve {

/// Begins empty, with the memory of one that ended earlier on this thread. Movable; may end on another thread.
class ReusedText {
 public:
  ReusedText();
  ReusedText(ReusedText&&) noexcept = default;
  ReusedText& operator=(ReusedText&&) = delete;
  ~ReusedText();

  std::string& operator*() { return text_; }
  const std::string& operator*() const { return text_; }
  std::string* operator->() { return &text_; }

 private:
  std::string text_;
};

}  // namespace reeve
