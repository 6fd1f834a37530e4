#include "metrics/process.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace groomer::metrics {
namespace {

std::optional<double> boot_time() {
    std::ifstream stat{"/proc/stat"};
    std::string word;
    double seconds = 0;
    while (stat >> word) {
        if (word == "btime" && stat >> seconds) return seconds;
    }
    return std::nullopt;
}

// The fields of /proc/self/stat after the command's name, which may itself hold spaces and brackets; the first is field 3.
std::vector<std::string> stat_fields() {
    std::ifstream file{"/proc/self/stat"};
    std::string line;
    std::getline(file, line);
    auto end = line.rfind(')');
    if (end == std::string::npos) return {};
    std::istringstream rest{line.substr(end + 1)};
    return {std::istream_iterator<std::string>{rest}, {}};
}

}  // namespace

std::optional<ProcessFigures> read_process() {
    static double const ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    static double const page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    static std::optional<double> const boot = boot_time();
    std::vector<std::string> const fields = stat_fields();
    if (fields.size() < 22 || !boot) return std::nullopt;
    auto field = [&](std::size_t number) { return std::stod(fields[number - 3]); };  // numbered as in proc(5)
    return ProcessFigures{.cpu_seconds = (field(14) + field(15)) / ticks,
                          .start_time_seconds = *boot + field(22) / ticks,
                          .virtual_bytes = field(23),
                          .resident_bytes = field(24) * page};
}

std::optional<double> open_fds() {
    std::error_code error;
    std::filesystem::directory_iterator entries{"/proc/self/fd", error};
    if (error) return std::nullopt;
    return static_cast<double>(std::distance(begin(entries), end(entries)) - 1);  // less the one that reads
}

std::optional<double> max_fds() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
    return static_cast<double>(limit.rlim_cur);
}

}  // namespace groomer::metrics
