// One element of a list of issues, from an export or from GitHub itself: GitHub's REST form, read with distrust.
#pragma once

#include "base/error.hpp"
#include "tracker/tracker.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace groomer::tracker {

inline constexpr std::uint64_t max_element = 8ULL << 20U;  // larger ones are passed over, never parsed
// GitHub allows 50 characters for a label, 39 for an owner and 100 for a name; more is nobody's, and too long for an index.
inline constexpr std::size_t longest_label = 250, longest_repo = 140;

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

// A member's text, cleaned; "" where it is none.
std::string text_of(boost::json::object const& object, std::string_view key);

// An object's member that is an object itself; null where it is none.
boost::json::object const* object_of(boost::json::object const& object, std::string_view key);

// The names in a list of labels, each once; those that nobody could have made are left out.
std::vector<std::string> label_names(boost::json::array const& labels);

// The name of a label, given as a string or as an object; "" if it is neither.
std::string label_name(boost::json::value const& label);

}  // namespace groomer::tracker
