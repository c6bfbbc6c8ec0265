#include <atomic>
#include <deque>
#include <functional>
#include <mutex>

#include "core/bytes.h"
#include "spend/override.h"
#include "spend/price_table.h"

namespace reeve::spend {

namespace {

/// What a (provider, model) pair was found to mean, whatever the time.
struct Meaning {
  std::string provider, model;
  std::vector<const PriceOverride*> overrides;  // in the order in which they are asked
  const data::Model* listed = nullptr;
};

/// Remembers meanings, because a search walks hundreds of matches and the same few pairs are asked for over and over.
/// Readers take no lock. Names come from callers, so the memory is bounded: when it is full, or a pair finds its places
/// taken, the search is simply made again.
class MeaningCache {
 public:
  const Meaning* find(std::string_view provider, std::string_view model) const {
    const std::size_t first = place(provider, model);
    for (std::size_t i = 0; i < kProbes; ++i) {
      const Meaning* meaning = slots_[(first + i) % kSlots].load(std::memory_order_acquire);
      if (meaning == nullptr) return nullptr;
      if (meaning->model == model && meaning->provider == provider) return meaning;
    }
    return nullptr;
  }

  void keep(const Meaning& meaning) {
    const std::lock_guard lock(mutex_);
    if (find(meaning.provider, meaning.model) != nullptr) return;
    const std::size_t first = place(meaning.provider, meaning.model);
    for (std::size_t i = 0; i < kProbes; ++i) {
      auto& slot = slots_[(first + i) % kSlots];
      if (slot.load(std::memory_order_relaxed) != nullptr) continue;
      slot.store(&kept_.emplace_back(meaning), std::memory_order_release);
      return;
    }
  }

 private:
  static constexpr std::size_t kSlots = 1024;
  static constexpr std::size_t kProbes = 8;

  static std::size_t place(std::string_view provider, std::string_view model) {
    return std::hash<std::string_view>{}(model) * 31 + std::hash<std::string_view>{}(provider);
  }

  std::mutex mutex_;
  std::deque<Meaning> kept_;  // at most kSlots
  std::array<std::atomic<const Meaning*>, kSlots> slots_{};
};

class CatalogueWithOverrides final : public Catalogue {
 public:
  explicit CatalogueWithOverrides(Overrides overrides)
      : table_(PriceTable::built_in()), overrides_(std::move(overrides)), version_(data::version) {
    if (!overrides_.prices.empty()) version_ += " + " + std::to_string(overrides_.prices.size()) + " own prices";
  }

  PriceMatch find(std::string_view provider, std::string_view model, Instant when) const override {
    if (const Meaning* known = cache_.find(provider, model)) return price_of(*known, when);
    const Meaning meaning = search(provider, model);
    if (model.size() <= kModelNameBytesMax && provider.size() <= kModelNameBytesMax) cache_.keep(meaning);
    return price_of(meaning, when);
  }

  const std::string& version() const override { return version_; }
  std::vector<std::string> model_ids(std::string_view provider) const override { return table_->model_ids(provider); }
  std::size_t model_count() const override { return table_->model_count(); }

 private:
  Meaning search(std::string_view provider, std::string_view model) const {
    Meaning meaning;
    meaning.provider = provider;
    meaning.model = model;
    for (const PriceOverride& price : overrides_.prices) {
      if (price.fits(provider, model)) meaning.overrides.push_back(&price);
    }
    meaning.listed = table_->find(provider, model);
    return meaning;
  }

  PriceMatch price_of(const Meaning& meaning, Instant when) const {
    for (const PriceOverride* own : meaning.overrides) {
      if (!own->since || when >= *own->since) return {&own->price, true};
    }
    const Price* listed = meaning.listed == nullptr ? nullptr : table_->price_at(*meaning.listed, when);
    if (listed != nullptr) return {listed, true};
    return {&overrides_.unknown, false};
  }

  std::shared_ptr<const PriceTable> table_;
  Overrides overrides_;
  std::string version_;
  mutable MeaningCache cache_;
};

}  // namespace

std::shared_ptr<const Catalogue> Catalogue::built_in() {
  return std::make_shared<CatalogueWithOverrides>(Overrides{{}, default_unknown_price()});
}

std::shared_ptr<const Catalogue> Catalogue::with_overrides(const std::vector<YamlValue>& documents,
                                                           std::vector<Diagnostic>& complaints) {
  std::vector<Diagnostic> own;
  Overrides overrides = read_overrides(documents, own);
  complaints.insert(complaints.end(), own.begin(), own.end());
  if (has_errors(own)) return nullptr;
  return std::make_shared<CatalogueWithOverrides>(std::move(overrides));
}

}  // namespace reeve::spend
