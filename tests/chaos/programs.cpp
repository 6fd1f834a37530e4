#include "chaos/programs.hpp"

#include <filesystem>

namespace groomer::chaos {
namespace {

namespace fs = std::filesystem;

std::string first_there(std::initializer_list<char const*> paths) {
    for (auto const* path : paths)
        if (fs::exists(path)) return path;
    return {};
}

// PARENT/X/REST for the X that counts highest.
std::string newest(fs::path const& parent, std::string const& rest) {
    fs::path best;
    int best_number = -1;
    if (!fs::is_directory(parent)) return {};
    for (auto const& entry : fs::directory_iterator{parent}) {
        auto const path = entry.path() / rest;
        auto const name = entry.path().filename().string();
        int const number = name.find_first_not_of("0123456789") == std::string::npos ? std::stoi(name) : 0;
        if (!fs::exists(path) || number <= best_number) continue;
        best = path;
        best_number = number;
    }
    return best.string();
}

}  // namespace

Programs find_programs() {
    Programs programs;
    auto const postgres = newest("/usr/lib/postgresql", "bin/postgres");
    if (!postgres.empty()) programs.postgres_folder = fs::path{postgres}.parent_path().string();
    programs.pgbouncer = first_there({"/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"});
    programs.faketime = newest("/usr/lib", "faketime/libfaketime.so.1");
    return programs;
}

}  // namespace groomer::chaos
