#pragma once

// What every storage of the registers checks of what it is given, and the words for what it refuses.

#include "core/bytes.h"
#include "store/store.h"

namespace reeve::store {

/// Of a note's detail: an entry keeps it whole then.
inline constexpr std::size_t kNoteDetailBytesMax = 8'192;

inline Result<void> check_note(std::string_view kind, std::string_view detail) {
  constexpr std::size_t kKindBytesMax = 64;
  if (!kind.empty() && kind.size() <= kKindBytesMax && detail.size() <= kNoteDetailBytesMax) return {};
  return Error{ErrorCode::kInvalid, "a note for the ledger needs a kind, and a detail of at most 8 KiB"};
}

inline Result<void> check_event(const control::Event& event) {
  constexpr std::size_t kKeyBytesMax = 200;
  constexpr std::size_t kEventBytesMax = 64 * 1024;
  if (!event.key.empty() && event.key.size() <= kKeyBytesMax && event.detail.size() <= kEventBytesMax) return {};
  return Error{ErrorCode::kInvalid, "an event has a key, and a detail of at most 64 KiB"};
}

inline Error changed_meanwhile(const control::ExceptionRequest& request, bool is_new) {
  return {ErrorCode::kConflict, is_new ? "there is an exception " + printable(request.id) + " already"
                                       : "the exception " + printable(request.id) +
                                             " was changed by somebody else meanwhile; look at it again"};
}

inline Error nothing_given_up(std::int64_t number) {
  return {ErrorCode::kNotFound, "no notification " + std::to_string(number) + " was given up"};
}

inline Error seal_is_broken() {
  return {ErrorCode::kConflict, "the seal was broken, or another made, by somebody else at this moment"};
}

}  // namespace reeve::store
