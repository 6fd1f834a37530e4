// One element of an export as an issue: GitHub's REST form, read with distrust.
#pragma once

#include "tracker/tracker.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace groomer::tracker::file {

struct PullRequest {};
struct Unusable {
    std::string why;
};
// Whose issue an element is, if it is one that can be groomed.
using Identity = std::variant<IssueRef, PullRequest, Unusable>;

// A whole element. Bytes that are no UTF-8 are kept for to_issue() to repair; throws Error with the reason alone.
boost::json::value parse_element(std::string_view json);

// entry_name is the repository of issues that name none.
Identity identify(boost::json::value const& element, std::string_view entry_name);

// An element that identify() found usable. Without events and comments.
Issue to_issue(boost::json::object const& element, IssueRef ref);

// The name of a label, given as a string or as an object; "" if it is neither.
std::string label_name(boost::json::value const& label);

}  // namespace groomer::tracker::file
