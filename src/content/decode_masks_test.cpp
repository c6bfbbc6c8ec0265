#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>

#include "content/decode.h"
#include "content/decode_sample.h"
#include "core/bytes.h"

namespace reeve::content {
namespace {

using Mask = std::vector<std::uint64_t>;

bool bit(const Mask& mask, std::size_t i) { return (mask[i / 64] >> (i % 64) & 1U) != 0; }

std::string drawn(std::mt19937& random, std::string_view alphabet, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += alphabet[random() % alphabet.size()];
  return text;
}

TEST(DecodeMasks, AreTheSameWithEveryInstructionSet) {
  std::mt19937 random(5);
  static constexpr std::string_view kAlphabets[] = {"aZ0+/-_.:|=@\\%&\"'\n\r\t #lUsphdux1",
                                                    "abcdefgh0123456789ABCDEF+/ ",
                                                    "\\\"'ab \n",
                                                    "a b",
                                                    std::string_view("a\0\x80\xa5", 4),
                                                    "a=3D\r\n\x1b "};
  DecodeMasks plain, fast;
  for (std::size_t round = 0; round < 4000; ++round) {
    const std::size_t size = round < 1500 ? round / 5 : random() % 3000, shift = random() % 64;
    std::string text(shift, 'a');
    text += drawn(random, kAlphabets[round % std::size(kAlphabets)], size);
    text += drawn(random, "a\"0", 64);  // what stands behind the text is no part of it
    const std::string_view view(text.data() + shift, size);
    plain.compute(view, InstructionSet::kPlain);
    for (const InstructionSet set : instruction_sets()) {
      fast.compute(view, set);
      for (const auto mask : {&DecodeMasks::token, &DecodeMasks::token_inner, &DecodeMasks::word, &DecodeMasks::escape,
                              &DecodeMasks::join, &DecodeMasks::printable, &DecodeMasks::odd, &DecodeMasks::token_run,
                              &DecodeMasks::word_run}) {
        const std::size_t words = (size + 63) / 64 + 1;
        ASSERT_EQ(Mask((fast.*mask).begin(), (fast.*mask).begin() + static_cast<std::ptrdiff_t>(words)),
                  Mask((plain.*mask).begin(), (plain.*mask).begin() + static_cast<std::ptrdiff_t>(words)))
            << static_cast<int>(set) << " " << size;
      }
      ASSERT_EQ(fast.has_zero, plain.has_zero);
      ASSERT_EQ(fast.has_zero, view.find('\0') != std::string_view::npos);
      ASSERT_EQ(fast.has_turns, plain.has_turns);
      ASSERT_EQ(fast.may_have_terminal, plain.may_have_terminal);
      ASSERT_EQ(fast.may_have_terminal, view.find('\x1b') != std::string_view::npos);
      ASSERT_EQ(fast.may_have_printable, plain.may_have_printable);
    }
  }
}

TEST(DecodeMasks, RunsBeginWhereTheyAreLongEnough) {
  std::mt19937 random(6);
  DecodeMasks masks;
  for (int round = 0; round < 400; ++round) {
    std::string text;
    while (text.size() < 700) text += std::string(random() % 40, 'a') + " ./"[random() % 3];
    masks.compute(text);
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto begins = [&](const Mask& mask, std::size_t least) {
        return bit(mask, i) && (i == 0 || !bit(mask, i - 1)) && end_of_run(mask, i, text.size()) - i >= least;
      };
      const bool behind_slash =
          i > 0 && text[i - 1] == '/' && end_of_run(masks.token, i, text.size()) - i >= kBase64Least;
      ASSERT_EQ(bit(masks.token_run, i), begins(masks.token, kBase64Least) || behind_slash);
      ASSERT_EQ(bit(masks.word_run, i), begins(masks.word, kLongWord));
    }
  }
}

TEST(FirstLook, TheSieveKeepsTheSamePlacesWithEveryInstructionSet) {
  std::mt19937 random(9);
  std::size_t seen = 0;
  for (int round = 0; round < 4000; ++round) {
    static constexpr std::string_view kAlphabets[] = {
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_",
        "0123456789abcdef",
        "0x123456789ABCDEF",
        "some words to read",
        "HhAaIQgw",
        "eJy0xS3K"};
    std::string text;
    std::vector<std::uint32_t> places;
    for (std::size_t i = random() % 40; i > 0; --i) {
      places.push_back(static_cast<std::uint32_t>(text.size()));
      const std::string run = drawn(random, kAlphabets[random() % std::size(kAlphabets)], 16 + random() % 40);
      text += random() % 3 == 0 ? to_base64(run) : run;
      text += '.';
    }
    const std::string padded = text + std::string(Buffer::kPadding, '\0');
    DecodeMasks masks;
    masks.compute({padded.data(), text.size()});
    const auto kept = [&](InstructionSet set) {
      std::vector<std::uint32_t> all = places;
      all.resize(sieve({padded.data(), text.size()}, masks.token, all, set));
      return all;
    };
    const auto plain = kept(InstructionSet::kPlain);
    for (const InstructionSet set : instruction_sets()) ASSERT_EQ(kept(set), plain) << text;
    seen += plain.size();
  }
  EXPECT_GT(seen, 1000U);
}

TEST(FirstLook, TheSieveKeepsWhatLooksLikeSomething) {
  std::mt19937 random(7);
  std::size_t seen = 0;
  for (int round = 0; round < 2'000'000; ++round) {
    std::string bytes(12, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    // Nearer to what is looked for: text, wide text, compressed text.
    switch (round % 8) {
      case 0:
        for (char& c : bytes) c = static_cast<char>(c & 0x7F);
        break;
      case 1:
        for (std::size_t i = random() % 2; i < bytes.size(); i += 2) bytes[i] = 0;
        bytes[random() % 12] = static_cast<char>(random());
        break;
      case 2: bytes.replace(0, 2, random() % 2 == 0 ? "\x1f\x8b" : "\x78\x9c"); break;
      case 3: bytes.replace(0, 7, "caf\xc3\xa9 \xe2"); break;
      case 4: bytes[0] = static_cast<char>((bytes[0] & 0xF8) | (random() % 2 == 0 ? 3 : 5)); break;
      default: break;
    }
    const std::string run = to_base64(bytes);
    if (first_look(run.data()) == Looks::kNothing) continue;
    ++seen;
    ASSERT_TRUE(passes_sieve(run.data())) << run;
  }
  EXPECT_GT(seen, 1000U);
}

/// Where encoded runs begin, told byte by byte.
std::vector<std::uint32_t> plain_runs(std::string_view text) {
  std::vector<std::uint32_t> starts;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_token_byte(text[end])) ++end;
    const std::string_view run = text.substr(at, end - at);
    std::string_view hex = run.starts_with("0x") || run.starts_with("0X") ? run.substr(2) : run;
    const bool is_hex = hex.size() >= 32 && hex.size() % 2 == 0 &&
                        std::all_of(hex.begin(), hex.end(), [](char c) { return hex_digit(c) != 255; });
    if (is_hex) {
      std::string bytes;
      for (std::size_t i = 0; i + 1 < hex.size() && bytes.size() < 48; i += 2) {
        bytes += static_cast<char>(hex_digit(hex[i]) * 16 + hex_digit(hex[i + 1]));
      }
      if (look_at(bytes.data(), bytes.size()) == Looks::kText) {
        starts.push_back(static_cast<std::uint32_t>(at + run.size() - hex.size()));
      }
    }
    std::size_t from = is_hex ? end : at;
    for (int tries = 0; tries < 4 && end - from >= kBase64Least; ++tries) {
      const Looks first = first_look(text.data() + from);
      std::array<char, 48> sample;
      const Looks looks = look_at(
          sample.data(), decode_base64(text.substr(from, std::min<std::size_t>(end - from, 64)), sample.data(), 48));
      if (first == Looks::kText || (first != Looks::kNothing && looks != Looks::kNothing)) {
        if ((looks == Looks::kNothing ? first : looks) == Looks::kText) {
          starts.push_back(static_cast<std::uint32_t>(from));
        }
        break;
      }
      while (from < end && text[from] != '/') ++from;
      if (from < end) ++from;
    }
    at = end + 1;
  }
  return starts;
}

TEST(DecodeRuns, AreThoseOfThePlainReading) {
  std::mt19937 random(8);
  std::size_t seen = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    const std::size_t size = round < 600 ? static_cast<std::size_t>(round) / 2 : random() % 3000;
    while (text.size() < size) {
      switch (random() % 8) {
        case 0: text += to_base64(drawn(random, "some words to read ", 12 + 3 * (random() % 30))); break;
        case 1: text += to_hex(drawn(random, "some words to read ", 10 + random() % 30)); break;
        case 2:
          text += to_hex(drawn(random, std::string_view("\0\x1f\x8b\x08 ab\xc3\xa9", 9), 10 + random() % 30));
          break;
        case 3: text += drawn(random, "0123456789abcdef", random() % 80); break;
        case 4: text += drawn(random, "usr/include/x", random() % 80); break;
        case 5: text += drawn(random, "////ab", random() % 80); break;
        default: text += drawn(random, "ABCDEFGHabcdefgh0123456789+/-_", random() % 40); break;
      }
      text += std::array<std::string_view, 6>{" ", "/", "\"", " 0x", "0x", "."}[random() % 6];
    }
    text.resize(size);
    // Runs of lines are another matter, and so is what decodes to something compressed.
    const std::string padded = text + std::string(Buffer::kPadding, '\0');
    const std::string_view view(padded.data(), text.size());
    DecodeMasks masks;
    masks.compute(view);
    Layer deeper;
    DecodeBudget budget{1U << 30U, false};
    DecodeTask task{view, masks, 0, deeper, budget};
    decode_base64_and_hex(task);
    const std::vector<std::uint32_t> plain = plain_runs(view);
    const auto is_found = [&deeper](std::uint32_t at) {
      // Runs as long as the one before may be lines of one.
      return std::any_of(deeper.pieces.begin(), deeper.pieces.end(), [at](const Piece& piece) {
        return piece.outer_start == at || (piece.outer_start < at && at < piece.outer_end);
      });
    };
    for (const std::uint32_t at : plain) ASSERT_TRUE(is_found(at)) << at << " of " << text;
    seen += plain.size();
  }
  EXPECT_GT(seen, 1000U);
}

}  // namespace
}  // namespace reeve::content
