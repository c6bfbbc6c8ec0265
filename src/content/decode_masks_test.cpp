#include <gtest/gtest.h>

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
                                                    "abcdefgh0123456789ABCDEF+/ ", "\\\"'ab \n", "a b",
                                                    std::string_view("a\0\x80\xa5", 4)};
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
      for (const auto mask : {&DecodeMasks::token, &DecodeMasks::word, &DecodeMasks::escape, &DecodeMasks::join,
                              &DecodeMasks::token_run, &DecodeMasks::word_run}) {
        const std::size_t words = (size + 63) / 64 + 1;
        ASSERT_EQ(Mask((fast.*mask).begin(), (fast.*mask).begin() + static_cast<std::ptrdiff_t>(words)),
                  Mask((plain.*mask).begin(), (plain.*mask).begin() + static_cast<std::ptrdiff_t>(words)))
            << static_cast<int>(set) << " " << size;
      }
      ASSERT_EQ(fast.has_zero, plain.has_zero);
      ASSERT_EQ(fast.has_zero, view.find('\0') != std::string_view::npos);
      ASSERT_EQ(fast.has_turns, plain.has_turns);
    }
  }
}

TEST(DecodeMasks, RunsBeginWhereTheyAreLongEnough) {
  std::mt19937 random(6);
  DecodeMasks masks;
  for (int round = 0; round < 400; ++round) {
    std::string text;
    while (text.size() < 700) text += std::string(random() % 40, 'a') + (random() % 2 == 0 ? " " : ".");
    masks.compute(text);
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto begins = [&](const Mask& mask, std::size_t least) {
        return bit(mask, i) && (i == 0 || !bit(mask, i - 1)) && end_of_run(mask, i, text.size()) - i >= least;
      };
      ASSERT_EQ(bit(masks.token_run, i), begins(masks.token, kBase64Least));
      ASSERT_EQ(bit(masks.word_run, i), begins(masks.word, kLongWord));
    }
  }
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
    const Looks looks = first_look_unsieved(run.data());
    ASSERT_EQ(first_look(run.data()), looks) << run;
    seen += looks != Looks::kNothing ? 1 : 0;
  }
  EXPECT_GT(seen, 1000U);
}

}  // namespace
}  // namespace reeve::content
