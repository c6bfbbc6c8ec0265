// The event stream reader: any bytes in any pieces give the same events. The first byte is the limit of an event's
// size, the second seeds the cuts.

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "core/check.h"
#include "wire/wire.h"

namespace {

template <typename NextSize>
std::string read(std::string_view stream, std::size_t event_bytes_max, NextSize next_size) {
  reeve::wire::EventStreamReader reader(event_bytes_max);
  std::string seen;
  const reeve::wire::EventStreamReader::Callback keep = [&](const reeve::wire::EventStreamReader::Event& event) {
    CHECK(event.data.size() <= event_bytes_max);
    seen.append(event.name).append("\x01").append(event.data).append("\x02");
  };
  while (!stream.empty()) {
    const std::string piece(stream.substr(0, next_size()));
    reader.feed(piece, keep);
    stream.remove_prefix(piece.size());
  }
  reader.end(keep);
  return seen + std::to_string(reader.events()) + "," + std::to_string(reader.oversized());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::string whole = read(stream, data[0], [&stream] { return stream.size(); });
  CHECK(whole == read(stream, data[0], [] { return std::size_t{1}; }));
  std::minstd_rand random(data[1]);
  CHECK(whole == read(stream, data[0], [&random] { return 1 + random() % 20; }));
  return 0;
}
