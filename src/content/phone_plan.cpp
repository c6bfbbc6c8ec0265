#include "content/phone_plan.h"

#include <algorithm>
#include <array>

namespace reeve::content {

namespace {

/// After ITU-T E.164 and the national plans that operators publish; ordered by code.
constexpr std::array kPlans = {
    PhonePlan{1, 10, 10},  PhonePlan{7, 10, 10},  PhonePlan{20, 8, 10},  PhonePlan{27, 9, 9},   PhonePlan{30, 10, 10},
    PhonePlan{31, 9, 9},   PhonePlan{32, 8, 9},   PhonePlan{33, 9, 9},   PhonePlan{34, 9, 9},   PhonePlan{36, 8, 9},
    PhonePlan{39, 6, 11},  PhonePlan{40, 9, 9},   PhonePlan{41, 9, 9},   PhonePlan{43, 7, 13},  PhonePlan{44, 9, 10},
    PhonePlan{45, 8, 8},   PhonePlan{46, 7, 10},  PhonePlan{47, 8, 8},   PhonePlan{48, 9, 9},   PhonePlan{49, 6, 12},
    PhonePlan{51, 8, 9},   PhonePlan{52, 10, 11}, PhonePlan{53, 6, 8},   PhonePlan{54, 10, 11}, PhonePlan{55, 10, 11},
    PhonePlan{56, 8, 9},   PhonePlan{57, 8, 10},  PhonePlan{58, 10, 10}, PhonePlan{60, 8, 10},  PhonePlan{61, 9, 9},
    PhonePlan{62, 7, 12},  PhonePlan{63, 8, 10},  PhonePlan{64, 8, 10},  PhonePlan{65, 8, 8},   PhonePlan{66, 8, 9},
    PhonePlan{81, 9, 10},  PhonePlan{82, 8, 11},  PhonePlan{84, 9, 10},  PhonePlan{86, 8, 11},  PhonePlan{90, 10, 10},
    PhonePlan{91, 10, 10}, PhonePlan{92, 9, 10},  PhonePlan{93, 9, 9},   PhonePlan{94, 9, 9},   PhonePlan{95, 7, 10},
    PhonePlan{98, 10, 10}, PhonePlan{211, 9, 9},  PhonePlan{212, 9, 9},  PhonePlan{213, 8, 9},  PhonePlan{216, 8, 8},
    PhonePlan{218, 8, 9},  PhonePlan{220, 7, 7},  PhonePlan{221, 9, 9},  PhonePlan{222, 8, 8},  PhonePlan{223, 8, 8},
    PhonePlan{224, 8, 9},  PhonePlan{225, 8, 10}, PhonePlan{226, 8, 8},  PhonePlan{227, 8, 8},  PhonePlan{228, 8, 8},
    PhonePlan{229, 8, 10}, PhonePlan{230, 7, 8},  PhonePlan{231, 7, 9},  PhonePlan{232, 8, 8},  PhonePlan{233, 9, 9},
    PhonePlan{234, 8, 10}, PhonePlan{235, 8, 8},  PhonePlan{236, 8, 8},  PhonePlan{237, 8, 9},  PhonePlan{238, 7, 7},
    PhonePlan{239, 7, 7},  PhonePlan{240, 9, 9},  PhonePlan{241, 7, 8},  PhonePlan{242, 9, 9},  PhonePlan{243, 9, 9},
    PhonePlan{244, 9, 9},  PhonePlan{245, 7, 9},  PhonePlan{248, 7, 7},  PhonePlan{249, 9, 9},  PhonePlan{250, 9, 9},
    PhonePlan{251, 9, 9},  PhonePlan{252, 7, 9},  PhonePlan{253, 8, 8},  PhonePlan{254, 9, 10}, PhonePlan{255, 9, 9},
    PhonePlan{256, 9, 9},  PhonePlan{257, 8, 8},  PhonePlan{258, 8, 9},  PhonePlan{260, 9, 9},  PhonePlan{261, 9, 9},
    PhonePlan{262, 9, 9},  PhonePlan{263, 8, 9},  PhonePlan{264, 8, 9},  PhonePlan{265, 7, 9},  PhonePlan{266, 8, 8},
    PhonePlan{267, 7, 8},  PhonePlan{268, 8, 8},  PhonePlan{269, 7, 7},  PhonePlan{291, 7, 7},  PhonePlan{297, 7, 7},
    PhonePlan{298, 6, 6},  PhonePlan{299, 6, 6},  PhonePlan{350, 8, 8},  PhonePlan{351, 9, 9},  PhonePlan{352, 6, 11},
    PhonePlan{353, 7, 9},  PhonePlan{354, 7, 9},  PhonePlan{355, 8, 9},  PhonePlan{356, 8, 8},  PhonePlan{357, 8, 8},
    PhonePlan{358, 6, 11}, PhonePlan{359, 8, 9},  PhonePlan{370, 8, 8},  PhonePlan{371, 8, 8},  PhonePlan{372, 7, 8},
    PhonePlan{373, 8, 8},  PhonePlan{374, 8, 8},  PhonePlan{375, 9, 9},  PhonePlan{376, 6, 9},  PhonePlan{377, 8, 9},
    PhonePlan{378, 6, 10}, PhonePlan{380, 9, 9},  PhonePlan{381, 8, 9},  PhonePlan{382, 8, 8},  PhonePlan{383, 8, 8},
    PhonePlan{385, 8, 9},  PhonePlan{386, 8, 8},  PhonePlan{387, 8, 8},  PhonePlan{389, 8, 8},  PhonePlan{420, 9, 9},
    PhonePlan{421, 9, 9},  PhonePlan{423, 7, 9},  PhonePlan{501, 7, 7},  PhonePlan{502, 8, 8},  PhonePlan{503, 8, 8},
    PhonePlan{504, 8, 8},  PhonePlan{505, 8, 8},  PhonePlan{506, 8, 8},  PhonePlan{507, 7, 8},  PhonePlan{509, 8, 8},
    PhonePlan{590, 9, 9},  PhonePlan{591, 8, 8},  PhonePlan{592, 7, 7},  PhonePlan{593, 8, 9},  PhonePlan{594, 9, 9},
    PhonePlan{595, 8, 9},  PhonePlan{596, 9, 9},  PhonePlan{597, 6, 7},  PhonePlan{598, 7, 8},  PhonePlan{599, 7, 8},
    PhonePlan{670, 7, 8},  PhonePlan{673, 7, 7},  PhonePlan{675, 7, 8},  PhonePlan{679, 7, 7},  PhonePlan{687, 6, 6},
    PhonePlan{689, 6, 8},  PhonePlan{852, 8, 8},  PhonePlan{853, 8, 8},  PhonePlan{855, 8, 9},  PhonePlan{856, 8, 10},
    PhonePlan{880, 8, 10}, PhonePlan{886, 8, 9},  PhonePlan{960, 7, 7},  PhonePlan{961, 7, 8},  PhonePlan{962, 8, 9},
    PhonePlan{963, 8, 9},  PhonePlan{964, 8, 10}, PhonePlan{965, 8, 8},  PhonePlan{966, 8, 9},  PhonePlan{967, 7, 9},
    PhonePlan{968, 8, 8},  PhonePlan{970, 8, 9},  PhonePlan{971, 8, 9},  PhonePlan{972, 8, 9},  PhonePlan{973, 8, 8},
    PhonePlan{974, 8, 8},  PhonePlan{975, 7, 8},  PhonePlan{976, 8, 8},  PhonePlan{977, 8, 10}, PhonePlan{992, 9, 9},
    PhonePlan{993, 8, 8},  PhonePlan{994, 9, 9},  PhonePlan{995, 9, 9},  PhonePlan{996, 9, 9},  PhonePlan{998, 9, 9},
};

}  // namespace

const PhonePlan* phone_plan_of(std::string_view digits) {
  int code = 0;
  for (std::size_t i = 0; i < 3 && i < digits.size(); ++i) {
    code = code * 10 + (digits[i] - '0');
    const auto plan = std::ranges::lower_bound(kPlans, code, {}, &PhonePlan::country);
    if (plan != kPlans.end() && plan->country == code) return &*plan;
  }
  return nullptr;
}

std::size_t code_length(const PhonePlan& plan) { return plan.country < 10 ? 1 : plan.country < 100 ? 2 : 3; }

}  // namespace reeve::content
