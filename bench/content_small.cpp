#include "content_small.h"

#include <ctime>

#include <algorithm>
#include <cstdio>

#include "content/verdict_cache.h"
#include "core/crypto.h"

namespace reeve::bench {

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double best_of(int rounds, const std::function<void()>& work) {
  double best = 1e9;
  for (int i = 0; i < rounds; ++i) {
    const double start = cpu_seconds();
    work();
    best = std::min(best, cpu_seconds() - start);
  }
  return best;
}

namespace {

using Detectors = std::shared_ptr<const content::Detectors>;

void stream(const Detectors& detectors, const Material& material, const Add& add) {
  std::mt19937_64 random(5);
  const std::string text = material.piece(random, 256UL << 10U);
  std::vector<content::Finding> findings;
  for (const std::size_t piece : {16UL, 64UL, 256UL}) {
    const double seconds = best_of(3, [&] {
      content::StreamScanner scanner(detectors);
      findings.clear();
      for (std::size_t at = 0; at < text.size(); at += piece) {
        scanner.feed(std::string_view(text).substr(at, piece), findings);
      }
      scanner.end(findings);
    });
    add("stream_delta_" + std::to_string(piece) + "_b_us",
        seconds * 1e6 / (static_cast<double>(text.size()) / static_cast<double>(piece)));
  }
  double worst = 0;
  for (const Hostile& hostile : hostile_texts(64UL << 10U)) {
    constexpr std::size_t kPiece = 16;
    const double seconds = best_of(2, [&] {
      content::StreamScanner scanner(detectors);
      findings.clear();
      for (std::size_t at = 0; at < hostile.text.size(); at += kPiece) {
        scanner.feed(std::string_view(hostile.text).substr(at, kPiece), findings);
      }
      scanner.end(findings);
    });
    const double each = seconds * 1e6 / (static_cast<double>(hostile.text.size()) / kPiece);
    worst = std::max(worst, each);
  }
  add("stream_hostile_worst_16_b_us", worst);
}

/// A conversation of 200 KB with 2 KB that are new, against these 2 KB alone; and the hashing of its texts by itself,
/// which knowing them again cannot do without.
void conversation(const Detectors& detectors, const Material& material, const Add& add) {
  constexpr int kTurns = 200;
  std::mt19937_64 random(9);
  Body grown = chat_body(material, random, 200UL << 10U);
  content::VerdictCache cache;
  content::Scanner cached(&cache), scanner;
  cached.scan(*detectors, grown.bytes, grown.texts);
  double turns = 0, alone = 0, hashing = 0;
  const std::string secret = random_bytes(192);
  std::uint64_t hashes = 0;
  // By turns, so that each finds what the machine keeps near as the other does.
  for (int i = 0; i < 2 * kTurns; ++i) {
    append_message(grown, material, random, 2048);
    double start = cpu_seconds();
    if (i % 2 == 0) {
      cached.scan(*detectors, grown.bytes, grown.texts);
      turns += cpu_seconds() - start;
    } else {
      scanner.scan(*detectors, grown.bytes, std::span(&grown.texts.back(), 1));
      alone += cpu_seconds() - start;
      start = cpu_seconds();
      for (const BodyText& text : grown.texts) {
        hashes ^= content::hash_text(std::string_view(grown.bytes).substr(text.offset, text.length), secret).low;
      }
      hashing += cpu_seconds() - start;
    }
    grown.texts.pop_back();
    grown.bytes.resize(grown.bytes.rfind(R"(,{"role")"));
    grown.bytes += "]}";
  }
  if (hashes == 0) std::printf("no hash\n");  // they are taken
  add("conversation_texts", static_cast<double>(grown.texts.size()));
  add("conversation_200_kb_with_2_kb_new_us", turns / kTurns * 1e6);
  add("conversation_2_kb_alone_us", alone / kTurns * 1e6);
  add("conversation_hashing_us", hashing / kTurns * 1e6);
  add("conversation_ratio", (turns - hashing) / alone);
}

/// The same 60 KB in texts of several sizes: what a text costs besides its bytes.
void text_sizes(const Detectors& detectors, const Material& material, const Add& add) {
  content::Scanner scanner;
  for (const std::size_t size : {100UL, 200UL, 3000UL, 60000UL}) {
    constexpr std::size_t kBodies = 64, kBytes = 60'000;
    std::mt19937_64 random(13);
    double best = 1e9;
    std::vector<Body> all;
    std::size_t texts = 0;
    for (std::size_t i = 0; i < kBodies; ++i) {
      Body body;
      body.bytes = material.piece(random, kBytes);
      for (std::size_t at = 0; at < body.bytes.size(); at += size) {
        body.texts.push_back({at, std::min(size, body.bytes.size() - at), TextForm::kJsonString, TextOrigin::kUser});
      }
      texts += body.texts.size();
      all.push_back(std::move(body));
    }
    std::size_t bytes = 0;
    for (int round = 0; round < 5; ++round) {
      double spent = 0;
      bytes = 0;
      for (const Body& body : all) {
        const double start = cpu_seconds();
        scanner.scan(*detectors, body.bytes, body.texts);
        spent += cpu_seconds() - start;
        bytes += body.bytes.size();
      }
      best = std::min(best, spent);
    }
    const std::string name = "texts_of_" + std::to_string(size) + "_b";
    add(name + "_ns_per_byte", best * 1e9 / static_cast<double>(bytes));
    add(name + "_us_per_text", best * 1e6 / static_cast<double>(texts));
  }
}

}  // namespace

void measure_small(const std::shared_ptr<const content::Detectors>& detectors, const Material& material,
                   const Add& add) {
  stream(detectors, material, add);
  conversation(detectors, material, add);
  text_sizes(detectors, material, add);
}

}  // namespace reeve::bench
