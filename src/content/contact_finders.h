#pragma once

// E-mail, network and telephone addresses, postcodes. Private to the room.

#include <memory>

#include "content/finders.h"

namespace reeve::content {

std::unique_ptr<PreparedFinder> prepare_email(std::span<const Detector> all, std::span<const std::uint32_t> mine);
std::unique_ptr<PreparedFinder> prepare_ip_address(std::span<const Detector> all, std::span<const std::uint32_t> mine);
std::unique_ptr<PreparedFinder> prepare_mac(std::span<const Detector> all, std::span<const std::uint32_t> mine);
std::unique_ptr<PreparedFinder> prepare_phone(std::span<const Detector> all, std::span<const std::uint32_t> mine);
std::unique_ptr<PreparedFinder> prepare_postcode(std::span<const Detector> all, std::span<const std::uint32_t> mine);

}  // namespace reeve::content
