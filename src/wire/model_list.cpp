#include "wire/dialect.h"

namespace reeve::wire {

std::string encode_model_list(Dialect dialect, const std::vector<ModelEntry>& models) {
  JsonWriter out;
  rules_of(dialect).write_model_list(out, models);
  return out.take();
}

std::string encode_model(Dialect dialect, const ModelEntry& model) {
  JsonWriter out;
  rules_of(dialect).write_model(out, model);
  return out.take();
}

}  // namespace reeve::wire
