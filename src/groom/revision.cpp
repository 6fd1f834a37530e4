#include "groom/revision.hpp"

#include "base/digest.hpp"

namespace groomer::groom {

std::string revision(tracker::Issue const& issue) {
    std::string text;
    // Each part with its length, so that no two issues read alike.
    auto add = [&text](std::string_view part) { text.append(std::to_string(part.size())).append(":").append(part); };
    add(issue.title);
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
    return sha256_hex(text);
}

}  // namespace groomer::groom
