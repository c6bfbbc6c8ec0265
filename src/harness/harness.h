#pragma once

// The harness: what reaches developers' tools beside the models' answers. The face of the room.

#include "harness/client_settings.h"
