#include "tracker/file/file_io.hpp"

#include "base/error.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

namespace groomer::tracker::file {
namespace {

[[noreturn]] void fail(std::string const& path, std::string const& what, int error) {
    throw Error{ErrorCode::failure, path + ": " + what + ": " + std::generic_category().message(error)};
}

Fingerprint to_fingerprint(struct stat const& info) {
    return {info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size),
            std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec};
}

struct stat stat_of(int fd, std::string const& path) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) fail(path, "cannot be examined", errno);
    return info;
}

}  // namespace

File File::open(std::string path, int flags, unsigned mode) {
    // O_NONBLOCK: opening a named pipe would wait for ever; on regular files it means nothing.
    int const fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, mode);
    if (fd < 0) fail(path, "cannot be opened", errno);
    File file{std::move(path), fd};
    auto const type = stat_of(fd, file.path_).st_mode;
    if (S_ISDIR(type)) fail(file.path_, "cannot be opened", EISDIR);
    if (!S_ISREG(type)) throw Error{ErrorCode::failure, file.path_ + ": is not a regular file"};
    return file;
}

std::optional<File> File::open_if_there(std::string path, int flags) {
    if (!fingerprint_of(path)) return std::nullopt;
    return open(std::move(path), flags);
}

File::File(File&& other) noexcept : path_{std::move(other.path_)}, fd_{std::exchange(other.fd_, -1)} {}

File::~File() {
    if (fd_ >= 0) ::close(fd_);
}

Fingerprint File::fingerprint() const { return to_fingerprint(stat_of(fd_, path_)); }

unsigned File::mode() const { return stat_of(fd_, path_).st_mode & 0777U; }

std::string File::read(std::uint64_t offset, std::size_t length) const {
    std::string buffer;
    read(offset, length, buffer);
    return buffer;
}

void File::read(std::uint64_t offset, std::size_t length, std::string& buffer) const {
    buffer.resize(length);
    std::size_t done = 0;
    while (done < length) {
        auto const n = ::pread(fd_, buffer.data() + done, length - done, static_cast<off_t>(offset + done));
        if (n == 0) break;
        if (n > 0) done += static_cast<std::size_t>(n);
        else if (errno != EINTR) fail(path_, "cannot be read", errno);
    }
    buffer.resize(done);
}

void File::write(std::string_view data) {
    while (!data.empty()) {
        auto const n = ::write(fd_, data.data(), data.size());
        if (n >= 0) data.remove_prefix(static_cast<std::size_t>(n));
        else if (errno != EINTR) fail(path_, "cannot be written", errno);
    }
}

void File::truncate(std::uint64_t size) {
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) fail(path_, "cannot be shortened", errno);
}

void File::set_mode(unsigned mode) {
    if (::fchmod(fd_, mode) != 0) fail(path_, "cannot get its permissions", errno);
}

void File::sync() {
    if (::fdatasync(fd_) != 0) fail(path_, "cannot be made durable", errno);
}

bool File::lock(std::chrono::milliseconds patience) {
    using Steady = std::chrono::steady_clock;
    auto const end = Steady::now() + patience;
    // flock() has no time limit, and a stopped process may hold it for ever: ask, and ask again.
    for (auto pause = std::chrono::milliseconds{1};; pause = std::min(pause * 2, std::chrono::milliseconds{50})) {
        if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return true;
        if (errno != EWOULDBLOCK && errno != EINTR) fail(path_, "cannot be locked", errno);
        if (Steady::now() >= end) return false;
        std::this_thread::sleep_for(pause);
    }
}

std::optional<Fingerprint> fingerprint_of(std::string const& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0) return to_fingerprint(info);
    if (errno == ENOENT) return std::nullopt;
    fail(path, "cannot be examined", errno);
}

void rename_file(std::string const& from, std::string const& to) {
    if (std::rename(from.c_str(), to.c_str()) != 0) fail(to, "cannot be replaced", errno);
}

void sync_folder_of(std::string const& path) {
    auto folder = std::filesystem::path{path}.parent_path().string();
    if (folder.empty()) folder = ".";
    int const fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) fail(folder, "cannot be opened", errno);
    int const error = ::fsync(fd) == 0 ? 0 : errno;
    ::close(fd);
    // Some network file systems know no fsync of folders; there is nothing more to do then.
    if (error != 0 && error != EINVAL) fail(folder, "cannot be made durable", error);
}

}  // namespace groomer::tracker::file
