#include "wire/wire.h"
namespace reeve::wire {
std::unique_ptr<AnswerRewriter> make_answer_rewriter(const Route&, int, std::string_view, std::string_view,
                                                     AnswerFilter&) {
  return nullptr;
}
}  // namespace reeve::wire
