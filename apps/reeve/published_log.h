#pragma once

// The ledger's published files over HTTP, below /log: checkpoint, verifier key and tiles for everybody, bundles of
// entries for keys with the scope ledger:read. docs/verifier.md tells what to do with them.
//
// A path is taken apart and only the one way to write a name of such a file is accepted, so none leads elsewhere. Files
// are read on one thread of its own, in pieces: a slow disk keeps no call waiting, and a large bundle is never in
// memory as a whole.

#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "ledger/ledger.h"
#include "net/net.h"
#include "reeve/api_callers.h"
#include "reeve/api_thread.h"
#include "reeve/config.h"

namespace reeve::app {

class PublishedLog {
 public:
  /// All of it outlives this.
  struct Sources {
    std::filesystem::path ledger_directory;
    ServedLog served;
    ledger::Log* log;
    ApiCallers* callers;
  };
  explicit PublishedLog(Sources sources) : sources_(std::move(sources)) {}

  static bool serves(std::string_view path) { return path.starts_with("/log/"); }
  Task<void> handle(net::Exchange& exchange);
  /// Ends its thread. Once no exchange is under way.
  void stop() { thread_.stop(); }

 private:
  bool is_served(ledger::PublishedName::Kind kind) const;
  Task<ApiAnswer> admit_reader(net::Exchange& exchange, std::uint64_t bundle);
  Task<void> send(net::Exchange& exchange, std::string name, ledger::PublishedName::Kind kind);
  bool is_recorded(const std::string& reading, Moment now);
  void remember(const std::string& reading, Moment now);

  const Sources sources_;
  std::mutex mutex_;
  std::map<std::string, Moment> recorded_;  // who read what, and until when that entry speaks for further reads
  ApiThread thread_;
};

}  // namespace reeve::app
