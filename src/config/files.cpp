#include "config/files.hpp"

#include "base/digest.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace groomer::config {

FileContent read_file(std::string const& path, std::size_t limit) {
    std::error_code error;
    auto const status = std::filesystem::status(path, error);
    if (status.type() == std::filesystem::file_type::not_found) return {false, "", "does not exist"};
    if (error) return {false, "", "cannot be read: " + error.message()};
    if (!std::filesystem::is_regular_file(status)) return {false, "", "is not a regular file"};
    errno = 0;
    std::ifstream in{path, std::ios::binary};
    if (!in) return {false, "", std::string{"cannot be read: "} + std::strerror(errno)};
    // By pieces: room for the largest file, taken every few seconds to look whether it has changed, would stay with the process.
    std::string text;
    std::array<char, 4096> piece{};
    do {
        in.read(piece.data(), piece.size());
        text.append(piece.data(), static_cast<std::size_t>(in.gcount()));
    } while (in && text.size() <= limit);
    if (in.bad()) return {false, "", "cannot be read to its end"};
    if (text.size() > limit) return {false, "", "is larger than " + std::to_string(limit / 1024) + " KiB"};
    return {true, std::move(text), ""};
}

std::string digest_of(FileContent const& content) { return content.ok ? sha256_hex(content.text) : content.problem; }

FileContent Files::read(std::string const& path, std::string const& secret, std::size_t limit) {
    auto content = read_file(path, limit);
    WatchedFile file{path, secret, digest_of(content)};
    if (std::find(seen_.begin(), seen_.end(), file) == seen_.end()) seen_.push_back(std::move(file));
    return content;
}

std::vector<WatchedFile> look_again(std::vector<WatchedFile> files) {
    for (auto& file : files) file.digest = digest_of(read_file(file.path, file.secret.empty() ? most_config_bytes : most_secret_bytes));
    return files;
}

}  // namespace groomer::config
