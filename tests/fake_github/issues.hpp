// What a repository of the fake is made of. Plain values, packed so that a million issues are some 500 MB; changed through
// State alone, which keeps the indices and the log.
#pragma once

#include "fake_github/time.hpp"

#include <ext/pb_ds/assoc_container.hpp>
#include <ext/pb_ds/tree_policy.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace groomer::fake_github {

using UserIndex = std::uint32_t;   // into State's users
using LabelIndex = std::uint32_t;  // into the repository's labels

struct User {
    std::int64_t id = 0;
    std::string login;
    std::string type = "User";  // or "Bot", "Organization"
};

struct Label {
    std::int64_t id = 0;
    std::string name;
    std::string color = "ededed";
    std::string description = {};
    bool gone = false;
};

enum class EventKind : std::uint8_t { labeled, unlabeled, renamed, closed, reopened, locked, unlocked, transferred, cross_referenced };

// A pull request that speaks of an issue.
struct Pull {
    std::string repository;
    std::int64_t number = 0;
    std::string title, body;
    bool merged = false;
};

struct Event {
    std::int64_t id = 0;
    EventKind kind = EventKind::labeled;
    UserIndex actor = 0;
    std::int64_t app = 0;
    Seconds at = 0;
    std::string label = {}, color = {};  // as they were then
    std::string from = {}, to = {};      // titles
    std::string reason = {};             // state_reason
    Pull pull = {};                      // that refers to the issue
};

struct Comment {
    std::int64_t id = 0;
    UserIndex user = 0;
    std::int64_t app = 0;
    Seconds created = 0, updated = 0;
    std::string body;
};

struct History {
    std::vector<Event> events;  // oldest first, as the comments are
    std::vector<Comment> comments;
};

enum class Reason : std::uint8_t { none, completed, not_planned, duplicate, reopened };
enum class Association : std::uint8_t { none, contributor, collaborator, member, owner };

struct Issue {
    std::int64_t number = 0;
    std::int64_t id = 0;
    std::string title;
    std::string body;
    Seconds created = 0, updated = 0, closed = 0;  // closed: 0 while it is open
    std::vector<LabelIndex> labels;
    std::unique_ptr<History> history;  // only where there is any
    UserIndex user = 0;
    std::uint32_t extra_comments = 0;                                          // counted, but nobody knows what they say: from an export
    bool open = true, pull_request = false, locked = false, bodiless = false;  // bodiless: null, which is not ""
    Reason reason = Reason::none;
    Association association = Association::none;

    [[nodiscard]] std::size_t comments() const { return extra_comments + (history ? history->comments.size() : 0); }
};

using UpdateKey = std::pair<Seconds, std::int64_t>;  // updated, number
// Finds a place by its rank, so that any page of a million issues is found as fast as the first.
using UpdateIndex =
    __gnu_pbds::tree<UpdateKey, __gnu_pbds::null_type, std::less<>, __gnu_pbds::rb_tree_tag, __gnu_pbds::tree_order_statistics_node_update>;

struct Repository {
    std::int64_t id = 0;
    std::string full_name;         // "owner/name"; owner_end() long is the owner
    bool hidden = false;           // private: others than those named get 404
    bool archived = false;         // 403 for writes
    bool gone = false;             // 404
    bool blocked = false;          // 451
    bool issues_disabled = false;  // 410
    std::vector<Label> labels;
    std::map<std::int64_t, Issue> issues;
    UpdateIndex by_update;                                                    // of the issues
    std::set<std::int64_t> deleted;                                           // 410
    std::map<std::int64_t, std::pair<std::int64_t, std::int64_t>> transfers;  // number → repository's id, number there
    std::map<std::int64_t, std::int64_t> comment_issues;                      // comment's id → issue's number
    std::int64_t last_number = 0;

    [[nodiscard]] std::string owner() const { return full_name.substr(0, full_name.find('/')); }
    [[nodiscard]] std::string name() const { return full_name.substr(full_name.find('/') + 1); }
};

}  // namespace groomer::fake_github
