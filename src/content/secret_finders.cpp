// The finders of secrets by name.

#include "content/secret_finders.h"

namespace reeve::content {

std::vector<NamedFinder> secret_finders() {
  return {
      {"assignment", "values assigned to keys whose names say that they are secret", prepare_assignments},
      {"url-credentials", "passwords in URLs: scheme://user:password@host", prepare_url_credentials},
      {"private-key-block", "private keys between BEGIN and END lines, also in one line", prepare_private_key_blocks},
      {"web-token", "JSON Web Tokens of any length", prepare_web_tokens},
      {"paired-key", "secret keys that stand beside their key id", prepare_paired_keys},
      {"dotted-token", "tokens of three parts with dots between: an id, a time, a signature", prepare_dotted_tokens},
      {"seed-phrase", "twelve to twenty-four words that recover a wallet", prepare_seed_phrases},
  };
}

}  // namespace reeve::content
