#pragma once

#include "reeve/serve.h"

namespace reeve::app {

/// Plays a few real calls through the running gateway and prints what came of each, then how to point a coding agent at
/// it. Blocks until done; gives up early when the service stops.
void play_tour(Service& service);

/// Only where to go: the address, a key, the settings of each client.
void print_welcome(Service& service);

}  // namespace reeve::app
