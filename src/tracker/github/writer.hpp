// Writes to labels: one at a time in a repository, each looked at before, and found out about where its answer was lost.
#pragma once

#include "tracker/github/label_list.hpp"
#include "tracker/github/reader.hpp"
#include "tracker/github/repository.hpp"
#include "tracker/tracker.hpp"

#include <cstdint>
#include <string>

namespace groomer::tracker::github {

class Writer {
public:
    Writer(Repository& repository, Reader& reader) : repository_{repository}, reader_{reader}, labels_{repository} {}

    // done, already, withheld, gone or failed. Throws what fail() does: a refusal or a limit is no fault of this issue.
    Task<WriteResult> write(std::int64_t number, std::string label, bool added, WriteGuard guard);

private:
    struct Change {
        std::int64_t number = 0;
        std::string label;
        bool added = true;
        WriteGuard guard;
    };

    Task<WriteResult> carry_out(Change change);
    Task<Answer> send(Change const& change, std::string url);
    Task<WriteResult> settle(Change const& change, Answer answer);
    Task<WriteResult> follow(Change const& change, std::string url);
    Task<WriteResult> find_out(Change const& change, Answer const& answer);
    Task<WriteResult> look_why_gone(Change const& change, Answer const& answer);
    [[nodiscard]] std::string url_of(Change const& change) const;

    Repository& repository_;
    Reader& reader_;
    LabelList labels_;
    int broken_in_a_row_ = 0;
};

}  // namespace groomer::tracker::github
