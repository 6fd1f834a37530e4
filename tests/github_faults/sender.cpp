#include "github_faults/sender.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace groomer::github_faults {
namespace {

namespace fs = std::filesystem;

// The inode of the socket, from the kernel's table of connections.
std::string inode_of(unsigned short port, unsigned short server) {
    std::ifstream table{"/proc/net/tcp"};
    std::string line;
    std::getline(table, line);
    while (std::getline(table, line)) {
        std::istringstream fields{line};
        std::string place, local, remote, state, queues, timer, retransmits, user, timeout, inode;
        fields >> place >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode;
        auto const port_of = [](std::string const& address) {
            auto const colon = address.find(':');
            return colon == std::string::npos ? 0UL : std::stoul(address.substr(colon + 1), nullptr, 16);
        };
        if (port_of(local) == port && port_of(remote) == server && inode != "0") return inode;
    }
    return {};
}

}  // namespace

std::optional<int> sender(std::map<int, int> const& pids, unsigned short port, unsigned short server) {
    auto const inode = inode_of(port, server);
    if (inode.empty()) return std::nullopt;
    for (auto const& [number, pid] : pids) {
        std::error_code error;
        for (fs::directory_iterator file{"/proc/" + std::to_string(pid) + "/fd", error}, end; !error && file != end;
             file.increment(error)) {
            std::error_code unreadable;
            if (fs::read_symlink(file->path(), unreadable).string() == "socket:[" + inode + "]") return number;
        }
    }
    return std::nullopt;
}

}  // namespace groomer::github_faults
