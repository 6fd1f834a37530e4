// FILE.groomer.jsonl: the log of effects beside an export, which is the tracker's only state. Appended under an
// exclusive flock, with one fsync for all that was asked meanwhile; read without a lock. Other replicas append to it
// too, and a person may edit, truncate or delete it.
#pragma once

#include "base/async.hpp"
#include "tracker/file/effects.hpp"
#include "tracker/file/file_io.hpp"
#include "tracker/file/stats.hpp"
#include "tracker/tracker.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace groomer::tracker::file {

class EffectsLog : public std::enable_shared_from_this<EffectsLog> {
public:
    // How much of which file has been read: equal marks mean equal effects.
    struct Mark {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::uint64_t offset = 0;
        friend bool operator==(Mark const& a, Mark const& b) {
            bool const same_file = a.device == b.device && a.inode == b.inode;
            return a.offset == b.offset && (same_file || a.offset == 0);  // no log is as good as an empty one
        }
    };

    // stats may be null.
    EffectsLog(std::string path, asio::thread_pool& pool, std::shared_ptr<Stats> stats, std::chrono::milliseconds lock_patience);

    // Changes of an issue's labels, made durable together; from_export: whether the export itself has it. done, already, withheld,
    // fenced or failed, each for itself.
    Task<std::vector<WriteResult>> write(IssueRef ref, std::vector<LabelChange> changes, WriteGuard guard);

    // The others block, and are callable from any pool thread.

    // Catches up with the file. Throws Error where it cannot be read.
    Mark refresh();
    // As of the last refresh.
    [[nodiscard]] std::vector<LabelChange> of(IssueRef const& ref) const;
    [[nodiscard]] std::size_t bad_lines() const;
    // Runs `effect` under the flock if the term and the guard still allow it: done, fenced or failed.
    WriteResult publish(WriteGuard const& guard, std::function<void()> const& effect);

private:
    struct Request {
        IssueRef ref;
        LabelChange change;
        WriteGuard guard;
        std::optional<WriteResult> result;
        std::function<void(WriteResult)> complete;
    };

    void submit(std::vector<Request> requests);
    void drain();
    void flush(std::vector<Request>& batch);
    File lock();
    std::uint64_t catch_up(File const& file);
    [[nodiscard]] bool continues(File const& file, Fingerprint const& now) const;
    std::string decide(std::vector<Request>& batch) const;
    void append(File& file, std::uint64_t size, std::string const& lines);

    std::string const path_;
    asio::thread_pool& pool_;
    std::shared_ptr<Stats> const stats_;
    std::chrono::milliseconds const lock_patience_;

    std::mutex queue_mutex_;  // protects these two
    std::vector<Request> queue_;
    bool draining_ = false;

    mutable std::mutex mutex_;  // protects all below; never held while waiting for the flock or the disk
    Effects effects_;
    Mark mark_;
    std::string tail_;  // the last bytes before mark_.offset, to notice a file that was rewritten in place
};

}  // namespace groomer::tracker::file
