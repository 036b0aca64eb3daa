// `parley-engine-cosyvoice2 goldens DIR [--json]`: every golden set in DIR against this engine.
#pragma once

#include <span>
#include <string_view>

namespace parley::cosyvoice2 {

// `arguments` without the command's name. 0 if nothing failed and at least one comparison was made,
// else 1; 2 for wrong use.
int RunGoldensCommand(std::span<const std::string_view> arguments);

}  // namespace parley::cosyvoice2
