#pragma once

// What the two files of this room that use libcurl share.

#include <curl/curl.h>

#include <atomic>
#include <memory>
#include <string>

#include "core/check.h"

namespace reeve::control {

struct EndTransfer {
  void operator()(CURL* transfer) const { curl_easy_cleanup(transfer); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Transfer = std::unique_ptr<CURL, EndTransfer>;
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

/// Before any transfer; from any thread, as often as one likes.
void begin_libcurl();

inline void append(HeaderList& list, const std::string& text) {
  curl_slist* longer = curl_slist_append(list.get(), text.c_str());
  CHECK(longer != nullptr);
  if (list == nullptr) list.reset(longer);  // else its head stays what it was, and is owned already
}

/// What the other side says is of no use here, and may be without end.
inline std::size_t ignore_answer(char*, std::size_t size, std::size_t count, void*) { return size * count; }

inline int give_up_when(void* stopping, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(stopping)->load() ? 1 : 0;
}

}  // namespace reeve::control
