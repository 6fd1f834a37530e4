// One element of an export as an issue: GitHub's REST form, read with distrust.
#pragma once

#include "base/error.hpp"
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

// The text of an element breaks the grammar of JSON: the file is broken, not merely this element.
class BrokenJson : public Error {
public:
    BrokenJson(std::string const& sentence, std::size_t offset) : Error{ErrorCode::failure, sentence}, offset_{offset} {}
    [[nodiscard]] std::size_t offset() const { return offset_; }  // of the first byte that does not fit

private:
    std::size_t offset_;
};

// A whole element. Bytes that are no UTF-8 are kept for to_issue() to repair. Throws BrokenJson, or Error with the reason
// alone for what is JSON and cannot be used (a lone surrogate, an endless number) or nearly is (a raw control character).
boost::json::value parse_element(std::string_view json);

// entry_name is the repository of issues that name none.
Identity identify(boost::json::value const& element, std::string_view entry_name);

// An element that identify() found usable. Without events and comments.
Issue to_issue(boost::json::object const& element, IssueRef ref);

// The name of a label, given as a string or as an object; "" if it is neither.
std::string label_name(boost::json::value const& label);

}  // namespace groomer::tracker::file
