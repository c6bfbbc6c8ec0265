#pragma once

// One client of a server: reads requests, runs the handler for each and writes the answers. It is the Exchange that the
// handler sees. Private to the room; loop thread only.
//
// One coroutine, serve(), lives as long as the connection and owns it: a handler that waits for something elsewhere
// keeps its connection alive, whatever happens to the socket meanwhile. When the loop or the server closes, the socket
// goes first, every wait ends with kAborted, and the coroutine unwinds by itself.
//
// What the socket does not take at once is kept in output_ and leaves when there is room (flush from on_writable);
// above the limit the writer waits. Reading and writing wait in slots of their own, because a body may still be coming
// while an answer is on its way.

#include <boost/intrusive/list.hpp>
#include <memory>

#include "net/http_parser.h"
#include "net/loop.h"
#include "net/transport.h"

namespace reeve::net {

class LoopServer;

using ConnectionHook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class Connection final : public boost::intrusive_ref_counter<Connection, boost::thread_unsafe_counter>,
                         public ConnectionHook,
                         public TransportObserver,
                         public Exchange {
 public:
  using Ref = boost::intrusive_ptr<Connection>;

  Connection(std::shared_ptr<LoopServer> server, std::string peer_address);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() override;

  /// Takes over an accepted socket and serves it until one side ends.
  static void start(const Ref& self, int socket);
  /// No further request; ends now when none runs.
  void drain();
  /// Ends now. The handler, if one runs, finds its client gone.
  void kill();

  // Exchange
  const RequestHead& head() const override { return head_; }
  std::string_view peer_address() const override { return peer_address_; }
  bool over_tls() const override;
  std::vector<std::string> peer_certificates() const override;
  Loop& loop() override;
  Task<Result<std::string_view>> read_body() override;
  Task<Result<void>> respond(int status, const Headers& headers, std::string_view body) override;
  Task<Result<void>> start(int status, const Headers& headers, std::optional<std::uint64_t> content_length,
                           bool flush) override;
  Task<Result<void>> write(std::string_view bytes) override;
  Task<Result<void>> finish() override;
  Task<Result<void>> finish(std::string_view last_bytes) override;
  Task<Result<void>> flush() override;
  bool answer_started() const override { return answer_ != Answer::kNone; }
  void on_client_gone(std::function<void()> callback) override;
  void close_after() override { close_after_ = true; }
  void abandon() override;

  // TransportObserver
  void on_readable() override;
  void on_writable() override;
  void on_deadline() override;
  void on_abort() override { kill(); }

 private:
  enum class Phase { kHandshake, kIdle, kHead, kHandler, kBody, kDrain, kLinger };
  enum class Answer { kNone, kStarted, kFinished };
  enum class BodyState { kUnread, kReading, kComplete, kFailed };

  // connection.cpp: life
  static constexpr std::size_t kDiscardBytesMax = 64UL << 10U;  // of a body that the handler left unread

  static Task<void> serve(Ref self);
  Task<bool> handshake();
  Task<bool> serve_one();
  Task<bool> end_exchange();
  Task<void> refuse(Refusal refusal);
  Task<void> linger();
  void begin_exchange();
  void release_request();
  void client_gone();
  void closed_by_us();

  // connection_read.cpp
  Task<ParseStatus> read_head();
  Task<Result<std::string_view>> read_sized_body(std::size_t length);
  Task<Result<std::string_view>> read_chunked_body(std::size_t limit);
  Result<std::size_t> decode_chunks(std::string_view input, std::size_t limit, bool& done);
  Task<Result<void>> body_readable();
  Task<Result<void>> send_continue();
  Task<bool> discard_body();
  IoResult receive(Buffer& into, std::size_t bytes_max);
  Error body_failure(int status, ErrorCode code, std::string message);
  /// Waits until the socket has something to read; the phase says how long.
  WaitSlot::Awaiter readable();
  bool unread_body_is_small() const;
  void look_after_client();

  // connection_write.cpp
  void append_head(int status, const Headers& headers, std::optional<std::uint64_t> content_length);
  Result<void> begin_answer(int status, const Headers& headers, std::optional<std::uint64_t> content_length);
  Task<Result<void>> write_body(std::string_view bytes, bool last);
  Task<Result<void>> send(std::string_view bytes, std::string_view tail, std::size_t kept_max);
  bool send_now(std::string_view& bytes, std::string_view& tail);
  void output_failed(ErrorCode code, std::string_view message);
  void set_deadlines();
  Error gone() const;

  const std::shared_ptr<LoopServer> server_;
  const std::string peer_address_;
  TransportRef transport_;
  WaitSlot read_slot_;
  WaitSlot write_slot_;
  Moment read_deadline_ = kNever;
  Moment write_deadline_ = kNever;

  // The request
  Buffer input_;    // what came and is not used up; begins with the head of the request in work
  Buffer body_;     // a body that does not lie in input_
  Buffer carried_;  // bytes of the next request that came with the end of a chunked body
  RequestParser parser_;
  RequestHead head_;
  std::uint64_t body_in_input_ = 0;  // bytes of a sized body that are, or will be, taken from input_
  std::size_t chunked_used_ = 0;     // bytes of input_ behind the head that the chunk decoder has used up
  ChunkDecoder chunks_;
  Refusal refusal_;
  int body_refusal_status_ = 0;
  std::size_t receive_bytes_;
  Phase phase_ = Phase::kIdle;
  BodyState body_state_ = BodyState::kComplete;
  bool socket_empty_ = false;  // nothing to read until the next readiness event
  bool continue_sent_ = false;
  bool input_ended_ = false;

  // The answer
  Buffer output_;
  std::optional<std::uint64_t> answer_left_;  // bytes of a sized body still to come
  std::optional<Error> output_error_;
  std::function<void()> on_client_gone_;
  Answer answer_ = Answer::kNone;
  bool answer_chunked_ = false;
  bool answer_bodiless_ = false;  // HEAD, 204, 304
  bool output_blocked_ = false;
  bool close_after_ = false;
  bool client_gone_ = false;
  bool draining_ = false;
};

}  // namespace reeve::net
