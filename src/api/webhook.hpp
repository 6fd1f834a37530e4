// What GitHub sends to `POST /api/github/webhook`: whose it is, and what it means for the backlog. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::api {

// GitHub sends up to 25 MiB, for installations with very many repositories: what tells of an issue and a comment is below this, since
// each of their texts is at most 256 KiB.
inline constexpr std::size_t most_webhook_bytes = 2UL * 1024 * 1024;

// header: of X-Hub-Signature-256, "sha256=" and hexadecimal digits; body: as it came, before anything else is made of it. secrets: one a
// line, so that the old and the new are good while one takes the other's place; none: nothing is signed. Takes the same time for every
// signature of the right length.
[[nodiscard]] bool is_signed(std::string_view header, std::string_view body, std::string_view secrets);

struct Event {
    std::string repo;        // as GitHub calls it now; "" where the event is of none
    std::string former;      // what it was called before, where it was renamed
    std::int64_t issue = 0;  // to be looked at again; 0: none
    bool sync = false;       // the lists tell more: a new issue, a closed one, labels, a repository that comes or goes
    std::string sender;      // login of who did it: groomer itself, perhaps
    std::int64_t sender_id = 0;
};

struct Understood {
    std::optional<Event> event;  // none: it is of no interest
    std::string wrong;           // in a sentence; "" where the payload can be read
};
// kind: of X-GitHub-Event.
Understood understand(std::string_view kind, std::string_view body);

}  // namespace groomer::api
