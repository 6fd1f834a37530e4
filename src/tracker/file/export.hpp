// The user's export: where each issue stands in it, in about 40 bytes an issue, and reading one of them. The file is
// only ever read; it may be replaced or overwritten at any moment.
#pragma once

#include "tracker/file/file_io.hpp"
#include "tracker/issue_json.hpp"
#include "tracker/tracker.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::tracker::file {

// Immutable, for one content of the file.
struct Index {
    struct Entry {
        std::uint64_t offset = 0;
        std::int64_t number = 0;
        std::uint32_t length = 0;
        std::uint32_t repo = 0;  // into `repos`
    };
    Fingerprint fingerprint;
    std::uint64_t hash = 0;  // of the whole content
    std::vector<std::string> repos;
    std::vector<Entry> entries;         // in the order of the file
    std::vector<std::uint32_t> by_ref;  // into `entries`, by repository and number
    std::size_t skipped = 0;
    std::string skipped_example;

    [[nodiscard]] IssueRef ref(Entry const& entry) const { return {repos[entry.repo], entry.number}; }
    [[nodiscard]] Entry const* find(IssueRef const& ref) const;
};

// Reads all of it once. Throws Error where it is no list of issues, naming line and column.
Index build_index(File const& file, std::string_view entry_name);

// The open file and the index of just that content.
struct Snapshot {
    File file;
    std::shared_ptr<Index const> index;

    // False once somebody wrote into the file: what was read from it since is worthless.
    [[nodiscard]] bool intact() const { return file.fingerprint() == index->fingerprint; }
    [[nodiscard]] std::string element(Index::Entry const& entry) const { return file.read(entry.offset, entry.length); }
    // Only while intact; throws Error otherwise, or nonsense that intact() then tells.
    [[nodiscard]] Issue issue(Index::Entry const& entry) const;
};

class Export {
public:
    Export(std::string path, std::string entry_name) : path_{std::move(path)}, entry_name_{std::move(entry_name)} {}

    [[nodiscard]] std::string const& path() const { return path_; }
    // Callable from any pool thread; builds the index where the content is a new one.
    Snapshot open();
    // Forgets the index if nobody used it since the last rest(): a replica that does not work should weigh nothing.
    void rest();

    // The result of `read` on a snapshot that was intact before and after. Throws Error where the file never is.
    template <class Read>
    auto consistent(Read read) {
        for (int attempt = 1;; ++attempt) {
            auto const snapshot = open();
            try {
                auto result = read(snapshot);
                if (snapshot.intact()) return result;
            } catch (...) {
                if (snapshot.intact()) throw;
            }
            if (attempt == 3) fail_changing();
        }
    }

private:
    [[noreturn]] void fail_changing() const;

    std::string const path_;
    std::string const entry_name_;
    std::mutex mutex_;  // protects all below; held while the index is built, so that it is built once
    std::shared_ptr<Index const> index_;
    bool used_ = false;
};

}  // namespace groomer::tracker::file
