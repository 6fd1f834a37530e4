// What groomer has said on an issue, by the steps that are stored: what it knows of its own texts beside what the tracker shows.
#pragma once

#include "store/store.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace groomer::store {

struct Said {
    std::string op;                                        // comment.set | section.set | title.set
    std::string name;                                      // of the text; a title has none
    bool made = false;                                     // it was there once
    std::optional<std::string> text;                       // as it reads since the last write; none: that may not have taken effect
    std::optional<std::chrono::milliseconds> written_ago;  // since the last write that took effect, or may have
    int versions = 0;                                      // texts that were written or begun: more than one, and it was edited
    std::string revision = {};                             // of the issue at that write; "" where its run was not recorded
    std::vector<std::string> texts = {};                   // all that were begun, each once
};
// One for each op and name.
Task<std::vector<Said>> said(Store& store, std::int64_t issue);

}  // namespace groomer::store
