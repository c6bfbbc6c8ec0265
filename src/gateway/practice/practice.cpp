// The practice model as a server: routes a call, reads it, answers in its dialect.

#include "gateway/practice/practice.h"

#include <array>

#include "core/bytes.h"
#include "gateway/gateway.h"

namespace reeve::gateway {

namespace {

using practice::Answer;
using practice::Request;

const net::Headers& json_headers() {
  static const net::Headers headers{{"content-type", "application/json"}, {"x-practice-model", "simulated"}};
  return headers;
}

std::string whole_answer(const Request& request, const Answer& answer) {
  if (request.route.operation == wire::Operation::kCountTokens) return practice::write_token_count(request);
  switch (request.route.dialect) {
    case wire::Dialect::kAnthropic: return practice::write_anthropic(request, answer);
    case wire::Dialect::kOpenAiChat: return practice::write_openai_chat(request, answer);
    case wire::Dialect::kOpenAiResponses: return practice::write_openai_responses(request, answer);
    case wire::Dialect::kOpenAiEmbeddings: return practice::write_embeddings(request, answer);
    case wire::Dialect::kGemini: return practice::write_gemini(request, answer);
  }
  return "{}";
}

std::vector<std::string> streamed_answer(const Request& request, const Answer& answer) {
  switch (request.route.dialect) {
    case wire::Dialect::kAnthropic: return practice::stream_anthropic(request, answer);
    case wire::Dialect::kOpenAiChat: return practice::stream_openai_chat(request, answer);
    case wire::Dialect::kOpenAiResponses: return practice::stream_openai_responses(request, answer);
    case wire::Dialect::kGemini: return practice::stream_gemini(request, answer);
    case wire::Dialect::kOpenAiEmbeddings: break;
  }
  return {};
}

/// OpenAI's SDKs take a base_url that ends in /v1, so their paths arrive without it.
std::optional<wire::Route> practice_route(const net::RequestHead& head) {
  const bool anthropic = head.headers.find("anthropic-version").has_value();
  if (auto route = wire::find_route(head.path, anthropic)) return route;
  return wire::find_route("/v1" + std::string(head.path), anthropic);
}

Task<void> stream_answer(net::Exchange& exchange, const Request& request, const Answer& answer, const std::string& id) {
  const net::Headers headers{{"content-type", "text/event-stream"},
                             {"cache-control", "no-cache"},
                             {"request-id", id},
                             {"x-practice-model", "simulated"}};
  const auto started = co_await exchange.start(200, headers, std::nullopt);
  if (!started) co_return;
  for (const std::string& event : streamed_answer(request, answer)) {
    const auto written = co_await exchange.write(event);
    if (!written) co_return;
  }
  const auto finished = co_await exchange.finish();
  static_cast<void>(finished);
}

}  // namespace

std::vector<wire::ModelEntry> practice_models() {
  std::vector<wire::ModelEntry> models;
  for (const std::string_view name : {"practice-small", "practice-large"}) {
    models.push_back({std::string(name), std::string(name) + " (simulated)", "practice", 0});
  }
  return models;
}

Task<void> answer_practice_call(net::Exchange& exchange) {
  const auto route = practice_route(exchange.head());
  if (!route) {
    const auto sent = co_await exchange.respond(
        404, json_headers(), R"({"error":{"message":"The practice model does not serve this path."}})");
    static_cast<void>(sent);
    co_return;
  }
  if (route->operation == wire::Operation::kListModels || route->operation == wire::Operation::kGetModel) {
    const auto sent =
        co_await exchange.respond(200, json_headers(), wire::encode_model_list(route->dialect, practice_models()));
    static_cast<void>(sent);
    co_return;
  }
  const auto body = co_await exchange.read_body();
  const auto request = body ? practice::understand(*route, *body) : Result<Request>(body.error());
  if (!request) {
    JsonWriter json;
    json.begin_object().member("type", "error").key("error").begin_object().member("type", "invalid_request_error");
    json.member("message", "Practice model: " + request.error().message).end_object().end_object();
    const auto sent = co_await exchange.respond(400, json_headers(), json.text());
    static_cast<void>(sent);
    co_return;
  }
  const Answer answer = practice::think(*request, *body);
  const std::string id = "req_practice_" + answer.id;
  if (request->stream && request->route.operation == wire::Operation::kGenerate) {
    co_return co_await stream_answer(exchange, *request, answer, id);
  }
  const net::Headers headers{
      {"content-type", "application/json"}, {"request-id", id}, {"x-practice-model", "simulated"}};
  const auto sent = co_await exchange.respond(200, headers, whole_answer(*request, answer));
  static_cast<void>(sent);
}

}  // namespace reeve::gateway
