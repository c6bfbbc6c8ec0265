// bench/content: how fast the texts of calls are looked into, beside what the pattern engine alone could do on the same
// bytes in the same run. Processor time of one thread, the best of several rounds.

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "content/content.h"
#include "content/decode.h"
#include "content/detector_set.h"
#include "content/finders.h"
#include "content/first_stage.h"
#include "content/normalise.h"
#include "content/word_patterns.h"
#include "content_bodies.h"
#include "content_small.h"

namespace reeve::bench {

namespace {

using content::DetectorSet;

struct Options {
  std::filesystem::path detectors = "governance/detectors";
  std::vector<std::filesystem::path> material{"src", "apps", "docs", "/usr/include", "/usr/share/doc"};
  bool json = false;
  bool profile = false;
  bool finders = false;
  bool first_stage = false;
  std::string hostile;  // only this hostile text, or "all" of them
  bool small = false;
};

struct Figure {
  std::string name;
  double value;
};

class Bench {
 public:
  Bench(const Options& options, std::shared_ptr<const content::Detectors> detectors)
      : options_(options),
        detectors_(std::move(detectors)),
        set_(DetectorSet::of(*detectors_)),
        material_(options.material),
        first_(set_),
        every_pattern_(every_pattern(set_)),
        scratch_(every_pattern_->make_scratch()) {}

  void run() {
    add("detectors", static_cast<double>(detectors_->list().size()));
    add("patterns", static_cast<double>(set_.patterns().size()));
    add("patterns_of_texts_without_literal", static_cast<double>(set_.text_patterns().patterns_without().size()));
    add("patterns_of_words_without_literal", static_cast<double>(set_.word_patterns().patterns_without().size()));
    if (options_.finders) {
      parts();
      return finders();
    }
    if (options_.hostile == "literals") return literals();
    if (!options_.hostile.empty()) return hostile();
    if (options_.small) return small();
    for (const std::size_t kib : {2U, 16U, 60U, 128U, 1024U}) bodies(kib);
    if (options_.first_stage) return;
    if (!options_.profile) {
      parts();
      finders();
      hostile();
      small();
    }
    if (options_.json) print_json();
  }

 private:
  /// Where what a text, a scan or a delta costs besides its bytes is what counts.
  void small() {
    measure_small(detectors_, material_, [this](const std::string& name, double value) { add(name, value); });
  }

  void add(const std::string& name, double value) {
    figures_.push_back({name, value});
    if (!options_.json) std::printf("%-52s %12.3f\n", name.c_str(), value);
    std::fflush(stdout);
  }

  /// What the engine alone would do with all patterns at once.
  static std::unique_ptr<content::PatternDatabase> every_pattern(const DetectorSet& set) {
    std::vector<std::string> all;
    for (const content::Detector& detector : set.detectors()) {
      all.insert(all.end(), detector.patterns.begin(), detector.patterns.end());
    }
    std::size_t wrong = 0;
    return *content::PatternDatabase::build(all, {}, "", wrong);
  }

  void normalise(const Body& body) {
    buffer_.clear();
    checkpoints_.clear();
    borders_.clear();
    for (const BodyText& text : body.texts) {
      content::normalise(std::string_view(body.bytes).substr(text.offset, text.length), true, buffer_, checkpoints_);
      borders_.push_back(buffer_.size());
      buffer_.push('\n');
    }
    buffer_.finish();
  }

  /// As the scanner does it: texts in groups.
  void first_stage(const Body& body) {
    constexpr std::size_t kGroup = 10;  // texts of these bodies in a group's bytes
    normalise(body);
    first_.look(set_, buffer_.view());
    std::size_t begin = 0, count = 0;
    first_.long_words.clear();
    for (const std::size_t border : borders_) {
      const std::string_view text = buffer_.view(begin, border);
      masks_.compute(text);
      decode_masks_.compute(text);
      first_.long_words.collect(text, masks_, decode_masks_);
      begin = border + 1;
      if (++count < kGroup && border != borders_.back()) continue;
      first_.look_at_words(set_, count);
      first_.long_words.clear();
      count = 0;
    }
  }

  /// Megabytes a second of the best of `rounds` over all bodies. Each body has just been written when its work begins,
  /// as one that came from a socket has.
  double rate(int rounds, const std::vector<Body>& all, const std::function<void(const Body&)>& work) {
    double best = 1e9;
    std::size_t bytes = 0;
    for (int round = 0; round < rounds; ++round) {
      double spent = 0;
      bytes = 0;
      for (const Body& body : all) {
        arrived_.bytes.assign(body.bytes);
        arrived_.texts = body.texts;
        bytes += body.bytes.size();
        const double start = cpu_seconds();
        work(arrived_);
        each_.push_back(cpu_seconds() - start);
        spent += each_.back();
      }
      best = std::min(best, spent);
    }
    return static_cast<double>(bytes) / best / 1e6;
  }

  void bodies(std::size_t kib) {
    constexpr std::size_t kTotal = 16UL << 20U;
    std::mt19937_64 random(kib);
    std::vector<Body> all;
    std::size_t bytes = 0;
    while (bytes < kTotal) {
      all.push_back(chat_body(material_, random, kib << 10U));
      bytes += all.back().bytes.size();
    }
    const std::string name = std::to_string(kib) + "_kib";
    scratch_->runs_max = 1'000'000;
    const auto first = [&](const Body& body) { first_stage(body); };
    if (options_.first_stage) return add("first_stage_" + name + "_mb_per_s", rate(20, all, first));
    if (!options_.profile) {
      add("raw_patterns_" + name + "_mb_per_s",
          rate(3, all, [&](const Body& body) { every_pattern_->scan(body.bytes, *scratch_); }));
      add("normalise_" + name + "_mb_per_s", rate(3, all, [&](const Body& body) { normalise(body); }));
      add("first_stage_" + name + "_mb_per_s", rate(3, all, first));
    }
    std::size_t findings = 0;
    each_.clear();
    const int rounds = options_.profile ? 20 : 3;
    add("whole_" + name + "_mb_per_s", rate(rounds, all, [&](const Body& body) {
          findings += scanner_.scan(*detectors_, body.bytes, body.texts).findings.size();
        }));
    findings /= static_cast<std::size_t>(rounds);
    std::sort(each_.begin(), each_.end());
    add("whole_" + name + "_p50_us", each_[each_.size() / 2] * 1e6);
    add("whole_" + name + "_p99_us", each_[each_.size() * 99 / 100] * 1e6);
    add("findings_" + name + "_per_mb", static_cast<double>(findings) / static_cast<double>(bytes) * 1e6);
  }

  /// Texts as finders see them, each with its padding; `bytes` is their size without.
  std::vector<std::string> finder_texts(std::size_t& bytes) const {
    std::mt19937_64 random(3);
    std::vector<std::string> texts;
    bytes = 0;
    while (bytes < (2UL << 20U)) {
      texts.push_back(material_.piece(random, 64UL << 10U));  // the clock costs as much as a small one
      bytes += texts.back().size();
      texts.back().append(content::Buffer::kPadding, '\0');
    }
    return texts;
  }

  void normalise_alone() {
    std::mt19937_64 random(60);
    const Body body = chat_body(material_, random, 60UL << 10U);
    content::Buffer buffer;
    std::vector<content::Checkpoint> checkpoints;
    const double seconds = best_of(20, [&] {
      buffer.clear();
      checkpoints.clear();
      for (const BodyText& text : body.texts) {
        content::normalise(std::string_view(body.bytes).substr(text.offset, text.length), true, buffer, checkpoints);
      }
    });
    add("part_normalise_ns_per_byte", seconds * 1e9 / static_cast<double>(body.bytes.size()));
  }

  /// What each text goes through besides finders.
  void parts() {
    normalise_alone();
    std::size_t bytes = 0;
    const std::vector<std::string> texts = finder_texts(bytes);
    content::TextMasks masks;
    content::DecodeMasks decode_masks;
    content::LongWords words;
    content::Layer deeper;
    enum Part {
      kMasks,
      kDecodeMasks,
      kRuns,
      kEscapes,
      kJoins,
      kPrintable,
      kTerminal,
      kLongWords,
      kWordPatterns,
      kTextPatterns,
      kParts
    };
    static constexpr const char* kNames[kParts] = {
        "text_masks",      "decode_masks", "decode_runs",   "decode_escapes", "decode_joins", "decode_quoted_printable",
        "decode_terminal", "long_words",   "word_patterns", "text_patterns"};
    std::array<double, kParts> best{};
    best.fill(1e9);
    for (int round = 0; round < 10; ++round) {
      std::array<double, kParts> spent{};
      for (const std::string& padded : texts) {
        const std::string_view text(padded.data(), padded.size() - content::Buffer::kPadding);
        deeper.clear();
        content::DecodeBudget budget{1UL << 30U, false};
        content::DecodeTask task{text, decode_masks, 0, deeper, budget};
        const std::array<std::function<void()>, kParts> work{[&] { masks.compute(text); },
                                                             [&] { decode_masks.compute(text); },
                                                             [&] { decode_base64_and_hex(task); },
                                                             [&] { decode_escapes(task); },
                                                             [&] { decode_joins(task); },
                                                             [&] { decode_quoted_printable(task); },
                                                             [&] { decode_terminal(task); },
                                                             [&] {
                                                               words.clear();
                                                               words.collect(text, masks, decode_masks);
                                                             },
                                                             [&] {
                                                               words.joined.finish();
                                                               set_.word_patterns().find(words.joined.view(),
                                                                                         first_.words);
                                                             },
                                                             [&] { set_.text_patterns().find(text, first_.texts); }};
        for (std::size_t part = 0; part < kParts; ++part) {
          const double start = cpu_seconds();
          work[part]();
          spent[part] += cpu_seconds() - start;
        }
      }
      for (std::size_t part = 0; part < kParts; ++part) best[part] = std::min(best[part], spent[part]);
    }
    for (std::size_t part = 0; part < kParts; ++part) {
      add(std::string("part_") + kNames[part] + "_ns_per_byte", best[part] * 1e9 / static_cast<double>(bytes));
    }
  }

  /// Each finder by itself, on texts of 64 KiB.
  void finders() {
    std::size_t bytes = 0;
    const std::vector<std::string> texts = finder_texts(bytes);
    const std::vector<content::Detector>& all = set_.detectors();
    for (const content::NamedFinder& finder : content::all_finders()) {
      std::vector<std::uint32_t> mine;
      for (std::uint32_t i = 0; i < all.size(); ++i) {
        if (all[i].finder == finder.name) mine.push_back(i);
      }
      if (mine.empty() || finder.prepare == nullptr) continue;
      const auto prepared = finder.prepare(all, mine);
      content::TextMasks masks;
      std::vector<content::Candidate> found;
      double best = 1e9;
      for (int round = 0; round < 2; ++round) {
        double spent = 0;
        found.clear();
        for (const std::string& padded : texts) {
          const std::string_view text(padded.data(), padded.size() - content::Buffer::kPadding);
          masks.compute(text);
          const double start = cpu_seconds();
          prepared->find({text, masks, TextOrigin::kUser}, found);
          spent += cpu_seconds() - start;
        }
        best = std::min(best, spent);
      }
      std::string name(finder.name);
      std::replace(name.begin(), name.end(), '-', '_');
      add("finder_" + name + "_ns_per_byte", best * 1e9 / static_cast<double>(bytes));
    }
  }

  void hostile() {
    constexpr int kAloneRounds = 30;  // as often as a profile needs
    double worst = 0;
    for (const Hostile& hostile : hostile_texts(1UL << 20U)) {
      const bool alone = hostile.name == options_.hostile;
      if (!options_.hostile.empty() && options_.hostile != "all" && !alone) continue;
      const BodyText text{0, hostile.text.size(), TextForm::kPlain, TextOrigin::kUser};
      std::string_view incomplete;
      const double seconds = best_of(alone ? kAloneRounds : 2, [&] {
        incomplete = scanner_.scan(*detectors_, hostile.text, std::span(&text, 1)).incomplete_reason;
      });
      worst = std::max(worst, seconds);
      add("hostile_" + std::string(hostile.name) + "_1_mib_ms" + (incomplete.empty() ? "" : "_incomplete"),
          seconds * 1e3);
      if (alone && !incomplete.empty()) std::printf("incomplete: %s\n", std::string(incomplete).c_str());
    }
    add("hostile_worst_1_mib_ms", worst * 1e3);
  }

  /// Texts full of one literal that patterns require: each asks for its expressions again and again.
  void literals() {
    constexpr std::size_t kBytes = 128UL << 10U;
    constexpr double kLooked = 45;  // ms: such are looked at in a whole MiB
    for (const content::PatternIndex* patterns : {&set_.text_patterns(), &set_.word_patterns()}) {
      for (std::size_t i = 0; i < patterns->literals().size(); ++i) {
        const std::string& literal = patterns->literals()[i].bytes;
        for (const std::string_view behind : {" ", "\n", "", "=", "\"", "a"}) {
          std::string flood;
          while (flood.size() < kBytes) flood.append(literal).append(behind);
          std::string_view incomplete;
          const auto scan = [&] {
            const BodyText text{0, flood.size(), TextForm::kPlain, TextOrigin::kUser};
            incomplete = scanner_.scan(*detectors_, flood, std::span(&text, 1)).incomplete_reason;
          };
          double seconds = best_of(1, scan) * 8;
          if (seconds * 1e3 > kLooked) {
            for (int doubling = 0; doubling < 3; ++doubling) flood += flood;
            seconds = best_of(2, scan);
          }
          const std::uint32_t pattern = patterns->required()[i].pattern;
          std::printf("%8.2f ms/MiB %-10s %-30s %s [%s]\n", seconds * 1e3, incomplete.empty() ? "" : "incomplete",
                      detectors_->list()[set_.patterns()[pattern].detector].id.c_str(), literal.c_str(),
                      std::string(behind).c_str());
        }
      }
    }
  }

  void print_json() const {
    std::printf("{");
    for (std::size_t i = 0; i < figures_.size(); ++i) {
      std::printf("%s\"%s\":%.3f", i == 0 ? "" : ",", figures_[i].name.c_str(), figures_[i].value);
    }
    std::printf("}\n");
  }

  const Options& options_;
  std::shared_ptr<const content::Detectors> detectors_;
  const DetectorSet& set_;
  Material material_;
  content::FirstStage first_;
  std::unique_ptr<content::PatternDatabase> every_pattern_;
  std::unique_ptr<content::PatternScratch> scratch_;
  Body arrived_;
  std::vector<double> each_;  // seconds
  content::Buffer buffer_;
  std::vector<content::Checkpoint> checkpoints_;
  std::vector<std::size_t> borders_;
  content::TextMasks masks_;
  content::DecodeMasks decode_masks_;
  content::Scanner scanner_;
  std::vector<Figure> figures_;
};

int run(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--json") {
      options.json = true;
    } else if (argument == "--profile") {
      options.profile = true;
    } else if (argument == "--first-stage") {
      options.first_stage = true;
    } else if (argument == "--small") {
      options.small = true;
    } else if (argument == "--finders") {
      options.finders = true;
    } else if (argument == "--hostile" && i + 1 < count) {
      options.hostile = arguments[++i];
    } else if (argument == "--detectors" && i + 1 < count) {
      options.detectors = arguments[++i];
    } else {
      std::printf(
          "bench/content [--json] [--detectors DIRECTORY] [--profile | --first-stage | --finders | --small |\n"
          "                --hostile NAME]\n"
          "Run in the repository: its sources are a part of the material.\n");
      return argument == "--help" ? 0 : 2;
    }
  }
  std::vector<Diagnostic> complaints;
  const auto documents = read_yaml_directory(options.detectors, complaints);
  const double start = cpu_seconds();
  const auto detectors = content::Detectors::build(documents, {}, complaints);
  for (const Diagnostic& complaint : complaints) std::fprintf(stderr, "%s\n", complaint.to_string().c_str());
  if (detectors == nullptr) return 1;
  if (!options.json) std::printf("%-52s %12.3f\n", "build_s", cpu_seconds() - start);
  Bench(options, detectors).run();
  return 0;
}

}  // namespace

}  // namespace reeve::bench

int main(int count, char** arguments) { return reeve::bench::run(count, arguments); }
