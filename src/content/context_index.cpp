#include "content/context_index.h"

#include <algorithm>
#include <bit>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace reeve::content {

namespace {

/// Of 64 bytes those with the bit that tells small ASCII letters from capitals.
std::uint64_t small_letters(const char* text) {
  std::uint64_t small = 0;
#if defined(__x86_64__)
  for (unsigned part = 0; part < 4; ++part) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text) + part);
    const auto bits = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_slli_epi16(bytes, 2)));
    small |= static_cast<std::uint64_t>(bits) << 16U * part;
  }
#else
  for (unsigned i = 0; i < 64; ++i) small |= static_cast<std::uint64_t>(text[i] >> 5 & 1) << i;
#endif
  return small;
}

}  // namespace

/// Coarse: where words may begin. Behind letters only capitals do, and digits behind nothing of the kind.
std::uint64_t ContextIndex::may_begin_words(std::size_t number) const {
  const std::uint64_t letters = masks_.letter[number];
  const std::uint64_t before = letters << 1U | (number > 0 ? masks_.letter[number - 1] >> 63U : 0);
  std::uint64_t places = masks_.upper[number];
  if (letters != 0) places |= letters & (~before | ~small_letters(text_.data() + number * kBlock));
  if (table_.has_digit_firsts()) {
    const std::uint64_t digits = masks_.digit[number];
    places |= digits & ~(digits << 1U | before | (number > 0 ? masks_.digit[number - 1] >> 63U : 0));
  }
  if (table_.has_sign_firsts()) {
    const std::size_t rest = text_.size() - number * kBlock;
    places |= rest >= kBlock ? ~std::uint64_t{0} : (1ULL << rest) - 1;
  }
  return places;
}

void ContextIndex::read(std::size_t number, Block& block) {
  if (hits_.size() > kHitsMax) {
    hits_.clear();
    blocks_.fill({});
  }
  block.number = number;
  block.first = static_cast<std::uint32_t>(hits_.size());
  for (std::uint64_t places = may_begin_words(number); places != 0; places &= places - 1) {
    const std::size_t at = number * kBlock + static_cast<std::size_t>(std::countr_zero(places));
    if (table_.may_begin(text_, at)) table_.collect(text_, at, hits_);
  }
  block.count = static_cast<std::uint32_t>(hits_.size()) - block.first;
}

/// Takes a block that was asked for into the quiet part, or lets it begin anew behind.
void ContextIndex::keep_quiet(std::size_t number, bool has_words) {
  const std::size_t from = number * kBlock, to = from + kBlock;
  if (has_words) {
    if (to > quiet_from_ && from < quiet_to_) quiet_from_ = quiet_to_ = to;
  } else if (from >= quiet_from_ && from <= quiet_to_) {
    quiet_to_ = std::max(quiet_to_, to);
  } else {
    quiet_from_ = from;
    quiet_to_ = to;
  }
}

std::span<const ContextTable::Hit> ContextIndex::hits_in(std::size_t number) {
  Block& block = blocks_[number % kBlocks];
  if (block.number != number) read(number, block);
  keep_quiet(number, block.count != 0);
  return {hits_.data() + block.first, block.count};
}

bool ContextIndex::read_quiet(std::size_t start, std::size_t end) {
  if (is_quiet(start, end)) return true;
  const std::size_t widest = table_.widest(), from = start > widest ? start - widest : 0;
  const std::size_t to = std::min(text_.size(), end + widest);
  for (std::size_t number = from / kBlock; number * kBlock < to; ++number) {
    if (!hits_in(number).empty()) return false;
  }
  return true;
}

void ContextIndex::look(std::size_t start, std::size_t end, ContextTable::Near& near) {
  table_.clear(near);
  if (is_quiet(start, end)) return;
  const std::size_t widest = table_.widest(), from = start > widest ? start - widest : 0;
  for (std::size_t number = from / kBlock; number * kBlock < start; ++number) {
    for (const Hit& hit : hits_in(number)) {
      if (hit.begin >= from && hit.end <= start) table_.mark(hit, start - hit.begin, near);
    }
  }
  // Behind the value only on its line: what stands on the next belongs to the next value.
  std::size_t to = std::min(text_.size(), end + widest);
  to = end + std::min(text_.substr(end, to - end).find('\n'), to - end);
  for (std::size_t number = end / kBlock; number * kBlock < to; ++number) {
    for (const Hit& hit : hits_in(number)) {
      if (hit.begin >= end && hit.end <= to) table_.mark(hit, hit.end - end, near);
    }
  }
}

}  // namespace reeve::content
