// `parley-engine-cosyvoice2 goldens DIR [--weights=f32|q8_0] [--json]`: every golden set in DIR
// against this engine; with q8_0 those of models whose matrices may be kept so, by tolerances of
// their own.
#pragma once

#include <span>
#include <string_view>

namespace parley::cosyvoice2 {

// `arguments` without the command's name. 0 if nothing failed and at least one comparison was made,
// else 1; 2 for wrong use.
int RunGoldensCommand(std::span<const std::string_view> arguments);

}  // namespace parley::cosyvoice2
