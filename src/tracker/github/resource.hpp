// GitHub's answers as values, each element of a list by itself: one that cannot be used is counted, and the rest goes on. Pure.
#pragma once

#include "base/clock.hpp"
#include "tracker/tracker.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::tracker::github {

// The account that our writes are made by; what is unknown is empty.
struct Account {
    std::string login;
    std::int64_t id = 0;
};

struct IssuePage {
    struct Entry {
        Issue issue;
        std::int64_t comments = 0;
    };
    std::vector<Entry> issues;  // in the answer's order; of the repository that was asked for
    std::size_t entries = 0;    // pull requests and unusable ones included
    std::size_t skipped = 0;
    std::string skipped_example;
    std::string last_updated;  // of the last entry that tells, pull requests included; ""
};
// repo: what the issues are said to be of. Throws Error where it is no list.
IssuePage parse_issue_page(std::string_view body, std::string const& repo);

struct OneIssue {
    Issue issue;  // `ref` as the answer has it
    std::int64_t comments = 0;
};
// Nothing for a pull request, and for what cannot be used. Throws Error for what is no object: an answer that was cut.
std::optional<OneIssue> parse_issue(std::string_view body, std::string const& repo);

// Adds what a page of its timeline tells to an issue: label events, comments, and the rest that read() alone fills. Throws Error where it is
// no list.
void add_timeline_page(Issue& issue, std::string_view body, Account const& self);
// All of that from another copy.
void take_history(Issue& issue, Issue const& from);

struct LabelPage {
    std::vector<std::string> names;
};
// Throws Error where it is no list.
LabelPage parse_labels(std::string_view body);

struct InstallationToken {
    std::string token;
    std::optional<WallTime> ends;
};
std::optional<InstallationToken> parse_installation_token(std::string_view body);

// Of `/user`: login and id. Of `/app`: its slug with "[bot]".
std::optional<Account> parse_account(std::string_view body);

// What a repository's object tells of it.
struct RepositoryState {
    std::string full_name;
    bool is_private = false, archived = false, has_issues = true;
    std::optional<bool> may_triage;  // the account that asked; nothing where it does not tell
};
std::optional<RepositoryState> parse_repository(std::string_view body);

// An App's installation; `issues` is what it may do with them: "", "read" or "write".
struct Installation {
    std::int64_t id = 0;
    std::string issues;
};
std::optional<Installation> parse_installation(std::string_view body);

// The repository's own name, "owner/name", from its object.
std::optional<std::string> parse_full_name(std::string_view body);

}  // namespace groomer::tracker::github
