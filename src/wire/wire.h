#pragma once

// The model dialects: what a call asks for, what an answer consumed, how each client wants to hear "no". This room
// knows the shapes of Anthropic Messages, OpenAI Chat Completions, OpenAI Responses, OpenAI Embeddings and Gemini; it
// never decodes and re-encodes a body. Readers find the few fields that matter and leave the bytes alone; unknown
// fields, betas, block types and roles are no business of theirs.
//
// Everything here is pure computation: no I/O, no clock. Functions are thread-safe; reader objects belong to one call.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/body_text.h"
#include "core/result.h"
#include "core/time.h"
#include "core/token_usage.h"

namespace reeve::wire {

// ---- Which call is this? ----

enum class Dialect { kAnthropic, kOpenAiChat, kOpenAiResponses, kOpenAiEmbeddings, kGemini };
enum class Operation { kGenerate, kCountTokens, kEmbed, kListModels, kGetModel };

/// The names that reeve.yaml uses: "anthropic", "openai-chat", "openai-responses", "openai-embeddings", "gemini".
std::string_view dialect_name(Dialect dialect);
std::optional<Dialect> dialect_from_name(std::string_view name);

struct Route {
  Dialect dialect = Dialect::kAnthropic;
  Operation operation = Operation::kGenerate;
  std::string model;            // percent-decoded, where the path names it (Gemini, GET /v1/models/{id})
  bool stream_in_path = false;  // :streamGenerateContent
  std::string
      upstream_path;  // path to append to the provider's base_url, as that vendor's SDK takes base_url
                      // ("/v1/messages" for anthropic, "/chat/completions" for openai-chat, ...), query not included
};

/// The route of a model path (see docs/interfaces.md), or nothing. `path` is without query. Which dialect GET
/// /v1/models speaks depends on the client: an `anthropic-version` header means Anthropic's shape, otherwise OpenAI's.
/// Whether the HTTP method fits is the caller's question: allowed_method() says what the route takes.
std::optional<Route> find_route(std::string_view path, bool has_anthropic_version_header);
std::string_view allowed_method(const Route& route);  // "GET" or "POST"

/// Whose form of an error the callers of a path understand, whether or not something is served there; nothing for paths
/// of no vendor.
std::optional<Dialect> dialect_of_path(std::string_view path, bool has_anthropic_version_header);

// ---- Reading a request ----

using HeaderLookup = std::function<std::string_view(std::string_view name)>;  // empty when absent

/// A run of bytes in the body.
struct Span {
  std::size_t offset = 0;
  std::size_t length = 0;
};

/// What a request asks for, found in one pass over the body. Strings are decoded copies; spans point into the body as
/// sent.
struct RequestView {
  std::string model;  // from the body, or from the path
  Span model_span;    // the JSON string with its quotes; empty when the path named the model
  bool stream = false;
  std::optional<std::int64_t> max_output_tokens;  // of all answers together, where several are asked for
  std::int64_t choices = 1;                       // answers asked for at once
  ServiceTier service_tier = ServiceTier::kStandard;
  bool has_tools = false;
  bool has_thinking = false;    // thinking or reasoning was asked for
  std::size_t messages = 0;     // entries of messages / input / contents
  std::string session_in_body;  // Anthropic metadata.user_id's session_id; OpenAI prompt_cache_key; else empty
  std::int64_t estimated_input_tokens = 0;  // from the body's size; see docs/metering.md
  /// The provider adds input that is not in the body: what an address or the name of a file stands for, a conversation
  /// or a cache that it keeps, what its own tools bring.
  bool input_elsewhere = false;
};

/// `body` must be followed by at least 64 readable bytes (net's read_body gives them). Errors, each with a sentence for
/// the caller: not JSON, not an object, invalid UTF-8, nested deeper than 128 levels, a missing or wrongly typed field
/// that we decide on, and a field that we decide on given twice or in a spelling that lenient parsers take for it (two
/// parsers could each believe another one). Also what cannot be governed or metered: further models in "models",
/// "fallbacks" or a tool, and background responses.
///
/// `texts`, when given, takes every text that the request carries to the model, in the order of the bytes and apart
/// from each other: system, messages, tool results, tool arguments, text documents with their titles and context, file
/// names, queries. Never: thinking and reasoning, signatures, sealed and binary data, cache markers, identifiers,
/// tool schemas and descriptions. A string in a place that the dialect's documentation does not name is a text too,
/// of whoever holds the message: what we do not know must not slip by. Long texts stay one; keys of tool arguments
/// count as text (kJsonValue). A data: URL or a base64 block of a medium that is not known to be binary is a text of
/// its bytes as sent. An object that gives its type twice, or in another spelling, is believed in neither: everything
/// inside is a text. Empty texts are left out; a refused request has none.
///
/// `needs`, when given, takes what the request asks of the model that answers it.
struct CallNeeds;
Result<RequestView> read_request(const Route& route, std::string_view body, std::vector<BodyText>* texts = nullptr,
                                 CallNeeds* needs = nullptr);

// ---- Request tags ----

/// A request whose tags were taken out.
struct TaggedRequest {
  std::string bytes;     // the body, and 64 bytes behind it that readers may look at
  std::size_t size = 0;  // of the body
  std::string value;     // of the tag that was asked for, at most 256 bytes in one line; empty: it was not there
  std::string_view body() const { return std::string_view(bytes).substr(0, size); }
};
/// The body without its member "tags", however often and in whatever spelling it stands there; everything else is byte
/// for byte what it was. Nothing when it has none, or is no JSON object.
std::optional<TaggedRequest> take_request_tags(std::string_view body, std::string_view name);
/// The value of anthropic-beta without the beta that goes with tags; empty when nothing is left.
std::string betas_without_request_tags(std::string_view betas);

// ---- Another model in place of the one asked for ----

/// What a request needs of a model, and what in it hangs on one. Found by read_request when it is asked to.
struct CallNeeds {
  bool tools = false;
  bool images = false;
  bool documents = false;  // PDF and others that a model looks at; a document in text form is none
  bool audio = false;      // and video
  bool structured_output = false;
  bool thinking = false;
  std::optional<std::int64_t> thinking_budget;
  std::string effort;  // as asked: "low", "xhigh"; empty when it is not
  bool caches = false;
  std::size_t assistant_turns = 0;  // 0: the conversation begins with this call
  /// The conversation opens with a summary of an earlier one, as the client that compacted it writes it.
  bool opens_with_summary = false;
  /// What no other model can read: sealed thinking, signed calls, a conversation kept at the provider. In words
  /// ("thinking sealed for the model that wrote it"); empty when there is none.
  std::string bound_by;
  std::int64_t input_tokens = 0;  // estimated
  std::optional<std::int64_t> output_tokens_max;
};

/// What is known of a family of models. docs/degradation.md says where each figure comes from.
struct ModelFacts {
  std::string_view pattern;         // of names, as glob_match reads it
  std::string_view family;          // "claude", "gpt", "gemini"; empty for a model that nothing is known of
  std::int64_t context_window = 0;  // tokens; 0: not known
  std::int64_t output_max = 0;      // tokens; 0: not known
  std::string_view efforts;         // that it takes, the least first, spaces between; empty: it refuses the field
  bool tools = true;
  bool images = true;
  bool documents = true;
  bool audio = false;
  bool structured_output = true;
  bool thinking_budget = false;    // takes a number of tokens to think
  bool thinking_adaptive = false;  // thinks as much as it finds right
  bool thinking_always = false;    // refuses to have it switched off
  bool sampling = true;            // takes temperature, top_p and their like
  bool verbosity = false;          // takes a wish for short or long answers
  bool system_turns = true;        // Anthropic: takes the role "system" among the messages
  bool turn_settings = true;       // Anthropic: takes settings and changed tools in such a message
  bool fast_mode = false;          // Anthropic: takes speed "fast"
};

/// The facts of the model of that name, under whatever prefix a vendor's platform gives it; cautious ones for a model
/// that is not known.
const ModelFacts& model_facts(std::string_view model);

/// Why a model cannot answer a request, for the record and for people ("it does not look at images"); empty when it
/// can. `context_window`, when not 0, stands in for facts that do not know one.
std::string why_unable(const CallNeeds& needs, const ModelFacts& facts, std::int64_t context_window = 0);

/// Other bytes in place of some of a body's; nothing there: an insertion.
struct BodyEdit {
  Span span;
  std::string text;
};

/// What turns a request into one for another model of the same dialect. Everything that it does not name stays byte
/// for byte, thinking and signatures always.
struct ModelSwap {
  std::string model;
  Route route;                  // of the request as it becomes
  std::vector<BodyEdit> edits;  // in the order of the body, apart from each other
  /// Request headers to send in another form; an empty value: not at all.
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::string> reduced;  // what was taken away or made less: "thinking", "max_tokens", for the record
};

/// `body` as read_request takes it. Fields that the model refuses are removed or reduced, a header together with its
/// field. An error when the request cannot be turned: a sentence with the reason.
Result<ModelSwap> plan_model_swap(const Route& route, std::string_view body, std::string_view model,
                                  const HeaderLookup& header);
std::string apply_edits(std::string_view body, const std::vector<BodyEdit>& edits);

// ---- Having a stream tell its usage ----

/// What makes a stream of Chat Completions tell its usage; nothing where it does so as it is. `body` as read_request
/// takes it.
std::optional<BodyEdit> ask_for_usage(const Route& route, const RequestView& request, std::string_view body);

/// Takes the event of such a stream that tells nothing but its usage out again, since clients that did not ask for it
/// may look for a choice in it. Everything else goes on byte for byte, in whole events.
class UsageEventRemover {
 public:
  UsageEventRemover();
  ~UsageEventRemover();
  /// Appends to `out` what may go to the client. Errors as an AnswerRewriter has them.
  Result<void> feed(std::string_view bytes, std::string& out);
  Result<void> finish(std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// ---- Reading an answer ----

/// Cuts a text/event-stream into events (WHATWG HTML section 9.2) as bytes arrive in any pieces. Beyond the standard, a
/// bare JSON object between two events is an event too: Google's servers end a stream with an error in this way.
class EventStreamReader {
 public:
  struct Event {
    std::string_view name;  // empty when the stream gives none
    std::string_view data;  // lines joined by \n; valid during the call, followed by 64 readable bytes
  };
  using Callback = std::function<void(const Event&)>;

  /// Events with more data than this are passed over and counted.
  explicit EventStreamReader(std::size_t event_bytes_max = 8UL << 20U);
  ~EventStreamReader();
  void feed(std::string_view bytes, const Callback& on_event);
  /// The stream is over. An event whose empty line never came is reported all the same (the standard drops it): a
  /// provider that ends without it has still said what it says.
  void end(const Callback& on_event);
  std::size_t events() const;
  std::size_t oversized() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What came of an answer, as far as its bytes tell.
struct AnswerSummary {
  TokenUsage usage;
  std::string model;  // the model that the provider says answered; empty if it does not
  std::string response_id;
  std::string stop_reason;                  // the provider's own word
  std::optional<ServiceTier> service_tier;  // as the answer states it; it may differ from what was asked
  bool complete =
      false;  // the dialect's own end was seen (message_stop, [DONE], response.completed, finishReason, whole JSON)
  std::string error_type;     // an error inside a 200 stream, or of an error body; empty if none
  std::string error_message;  // the provider's words, cut to 500 bytes; may quote the request, so never for a log
  std::uint64_t events = 0;   // stream events, 0 for a plain answer
  std::uint64_t bytes = 0;
  std::uint64_t generated_bytes = 0;  // UTF-8 bytes of generated text, thinking and tool arguments seen
  /// Tools that it calls, each once, in the order of their first calls; at most kToolsToldMax. A tool of an MCP server
  /// that the provider asks is "mcp__SERVER__TOOL", as clients name theirs; one of the provider's own that has no name
  /// goes by its type. For the record: what may be used is judged by AnswerTools.
  std::vector<std::string> tools;
};
inline constexpr std::size_t kToolsToldMax = 32;

/// Reads usage from an answer that passes by, streamed or not. Feed it each piece as it is relayed; ask for the summary
/// when the answer ends, however it ends. For a cut stream the summary's usage is what was reported so far, completed
/// by the estimate that docs/metering.md declares, with output_reported false.
class AnswerReader {
 public:
  virtual ~AnswerReader() = default;
  virtual void feed(std::string_view bytes) = 0;
  /// What was used up to here, completed by the same estimate; for deciding whether the answer may go on. Where
  /// output_reported is true the model has stopped. Not after finish().
  virtual TokenUsage so_far() const = 0;
  virtual AnswerSummary finish() = 0;  // once
};

/// `content_type` and `content_encoding` are the answer's headers. An encoding that is not identity cannot be read:
/// usage is estimated from sizes. A plain JSON answer is kept up to 16 MiB for reading; a larger one is estimated.
std::unique_ptr<AnswerReader> make_answer_reader(const Route& route, const RequestView& request, int status,
                                                 std::string_view content_type, std::string_view content_encoding);

// ---- Changing an answer on its way ----

/// What an answer's text passes through: the gateway puts originals back and looks for what must not come out. One per
/// answer; called on one thread. A channel's number is never used again; a text that a dialect says once more as a
/// whole (Responses does, up to three times) is each time a channel of its own.
class AnswerFilter {
 public:
  enum class Kind : std::uint8_t {
    kText,           // plain text: what a person reads, or the free text that a custom tool takes
    kToolArguments,  // JSON source text of a tool's arguments, in pieces that may cut it anywhere
    kToolValue,      // one whole string inside arguments that come as a JSON value, decoded
  };
  virtual ~AnswerFilter() = default;
  /// The next decoded piece of one channel (a text block, a tool call), never empty and of whole characters; appends to
  /// `out` what may go on now. An error ends the answer: its message is for the caller.
  virtual Result<void> feed(std::uint32_t channel, Kind kind, std::string_view text, std::string& out) = 0;
  /// The channel has ended; appends what was held back.
  virtual Result<void> end(std::uint32_t channel, Kind kind, std::string& out) = 0;
  /// A channel that is all there at once, as in an answer that is not streamed. Without an override it is fed and
  /// ended.
  virtual Result<void> whole(std::uint32_t channel, Kind kind, std::string_view text, std::string& out);

  /// True: streamed pieces are shown before they are fed, and events wait until the filter has settled what it thinks
  /// of their texts. So a text that it leaves as it is goes on in the very events in which it came, though it could
  /// only be judged with what followed.
  virtual bool looks_ahead() const { return false; }
  /// The next piece of a channel, before it is fed: how many bytes from the channel's start are settled by now. feed()
  /// of these leaves nothing held back.
  virtual Result<std::uint64_t> look(std::uint32_t channel, Kind kind, std::string_view text);
  virtual Result<void> look_end(std::uint32_t channel, Kind kind);
};

/// Rewrites the texts of an answer as it passes. What a filter leaves as it is goes on byte for byte, event by event;
/// a changed text is written anew inside its own event, and what was held back at a channel's end goes into an event of
/// the dialect's own shape before the one that ends it, or behind the channel's last piece when one event holds both.
/// Thinking, signatures and unknown events are never shown to the filter. Plain JSON answers are kept whole (to 16 MiB)
/// and spliced.
///
/// What cannot be looked into does not go on: an event that is not JSON (but [DONE]), one of more than 8 MiB, half an
/// event at the end are errors, and after an error nothing follows. A stream that merely lacks its closing events is
/// none; what was held back goes out at its end. Two things change bytes even where the filter changes nothing:
/// a character whose halves come in two pieces is put together in the second, and the numbers of Responses events move
/// up when an event of ours goes before them.
class AnswerRewriter {
 public:
  virtual ~AnswerRewriter() = default;
  /// Appends to `out` what may go to the client now. After an error `out` holds whole events that were in order.
  virtual Result<void> feed(std::string_view bytes, std::string& out) = 0;
  /// The provider's end. An answer that cannot be read to its end is an error, and nothing of the unread goes on.
  virtual Result<void> finish(std::string& out) = 0;
};
/// Null when the answer cannot be rewritten (a content encoding, no JSON and no event stream). Errors of the provider
/// (status 400 and above) and answers without texts (token counts, lists, vectors) pass as they are.
std::unique_ptr<AnswerRewriter> make_answer_rewriter(const Route& route, int status, std::string_view content_type,
                                                     std::string_view content_encoding, AnswerFilter& filter);

// ---- Tools ----

/// Whether a call may use the tool of that name; an error's message is for the caller.
using ToolJudge = std::function<Result<void>(std::string_view tool)>;

/// Asks about every tool that a request names: those that it offers to the model, the one that it demands, and those
/// that its turns say were called. Tools of the provider's own go by their name, or where they have none by their type
/// ("web_search", "codeExecution"). `body` as for read_request(). The first that may not be used is the error. kInvalid
/// for a body that cannot be read, and for a tool without a name: nobody could say whether it may be used.
Result<void> judge_tools(const Route& route, std::string_view body, const ToolJudge& may_use);

/// Asks about every tool that an answer calls, before the call goes on. Streamed, an event waits for its end; a plain
/// answer is kept whole (to 16 MiB). After an error nothing follows; what cannot be read is one.
class AnswerTools {
 public:
  virtual ~AnswerTools() = default;
  /// Appends to `out` what may go on now.
  virtual Result<void> feed(std::string_view bytes, std::string& out) = 0;
  virtual Result<void> finish(std::string& out) = 0;
};
/// Null when the answer cannot be looked into, as make_answer_rewriter() has it; what passes there passes here, too.
std::unique_ptr<AnswerTools> make_answer_tools(const Route& route, int status, std::string_view content_type,
                                               std::string_view content_encoding, ToolJudge may_use);

// ---- Who is calling? ----

/// The coding agents whose reactions were measured; anything else is kOther.
enum class ClientKind { kClaudeCode, kCodex, kGeminiCli, kOpenCode, kCopilotCli, kCursor, kOther };
/// "claude-code", "codex", "gemini-cli", "opencode", "copilot-cli", "cursor", "other".
std::string_view client_name(ClientKind kind);

/// What the request's own headers say about its sender. Self-declared: good for joining logs and for choosing the form
/// of an answer, never for authority.
struct ClientHints {
  ClientKind kind = ClientKind::kOther;
  std::string version;     // "2.1.329", empty when unknown
  std::string session_id;  // each client's own header, else x-reeve-session, else empty
  std::string agent_id;    // sub-agent
  std::string parent_agent_id;
  std::string repo;       // x-reeve-repo, or the workspace's git remote where a client sends it
  std::string work_item;  // x-reeve-work-item
  /// What Claude Code says of the managed settings that it runs with: "sha256:…", or empty. Anybody can say it.
  std::string settings_checksum;
};
ClientHints read_client_hints(const HeaderLookup& header);

/// The credential of a call, from wherever the client puts it: Authorization: Bearer, x-api-key, x-goog-api-key, or
/// Gemini's ?key=. Empty when there is none. When several are present and differ the answer is an error: guessing would
/// be a hole.
Result<std::string> read_credential(const HeaderLookup& header, std::string_view query);

/// Request headers that hold credentials, are meant for Reeve or would leave usage out of the answer; they never reach
/// a provider. Lower case.
bool is_private_request_header(std::string_view lower_case_name);
/// The query without a `key` parameter.
std::string query_without_credential(std::string_view query);
/// As it goes to the provider: without the credential, and without what would leave usage out of the answer.
std::string query_for_provider(Dialect dialect, std::string_view query);

// ---- Saying no ----

enum class RefusalReason {
  kNoCredential,   // nothing that identifies the caller
  kBadCredential,  // unknown, revoked, expired or foreign
  kModelUnknown,   // no such model is configured
  kPolicy,         // a rule denies
  kBudget,         // a limit would be exceeded
  kMalformed,      // the request cannot be read
  kTooLarge,
  kUnsupported,      // a path, method or encoding that is not served
  kUpgradeRequired,  // WebSocket on a model path
  kUnavailable,      // Reeve cannot decide or record right now
  kUpstreamUnreachable,
  kUpstreamTimeout,
  kKilled,  // the kill switch cuts it off
};
std::string_view refusal_reason_name(RefusalReason reason);  // "no_credential", ...

/// How full the fullest budget of a call is.
struct BudgetUse {
  int percent = 0;  // spent and held, of the limit
  bool exceeded = false;
  std::optional<Instant> resets_at;
  Duration window{};    // its length; zero when it has none
  std::string period;   // "day", "week", "month"; others are not told to clients
  bool shared = false;  // several people spend from it
};

/// Response headers that tell the use of a budget to clients that show one: Claude Code
/// ("anthropic-ratelimit-unified-", with its notices past 75 and 95 %) and Codex ("x-codex-"). None for others.
std::vector<std::pair<std::string, std::string>> encode_budget_use(ClientKind client, const BudgetUse& use);

/// A response header in which a provider tells how much of its own limits is left. The limits are those of the key that
/// everybody shares: none of the caller's business, and not to be mixed with ours.
bool is_provider_limit_header(std::string_view lower_case_name);

struct Refusal {
  RefusalReason reason = RefusalReason::kPolicy;
  std::string message;  // one sentence with the way forward
  std::string rule;     // rule id when a rule decided
  std::string request_id;
  Duration retry_after{};        // kBudget, kUnavailable; zero when unknown
  std::optional<BudgetUse> use;  // kBudget: of the one that is used up
};

struct EncodedRefusal {
  int status = 400;
  std::vector<std::pair<std::string, std::string>> headers;  // content type, retry hints
  std::string body;
};

/// A refusal in the dialect of the call and the form in which the calling client shows the sentence to a person in one
/// attempt (the table is in docs/refusals.md). `streaming` tells what the client asked for; the answer is a plain JSON
/// error all the same.
EncodedRefusal encode_refusal(Dialect dialect, ClientKind client, const Refusal& refusal);
/// The body alone, for a status that was decided elsewhere and a client that nobody knows yet.
std::string encode_refusal_body(Dialect dialect, const Refusal& refusal, int status);
/// The event or events that end a started stream with an error in its dialect.
std::string encode_stream_error(Dialect dialect, const Refusal& refusal);

// ---- Speaking inside an answer ----

/// Follows an answer on its way to the client, so that a sentence of ours can stand in it: a note behind the last text
/// of an answer that ends its turn, or the end of a stream that cannot go on. Everything else goes on byte for byte, in
/// whole events. Behind an AnswerRewriter, where there is one.
class AnswerTail {
 public:
  virtual ~AnswerTail() = default;
  /// Appends to `out` what may go to the client now. The end of a text waits until the next event tells whether the
  /// answer ends with it. Errors as an AnswerRewriter has them.
  virtual Result<void> feed(std::string_view bytes, std::string& out) = 0;
  virtual Result<void> finish(std::string& out) = 0;
  /// Whether the note went out. An answer that asks for tools, holds no text or does not end well takes none: try the
  /// next one.
  virtual bool noted() const = 0;
  /// Ends a stream before its time, in the form in which clients keep what they were given, show the sentence and do
  /// not ask again (docs/refusals.md). What was not yet passed on is left out. Nothing may be fed afterwards.
  virtual void end_early(const Refusal& refusal, std::int64_t output_tokens, std::string& out) = 0;
};
/// `note` may be empty: then the tail is there for end_early() alone. Give none with a request whose answer has to
/// follow a schema. Null when the answer cannot be read (as make_answer_rewriter).
std::unique_ptr<AnswerTail> make_answer_tail(const Route& route, int status, std::string_view content_type,
                                             std::string_view content_encoding, std::string_view note);

// ---- Model lists ----

struct ModelEntry {
  std::string id;
  std::string display_name;
  std::string owner;         // provider name
  std::int64_t created = 0;  // Unix seconds
};
/// The body of a model list, or of one model, in the dialect's own shape (Anthropic with has_more and ids, OpenAI
/// "list", Gemini "models/…" with its methods). Everything fits one page.
std::string encode_model_list(Dialect dialect, const std::vector<ModelEntry>& models);
std::string encode_model(Dialect dialect, const ModelEntry& model);

}  // namespace reeve::wire
