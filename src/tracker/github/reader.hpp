// Single issues, and the few that were read last: an issue is read twice before it is written to, and only once in full.
#pragma once

#include "tracker/github/repository.hpp"
#include "tracker/tracker.hpp"

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace groomer::tracker::github {

class Reader {
public:
    explicit Reader(Repository& repository) : repository_{repository} {}

    // With comments and label events; nothing if it is gone, or is now another repository's. Throws what fail() does, and
    // IssueUnreadable where it is too large.
    Task<std::optional<Issue>> read(std::int64_t number);

    // The labels as of now, or of a read moments ago that no write of ours has followed. Nothing if the issue is gone.
    Task<std::optional<std::vector<std::string>>> labels(std::int64_t number);
    // The same, asked for in any case.
    Task<std::optional<std::vector<std::string>>> labels_now(std::int64_t number);
    // The next read() asks for the whole.
    void forget_history(std::int64_t number) { forget(number); }
    // A write may have changed it.
    void touched(std::int64_t number);

private:
    struct Known {
        Issue issue;  // with its history, where that is known
        std::int64_t comments = 0;
        std::string etag;
        BootTime::time_point read_at{};
        BootTime::time_point history_at{};  // when its timeline was read
        bool fresh = false;                 // no write of ours since
        bool has_history = false;
        bool settled = false;  // read so long after its last change that any later one has another time
        std::size_t bytes = 0;
    };
    using Shared = std::shared_ptr<Known>;

    Task<Shared> look(std::int64_t number);
    Task<Shared> take(std::int64_t number, Answer answer, Shared before);
    enum class Reading { whole, gone, too_large };
    Task<Reading> read_history(std::int64_t number, Shared known, int size);
    Task<Answer> timeline_page(std::int64_t number, int size, int page, std::string url);

    [[nodiscard]] Shared find(std::int64_t number);
    void keep(std::int64_t number, Shared known);
    void forget(std::int64_t number);

    Repository& repository_;
    std::list<std::int64_t> order_;  // the latest first
    struct Place {
        Shared known;
        std::list<std::int64_t>::iterator at;
    };
    std::unordered_map<std::int64_t, Place> known_;
    std::size_t bytes_ = 0;
};

}  // namespace groomer::tracker::github
