#include "core/reused_text.h"

#include <utility>
#include <vector>

namespace reeve {

namespace {

// Smaller ones cost less than looking here; larger ones are rare, and their memory is better given back. With the
// address sanitizer nothing is kept, or a use after the end would go unseen.
constexpr std::size_t kKeptBytesMin = 256;
constexpr std::size_t kKeptBytesMax = 64UL << 10U;
#if __has_feature(address_sanitizer)
constexpr std::size_t kKeptMax = 0;
#else
constexpr std::size_t kKeptMax = 16;
#endif

struct Kept {
  std::vector<std::string> texts;
  bool gone = false;
  Kept() { texts.reserve(kKeptMax); }
  ~Kept() { gone = true; }  // texts that outlive what the thread owns free their own
};
thread_local Kept kept;

}  // namespace

ReusedText::ReusedText() {
  if (kept.gone || kept.texts.empty()) return;
  text_ = std::move(kept.texts.back());
  kept.texts.pop_back();
}

ReusedText::~ReusedText() {
  if (kept.gone || kept.texts.size() == kKeptMax) return;
  if (text_.capacity() < kKeptBytesMin || text_.capacity() > kKeptBytesMax) return;
  text_.clear();
  kept.texts.push_back(std::move(text_));
}

}  // namespace reeve
