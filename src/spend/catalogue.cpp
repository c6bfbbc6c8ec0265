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
  std::vector<const PriceOverride*> overrides;      // in the order in which they are asked
  std::vector<const PriceAdjustment*> adjustments;  // in the order in which they count
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
      : table_(PriceTable::built_in()), overrides_(std::move(overrides)), version_(base_version()) {
    if (!overrides_.digest.empty()) version_ += " + own " + overrides_.digest;
  }

  PriceMatch find(std::string_view provider, std::string_view model, Instant when,
                  std::string_view region) const override {
    if (const Meaning* known = cache_.find(provider, model)) return price_of(*known, when, region);
    const Meaning meaning = search(provider, model);
    if (model.size() <= kModelNameBytesMax && provider.size() <= kModelNameBytesMax) cache_.keep(meaning);
    return price_of(meaning, when, region);
  }

  const std::string& version() const override { return version_; }
  std::span<const Commitment> commitments() const override { return overrides_.commitments; }
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
    for (const PriceAdjustment& adjustment : overrides_.adjustments) {
      if (glob_match(adjustment.provider, provider) && glob_match(adjustment.model, model)) {
        meaning.adjustments.push_back(&adjustment);
      }
    }
    meaning.listed = table_->find(provider, model);
    return meaning;
  }

  PriceMatch price_of(const Meaning& meaning, Instant when, std::string_view region) const {
    const Price* listed = meaning.listed == nullptr ? nullptr : table_->price_at(*meaning.listed, when);
    for (const PriceOverride* own : meaning.overrides) {
      if (!holds(*own, when, region)) continue;
      return {.price = &own->price, .known = true, .listed = listed, .adjustments = {}};
    }
    if (listed == nullptr) return {.price = &overrides_.unknown, .known = false, .listed = nullptr, .adjustments = {}};
    PriceMatch match{.price = listed, .known = true, .listed = nullptr, .adjustments = {}};
    for (const PriceAdjustment* adjustment : meaning.adjustments) {
      if (holds(*adjustment, when, region)) match.adjustments.push_back(adjustment);
    }
    return match;
  }

  template <typename Dated>
  static bool holds(const Dated& document, Instant when, std::string_view region) {
    return (!document.since || when >= *document.since) && (!document.until || when < *document.until) &&
           glob_match(document.region, region);
  }

  std::shared_ptr<const PriceTable> table_;
  Overrides overrides_;
  std::string version_;
  mutable MeaningCache cache_;
};

}  // namespace

namespace {
Overrides only_the_list() {
  Overrides overrides;
  overrides.unknown = default_unknown_price();
  return overrides;
}
}  // namespace

std::shared_ptr<const Catalogue> Catalogue::built_in() {
  return std::make_shared<CatalogueWithOverrides>(only_the_list());
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
