#pragma once

// What a text, a scan or a delta costs besides its bytes: deltas of an answer, a conversation that grows, small texts.

#include <functional>
#include <memory>
#include <string>

#include "content/content.h"
#include "content_bodies.h"

namespace reeve::bench {

/// Processor time of this thread.
double cpu_seconds();
/// Seconds of the best of `rounds`.
double best_of(int rounds, const std::function<void()>& work);

using Add = std::function<void(const std::string& name, double value)>;
void measure_small(const std::shared_ptr<const content::Detectors>& detectors, const Material& material,
                   const Add& add);

}  // namespace reeve::bench
