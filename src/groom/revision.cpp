#include "groom/revision.hpp"

#include "base/digest.hpp"

namespace groomer::groom {

std::string title_of_people(tracker::Issue const& issue) {
    auto title = issue.title;
    for (auto rename = issue.renames.rbegin(); rename != issue.renames.rend(); ++rename) {
        if (rename->actor != tracker::Actor::self || rename->to != title) break;
        title = rename->from;
    }
    return title;
}

std::string revision(tracker::Issue const& issue) {
    std::string text;
    // Each part with its length, so that no two issues read alike.
    auto add = [&text](std::string_view part) { text.append(std::to_string(part.size())).append(":").append(part); };
    add(title_of_people(issue));
    add(issue.body);
    add(issue.open ? "open" : "closed");
    for (auto const& comment : issue.comments) {
        if (comment.actor != tracker::Actor::person) continue;
        add("comment");
        add(comment.author);
        add(comment.body);
    }
    for (auto const& event : issue.events) {
        if (event.actor != tracker::Actor::person) continue;
        add(event.added ? "label added" : "label removed");
        add(event.label);
    }
    for (auto const& pull : issue.merged) {
        add("merged");
        add(std::to_string(pull.number));
    }
    return sha256_hex(text);
}

}  // namespace groomer::groom
