#include "content/lint_sample.h"

#include <array>
#include <cstdint>
#include <iterator>

namespace reeve::content {

namespace {

/// A small generator that gives the same everywhere.
class Draw {
 public:
  std::uint64_t next() {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    return state_;
  }
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(next() % count); }
  std::string of(std::string_view alphabet, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += alphabet[below(alphabet.size())];
    return out;
  }

 private:
  std::uint64_t state_ = 0x9E3779B97F4A7C15ULL;
};

constexpr std::string_view kHex = "0123456789abcdef", kDigits = "0123456789";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::string_view, 48> kWords{
    "account", "access",  "array",  "auth",    "buffer",  "cache",  "client",   "config",  "connection", "content",
    "context", "counter", "data",   "default", "element", "error",  "event",    "factory", "file",       "filter",
    "format",  "handler", "header", "index",   "input",   "item",   "key",      "length",  "list",       "manager",
    "message", "name",    "node",   "object",  "option",  "output", "password", "path",    "request",    "response",
    "result",  "secret",  "server", "service", "session", "token",  "user",     "value"};

// %w a word, %W a capitalised one, %n a number, %h 40 digits of hex, %u a UUID, %b base64, %d a date.
constexpr std::array<std::string_view, 24> kLines{
    "  const %w%W = await this.%w%W.get%W(%w.%w, { %w: %n });\n",
    "    if (%w_%w == nullptr || %w->%w() < %n) return %w::make_%w(%w);\n",
    "def %w_%w(self, %w: str, %w: int = %n) -> dict[str, %W%W]:\n    \"\"\"Return the %w of a %w.\"\"\"\n",
    "import { %W%W, use%W } from '@%w/%w-%w/dist/%w';\n",
    "func (%w *%W%W) %W%W(ctx context.Context, %w string) (%w.%W, error) {\n",
    "%d %n INFO [%w-%n] com.%w.%w.%W%W - %w %w finished in %nms status=%n id=%u\n",
    "  \"%w%W\": {\"%w\": \"%w-%w\", \"version\": \"%n.%n.%n\", \"integrity\": \"sha512-%b==\"},\n",
    "  { \"id\": %n, \"%w\": \"%W %w\", \"%w_at\": \"%d\", \"sha\": \"%h\", \"enabled\": true },\n",
    "The %w of the %w is read when the %w starts; see the %w about %w and %w for how to change it.\n",
    "# %W: the %w must not be empty, and every %w has its own %w (issue %n).\n",
    "export %W_%W=${%W_%W:-%w}\n",
    "        <div class=\"%w-%w %w\" id=\"%w%n\" data-%w=\"%w\">{{ %w.%w }}</div>\n",
    "SELECT %w.%w, COUNT(*) FROM %w_%w JOIN %w ON %w.id = %w.%w_id WHERE %w > %n GROUP BY %w;\n",
    "    password: str = Field(default=settings.%w_%w, description=\"%W %w\")\n",
    "  token = %w%W.get(\"%w_token\") or os.environ[\"%W_TOKEN\"]\n",
    "https://github.com/%w/%w-%w/blob/%h/src/%w/%w_%w.go#L%n\n",
    "curl -s https://%w.internal/%w/%w?%w=%n&%w=%w -o /dev/null\n",
    "function(e,t,n){return e.%w(t.%w)?n[%n].%w:(t=e,n.%w+%n)};var %w=[%n,%n,%n,%n];\n",
    "  at %W%W.%w (/app/node_modules/%w-%w/lib/%w.js:%n:%n)\n",
    "diff --git a/src/%w/%w.cpp b/src/%w/%w.cpp\nindex %n..%n 100644\n@@ -%n,%n +%n,%n @@\n",
    "-    std::unique_ptr<%W%W> %w_%w_;  // %w of %w, %w when closed\n",
    "  image: registry.%w.io/%w/%w:%n.%n@sha256:%h\n  replicas: %n\n",
    "path d=\"M%n.%n %nL%n %n.%nC%n %n %n %n %n %nZ\" fill=\"#%n\"\n",
    "| %w | %w %w | %n | %n.%n%% | %d |\n"};

void append_field(char field, Draw& draw, std::string& out) {
  switch (field) {
    case 'w': out += kWords[draw.below(kWords.size())]; return;
    case 'W': {
      std::string word(kWords[draw.below(kWords.size())]);
      word[0] = static_cast<char>(word[0] - 'a' + 'A');
      out += word;
      return;
    }
    case 'n': out += std::to_string(draw.next() % (1ULL << draw.below(20))); return;
    case 'h': out += draw.of(kHex, 40); return;
    case 'b': out += draw.of(kBase64, 86); return;
    case 'd':
      out += "2025-0" + draw.of("123456789", 1) + "-1" + draw.of(kDigits, 1) + "T08:15:3" + draw.of(kDigits, 1);
      return;
    case 'u':
      out += draw.of(kHex, 8) + "-" + draw.of(kHex, 4) + "-4" + draw.of(kHex, 3) + "-a" + draw.of(kHex, 3) + "-" +
             draw.of(kHex, 12);
      return;
    default: out += field;
  }
}

}  // namespace

std::string clean_sample(std::size_t bytes) {
  Draw draw;
  std::string out;
  while (out.size() < bytes) {
    const std::string_view line = kLines[draw.below(kLines.size())];
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '%' && i + 1 < line.size()) {
        append_field(line[++i], draw, out);
      } else {
        out += line[i];
      }
    }
  }
  return out;
}

std::vector<std::string> hostile_samples(std::size_t bytes) {
  Draw draw;
  std::vector<std::string> all;
  for (const std::string_view unit :
       {"curl -H 'Authorization: Bearer x' ", "password=aZ3kQ9xLm2 api_key: \"s8Dk2mQ0z7Xw\" ", "4111 1111 1111 1112 ",
        "a.b@c.de ", "-----BEGIN PRIVATE KEY-----\n", "eyJhbGciOiJIUzI1NiJ9.", "ghp_ AKIA xoxb- sk- glpat- SG. npm_ ",
        "name: John Smith, ", "=", "a=b:c=", "https://u:p@h ", "key token secret password "}) {
    std::string text;
    while (text.size() < bytes) text += unit;
    all.push_back(std::move(text));
  }
  all.push_back(draw.of(kHex, bytes));
  all.push_back(draw.of(kDigits, bytes));
  all.push_back(draw.of(kBase64, bytes));
  all.push_back(draw.of("abcdefghijklmnopqrstuvwxyz0123456789_-. ", bytes));
  return all;
}

}  // namespace reeve::content
