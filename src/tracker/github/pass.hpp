// The steps of a sync: which page to ask for, and where the cursor stands after it. Pure.
#pragma once

#include "base/clock.hpp"
#include "tracker/github/cursor.hpp"
#include "tracker/github/link_header.hpp"
#include "tracker/github/resource.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace groomer::tracker::github {

struct PassOptions {
    // What GitHub may show this much later than it dates it.
    std::chrono::seconds overlap{std::chrono::minutes{5}};
    // Deleted and transferred issues are found by naming all others.
    std::chrono::seconds full_every{std::chrono::hours{24 * 7}};
};

// For a cursor at rest: a pass begins, a full one where it is time for that. One that has begun goes on.
void begin_pass(Cursor& cursor, WallTime now, PassOptions const& options);

// list: the address of the repository's issues.
std::string page_url(Cursor const& cursor, std::string const& list, std::size_t per_page);

struct Step {
    std::vector<Issue> news;
    bool last = false;  // the pass is over
};
// Takes the page that page_url() asked for; now: by GitHub's clock. Throws Error where the list leads in a circle or elsewhere.
Step advance(Cursor& cursor, IssuePage page, Links const& links, WallTime now, PassOptions const& options);

}  // namespace groomer::tracker::github
