// Plain POSIX files, with errors that name the path. Nothing here is mapped into memory: a user who overwrites an
// export while it is read would end the process with SIGBUS.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace groomer::tracker::file {

// Tells one content of a path from another without reading it.
struct Fingerprint {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;
    friend bool operator==(Fingerprint const&, Fingerprint const&) = default;
    [[nodiscard]] bool same_file(Fingerprint const& other) const { return device == other.device && inode == other.inode; }
};

// Every member throws groomer::Error, "PATH: what failed: why", where the system refuses.
class File {
public:
    // Regular files only; never waits for a pipe's other end.
    static File open(std::string path, int flags, unsigned mode = 0);
    static std::optional<File> open_if_there(std::string path, int flags);
    File(File&& other) noexcept;
    File& operator=(File&&) = delete;
    ~File();

    [[nodiscard]] std::string const& path() const { return path_; }
    [[nodiscard]] Fingerprint fingerprint() const;
    [[nodiscard]] unsigned mode() const;
    // At most `length` bytes from `offset`; fewer only at the end of the file.
    [[nodiscard]] std::string read(std::uint64_t offset, std::size_t length) const;
    // The same into `buffer`, keeping its memory.
    void read(std::uint64_t offset, std::size_t length, std::string& buffer) const;

    void write(std::string_view data);
    void truncate(std::uint64_t size);
    void set_mode(unsigned mode);
    void sync();
    // Takes the exclusive flock; false if another holds it and still does after `patience`.
    bool lock(std::chrono::milliseconds patience);

private:
    File(std::string path, int fd) : path_{std::move(path)}, fd_{fd} {}

    std::string path_;
    int fd_;
};

// Nothing if there is no such file.
std::optional<Fingerprint> fingerprint_of(std::string const& path);
void rename_file(std::string const& from, std::string const& to);
// Makes the names in the folder of `path` durable.
void sync_folder_of(std::string const& path);

}  // namespace groomer::tracker::file
