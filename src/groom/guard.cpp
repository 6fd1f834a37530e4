#include "groom/guard.hpp"

#include "base/text.hpp"
#include "groom/labels.hpp"
#include "groom/revision.hpp"

#include <algorithm>
#include <array>

namespace groomer::groom {
namespace {

std::optional<std::string> carried(tracker::Issue const& issue, std::vector<std::string> const& labels) {
    auto const listed = [&](auto const& label) { return contains_label(labels, label); };
    auto const found = std::find_if(issue.labels.begin(), issue.labels.end(), listed);
    return found == issue.labels.end() ? std::nullopt : std::optional{*found};
}

// Made and kept up by a program: a person's labels on it would be overwritten, ours would be noise.
bool made_by_bot(tracker::Issue const& issue) {
    if (issue.author_is_bot) return true;
    constexpr std::array<std::string_view, 3> titles{"dependency dashboard", "renovate dashboard", "update dependency"};
    auto const title = to_lower(title_of_people(issue));
    if (std::any_of(titles.begin(), titles.end(), [&](auto start) { return title.starts_with(start); })) return true;
    return std::any_of(issue.labels.begin(), issue.labels.end(), [](auto const& label) {
        auto const low = to_lower(label);
        return low == "renovate" || low == "dependencies";
    });
}

// An issue that collects others, and says so in its title or by a label.
bool is_umbrella(tracker::Issue const& issue) {
    auto const title = to_lower(title_of_people(issue));
    for (std::string_view word : {"[umbrella]", "umbrella:", "[tracking]", "tracking issue", "tracking:", "[epic]", "epic:", "[meta]"})
        if (title.find(word) != std::string::npos) return true;
    return std::any_of(issue.labels.begin(), issue.labels.end(), [](auto const& label) {
        auto const low = to_lower(label);
        return low == "umbrella" || low == "epic" || low == "tracking" || low == "meta";
    });
}

}  // namespace

std::optional<std::string> guard(tracker::Issue const& issue, config::Policy const& policy) {
    if (!issue.open) return "it is closed";
    if (auto label = carried(issue, policy.exempt)) return "it carries the exempt label " + *label;
    if (auto label = carried(issue, policy.in_flight)) return "somebody works on it: it carries " + *label;
    if (made_by_bot(issue)) return "a bot made it";
    if (is_umbrella(issue)) return "it is an umbrella issue";
    return std::nullopt;
}

}  // namespace groomer::groom
