// Registered code, measured on real source: 70 % of the files of some projects are registered; pastes of 5 to 40 lines
// from them are looked for as they are, laid out anew and with names changed; files of other projects must stay
// unflagged. Then the time of the whole look-up.
//
//   build/bench/own_data --own DIR... --foreign DIR... [--speed] [--json]

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "content/code_files.h"
#include "content/code_index.h"
#include "core/json.h"

namespace {

using namespace reeve;           // NOLINT: a main file
using namespace reeve::content;  // NOLINT
namespace fs = std::filesystem;

using Random = std::mt19937_64;

struct Source {
  std::vector<std::string> lines;  // those that are not blank
};

std::vector<Source> read_sources(const std::vector<std::string>& folders, const fs::path& copies, double share) {
  std::vector<Source> sources;
  Random random(17);
  std::size_t number = 0;
  for (const std::string& folder : folders) {
    const auto files = list_code_files(folder);
    if (!files) continue;
    for (const CodeFile& file : *files) {
      if (std::uniform_real_distribution<>(0, 1)(random) >= share) continue;
      auto text = read_code_file(file);
      if (!text) continue;
      if (!copies.empty()) {
        const fs::path to = copies / std::to_string(number / 500);
        fs::create_directories(to);
        std::ofstream(to / (std::to_string(number) + ".txt"), std::ios::binary) << *text;
      }
      ++number;
      blank_licences(*text);  // nobody's own; not registered either
      Source source;
      std::size_t begin = 0;
      while (begin < text->size()) {
        const std::size_t end = std::min(text->find('\n', begin), text->size());
        const std::string line = text->substr(begin, end - begin);
        if (line.find_first_not_of(" \t\r") != std::string::npos) source.lines.push_back(line);
        begin = end + 1;
      }
      if (source.lines.size() >= 5) sources.push_back(std::move(source));
    }
  }
  return sources;
}

std::string paste(const std::vector<Source>& sources, std::size_t lines, Random& random) {
  for (;;) {
    const Source& source = sources[random() % sources.size()];
    if (source.lines.size() < lines) continue;
    const std::size_t begin = random() % (source.lines.size() - lines + 1);
    std::string text;
    for (std::size_t i = begin; i < begin + lines; ++i) text += source.lines[i] + "\n";
    return text;
  }
}

/// Other indentation, other spaces around signs, braces on their own lines, lines broken after commas.
std::string laid_out_anew(const std::string& text, Random& random) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == ' ' || c == '\t') && (out.empty() || out.back() == '\n')) continue;
    if (c == '{' && random() % 2 == 0) out += '\n';
    out += c;
    if (c == ',' && random() % 4 == 0) out += "\n        ";
    if (c == '(' && random() % 4 == 0) out += ' ';
    if (c == ';' && random() % 8 == 0) out += "  ";
  }
  return out;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$'; }

/// Every name of three characters and more is replaced by another with the given chance, the same way throughout.
std::string renamed(const std::string& text, double share, Random& random) {
  static const std::set<std::string> kKeywords = {
      "int",      "for",      "while",     "return",   "const",   "static", "void",   "class",  "def",     "function",
      "var",      "let",      "new",       "this",     "self",    "import", "from",   "export", "default", "public",
      "private",  "else",     "elif",      "switch",   "case",    "break",  "struct", "enum",   "char",    "unsigned",
      "typename", "template", "namespace", "using",    "inline",  "auto",   "bool",   "true",   "false",   "null",
      "None",     "True",     "False",     "not",      "and",     "try",    "catch",  "throw",  "except",  "raise",
      "async",    "await",    "typeof",    "with",     "include", "define", "endif",  "ifdef",  "ifndef",  "long",
      "short",    "double",   "constexpr", "operator", "sizeof",  "yield"};
  static const std::vector<std::string> kWords = {"amber", "basis",  "cargo", "delta", "ember", "fjord",  "grain",
                                                  "haven", "index2", "joint", "karma", "ledge", "mirror", "north"};
  std::map<std::string, std::string> names;
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_word(text[i])) {
      out += text[i++];
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string word = text.substr(i, end - i);
    i = end;
    if (word.size() < 3 || std::isdigit(static_cast<unsigned char>(word[0])) != 0 || kKeywords.count(word) != 0) {
      out += word;
      continue;
    }
    auto [name, added] = names.try_emplace(word, word);
    if (added && std::uniform_real_distribution<>(0, 1)(random) < share) {
      name->second = kWords[random() % kWords.size()] + "_" + kWords[random() % kWords.size()];
    }
    out += name->second;
  }
  return out;
}

struct Figures {
  JsonWriter json;
  bool speed_only = false;  // leaves out the pastes, which take most of the time
  bool as_json = false;
  void add(const std::string& name, double value) {
    json.member(name, value);
    if (!as_json) std::printf("%-44s %10.4f\n", name.c_str(), value);
  }
};

enum class Change { kNone, kLayout, kNames10, kNames30 };

double share_found(const CodeIndex& index, const std::vector<Source>& sources, std::size_t lines, Change change,
                   std::size_t count, const CodeThresholds& thresholds) {
  Random random(lines * 31 + static_cast<std::size_t>(change));
  std::vector<CodeMatch> matches;
  std::size_t found = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::string text = paste(sources, lines, random);
    if (change == Change::kLayout) text = laid_out_anew(text, random);
    if (change == Change::kNames10) text = renamed(text, 0.1, random);
    if (change == Change::kNames30) text = renamed(text, 0.3, random);
    index.find(text, matches, thresholds);
    found += matches.empty() ? 0 : 1;
  }
  return static_cast<double>(found) / static_cast<double>(count);
}

/// Of this thread: other work on the machine does not count.
double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double megabytes_a_second(const CodeIndex& index, const std::vector<Source>& sources) {
  std::vector<std::string> texts(1);
  std::size_t bytes = 0;
  for (const Source& source : sources) {
    for (const std::string& line : source.lines) texts.back() += line + "\n";
    if (texts.back().size() > 64000) {
      bytes += texts.back().size();
      texts.emplace_back();
    }
    if (bytes > 20'000'000) break;
  }
  texts.pop_back();
  std::vector<CodeMatch> matches;
  double best = 0;
  for (int round = 0; round < 20; ++round) {
    const double begin = cpu_seconds();
    for (const std::string& text : texts) index.find(text, matches);
    const double seconds = cpu_seconds() - begin;
    best = std::max(best, static_cast<double>(bytes) / seconds / 1e6);
  }
  return best;
}

int run(const std::vector<std::string>& own, const std::vector<std::string>& foreign, Figures& figures,
        const CodeThresholds& thresholds) {
  const fs::path work = fs::temp_directory_path() / ("reeve-own-data-" + std::to_string(::getpid()));
  const fs::path copies = work / "source";
  fs::create_directories(copies);
  const std::vector<Source> sources = read_sources(own, copies, 0.7);
  const std::vector<Source> strangers = read_sources(foreign, {}, 1.0);
  if (sources.empty() || strangers.empty()) {
    std::fprintf(stderr, "no source files found; give folders with --own and --foreign\n");
    return 2;
  }
  const double begin = cpu_seconds();
  const auto added = add_code(work / "content", {copies, "bench", {}, 0}, nullptr);
  const double seconds = cpu_seconds() - begin;
  std::vector<std::shared_ptr<const RegistrationFile>> files;
  std::error_code ignored;
  if (added) {
    for (const fs::path& path : registration_paths(work / "content")) {
      if (auto file = RegistrationFile::open(path)) files.push_back(*file);
    }
  }
  const auto index = CodeIndex::build(files);
  fs::remove_all(work, ignored);
  if (!added || !index) {
    std::fprintf(stderr, "%s\n", (added ? index.error() : added.error()).message.c_str());
    return 3;
  }
  figures.add("registered_files", static_cast<double>(added->files));
  figures.add("registered_megabytes", static_cast<double>(added->bytes) / 1e6);
  figures.add("entries", static_cast<double>(added->entries));
  figures.add("register_megabytes_per_second", static_cast<double>(added->bytes) / seconds / 1e6);
  constexpr std::size_t kPastes = 4000;
  for (const std::size_t lines : {5U, 10U, 20U, 40U}) {
    if (figures.speed_only) break;
    const std::string name = "lines_" + std::to_string(lines);
    figures.add(name + "_found", share_found(*index, sources, lines, Change::kNone, kPastes, thresholds));
    figures.add(name + "_layout_changed_found",
                share_found(*index, sources, lines, Change::kLayout, kPastes, thresholds));
    figures.add(name + "_names_10_percent_found",
                share_found(*index, sources, lines, Change::kNames10, kPastes, thresholds));
    figures.add(name + "_names_30_percent_found",
                share_found(*index, sources, lines, Change::kNames30, kPastes, thresholds));
    figures.add(name + "_foreign_flagged", share_found(*index, strangers, lines, Change::kNone, kPastes, thresholds));
  }
  figures.add("foreign_megabytes_per_second", megabytes_a_second(*index, strangers));
  figures.add("own_megabytes_per_second", megabytes_a_second(*index, sources));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> own, foreign;
  std::vector<std::string>* into = nullptr;
  Figures figures;
  CodeThresholds thresholds;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--own") {
      into = &own;
    } else if (word == "--foreign") {
      into = &foreign;
    } else if (word == "--speed") {
      figures.speed_only = true;
    } else if (word == "--json") {
      figures.as_json = true;
    } else if (word.starts_with("--shared=")) {
      thresholds.shared_min = static_cast<std::uint32_t>(std::stoul(word.substr(9)));
    } else if (word.starts_with("--share=")) {
      thresholds.share_min = std::stof(word.substr(8));
    } else if (word.starts_with("--shared-short=")) {
      thresholds.shared_short = static_cast<std::uint32_t>(std::stoul(word.substr(15)));
    } else if (word.starts_with("--length-long=")) {
      thresholds.length_long = static_cast<std::uint32_t>(std::stoul(word.substr(14)));
    } else if (into != nullptr && word[0] != '-') {
      into->push_back(word);
    } else {
      std::fprintf(stderr,
                   "own_data --own DIR... --foreign DIR... [--shared=N] [--share=X] [--shared-short=N] "
                   "[--length-long=N] [--speed] [--json]\n");
      return word == "--help" ? 0 : 2;
    }
  }
  figures.json.begin_object();
  const int status = run(own, foreign, figures, thresholds);
  figures.json.end_object();
  if (figures.as_json && status == 0) std::printf("%s\n", figures.json.text().c_str());
  return status;
}
