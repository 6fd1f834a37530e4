// Which process has a TCP connection on this machine.
#pragma once

#include <map>
#include <optional>

namespace groomer::github_faults {

// Of the processes given (number → pid), the one whose end has the local port `port` and the remote port `server`.
std::optional<int> sender(std::map<int, int> const& pids, unsigned short port, unsigned short server);

}  // namespace groomer::github_faults
