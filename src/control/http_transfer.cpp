#include "control/http_transfer.h"

#include <mutex>

#include "control/curl_parts.h"

namespace reeve::control {

void begin_libcurl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

Result<int> http_transfer(const HttpRequest& request, const std::atomic<bool>& stopping) {
  begin_libcurl();
  // A new one each time: a connection that is used again was checked against the roots of another destination.
  const Transfer transfer(curl_easy_init());
  if (!transfer) return Error{ErrorCode::kUnavailable, "no memory for a transfer"};
  char error[CURL_ERROR_SIZE] = {};
  const auto set = [&](CURLoption option, auto value) {
    CHECK(curl_easy_setopt(transfer.get(), option, value) == CURLE_OK);
  };
  HeaderList headers;
  for (const std::string& header : request.headers) append(headers, header);
  append(headers, "Expect:");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_ERRORBUFFER, error);
  set(CURLOPT_WRITEFUNCTION, &ignore_answer);
  set(CURLOPT_XFERINFOFUNCTION, &give_up_when);
  set(CURLOPT_XFERINFODATA, const_cast<std::atomic<bool>*>(&stopping));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout / std::chrono::milliseconds(1)));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  // Addresses are what the document says, whatever the environment or the receiver would rather have.
  set(CURLOPT_PROXY, "");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  if (!request.root_file.empty()) {
    set(CURLOPT_CAINFO, request.root_file.c_str());
    set(CURLOPT_CAPATH, "/etc/ssl/certs");
  }
  set(CURLOPT_URL, request.url.c_str());
  // As it was signed: libcurl would take dots out of a path.
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_USERAGENT, "reeve");
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  set(CURLOPT_POSTFIELDS, request.body.data());
  const CURLcode code = curl_easy_perform(transfer.get());
  if (code != CURLE_OK) {
    const ErrorCode kind = code == CURLE_OPERATION_TIMEDOUT ? ErrorCode::kTimeout : ErrorCode::kUnavailable;
    return Error{kind, error[0] != '\0' ? error : curl_easy_strerror(code)};
  }
  long status = 0;
  curl_easy_getinfo(transfer.get(), CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

}  // namespace reeve::control
