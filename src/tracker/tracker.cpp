#include "tracker/tracker.hpp"

#include <charconv>

namespace groomer::tracker {

std::string to_string(IssueRef const& ref) { return ref.repo + "#" + std::to_string(ref.number); }

std::optional<IssueRef> parse_issue_ref(std::string_view text) {
    auto const hash = text.find('#');
    if (hash == std::string_view::npos) return std::nullopt;
    auto const repo = text.substr(0, hash), number = text.substr(hash + 1);
    auto const slash = repo.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == repo.size()) return std::nullopt;
    if (repo.find('/', slash + 1) != std::string_view::npos || repo.find_first_of(" \t\r\n") != std::string_view::npos) return std::nullopt;
    IssueRef ref{std::string{repo}, 0};
    auto const [end, error] = std::from_chars(number.data(), number.data() + number.size(), ref.number);
    if (error != std::errc{} || end != number.data() + number.size() || ref.number < 1) return std::nullopt;
    return ref;
}

}  // namespace groomer::tracker
