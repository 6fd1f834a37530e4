// The scanner that cuts lists of issues into elements as their bytes come, whether of a file or of an answer; and what it finds,
// written again with other labels.
#include "base/error.hpp"
#include "fuzz/fuzz.hpp"
#include "tracker/file/labelled_copy.hpp"
#include "tracker/issue_json.hpp"
#include "tracker/scanner.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

namespace groomer::fuzz {
namespace {

using namespace tracker;
using Found = std::vector<std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t, bool>>;

// Nothing: it is no list.
std::optional<Found> scan(std::string_view text, std::size_t chunk) {
    Scanner scanner{"input"};
    Found found;
    auto const take = [&](Element const& e) { found.emplace_back(e.offset, e.length, e.line, e.column, e.too_deep); };
    try {
        for (std::size_t at = 0; at < text.size(); at += chunk) scanner.feed(text.substr(at, chunk), take);
        scanner.finish();
        return found;
    } catch (Error const&) {
        return std::nullopt;
    }
}

void check_element(std::string_view text) {
    try {
        auto const value = parse_element(text);
        auto const identity = identify(value, "octo/quill");
        auto const* ref = std::get_if<IssueRef>(&identity);
        if (!ref) return;
        auto const issue = to_issue(value.get_object(), *ref);
        auto const labels = std::vector<std::string>{"type/bug", "näh \"x\""};
        auto const again = parse_element(file::relabel(text, labels));
        auto const written = to_issue(again.get_object(), *ref);
        check(written.labels == labels, "an element takes the labels that it is given");
        check(written.title == issue.title && written.body == issue.body, "the rest of an element stays");
    } catch (Error const&) {
    }
}

}  // namespace
}  // namespace groomer::fuzz

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace groomer;
    auto const text = fuzz::text_of(data, size);
    auto const whole = fuzz::scan(text, std::max<std::size_t>(size, 1));
    fuzz::check(fuzz::scan(text, 1) == whole && fuzz::scan(text, 7) == whole, "how the bytes come makes no difference");
    if (!whole) return 0;
    std::uint64_t end = 0;
    for (auto const& [offset, length, line, column, too_deep] : *whole) {
        fuzz::check(offset >= end && offset + length <= size && length > 0, "elements follow one another");
        end = offset + length;
        if (!too_deep) fuzz::check_element(text.substr(offset, length));
    }
    return 0;
}
