#pragma once

// Bodies for bench/content: chat requests as coding agents send them, made of real source code and documents of this
// machine with logs and data between, and inputs that an attacker would choose.

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/body_text.h"

namespace reeve::bench {

struct Body {
  std::string bytes;
  std::vector<BodyText> texts;
};

/// Texts to make bodies of: source code, prose, logs, JSON.
class Material {
 public:
  explicit Material(const std::vector<std::filesystem::path>& folders);
  /// A piece of about `bytes`, from one of the kinds.
  std::string piece(std::mt19937_64& random, std::size_t bytes) const;
  std::size_t bytes() const { return code_.size() + prose_.size(); }

 private:
  std::string code_, prose_;
};

/// A request of at least `bytes`, its texts JSON strings with escapes.
Body chat_body(const Material& material, std::mt19937_64& random, std::size_t bytes);
/// Adds one more message at the end.
void append_message(Body& body, const Material& material, std::mt19937_64& random, std::size_t bytes);

struct Hostile {
  std::string_view name;  // a part of a figure's name
  std::string text;
};
/// Each about `bytes` of one plain text.
std::vector<Hostile> hostile_texts(std::size_t bytes);

}  // namespace reeve::bench
