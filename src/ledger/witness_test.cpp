#include "ledger/witness.h"

#include <fstream>
#include <future>

#include "core/bytes.h"
#include "ledger/add_checkpoint.h"
#include "ledger/test_support.h"
#include "ledger/tree.h"

namespace reeve::ledger {
namespace {

/// A log whose history the test makes up: entry i of story s is a text of both.
class MadeUpLog {
 public:
  explicit MadeUpLog(const std::string& name = "log.example.com") : signer_(name, Ed25519Key::generate()) {}
  const std::string& key() const { return signer_.verifier_key(); }

  static std::vector<Sha256> leaves(std::uint64_t size, int story) {
    std::vector<Sha256> all;
    all.reserve(size);
    for (std::uint64_t i = 0; i < size; ++i) all.push_back(leaf_hash(std::to_string(i) + "/" + std::to_string(story)));
    return all;
  }
  std::string checkpoint(std::uint64_t size, int story = 0) const {
    return signer_.sign(Checkpoint{signer_.name(), size, tree_root(leaves(size, story))});
  }
  static HashPath proof(std::uint64_t old_size, std::uint64_t size, int story = 0) {
    if (old_size == 0) return {};
    return subproof(old_size, leaves(size, story), true);
  }
  std::string request(std::uint64_t old_size, std::uint64_t size, int story = 0) const {
    return encode_add_checkpoint(old_size, proof(old_size, size, story), checkpoint(size, story));
  }

 private:
  static HashPath subproof(std::uint64_t m, std::span<const Sha256> all, bool complete) {
    if (m == all.size()) return complete ? HashPath() : HashPath{tree_root(all)};
    const std::size_t k = std::bit_floor(all.size() - 1);
    HashPath path = m <= k ? subproof(m, all.first(k), complete) : subproof(m - k, all.subspan(k), false);
    path.push_back(m <= k ? tree_root(all.subspan(k)) : tree_root(all.first(k)));
    return path;
  }
  NoteSigner signer_;
};

class WitnessTest : public testing::Test {
 protected:
  std::unique_ptr<Witness> open() {
    auto witness = Witness::open({directory_.path() / "witness", "witness.example.com/w1", {log_.key()}});
    CHECK(witness);
    return *std::move(witness);
  }
  std::vector<std::filesystem::path> packs() const {
    std::vector<std::filesystem::path> found;
    for (const auto& pack : std::filesystem::directory_iterator(directory_.path() / "witness/evidence")) {
      found.push_back(pack.path());
    }
    return found;
  }

  TemporaryDirectory directory_;
  MadeUpLog log_;
};

TEST_F(WitnessTest, CosignsALogThatGrows) {
  const auto witness = open();
  std::uint64_t size = 0;
  for (const std::uint64_t next : {0U, 1U, 2U, 7U, 7U, 8U, 100U, 256U, 1000U}) {
    const WitnessAnswer answer = witness->add_checkpoint(log_.request(size, next));
    ASSERT_EQ(answer.status, 200) << next << " " << answer.body;
    const auto found = find_cosignature(log_.checkpoint(next) + answer.body, witness->verifier_key());
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_GT(found->time, 1'700'000'000);
    size = next;
  }
  EXPECT_TRUE(packs().empty());
}

TEST_F(WitnessTest, AnswersAsTheSpecificationSays) {
  const auto witness = open();
  ASSERT_EQ(witness->add_checkpoint(log_.request(0, 10)).status, 200);
  const MadeUpLog stranger("stranger.example.com");
  const MadeUpLog forger;  // the same name with another key
  const auto status = [&](const std::string& body) { return witness->add_checkpoint(body).status; };
  EXPECT_EQ(status(stranger.request(0, 5)), 404);
  EXPECT_EQ(status(forger.request(10, 20)), 403);
  EXPECT_EQ(status(encode_add_checkpoint(21, {}, log_.checkpoint(20))), 400);
  EXPECT_EQ(status(""), 400);
  EXPECT_EQ(status("old 10\n"), 400);
  EXPECT_EQ(status("old 010\n\n" + log_.checkpoint(20)), 400);
  EXPECT_EQ(status("old 10\n\nnot a note\n"), 400);
  EXPECT_EQ(status(encode_add_checkpoint(10, HashPath(64), log_.checkpoint(20))), 400);
  EXPECT_EQ(status(encode_add_checkpoint(10, HashPath(63), log_.checkpoint(20))), 422);
  EXPECT_EQ(status(encode_add_checkpoint(10, {}, log_.checkpoint(20))), 422);
  EXPECT_EQ(status(encode_add_checkpoint(10, HashPath(1), log_.checkpoint(10))), 422);
  for (const auto& body : {log_.request(0, 20), log_.request(9, 20), log_.request(11, 20), log_.request(5, 9)}) {
    const WitnessAnswer stale = witness->add_checkpoint(body);
    EXPECT_EQ(stale.status, 409);
    EXPECT_EQ(stale.content_type, "text/x.tlog.size");
    EXPECT_EQ(stale.body, "10\n");
  }
  EXPECT_EQ(status(log_.request(10, 10)), 200);
  EXPECT_EQ(status(log_.request(10, 20)), 200);
}

TEST_F(WitnessTest, ASecondRootForOneSizeBecomesEvidence) {
  const auto witness = open();
  ASSERT_EQ(witness->add_checkpoint(log_.request(0, 10)).status, 200);
  const WitnessAnswer answer = witness->add_checkpoint(log_.request(10, 10, 1));
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.content_type, "text/x.tlog.size");
  ASSERT_EQ(packs().size(), 1U);
  const std::string pack = packs()[0].string();
  FileSystem& system = real_file_system();
  const auto seen = open_checkpoint(*read_file(system, pack + "/seen.checkpoint"), log_.key());
  const auto submitted = open_checkpoint(*read_file(system, pack + "/submitted.checkpoint"), log_.key());
  ASSERT_TRUE(seen && submitted);
  EXPECT_EQ(seen->size, submitted->size);
  EXPECT_NE(seen->root, submitted->root);
  EXPECT_EQ(*read_file(system, pack + "/log.vkey"), log_.key() + "\n");
  EXPECT_NE(read_file(system, pack + "/README.md")->find("two different stories"), std::string::npos);
  // The same pair again makes no second pack; a stale old size does not hide one.
  EXPECT_EQ(witness->add_checkpoint(log_.request(10, 10, 1)).status, 409);
  EXPECT_EQ(packs().size(), 1U);
  EXPECT_EQ(witness->add_checkpoint(log_.request(3, 10, 2)).status, 409);
  EXPECT_EQ(packs().size(), 2U);
  // The right story goes on.
  EXPECT_EQ(witness->add_checkpoint(log_.request(10, 11)).status, 200);
}

TEST_F(WitnessTest, AnotherHistoryBecomesEvidence) {
  const auto witness = open();
  ASSERT_EQ(witness->add_checkpoint(log_.request(0, 10)).status, 200);
  EXPECT_EQ(witness->add_checkpoint(log_.request(10, 20, 1)).status, 422);
  ASSERT_EQ(packs().size(), 1U);
  const std::string pack = packs()[0].string();
  const auto request = parse_add_checkpoint(*read_file(real_file_system(), pack + "/submitted.proof"));
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->old_size, 10U);
  EXPECT_EQ(request->proof, MadeUpLog::proof(10, 20, 1));
}

TEST_F(WitnessTest, RemembersAcrossProcesses) {
  std::string key;
  {
    const auto witness = open();
    key = witness->verifier_key();
    ASSERT_EQ(witness->add_checkpoint(log_.request(0, 10)).status, 200);
    EXPECT_EQ(Witness::open({directory_.path() / "witness", {}, {log_.key()}}).error().code, ErrorCode::kConflict);
  }
  const auto witness = open();
  EXPECT_EQ(witness->verifier_key(), key);
  EXPECT_EQ(*witness_key(directory_.path() / "witness", ""), key);
  EXPECT_EQ(witness->add_checkpoint(log_.request(0, 10)).body, "10\n");
  EXPECT_EQ(witness->add_checkpoint(log_.request(10, 10, 1)).status, 409);
  EXPECT_EQ(witness->add_checkpoint(log_.request(10, 12)).status, 200);
}

TEST_F(WitnessTest, DoesNotBeginAnewWhenItsMemoryIsDamaged) {
  ASSERT_EQ(open()->add_checkpoint(log_.request(0, 10)).status, 200);
  for (const auto& file : std::filesystem::directory_iterator(directory_.path() / "witness/logs")) {
    std::ofstream(file.path()) << "nothing";
  }
  const auto witness = Witness::open({directory_.path() / "witness", {}, {log_.key()}});
  ASSERT_FALSE(witness.ok());
  EXPECT_EQ(witness.error().code, ErrorCode::kCorrupt);
}

TEST_F(WitnessTest, TakesAnyKnownKeyOfALog) {
  const MadeUpLog next;  // the log changes its key
  const auto witness = Witness::open({directory_.path() / "witness", "w", {log_.key(), next.key()}});
  ASSERT_TRUE(witness.ok());
  EXPECT_EQ((*witness)->add_checkpoint(log_.request(0, 10)).status, 200);
  EXPECT_EQ((*witness)->add_checkpoint(next.request(10, 20)).status, 200);
}

// ---- The collector, with witnesses over HTTP

/// A server for witnesses, or for something that is none.
class Served {
 public:
  using Answer = std::function<Task<void>(net::Exchange&)>;
  explicit Served(Answer answer) : runtime_(*net::Runtime::create(1)), answer_(std::move(answer)) {
    auto server = net::Server::listen(*runtime_, {}, answer_);
    CHECK(server);
    server_ = *std::move(server);
    runtime_->start();
  }
  ~Served() {
    server_->close();
    runtime_->stop();
  }
  net::Url url() const { return *net::parse_url("http://127.0.0.1:" + std::to_string(server_->port())); }

 private:
  std::unique_ptr<net::Runtime> runtime_;
  Answer answer_;
  std::unique_ptr<net::Server> server_;
};

class CollectorTest : public testing::Test {
 protected:
  struct Running {
    std::unique_ptr<Witness> witness;
    std::unique_ptr<Served> served;
  };

  void SetUp() override { log_ = open_or_die(test_options(directory_.ledger())); }
  void TearDown() override {
    collector_.reset();
    log_.reset();
  }

  WitnessEndpoint add_witness(const std::string& name) {
    auto opened = Witness::open({directory_.path() / name, name, {log_->verifier_key()}});
    CHECK(opened);
    auto& running = witnesses_.emplace_back();
    running.witness = *std::move(opened);
    running.served = std::make_unique<Served>([witness = running.witness.get()](net::Exchange& exchange) {
      return answer_witness_request(*witness, exchange);
    });
    return {running.served->url(), running.witness->verifier_key()};
  }
  CosigningOptions options(std::vector<WitnessEndpoint> witnesses, std::size_t quorum) const {
    CosigningOptions options;
    options.directory = directory_.ledger();
    options.log_key = log_->verifier_key();
    options.witnesses = std::move(witnesses);
    options.quorum = quorum;
    options.interval = std::chrono::milliseconds(10);
    options.answer_timeout = std::chrono::seconds(5);
    options.backoff_first = options.backoff_most = std::chrono::milliseconds(20);
    return options;
  }
  void start(CosigningOptions options) {
    auto collector = CosignatureCollector::start(std::move(options), {[this] { return log_->checkpoint(); },
                                                                      [this](const std::string& reason) {
                                                                        log_->stop_signing(reason);
                                                                        reason_.set_value(reason);
                                                                      }});
    ASSERT_TRUE(collector.ok()) << collector.error().message;
    collector_ = *std::move(collector);
  }
  void append(int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(log_->append_and_wait(test_entry("model.intent", "req_" + std::to_string(next_++))).ok());
    }
  }
  /// Until the condition holds; a generous end, for machines that stand still.
  template <typename Condition>
  bool eventually(const Condition& condition) {
    for (int i = 0; i < 3000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  bool cosigned(std::uint64_t size) {
    return eventually([&] { return collector_->cosigned_size() >= size; });
  }
  std::string cosigned_checkpoint() const {
    return *read_file(real_file_system(), directory_.ledger() / "public/cosigned-checkpoint");
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Log> log_;
  std::vector<Running> witnesses_;
  std::unique_ptr<CosignatureCollector> collector_;
  std::promise<std::string> reason_;
  int next_ = 0;
};

TEST_F(CollectorTest, KeepsACheckpointThatAQuorumCosigned) {
  const auto first = add_witness("w1");
  const auto second = add_witness("w2");
  start(options({first, second}, 2));
  for (int round = 1; round <= 3; ++round) {
    append(200);
    ASSERT_TRUE(cosigned(log_->size()));
    const std::string note = cosigned_checkpoint();
    const auto checkpoint = open_checkpoint(note, log_->verifier_key());
    ASSERT_TRUE(checkpoint.ok());
    EXPECT_GE(checkpoint->size, static_cast<std::uint64_t>(200 * round));
    EXPECT_TRUE(find_cosignature(note, first.key).ok());
    EXPECT_TRUE(find_cosignature(note, second.key).ok());
  }
  EXPECT_EQ(collector_->behind(), Duration());
}

TEST_F(CollectorTest, ADeadWitnessIsNoObstacleWhileTheQuorumLives) {
  const auto first = add_witness("w1");
  const auto second = add_witness("w2");
  const auto third = add_witness("w3");
  witnesses_[2].served.reset();
  start(options({first, second, third}, 2));
  append(50);
  ASSERT_TRUE(cosigned(log_->size()));
  EXPECT_TRUE(eventually([&] { return collector_->witnesses()[2]->failures > 0; }));
  EXPECT_EQ(find_cosignature(cosigned_checkpoint(), third.key).error().code, ErrorCode::kNotFound);
  witnesses_[1].served.reset();
  append(50);
  EXPECT_TRUE(eventually([&] { return collector_->behind() > Duration(); }));
  EXPECT_TRUE(log_->writable());
}

/// Hands on to a witness after a while; in the meantime the log grows.
Task<void> answer_late(Witness& witness, net::Exchange& exchange) {
  co_await exchange.loop().sleep(std::chrono::milliseconds(150));
  co_await answer_witness_request(witness, exchange);
}

TEST_F(CollectorTest, ASlowWitnessIsWaitedForWhereTheQuorumNeedsIt) {
  const auto quick = add_witness("w1");
  auto slow = add_witness("w2");
  const Served late([&](net::Exchange& exchange) { return answer_late(*witnesses_[1].witness, exchange); });
  slow.url = late.url();
  start(options({quick, slow}, 2));
  for (int i = 0; i < 30; ++i) {
    append(5);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_TRUE(cosigned(log_->size()));
  EXPECT_TRUE(find_cosignature(cosigned_checkpoint(), quick.key).ok());
  EXPECT_TRUE(find_cosignature(cosigned_checkpoint(), slow.key).ok());
  EXPECT_EQ(collector_->witnesses()[1]->failures, 0U);
}

TEST_F(CollectorTest, ASilentWitnessIsGivenUpAndOthersGoOn) {
  const auto quick = add_witness("w1");
  const Served silent(
      [](net::Exchange& exchange) -> Task<void> { co_await exchange.loop().sleep(std::chrono::seconds(1)); });
  const Cosigner nobody("w2", Ed25519Key::generate());
  auto wanted = options({quick, {silent.url(), nobody.verifier().text()}}, 1);
  wanted.answer_timeout = std::chrono::milliseconds(100);
  start(std::move(wanted));
  append(20);
  ASSERT_TRUE(cosigned(log_->size()));
  append(20);
  ASSERT_TRUE(cosigned(log_->size()));
  EXPECT_TRUE(eventually([&] { return collector_->witnesses()[1]->failures > 1; }));
}

TEST_F(CollectorTest, AnswersThatAreNoCosignaturesCountForNothing) {
  const auto good = add_witness("w1");
  const Served odd([](net::Exchange& exchange) -> Task<void> {
    static std::atomic<int> turn{0};
    const int now = turn++ % 5;
    const int status = now == 0 ? 500 : now == 1 ? 404 : now == 2 ? 409 : 200;
    const auto sent = co_await exchange.respond(status, {}, now == 3 ? "\xE2\x80\x94 w1 AAAAAAAA\n" : "x\n");
    static_cast<void>(sent);
  });
  const Cosigner nobody("w2", Ed25519Key::generate());
  start(options({good, {odd.url(), nobody.verifier().text()}}, 1));
  append(20);
  ASSERT_TRUE(cosigned(log_->size()));
  EXPECT_TRUE(eventually([&] { return collector_->witnesses()[1]->failures > 6; }));
  EXPECT_EQ(collector_->witnesses()[1]->cosignatures, 0U);
  EXPECT_TRUE(log_->writable());
}

TEST_F(CollectorTest, ALogThatAWitnessSawFurtherStopsAndStaysStopped) {
  const auto witness = add_witness("w1");
  append(20);
  const auto old = directory_.path() / "old";
  ASSERT_TRUE(eventually([&] { return open_checkpoint(log_->checkpoint(), log_->verifier_key())->size == 20; }));
  log_->close();
  std::filesystem::copy(directory_.ledger(), old, std::filesystem::copy_options::recursive);
  log_ = open_or_die(test_options(directory_.ledger()));
  EXPECT_TRUE(ask_witnesses(options({witness}, 1), std::chrono::seconds(20)).ok());
  start(options({witness}, 1));
  append(30);
  ASSERT_TRUE(cosigned(50));
  EXPECT_TRUE(ask_witnesses(options({witness}, 1), std::chrono::seconds(20)).ok());
  collector_.reset();
  log_.reset();
  std::filesystem::remove_all(directory_.ledger());
  std::filesystem::rename(old, directory_.ledger());

  log_ = open_or_die(test_options(directory_.ledger()));
  const auto asked = ask_witnesses(options({witness}, 1), std::chrono::seconds(20));
  ASSERT_FALSE(asked.ok());
  EXPECT_EQ(asked.error().code, ErrorCode::kConflict);
  EXPECT_NE(asked.error().message.find("cosigned 50"), std::string::npos) << asked.error().message;
  start(options({witness}, 1));
  auto told = reason_.get_future();
  ASSERT_EQ(told.wait_for(std::chrono::seconds(30)), std::future_status::ready);
  EXPECT_FALSE(log_->writable());
  const std::string note = log_->checkpoint();
  append(1);  // what is not a call is still kept, but not signed
  collector_.reset();
  log_->close();
  EXPECT_EQ(log_->checkpoint(), note);
  log_.reset();
  const auto again = Log::open(test_options(directory_.ledger()));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  ASSERT_TRUE(std::filesystem::remove(directory_.ledger() / "contradicted"));
  EXPECT_TRUE(Log::open(test_options(directory_.ledger())).ok());
}

TEST_F(CollectorTest, ALogThatGrewOnFromAnOldCopyIsFoundToo) {
  const auto witness = add_witness("w1");
  append(20);
  log_->close();
  const auto old = directory_.path() / "old";
  std::filesystem::copy(directory_.ledger(), old, std::filesystem::copy_options::recursive);
  log_ = open_or_die(test_options(directory_.ledger()));
  start(options({witness}, 1));
  append(30);
  ASSERT_TRUE(cosigned(50));
  collector_.reset();
  log_.reset();
  std::filesystem::remove_all(directory_.ledger());
  std::filesystem::rename(old, directory_.ledger());
  log_ = open_or_die(test_options(directory_.ledger()));
  append(80);
  ASSERT_TRUE(eventually([&] { return open_checkpoint(log_->checkpoint(), log_->verifier_key())->size == 100; }));
  start(options({witness}, 1));
  auto told = reason_.get_future();
  ASSERT_EQ(told.wait_for(std::chrono::seconds(30)), std::future_status::ready);
  EXPECT_NE(told.get().find("not the ones that are in it now"), std::string::npos);
  EXPECT_FALSE(log_->writable());
  EXPECT_FALSE(std::filesystem::is_empty(directory_.path() / "w1/evidence"));
}

}  // namespace
}  // namespace reeve::ledger
