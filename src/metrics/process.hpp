// What Linux says about this process, read from /proc at each call. Empty where /proc does not say.
#pragma once

#include <optional>

namespace groomer::metrics {

struct ProcessFigures {
    double cpu_seconds = 0;
    double start_time_seconds = 0;  // Unix time
    double virtual_bytes = 0;
    double resident_bytes = 0;
};
std::optional<ProcessFigures> read_process();
std::optional<double> open_fds();
std::optional<double> max_fds();

}  // namespace groomer::metrics
