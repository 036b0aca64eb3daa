// A histogram out of a server's /metrics page, as a benchmark's values.
#pragma once

#include <string_view>
#include <vector>

namespace parley::cli::bench {

// One value for each observation of the histogram `name` (without labels) in `page` (Prometheus'
// text form): the upper bound of its bucket, so that a percentile of them is never too good. What
// lies above the last bound counts as twice that bound. Empty for a histogram that is not there.
std::vector<double> HistogramValues(std::string_view page, std::string_view name);

}  // namespace parley::cli::bench
