// What groomer has said on an issue, by the steps that are stored: what it knows of its own comments beside what the tracker shows.
#pragma once

#include "store/store.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace groomer::store {

struct Said {
    std::string name;                                      // of the comment
    bool made = false;                                     // it was there once
    std::optional<std::string> text;                       // as it reads since the last write; none: that may not have taken effect
    std::optional<std::chrono::milliseconds> written_ago;  // since the last write that took effect, or may have
};
// One for each name.
Task<std::vector<Said>> said(Store& store, std::int64_t issue);

}  // namespace groomer::store
