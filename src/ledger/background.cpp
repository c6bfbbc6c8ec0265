#include "ledger/background.h"

#include <pthread.h>
#include <sched.h>

namespace reeve::ledger {

void begin_background_thread(const char* name) {
  pthread_setname_np(pthread_self(), name);
  const sched_param parameters{};
  // A wish: where it is not granted, everything works as before.
  pthread_setschedparam(pthread_self(), SCHED_BATCH, &parameters);
}

}  // namespace reeve::ledger
