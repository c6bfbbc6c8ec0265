#pragma once

namespace reeve::ledger {

/// Names the calling thread and makes it one that does not push others off their processor when it is woken: the thread
/// that wakes it is about to do the same for more calls, which then share one turn of it.
void begin_background_thread(const char* name);

}  // namespace reeve::ledger
