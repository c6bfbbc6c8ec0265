#pragma once

// One connection to an upstream: connects, sends a request, reads the answer. Private to the room; loop thread only.
//
// The static coroutines hold a reference to the connection, so whoever waits in one may lose his response object: the
// connection is aborted, the coroutine resumed with kAborted, and nothing of the response is touched.

#include "net/client.h"

namespace reeve::net {

class Upstream final : public boost::intrusive_ref_counter<Upstream, boost::thread_unsafe_counter>,
                       public TransportObserver {
 public:
  Upstream(ClientCore::Ref client, OriginRef origin);
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;
  ~Upstream();

  static Task<Result<void>> connect(UpstreamRef self, std::vector<Endpoint> endpoints, Moment deadline);
  /// Nothing when the head of the final answer has come.
  static Task<std::optional<SendFailure>> send(UpstreamRef self, const Url& url, const ClientRequest& request);
  static Task<Result<std::string_view>> read(UpstreamRef self);

  int status() const { return head_.status; }
  const Headers& headers() const { return head_.headers; }
  std::optional<std::uint64_t> content_length() const { return parser_.framing().content_length; }
  bool drained() const { return body_ == Body::kComplete || (unread_size() == 0 && socket_empty_); }

  /// True when an idle connection may carry another request.
  bool usable();
  void set_idle();
  void set_busy();
  /// Closes; what waits is resumed later, with kAborted.
  void abort(std::string_view reason);
  /// The user of the answer is gone: back to the pool when everything was read, closed otherwise.
  void let_go();

  // TransportObserver
  void on_readable() override;
  void on_writable() override;
  void on_deadline() override;
  void on_abort() override;

 private:
  enum class Body { kNone, kSized, kChunked, kUntilClose, kComplete };
  enum class Step { kNeedMore, kHead, kFailed };

  Task<Result<void>> connect_to(const Endpoint& endpoint, Moment deadline);
  Task<Result<void>> handshake(Moment deadline);
  /// Waits for any event that was armed.
  class Wait {
   public:
    explicit Wait(Upstream& upstream) : upstream_(upstream), awaiter_(upstream.slot_) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { awaiter_.await_suspend(waiter); }
    Wake await_resume() noexcept;

   private:
    Upstream& upstream_;
    WaitSlot::Awaiter awaiter_;
  };
  Wait wait_until(Moment deadline);
  Result<void> write_head(const Url& url, const ClientRequest& request);
  IoResult write_some(std::string_view& body);
  bool advance_request(std::string_view& body, Moment& deadline);
  Step receive_head(std::string_view method);
  Step take_head(std::string_view method);
  void begin_body(std::string_view method);
  IoResult receive(Buffer& into, std::size_t room);
  Result<std::string_view> take_piece();
  Result<std::string_view> take_chunks();
  Error receive_failure(IoResult result);
  SendFailure failure(Error error) const;
  void finish_answer();
  void close();

  char* unread() { return body_input_.empty() ? head_input_.data() + head_used_ : body_input_.data(); }
  std::size_t unread_size() const { return body_input_.empty() ? head_input_.size() - head_used_ : body_input_.size(); }
  void use(std::size_t count);

  const ClientCore::Ref client_;
  const OriginRef origin_;
  TransportRef transport_;
  WaitSlot slot_;

  Buffer output_;
  Buffer head_input_;          // the head of the answer, which stays, and what of the body came with it
  Buffer body_input_;          // what came later
  std::size_t head_used_ = 0;  // of head_input_
  ResponseParser parser_;
  ResponseHead head_;
  ChunkDecoder chunks_;
  std::uint64_t body_left_ = 0;
  std::size_t burst_bytes_ = 0;  // read since the last wait
  std::optional<Error> failure_;
  Moment sent_at_{};  // when the last byte of the request left
  int interim_answers_ = 0;
  Body body_ = Body::kNone;
  bool idle_ = false;
  bool reused_ = false;
  bool sent_any_ = false;
  bool sent_all_ = false;
  bool answer_began_ = false;
  bool socket_empty_ = true;  // until the first readiness event
  bool filled_ = false;       // the last read filled its buffer: more is coming
  bool writable_ = false;
  bool broken_ = false;   // takes no more of the request
  bool aborted_ = false;  // by our side
  bool counted_ = true;   // among the open connections of its origin
};

}  // namespace reeve::net
