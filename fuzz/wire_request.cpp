// read_request of every dialect. The first byte chooses the path; the rest is the body. What is accepted must be what
// another parser also accepts, with the same model.

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.h"
#include "wire/wire.h"

namespace {

constexpr std::string_view kPaths[] = {
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/embeddings",
    "/v1beta/models/g:streamGenerateContent",
    "/v1beta/models/g:batchEmbedContents",
    "/v1beta/models/g:embedContent",
};

void check_against_another_parser(const reeve::wire::Route& route, const std::string& body,
                                  const reeve::wire::RequestView& view) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element root;
  const auto error = parser.parse(body).get(root);
  // JSON that simdjson cannot represent: half characters and numbers beyond its types.
  if (error == simdjson::STRING_ERROR || error == simdjson::NUMBER_ERROR) return;
  CHECK(error == simdjson::SUCCESS);
  if (!route.model.empty()) return;
  int models = 0;
  for (const auto field : root.get_object()) {
    if (field.key != "model") continue;
    ++models;
    CHECK(field.value.get_string().value() == view.model);
  }
  CHECK(models == 1);
}

// Ordered, apart, inside; and each is what its form says.
void check_texts(std::string_view body, const std::vector<reeve::BodyText>& texts) {
  std::size_t end = 0;
  for (const reeve::BodyText& text : texts) {
    CHECK(text.offset >= end && text.length > 0 && text.offset + text.length <= body.size());
    end = text.offset + text.length;
    if (text.form == reeve::TextForm::kJsonValue) {
      CHECK(body[text.offset] == '{' || body[text.offset] == '[');
      CHECK(body[end - 1] == '}' || body[end - 1] == ']');
    } else {
      CHECK(text.form == reeve::TextForm::kJsonString && body[text.offset - 1] == '"' && body[end] == '"');
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto route = reeve::wire::find_route(kPaths[data[0] % std::size(kPaths)], false);
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<reeve::BodyText> texts;
  const auto view = reeve::wire::read_request(*route, body, &texts);
  check_texts(body, texts);
  if (!view) {
    CHECK(!view.error().message.empty() && texts.empty());
    return 0;
  }
  CHECK(!view->model.empty() && view->estimated_input_tokens >= 0);
  CHECK(view->model_span.offset + view->model_span.length <= body.size());
  check_against_another_parser(*route, body, *view);
  return 0;
}
