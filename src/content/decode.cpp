#include "content/decode.h"

#include <zlib.h>

#include <algorithm>
#include <bit>

namespace reeve::content {

RawSpan Layer::origin(const Piece& piece, std::size_t place) const {
  const auto first = origins.begin() + piece.origins;
  const auto after = std::upper_bound(first, first + piece.origins_count, place,
                                      [](std::size_t at, const OriginRun& run) { return at < run.at; });
  const OriginRun& run = after[-1];
  return {run.start_of(place), run.start_of(place) + run.bytes};
}

void DecodeTask::add_whole(std::size_t start, std::size_t end, std::string_view decoded) {
  if (decoded.empty() || !budget.take(decoded.size())) return;
  static thread_local std::vector<Checkpoint> unused;
  unused.clear();
  Piece piece;
  piece.begin = deeper.buffer.size();
  normalise(decoded, false, deeper.buffer, unused);
  piece.end = deeper.buffer.size();
  deeper.buffer.push('\n');
  piece.parent = parent;
  piece.outer_start = static_cast<std::uint32_t>(start);
  piece.outer_end = static_cast<std::uint32_t>(end);
  deeper.pieces.push_back(piece);
}

namespace {

/// Whether a border at `at` goes through a word.
bool cuts_word(std::string_view text, std::size_t at) {
  return at > 0 && at < text.size() && is_token_byte(text[at - 1]) && is_token_byte(text[at]);
}

}  // namespace

void DecodeTask::begin_mapped(std::size_t start) {
  Piece piece;
  piece.begin = piece.end = deeper.buffer.size();
  piece.parent = parent;
  piece.outer_start = static_cast<std::uint32_t>(start);
  piece.origins = static_cast<std::uint32_t>(deeper.origins.size());
  piece.cut_start = cuts_word(text, start);
  deeper.pieces.push_back(piece);
}

bool DecodeTask::put(char byte, std::size_t start, std::size_t end) {
  if (!budget.take(1)) return false;
  Piece& piece = deeper.pieces.back();
  const OriginRun next{static_cast<std::uint32_t>(deeper.buffer.size() - piece.begin),
                       static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(end - start), 0};
  deeper.buffer.push(byte);
  if (piece.origins_count != 0) {
    OriginRun& last = deeper.origins.back();
    const bool alike = last.bytes == next.bytes && next.start >= last.start;
    // The second of a run says how far from each other they are.
    if (alike && next.at == last.at + 1) last.distance = next.start - last.start;
    if (alike && next.start == last.start_of(next.at)) return true;
  }
  deeper.origins.push_back(next);
  ++piece.origins_count;
  return true;
}

bool DecodeTask::copy(std::size_t start, std::size_t end) {
  const std::size_t count = std::min<std::size_t>(end - start, budget.bytes);
  if (count != 0) {
    Piece& piece = deeper.pieces.back();
    deeper.origins.push_back(
        {static_cast<std::uint32_t>(deeper.buffer.size() - piece.begin), static_cast<std::uint32_t>(start), 1, 1});
    ++piece.origins_count;
    deeper.buffer.append(text.substr(start, count));
  }
  return budget.take(end - start);
}

bool DecodeTask::put_character(std::uint32_t code_point, std::size_t start, std::size_t end) {
  if (code_point < 0x80) return put(static_cast<char>(code_point), start, end);
  const std::uint8_t fold = fold_code_point(code_point);
  if (fold == kStrip) return true;
  if (fold != kKeep) return put(static_cast<char>(fold), start, end);
  char bytes[4];
  const std::uint32_t size = write_utf8(code_point, bytes);
  for (std::uint32_t i = 0; i < size; ++i) {
    if (!put(bytes[i], start, end)) return false;
  }
  return true;
}

void DecodeTask::finish_mapped(std::size_t end) {
  Piece& piece = deeper.pieces.back();
  piece.end = deeper.buffer.size();
  piece.outer_end = static_cast<std::uint32_t>(end);
  piece.cut_end = cuts_word(text, end);
  deeper.buffer.push('\n');
}

void inflate_into(std::string_view bytes, bool raw, DecodeBudget& budget, std::vector<char>& out) {
  constexpr int kAnyHeader = 15 + 32, kNoHeader = -15;
  z_stream stream{};
  if (inflateInit2(&stream, raw ? kNoHeader : kAnyHeader) != Z_OK) return;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib does not write there
  stream.avail_in = static_cast<uInt>(std::min<std::size_t>(bytes.size(), 1U << 30U));
  int result = Z_OK;
  while (result == Z_OK) {
    constexpr std::size_t kStep = 16'384;
    if (out.size() >= budget.bytes) {
      budget.exhausted = true;
      break;
    }
    const std::size_t room = std::min<std::size_t>(kStep, budget.bytes - out.size());
    const std::size_t before = out.size();
    out.resize(before + room);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(room);
    result = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + room - stream.avail_out);
    if (stream.avail_out != 0 && result == Z_OK && stream.avail_in == 0) break;  // cut off: what came so far counts
  }
  inflateEnd(&stream);
}

void decode(DecodeTask& task) {
  decode_base64_and_hex(task);
  decode_escapes(task);
  decode_joins(task);
  if (task.masks.may_have_printable) decode_quoted_printable(task);
  if (task.masks.may_have_terminal) decode_terminal(task);
  if (task.masks.has_zero) decode_utf16(task);
}

}  // namespace reeve::content
