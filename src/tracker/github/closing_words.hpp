// Does a pull request say that it closes an issue? By GitHub's own words for it ("Linking a pull request to an issue using a keyword"):
// close, fix and resolve in their forms, then the issue. Pure.
#pragma once

#include "tracker/tracker.hpp"

#include <string_view>

namespace groomer::tracker::github {

// text: the pull request's description. "does not fix #7" does not say so, although GitHub takes it for that. of: the issue, of the same repository; #7, owner/name#7 and the address of its page name it.
bool says_it_closes(std::string_view text, IssueRef const& of);

}  // namespace groomer::tracker::github
