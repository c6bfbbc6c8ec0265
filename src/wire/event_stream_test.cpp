#include <gtest/gtest.h>

#include <random>

#include "wire/wire.h"

namespace reeve::wire {
namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

struct Seen {
  Events events;
  std::size_t oversized = 0;
  bool operator==(const Seen&) const = default;
};

template <typename NextSize>
Seen read(std::string_view stream, std::size_t event_bytes_max, bool end, NextSize next_size) {
  EventStreamReader reader(event_bytes_max);
  Seen seen;
  const EventStreamReader::Callback keep = [&seen](const EventStreamReader::Event& event) {
    seen.events.emplace_back(event.name, event.data);
  };
  for (std::size_t at = 0; at < stream.size();) {
    const std::string piece(stream.substr(at, next_size()));
    reader.feed(piece, keep);
    at += piece.size();
  }
  if (end) reader.end(keep);
  seen.oversized = reader.oversized();
  EXPECT_EQ(reader.events(), seen.events.size());
  return seen;
}

Events events_of(std::string_view stream) {
  return read(stream, 1 << 20, false, [&stream] { return stream.size(); }).events;
}

TEST(EventStream, NamesAndData) {
  EXPECT_EQ(events_of("event: a\ndata: 1\n\ndata: 2\n\n"), (Events{{"a", "1"}, {"", "2"}}));
}

TEST(EventStream, EveryLineEndAndTheirMixture) {
  EXPECT_EQ(events_of("data: 1\r\rdata: 2\r\n\r\ndata: 3\n\ndata: 4\r\n\ndata: 5\n\r"),
            (Events{{"", "1"}, {"", "2"}, {"", "3"}, {"", "4"}, {"", "5"}}));
}

TEST(EventStream, LinesOfDataAreJoined) {
  EXPECT_EQ(events_of("data: a\ndata\ndata:\ndata:  b\n\n"), (Events{{"", "a\n\n\n b"}}));
}

TEST(EventStream, CommentsAndOtherFieldsAreNoEvents) {
  EXPECT_EQ(events_of(": keep alive\n\nid: 1\nretry: 5\nfoo: bar\nfoo\n\n: x\ndata: 1\n:\n\n"), (Events{{"", "1"}}));
}

TEST(EventStream, AnEventWithoutDataIsNoneAndItsNameIsForgotten) {
  EXPECT_EQ(events_of("event: a\n\ndata: 1\n\n"), (Events{{"", "1"}}));
}

TEST(EventStream, TheLastNameCounts) { EXPECT_EQ(events_of("event: a\nevent: b\ndata: 1\n\n"), (Events{{"b", "1"}})); }

TEST(EventStream, AByteOrderMarkOnlyAtTheStart) {
  EXPECT_EQ(events_of("\xEF\xBB\xBF"
                      "data: 1\n\n\xEF\xBB\xBF"
                      "data: 2\n\n"),
            (Events{{"", "1"}}));
}

TEST(EventStream, BareJsonIsAnEvent) {
  EXPECT_EQ(events_of("data: 1\n\n{\"error\": {\n  \"code\": 503\n}}\n\ndata: 2\n{\n\n"),
            (Events{{"", "1"}, {"", "{\"error\": {\n  \"code\": 503\n}}"}, {"", "2"}}));
}

TEST(EventStream, AnEventWithoutItsEmptyLineIsReportedAtTheEnd) {
  for (const std::string_view stream : {"data: 1\n\ndata: 2", "data: 1\n\ndata: 2\n", "data: 1\n\ndata: 2\r"}) {
    EXPECT_EQ(read(stream, 100, false, [] { return std::size_t{100}; }).events.size(), 1U);
    EXPECT_EQ(read(stream, 100, true, [] { return std::size_t{100}; }).events, (Events{{"", "1"}, {"", "2"}}));
  }
}

TEST(EventStream, EventsTooLargeArePassedOverAndCounted) {
  const std::string large(11, 'x');
  const std::string stream =
      "data: " + large + "\n\ndata: 0123456789\n\ndata: 01234\ndata: 5678\n\ndata: 01234\ndata: 56789\n\n" + ": " +
      std::string(1000, 'c') + "\ndata: ok\n\n" + "data: " + std::string(100'000, 'y') + "\ndata: z\n\ndata: after\n\n";
  const Seen seen = read(stream, 10, false, [&stream] { return stream.size(); });
  EXPECT_EQ(seen.events, (Events{{"", "0123456789"}, {"", "01234\n5678"}, {"", "ok"}, {"", "after"}}));
  EXPECT_EQ(seen.oversized, 3U);
}

// Whatever the bytes and wherever they are cut, the events are the same.
TEST(EventStream, PiecesDoNotMatter) {
  std::mt19937 random(20'261'121);
  const std::vector<std::string> parts = {"data: ",
                                          "data:",
                                          "data",
                                          "event: ",
                                          "event",
                                          ":",
                                          "\n",
                                          "\r",
                                          "\r\n",
                                          "\n\n",
                                          "\r\n\r\n",
                                          "x",
                                          "{}",
                                          "\xEF\xBB\xBF",
                                          "id: 7\n",
                                          " ",
                                          "long text of some length",
                                          "\xC3\xA9"};
  std::uniform_int_distribution<std::size_t> part(0, parts.size() - 1);
  for (int round = 0; round < 400; ++round) {
    std::string stream;
    for (int i = 0; i < 60; ++i) stream += parts[part(random)];
    for (const std::size_t limit : {std::size_t{8}, std::size_t{1000}}) {
      const Seen whole = read(stream, limit, true, [&stream] { return stream.size(); });
      EXPECT_EQ(read(stream, limit, true, [] { return std::size_t{1}; }), whole);
      std::uniform_int_distribution<std::size_t> size(1, 9);
      EXPECT_EQ(read(stream, limit, true, [&] { return size(random); }), whole);
    }
  }
}

TEST(EventStream, DataIsFollowedByReadableBytes) {
  EventStreamReader reader;
  int seen = 0;
  const std::string stream = "data: {\"a\":1}\n\n";
  reader.feed(stream, [&seen](const EventStreamReader::Event& event) {
    // Read through a volatile, so that a sanitizer sees it.
    const volatile char* after = event.data.data() + event.data.size();
    char sum = 0;
    for (int i = 0; i < 64; ++i) sum = static_cast<char>(sum ^ after[i]);
    static_cast<void>(sum);
    ++seen;
  });
  EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace reeve::wire
