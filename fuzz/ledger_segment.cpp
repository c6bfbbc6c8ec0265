// The segment reader: whatever a segment file holds, reading ends; every entry that is given lies in the file under a
// right checksum, in order; damage is passed over only forwards; a tail is judged without stopping the process.
//
// The first byte of the input says how the file is made: 0 as the input is, 1 behind a right header, 2 from commands
// that make right frames, wrong bytes and zeros, so that deep states are reached in spite of the checksums.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ledger/entry_json.h"
#include "ledger/memory_file_system.h"
#include "ledger/recovery.h"
#include "ledger/segment.h"

namespace {

using namespace reeve::ledger;

std::string header(std::uint32_t ordinal, std::uint64_t first_index) {
  std::string bytes(kSegmentHeaderBytes, '\0');
  encode_segment_header({ordinal, first_index, {}}, bytes.data());
  return bytes;
}

/// Takes bytes off the front of the input.
class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  std::size_t number() {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }
  std::string_view take(std::size_t size) {
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view bytes_;
};

/// Two segments from commands; the second begins where a command says.
void build(Input input, MemoryFileSystem& system) {
  std::string content = header(0, 0);
  std::uint32_t ordinal = 0;
  std::uint64_t index = 0;
  std::size_t position = 0;
  while (!input.empty() && content.size() < (1UL << 20U)) {
    switch (input.number() % 7) {
      case 0:
      case 1: {  // a right frame; the first of its group or one more
        const std::string_view entry = input.take(input.number() + 1);
        if (entry.empty()) break;
        std::string frame(kFrameHeaderBytes, '\0');
        frame += entry;
        seal_frame(frame.data(), entry.size(), static_cast<std::uint16_t>(position), index++);
        content += frame;
        ++position;
        break;
      }
      case 2: position = 0; break;
      case 3: content += input.take(input.number()); break;
      case 4: content += std::string(input.number() * 8, '\0'); break;
      case 5: index += input.number() % 3; break;
      default:
        if (ordinal > 3) break;
        system.files[segment_path("", ordinal)] = std::exchange(content, header(ordinal + 1, index));
        ++ordinal;
    }
  }
  system.files[segment_path("", ordinal)] = content;
}

void read_frames(MemoryFileSystem& system, const SegmentList& segments) {
  FrameCursor cursor(system, segments);
  if (!cursor.seek(0)) return;
  std::uint64_t good = 0;
  while (true) {
    auto parsed = cursor.peek();
    if (!parsed) return;
    const std::uint64_t index = cursor.index();
    if (parsed->kind == ParsedFrame::Kind::kEntry) {
      if (parsed->frame.index != index || parsed->frame.durable_below() > index) __builtin_trap();
      const std::string& content = system.files[segment_path("", cursor.ordinal())];
      if (content.compare(cursor.offset() + kFrameHeaderBytes, parsed->frame.entry.size(), parsed->frame.entry) != 0) {
        __builtin_trap();
      }
      read_entry_facts(parsed->frame.entry);
      cursor.skip(parsed->frame);
      ++good;
      continue;
    }
    const std::string& content = system.files[segment_path("", cursor.ordinal())];
    if (cursor.offset() < content.size()) {
      const TailFindings findings =
          examine_tail(std::string_view(content).substr(cursor.offset()), cursor.offset(), index);
      if (findings.durable_below != 0 && findings.durable_below > index + content.size()) __builtin_trap();
    }
    const std::uint32_t ordinal = cursor.ordinal();
    const auto found = cursor.find_good_frame();
    if (!found || !*found) break;
    if (cursor.index() <= index && cursor.ordinal() == ordinal) __builtin_trap();
  }
  // Reading by index gives the same entries, up to the first that is damaged.
  FrameCursor again(system, segments);
  if (!again.seek(0)) return;
  std::uint64_t read = 0;
  while (true) {
    const auto frame = again.next(good);
    if (!frame || !*frame) break;
    if ((*frame)->index != read++) __builtin_trap();
  }
  if (read > good) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  MemoryFileSystem system;
  switch (data[0] % 3) {
    case 0: system.files[segment_path("", 0)] = bytes.substr(1); break;
    case 1: system.files[segment_path("", 0)] = header(0, 0) + std::string(bytes.substr(1)); break;
    default: build(Input(bytes.substr(1)), system);
  }
  SegmentList segments("");
  static_cast<void>(segments.discover(system).ok());
  static_cast<void>(check_unbegun(system, segments).ok());
  if (segments.last()) read_frames(system, segments);
  return 0;
}
