// What can go wrong, each by its name.
#include "github_faults/director.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace groomer::github_faults {
namespace {

using namespace std::chrono_literals;
using fake_github::By;
using fake_github::Fault;
using fake_github::FaultKind;
using fake_github::State;
using Struck = std::optional<Fault>;

template <FaultKind kind, int status = 502>
Struck answer(Director&, Request&) {
    return Fault{.kind = kind, .status = status};
}

Struck timeout_before(Director& director, Request&) {
    return Fault{.kind = FaultKind::close_before, .delay_before = director.settings().write_patience + 200ms};
}
Struck timeout_after(Director& director, Request&) {
    return Fault{.kind = FaultKind::close_after, .delay_after = director.settings().write_patience + 200ms};
}
// Given up by then, it takes effect all the same.
Struck late_effect(Director& director, Request&) {
    return Fault{.kind = FaultKind::close_after, .delay_before = director.settings().write_patience + 200ms};
}

template <int status, bool primary>
Struck limited(Director& director, Request& request) {
    return director.limit(request, status, primary);
}

template <Director::When when>
Struck kill(Director& director, Request& request) {
    director.kill_sender(request, when);
    return std::nullopt;
}

fake_github::Issue* issue_of(fake_github::Repository* repository, Request const& request) {
    if (!repository) return nullptr;
    auto const found = repository->issues.find(request.issue);
    return found == repository->issues.end() ? nullptr : &found->second;
}

// The old name goes on leading there; it is taken back at the end.
Struck renamed(Director& director, Request& request) {
    auto const name = request.repository;
    auto const begin = [&](State& state) {
        if (auto* repository = director.repository(state, request.repository))
            state.rename_repository(*repository, name + "-of-old", {.login = "maintainer", .now = {}});
    };
    director.last(begin, [&director, name](State& state) {
        if (auto* repository = director.repository(state, name))
            state.rename_repository(*repository, name, {.login = "maintainer", .now = {}});
    });
    return std::nullopt;
}

Struck transferred(Director& director, Request& request) {
    director.with_world([&](State& state, By const& by) {
        auto* repository = director.repository(state, request.repository);
        if (issue_of(repository, request)) state.transfer_issue(*repository, request.issue, state.at("elsewhere/attic"), by);
    });
    return std::nullopt;
}

Struck deleted(Director& director, Request& request) {
    director.with_world([&](State& state, By const& by) {
        auto* repository = director.repository(state, request.repository);
        if (issue_of(repository, request)) state.delete_issue(*repository, request.issue, by);
    });
    return std::nullopt;
}

// The whole repository is in some state for a while.
template <bool fake_github::Repository::*flag>
Struck lasts(Director& director, Request& request) {
    auto const set = [&director, name = request.repository](State& state, bool value) {
        if (auto* repository = director.repository(state, name)) repository->*flag = value;
    };
    director.last([&](State& state) { set(state, true); }, [set](State& state) { set(state, false); });
    return std::nullopt;
}

Struck names(Director& director, Request&) {
    director.fail_names();
    return Fault{.kind = FaultKind::close_before};  // the next one needs a new connection
}

Struck token_expired(Director& director, Request&) {
    director.expire_tokens();
    return std::nullopt;
}

Struck token_rotated(Director& director, Request&) {
    director.rotate_tokens();
    return std::nullopt;
}

std::string any_of(std::set<std::string> const& labels, Director& director) {
    auto const place = director.random()() % labels.size();
    return *std::next(labels.begin(), static_cast<std::ptrdiff_t>(place));
}

Struck label_by_a_person(Director& director, Request& request) {
    auto const& families = director.settings().families;
    auto const label = any_of(families[director.random()() % families.size()].labels, director);
    director.with_world([&](State& state, By const& by) {
        auto* repository = director.repository(state, request.repository);
        if (auto* issue = issue_of(repository, request)) state.add_labels(*repository, *issue, {label}, by);
    });
    return std::nullopt;
}

Struck label_taken_by_a_person(Director& director, Request& request) {
    director.with_world([&](State& state, By const& by) {
        auto* repository = director.repository(state, request.repository);
        auto* issue = issue_of(repository, request);
        auto const labels = issue ? state.label_names(*repository, *issue) : std::vector<std::string>{};
        if (!labels.empty()) state.remove_label(*repository, *issue, labels[director.random()() % labels.size()], by);
    });
    return std::nullopt;
}

Struck title_by_a_person(Director& director, Request& request) {
    director.with_world([&](State& state, By const& by) {
        auto* repository = director.repository(state, request.repository);
        auto* issue = issue_of(repository, request);
        if (issue) state.edit_issue(*repository, *issue, {.title = issue->title + " (again)", .body = {}, .open = {}}, by);
    });
    return std::nullopt;
}

Struck comment_by_a_person(Director& director, Request& request) {
    director.with_world([&](State& state, By const& by) {
        auto* repository = director.repository(state, request.repository);
        if (auto* issue = issue_of(repository, request)) state.add_comment(*repository, *issue, "Here, too.", by);
    });
    return std::nullopt;
}

}  // namespace

std::vector<Kind> const& all_kinds() {
    using fake_github::Repository;
    using When = Director::When;
    static std::vector<Route> const any{Route::issue, Route::history, Route::write, Route::write, Route::list};
    static std::vector<Route> const write{Route::write};
    static std::vector<Route> const issue{Route::issue, Route::history, Route::write};
    static std::vector<Kind> const all{
        {"500", 2, true, true, any, answer<FaultKind::status, 500>},
        {"502 with a page", 2, true, true, any, answer<FaultKind::html, 502>},
        {"503", 2, true, true, any, answer<FaultKind::status, 503>},
        {"timeout before the effect", 2, true, true, write, timeout_before},
        {"timeout after the effect", 3, true, true, write, timeout_after},
        {"effect after the timeout", 3, true, true, write, late_effect},
        {"closed before the effect", 2, true, true, any, answer<FaultKind::close_before>},
        {"closed after the effect", 3, true, true, any, answer<FaultKind::close_after>},
        {"reset before the effect", 2, true, true, any, answer<FaultKind::reset_before>},
        {"reset after the effect", 3, true, true, any, answer<FaultKind::reset_after>},
        {"half-closed", 2, true, true, any, answer<FaultKind::half_close>},
        {"truncated", 3, true, true, any, answer<FaultKind::truncated>},
        {"garbage", 3, true, true, any, answer<FaultKind::garbage>},
        {"garbage for a body", 3, true, true, any, answer<FaultKind::garbage_body>},
        {"403, retry-after", 2, true, true, any, limited<403, false>},
        {"403, nothing left", 2, true, true, any, limited<403, true>},
        {"429", 2, true, true, any, limited<429, false>},
        {"301, repository renamed", 3, true, true, any, renamed},
        {"301, issue transferred", 2, true, false, issue, transferred},
        {"404, access lost", 2, true, true, any, lasts<&Repository::gone>},
        {"410, issue deleted", 2, true, false, issue, deleted},
        {"410, issues switched off", 1, true, true, any, lasts<&Repository::issues_disabled>},
        {"451", 2, true, true, any, lasts<&Repository::blocked>},
        {"403, archived", 1, true, true, write, lasts<&Repository::archived>},
        {"422", 2, true, true, write, answer<FaultKind::status, 422>},
        {"no address", 2, true, true, any, names},
        {"token expired", 2, true, true, any, token_expired},
        {"token rotated", 2, true, true, any, token_rotated},
        {"killed before the effect", 5, true, true, any, kill<When::now>},
        {"killed after the effect", 6, true, true, write, kill<When::applied>},
        {"killed after the answer", 5, true, true, any, kill<When::ended>},
        {"label by a person", 3, true, false, issue, label_by_a_person},
        {"label taken by a person", 3, true, false, issue, label_taken_by_a_person},
        {"title by a person", 2, true, false, issue, title_by_a_person},
        {"comment by a person", 2, true, true, issue, comment_by_a_person},
    };
    return all;
}

Kind const& kind_named(std::string const& name) {
    for (auto const& kind : all_kinds())
        if (kind.name == name) return kind;
    throw std::invalid_argument{"there is no fault " + name};
}

}  // namespace groomer::github_faults
