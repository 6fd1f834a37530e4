// The files that make a configuration: read whole, bounded, and remembered with a digest so that a change is noticed.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace groomer::config {

constexpr std::size_t most_config_bytes = 1024 * 1024, most_secret_bytes = 64 * 1024;

struct FileContent {
    bool ok = false;
    std::string text;     // where ok
    std::string problem;  // where not: continues "the file NAME …"
};

// Regular files only (a pipe would block).
FileContent read_file(std::string const& path, std::size_t limit);

// Changes whenever the content does; a file that cannot be read has one of its own.
std::string digest_of(FileContent const& content);

struct WatchedFile {
    std::string path;
    std::string secret;  // github.token; empty for the configuration itself
    std::string digest;
    bool operator==(WatchedFile const&) const = default;
};

class Files {
public:
    FileContent read(std::string const& path, std::string const& secret, std::size_t limit);
    [[nodiscard]] std::vector<WatchedFile> const& seen() const { return seen_; }

private:
    std::vector<WatchedFile> seen_;
};

// The digests of now.
std::vector<WatchedFile> look_again(std::vector<WatchedFile> files);

}  // namespace groomer::config
