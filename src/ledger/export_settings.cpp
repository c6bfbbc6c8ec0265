// The list `exports` of reeve.yaml.

#include <algorithm>

#include "core/bytes.h"
#include "ledger/ledger.h"

namespace reeve::ledger {

namespace {

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 63 && name.front() != '.' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
             std::string_view::npos;
}

bool is_this_machine(std::string_view host) { return host == "127.0.0.1" || host == "[::1]" || host == "localhost"; }

/// https anywhere, http on this machine; nobody's name and password in it, which logs would show.
bool is_safe_url(std::string_view url) {
  const std::size_t start = url.find("://");
  if (start == std::string_view::npos ||
      !std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 127; }))
    return false;
  std::string_view host = url.substr(start + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.empty() || host.find('@') != std::string_view::npos) return false;
  if (const std::size_t colon = host.rfind(':'); colon != std::string_view::npos && !host.ends_with(']')) {
    host = host.substr(0, colon);
  }
  return url.starts_with("https://") || (url.starts_with("http://") && is_this_machine(host));
}

class ExportReader {
 public:
  ExportReader(const YamlValue& item, const std::filesystem::path& base,
               const std::function<std::string(const YamlValue&)>& expand, std::vector<Diagnostic>& complaints)
      : item_(item), base_(base), expand_(expand), complaints_(complaints) {}

  ExportSettings read() {
    ExportSettings& settings = settings_;
    if (!item_.is_mapping()) {
      complain(item_, "an export is a mapping such as {name: siem, format: ocsf, sink: {file: {path: …}}}");
      return settings;
    }
    item_.refuse_unknown_keys(
        {"name", "format", "sink", "filter", "from", "root_file", "timeout", "retry", "batch", "progress"},
        complaints_);
    settings.name = text(item_, "name");
    if (!is_plain_name(settings.name)) complain(item_, "an export has a 'name' of letters, digits, '-', '_' and '.'");
    settings.format = text(item_, "format");
    if (settings.format.empty()) complain(item_, "an export has a 'format', such as ocsf");
    settings.root_file = path(item_, "root_file").string();
    read_filter();
    read_from();
    settings.timeout = duration(item_, "timeout", settings.timeout, std::chrono::minutes(5));
    settings.progress = duration(item_, "progress", settings.progress, std::chrono::hours(24));
    if (const YamlValue* retry = item_.find("retry")) {
      retry->refuse_unknown_keys({"first", "longest"}, complaints_);
      settings.first = duration(*retry, "first", settings.first, std::chrono::hours(1));
      settings.longest = duration(*retry, "longest", settings.longest, std::chrono::hours(24));
    }
    if (const YamlValue* sink = item_.find("sink"); sink != nullptr && sink->find("s3") != nullptr) {
      // An object each second would be many.
      settings.entries_max = 5'000;
      settings.wait = std::chrono::minutes(1);
    }
    if (const YamlValue* batch = item_.find("batch")) {
      batch->refuse_unknown_keys({"entries", "kib", "wait"}, complaints_);
      settings.entries_max = number(*batch, "entries", settings.entries_max, 1, 10'000);
      settings.bytes_max = number(*batch, "kib", settings.bytes_max >> 10U, 1, 16'384) << 10U;
      settings.wait = duration(*batch, "wait", settings.wait, std::chrono::hours(1));
    }
    const YamlValue* sink = item_.find("sink");
    if (sink == nullptr || !sink->is_mapping() || sink->members().size() != 1) {
      complain(sink == nullptr ? item_ : *sink, "an export has a 'sink' of one kind: file, http, syslog or s3");
    } else {
      read_sink(*sink);
    }
    return std::move(settings_);
  }

 private:
  void complain(const YamlValue& at, std::string message) { complaints_.push_back(at.complain(std::move(message))); }

  std::string text(const YamlValue& mapping, std::string_view key) {
    const YamlValue* value = mapping.find(key);
    return value == nullptr ? std::string() : expand_(*value);
  }

  std::filesystem::path path(const YamlValue& mapping, std::string_view key) {
    const std::filesystem::path given = text(mapping, key);
    return given.empty() || given.is_absolute() ? given : (base_ / given).lexically_normal();
  }

  Duration duration(const YamlValue& mapping, std::string_view key, Duration fallback, Duration most) {
    const YamlValue* value = mapping.find(key);
    if (value == nullptr) return fallback;
    const auto read = parse_duration(expand_(*value));
    if (read && *read > Duration::zero() && *read <= most) return *read;
    complain(*value, "'" + std::string(key) + "' is a time of at most " + format_duration(most));
    return fallback;
  }

  std::size_t number(const YamlValue& mapping, std::string_view key, std::size_t fallback, std::int64_t least,
                     std::int64_t most) {
    const YamlValue* value = mapping.find(key);
    if (value == nullptr) return fallback;
    const auto read = value->as_int();
    if (read && *read >= least && *read <= most) return static_cast<std::size_t>(*read);
    complain(*value, "'" + std::string(key) + "' is a whole number from " + std::to_string(least) + " to " +
                         std::to_string(most));
    return fallback;
  }

  /// From the environment or a file, never from reeve.yaml: that is reviewed, and read by many.
  std::string secret(const YamlValue& mapping, const std::string& of) {
    const std::string variable = text(mapping, of + "_env");
    const std::string file = path(mapping, of + "_file").string();
    if (!variable.empty() && !file.empty()) complain(mapping, "name one place for '" + of + "'");
    if (!variable.empty()) return "env:" + variable;
    return file.empty() ? std::string() : "file:" + file;
  }

  void read_filter() {
    const YamlValue* filter = item_.find("filter");
    if (filter == nullptr) return;
    settings_.filter = expand_(*filter);
    const auto compiled = EntryFilter::compile(settings_.filter);
    if (!compiled) complain(*filter, compiled.error().message);
  }

  void read_from() {
    const YamlValue* from = item_.find("from");
    if (from == nullptr) return;
    settings_.from_start = from->text() == "start";
    if (!settings_.from_start && from->text() != "now") complain(*from, "'from' is now or start");
  }

  void read_sink(const YamlValue& sink) {
    const auto& [kind, value] = sink.members().front();
    if (!value.is_mapping()) return complain(value, "a sink is a mapping such as {file: {path: audit.jsonl}}");
    if (kind.text() == "file") return read_file_sink(value);
    if (kind.text() == "http") return read_http_sink(value);
    if (kind.text() == "syslog") return read_syslog_sink(value);
    if (kind.text() == "s3") return read_s3_sink(value);
    complain(kind, "there is no sink '" + printable(kind.text(), 40) + "'; there are file, http, syslog and s3");
  }

  void read_file_sink(const YamlValue& value) {
    value.refuse_unknown_keys({"path", "rotate_mib", "daily", "keep"}, complaints_);
    FileSinkSettings file;
    file.path = path(value, "path");
    if (file.path.empty()) complain(value, "a file sink has a 'path'");
    file.rotate_bytes = number(value, "rotate_mib", file.rotate_bytes >> 20U, 1, 1 << 20) << 20U;
    file.keep = number(value, "keep", file.keep, 0, 100'000);
    if (const YamlValue* daily = value.find("daily")) {
      if (!daily->as_bool()) complain(*daily, "'daily' is true or false");
      file.daily = daily->as_bool().value_or(true);
    }
    settings_.sink = std::move(file);
  }

  void read_http_sink(const YamlValue& value) {
    value.refuse_unknown_keys({"url", "secret_env", "secret_file", "authorization_env", "authorization_file", "batch"},
                              complaints_);
    HttpSinkSettings http;
    http.url = text(value, "url");
    if (!is_safe_url(http.url)) {
      complain(value, "'url' is an https address without a user in it; http is for this machine only");
    }
    http.secret_from = secret(value, "secret");
    http.authorization_from = secret(value, "authorization");
    if (const YamlValue* batch = value.find("batch")) {
      const std::string form = batch->text();
      if (form == "lines") http.batch = ExportMapping::Batch::kLines;
      if (form == "array") http.batch = ExportMapping::Batch::kArray;
      if (form == "single") http.batch = ExportMapping::Batch::kSingle;
      if (!http.batch) complain(*batch, "'batch' is lines, array or single");
      // One request an entry.
      if (form == "single" && settings_.format != "otlp") settings_.entries_max = 1;
    }
    settings_.sink = std::move(http);
  }

  void read_syslog_sink(const YamlValue& value) {
    value.refuse_unknown_keys({"host", "port", "certificate", "key", "facility", "application", "data_id"},
                              complaints_);
    SyslogSinkSettings syslog;
    syslog.host = text(value, "host");
    if (syslog.host.empty()) complain(value, "a syslog sink has a 'host'");
    syslog.port = static_cast<std::uint16_t>(number(value, "port", syslog.port, 1, 65'535));
    syslog.facility = static_cast<int>(number(value, "facility", 13, 0, 23));
    syslog.certificate = path(value, "certificate").string();
    syslog.key = path(value, "key").string();
    if (syslog.certificate.empty() != syslog.key.empty()) complain(value, "'certificate' and 'key' go together");
    if (value.find("application") != nullptr) syslog.application = text(value, "application");
    if (value.find("data_id") != nullptr) syslog.data_id = text(value, "data_id");
    if (!is_plain_name(syslog.application) || syslog.application.size() > 48) {
      complain(value, "'application' is a name of at most 48 letters and digits");
    }
    const std::size_t at = syslog.data_id.find('@');
    if (syslog.data_id.size() > 32 || at == std::string::npos || !is_plain_name(syslog.data_id.substr(0, at)) ||
        !is_plain_name(syslog.data_id.substr(at + 1))) {
      complain(value, "'data_id' is a name, '@' and your private enterprise number");
    }
    settings_.sink = std::move(syslog);
  }

  void read_s3_sink(const YamlValue& value) {
    value.refuse_unknown_keys({"endpoint", "bucket", "prefix", "region", "access_key_env", "access_key_file",
                               "secret_key_env", "secret_key_file", "session_token_env", "session_token_file"},
                              complaints_);
    S3SinkSettings s3;
    s3.endpoint = text(value, "endpoint");
    while (s3.endpoint.ends_with('/')) s3.endpoint.pop_back();
    if (!is_safe_url(s3.endpoint)) complain(value, "'endpoint' is the https address of the object store");
    s3.bucket = text(value, "bucket");
    if (!is_plain_name(s3.bucket)) complain(value, "an s3 sink has a 'bucket'");
    s3.prefix = text(value, "prefix");
    if (value.find("region") != nullptr) s3.region = text(value, "region");
    s3.access_key_from = secret(value, "access_key");
    s3.secret_key_from = secret(value, "secret_key");
    s3.session_token_from = secret(value, "session_token");
    if (s3.access_key_from.empty() || s3.secret_key_from.empty()) {
      complain(value, "an s3 sink names where its keys are: 'access_key_env' and 'secret_key_env', or '…_file'");
    }
    settings_.sink = std::move(s3);
  }

  const YamlValue& item_;
  const std::filesystem::path& base_;
  const std::function<std::string(const YamlValue&)>& expand_;
  std::vector<Diagnostic>& complaints_;
  ExportSettings settings_;
};

}  // namespace

std::string_view ExportSettings::sink_kind() const {
  constexpr std::string_view kKinds[] = {"file", "http", "syslog", "s3"};
  return kKinds[sink.index()];
}

std::vector<ExportSettings> read_exports(const YamlValue& list, const std::filesystem::path& base,
                                         const std::function<std::string(const YamlValue&)>& text,
                                         std::vector<Diagnostic>& complaints) {
  std::vector<ExportSettings> exports;
  if (!list.is_sequence() || list.items().size() > 64) {
    complaints.push_back(list.complain("a list of at most 64 exports is expected here"));
    return exports;
  }
  for (const YamlValue& item : list.items()) {
    exports.push_back(ExportReader(item, base, text, complaints).read());
    const std::string& name = exports.back().name;
    const auto same = [&](const ExportSettings& other) { return other.name == name; };
    if (std::count_if(exports.begin(), exports.end(), same) > 1) {
      complaints.push_back(item.complain("there is another export of that name"));
    }
  }
  return exports;
}

}  // namespace reeve::ledger
