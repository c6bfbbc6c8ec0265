#include "ledger/witness_call.h"

#include <condition_variable>
#include <mutex>

#include "core/bytes.h"
#include "core/log.h"
#include "ledger/add_checkpoint.h"
#include "ledger/publisher.h"
#include "ledger/tiles.h"
#include "ledger/witness.h"

namespace reeve::ledger {

namespace {
constexpr std::size_t kAnswerBytesMax = 64UL << 10U;
}

std::string cosigned_checkpoint_path(const std::string& ledger_directory) {
  return public_directory(ledger_directory) + "/cosigned-checkpoint";
}

Result<std::string> read_cosigned_checkpoint(const std::filesystem::path& directory) {
  return read_file(real_file_system(), cosigned_checkpoint_path(directory.string()));
}

net::ClientLimits witness_client_limits(Duration answer_timeout) {
  net::ClientLimits limits;
  limits.pool_idle_max = 2;
  limits.connections_max = 4;
  limits.connect_timeout = std::min<Duration>(answer_timeout, std::chrono::seconds(5));
  limits.response_timeout = limits.read_timeout = limits.write_timeout = answer_timeout;
  return limits;
}

Task<Result<WitnessReply>> call_witness(net::Client& client, const net::Url& url, const std::string& body) {
  net::ClientRequest request;
  request.path_and_query = "/add-checkpoint";
  request.headers = {{"content-type", "text/plain; charset=utf-8"}};
  request.body = body;
  net::Client::Sent sent = co_await client.send(url, request);
  // Asking twice does no harm: the witness answers the same, or says where it stands.
  if (!sent.ok() && sent.failure.stale_connection) sent = co_await client.send(url, request);
  if (!sent.ok()) co_return std::move(sent.failure.error);
  auto text = co_await sent.response->read_all(kAnswerBytesMax);
  if (!text) co_return std::move(text).error();
  co_return WitnessReply{sent.response->status(), *std::move(text)};
}

std::string saw_more(std::string_view witness, std::uint64_t seen, std::uint64_t signed_size) {
  return "witness " + std::string(witness) + " cosigned " + std::to_string(seen) +
         " entries of this log, which has signed only " + std::to_string(signed_size);
}

std::string saw_another(std::string_view witness, std::uint64_t size) {
  return "witness " + std::string(witness) + " cosigned another tree of " + std::to_string(size) +
         " entries of this log";
}

// ---- Before a log is opened

namespace {

/// What the asking thread waits for.
struct Question {
  std::string request;
  std::uint64_t size = 0;
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t open = 0;                      // guarded: not answered yet
  std::optional<std::string> contradiction;  // guarded
};

Task<void> ask_one(net::Client& client, WitnessEndpoint witness, std::shared_ptr<Question> question) {
  const auto answer = co_await call_witness(client, witness.url, question->request);
  const auto name = witness_key_name(witness.key);
  const std::string who = name ? *name : witness.url.authority();
  std::optional<std::string> contradiction;
  if (!answer) {
    log_warning("witness did not answer before the start", {{"witness", who}, {"why", answer.error().message}});
  } else if (answer->status == 409) {
    const auto seen = size_in_conflict(answer->body);
    if (seen && *seen > question->size) contradiction = saw_more(who, *seen, question->size);
    if (seen && *seen == question->size) contradiction = saw_another(who, *seen);
  }
  const std::scoped_lock lock(question->mutex);
  --question->open;
  if (contradiction) question->contradiction = std::move(contradiction);
  question->changed.notify_one();
}

}  // namespace

Result<void> ask_witnesses(const CosigningOptions& options, Duration wait) {
  const auto note = read_file(real_file_system(), checkpoint_path(options.directory.string()));
  if (!note) return {};
  const auto parts = split_note(*note);
  const auto checkpoint = parts ? parse_checkpoint(parts->text) : Result<Checkpoint>(parts.error());
  if (!checkpoint) return {};  // opening says what is wrong with it
  auto runtime = net::Runtime::create(1);
  if (!runtime) return std::move(runtime).error();
  auto client = net::Client::create((*runtime)->loop(0), witness_client_limits(wait), options.tls);
  if (!client) return std::move(client).error();
  const auto question = std::make_shared<Question>();
  // No proof is needed to be told where the witness stands.
  question->request = encode_add_checkpoint(checkpoint->size, {}, *note);
  question->size = checkpoint->size;
  question->open = options.witnesses.size();
  for (const WitnessEndpoint& witness : options.witnesses) {
    (*runtime)->loop(0).post([&client, witness, question] { start_detached(ask_one(**client, witness, question)); });
  }
  (*runtime)->start();
  std::optional<std::string> contradiction;
  {
    std::unique_lock lock(question->mutex);
    question->changed.wait_for(lock, wait, [&] { return question->open == 0 || question->contradiction; });
    contradiction = question->contradiction;
  }
  (*runtime)->stop();
  if (!contradiction) return {};
  return Error{ErrorCode::kConflict, *contradiction +
                                         ": it was restored from an older copy. Going on would sign a second history; "
                                         "restore a newer copy, or keep this one for reading and start a new "
                                         "directory with a new name"};
}

}  // namespace reeve::ledger
