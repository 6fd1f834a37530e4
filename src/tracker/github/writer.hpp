// Writes to labels: one at a time in a repository, each looked at before, and found out about where its answer was lost. All that an
// issue lacks are added by one.
#pragma once

#include "tracker/github/label_list.hpp"
#include "tracker/github/reader.hpp"
#include "tracker/github/repository.hpp"
#include "tracker/tracker.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace groomer::tracker::github {

class Writer {
public:
    Writer(Repository& repository, Reader& reader) : repository_{repository}, reader_{reader}, labels_{repository} {}

    // done, already, withheld, gone or failed. Throw what fail() does: a refusal or a limit is no fault of this issue.
    Task<std::vector<WriteResult>> add(std::int64_t number, std::vector<std::string> labels, WriteGuard guard);
    Task<WriteResult> remove(std::int64_t number, std::string label, WriteGuard guard);

private:
    using Results = std::vector<WriteResult>;  // of the labels, in their order
    // One request. A label that is removed is so alone.
    struct Change {
        std::int64_t number = 0;
        std::vector<std::string> labels = {};  // as the repository spells them
        bool added = true;
        WriteGuard guard;
    };

    Task<Results> look_and_add(std::int64_t number, std::vector<std::string> labels, WriteGuard guard);
    Task<Results> carry_out(Change const& change);
    Task<Answer> send(Change const& change, std::string url);
    Task<Results> settle(Change const& change, Answer answer);
    Task<Results> follow(Change const& change, std::string url);
    Task<Results> find_out(Change const& change, Answer const& answer);
    Task<Results> look_why_gone(Change const& change, Answer const& answer);
    [[nodiscard]] std::string url_of(Change const& change) const;

    Repository& repository_;
    Reader& reader_;
    LabelList labels_;
    int broken_in_a_row_ = 0;
};

}  // namespace groomer::tracker::github
