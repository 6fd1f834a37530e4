// The whole of the fake's world. Pure: no sockets, no clock; who changes something says when. Callers lock it.
#pragma once

#include "fake_github/access.hpp"
#include "fake_github/effects.hpp"
#include "fake_github/faults.hpp"
#include "fake_github/issues.hpp"
#include "fake_github/limits.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::fake_github {

struct Options {
    std::string base_url = "https://api.github.com";  // of the URLs in answers; the server puts its own here
    std::string html_url = "https://github.com";
    std::vector<std::string> api_versions = {"2022-11-28"};  // the first is the default
    bool cursors = false;                                    // pages are told by `after` instead of by number
    std::size_t page_items = 0;  // pages by number end there with 422, as for large repositories; 0: they never end
};

// A draft of an issue: what is not given is made up.
struct NewIssue {
    std::int64_t number = 0;  // 0: the next one
    std::string title = "A title";
    std::optional<std::string> body = "";
    std::string user = "somebody";
    std::vector<std::string> labels = {};  // unknown ones are created; there are no events of them
    bool open = true;
    Seconds created = 1'700'000'000, updated = 0;  // 0: as created
    bool pull_request = false, locked = false;
    Association association = Association::none;
};

struct IssueEdit {
    std::optional<std::string> title;
    std::optional<std::string> body;
    std::optional<bool> open;
    Reason reason = Reason::none;  // none: the usual one
};

class State {
public:
    // Setting the stage: none of it is in the log. Names are "owner/name".
    Repository& add_repository(std::string const& full_name);
    Issue& add_issue(Repository& repository, NewIssue draft);
    Label& add_label(Repository& repository, Label label);
    UserIndex user(std::string_view login, std::string_view type = "");  // made where there is none ("…[bot]" is a Bot)

    // The old name leads to the repository, until another one takes it.
    void rename_repository(Repository& repository, std::string const& full_name, By const& by);
    // The number there. Labels of the same name go along where the new repository has them; comments and events, too.
    std::int64_t transfer_issue(Repository& from, std::int64_t number, Repository& to, By const& by);
    void delete_issue(Repository& repository, std::int64_t number, By const& by);

    // Each is in the log where it changed something, moves updated_at, and leaves an event where GitHub does.
    std::size_t add_labels(Repository& repository, Issue& issue, std::vector<std::string> const& names, By const& by);
    bool remove_label(Repository& repository, Issue& issue, std::string_view name, By const& by);  // false: it was not there
    Comment& add_comment(Repository& repository, Issue& issue, std::string body, By const& by);
    bool edit_comment(Repository& repository, std::int64_t id, std::string body, By const& by);
    bool delete_comment(Repository& repository, std::int64_t id, By const& by);
    void edit_issue(Repository& repository, Issue& issue, IssueEdit const& edit, By const& by);
    void lock(Repository& repository, Issue& issue, bool locked, By const& by);
    // Does not move the issue's updated_at, and is in no log.
    void refer(Issue& issue, Pull pull, By const& by);
    // Of the repository: nothing where the name is taken.
    Label* create_label(Repository& repository, Label label, By const& by);
    bool rename_label(Repository& repository, std::string_view name, std::string const& to, By const& by);
    bool delete_label(Repository& repository, std::string_view name, By const& by);  // from all issues, too

    struct Found {
        Repository* repository = nullptr;
        bool moved = false;  // asked for by a name that it no longer has
    };
    [[nodiscard]] Found find(std::string_view full_name);  // in any case
    [[nodiscard]] Repository* find(std::int64_t id);
    Repository& at(std::string_view full_name);  // throws std::out_of_range
    Issue& issue(std::string_view full_name, std::int64_t number);
    [[nodiscard]] std::map<std::int64_t, Repository>& repositories() { return repositories_; }
    [[nodiscard]] User const& user(UserIndex index) const { return users_[index]; }
    [[nodiscard]] std::optional<UserIndex> find_user(std::string_view login) const;
    [[nodiscard]] std::vector<std::string> label_names(Repository const& repository, Issue const& issue) const;

    Options options;
    Access access;
    Limits limits;
    Faults faults;
    Effects effects;

private:
    std::int64_t next_id() { return ++last_id_; }
    void touch(Repository& repository, Issue& issue, By const& by);
    Event& event(Issue& issue, EventKind kind, By const& by);
    LabelIndex label_index(Repository& repository, std::string_view name, By const* by);
    Comment* comment(Repository& repository, std::int64_t id, Issue*& issue);
    void switch_state(Issue& issue, IssueEdit const& edit, By const& by);

    std::map<std::int64_t, Repository> repositories_;  // by id
    std::map<std::string, std::int64_t> names_;        // in lower case, former ones, too
    std::vector<User> users_;
    std::map<std::string, UserIndex> user_names_;  // in lower case
    std::int64_t last_id_ = 1'000'000;
};

// Where the repository has such a label, in whatever case.
std::optional<LabelIndex> find_label(Repository const& repository, std::string_view name);

}  // namespace groomer::fake_github
