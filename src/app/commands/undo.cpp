#include "store/undo.hpp"
#include "app/commands/commands.hpp"
#include "app/one_tick.hpp"
#include "app/service.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "base/time_text.hpp"
#include "store/history.hpp"

#include <iostream>

namespace groomer::app {
namespace {

store::UndoSelection selection_of(CommandLine const& line) {
    if (line.run.has_value() + !line.issue_ref.empty() + line.since.has_value() != 1)
        throw Error{ErrorCode::usage, "undo needs one of --run ID, --issue OWNER/NAME#NUMBER and --since TIME"};
    store::UndoSelection selection;
    selection.run = line.run;
    if (!line.issue_ref.empty()) {
        selection.issue = tracker::parse_issue_ref(line.issue_ref);
        if (!selection.issue) throw Error{ErrorCode::usage, "--issue wants OWNER/NAME#NUMBER, like octocat/hello-world#7"};
    }
    if (!line.since) return selection;
    constexpr std::chrono::hours longest{24 * 3650};  // as long as runs may be kept
    selection.last = parse_duration(*line.since);
    if (selection.last && *selection.last > longest) selection.last = longest;
    auto const time = parse_time(*line.since);
    if (time) selection.since = format_seconds(*time);
    if (!time && !selection.last)
        throw Error{ErrorCode::usage, "--since wants a time like 2026-01-31T22:00:00Z, or how long ago, like 2h or 30m"};
    return selection;
}

// What nobody knows is a mistake, not nothing to do; and so people are told what was done with a run already.
Task<> check(Service& service, store::UndoSelection const& selection, bool json) {
    if (selection.issue) {
        auto const story = co_await store::story(service.store(), *selection.issue);
        if (!story)
            throw Error{ErrorCode::failure, tracker::to_string(*selection.issue) + " is not known: no configured repository has it"};
    }
    if (!selection.run) co_return;
    auto const run = co_await store::about_run(service.store(), *selection.run);
    auto const name = "run " + std::to_string(*selection.run);
    if (!run) throw Error{ErrorCode::failure, name + " is not known: `groomer explain` names those of an issue"};
    if (json) co_return;
    if (run->undone_by) std::cout << name << " was taken back already, by run " << *run->undone_by << '\n';
    else if (run->mode != "apply") std::cout << name << " was none that grooms and writes, but of mode " << run->mode << '\n';
}

// Also while groomer is paused: people who stop it may well want to take back what it did. No sync but one that is due, which tells
// of labels that people took away where the tracker has no history of them.
Task<int> undo_in(Service& service, CommandLine const& line, store::UndoSelection selection, config::Config const& config, Log& log) {
    co_await service.migrate();
    co_await check(service, selection, line.json);
    bool const synced = co_await sync_if_stale(service, config, log);
    groom::Target target;
    target.dry_run = line.dry_run;
    target.undo = std::move(selection);
    service.aim(std::move(target));
    OneTick const options{line, line.dry_run, synced, "undone", true};
    auto ticking = one_tick(service, config, options);
    co_return co_await std::move(ticking);
}

}  // namespace

int undo(CommandLine const& line, Log& log) {
    auto const selection = selection_of(line);
    return with_service(line, log,
                        [&](Service& service, config::Config const& config) { return undo_in(service, line, selection, config, log); });
}

}  // namespace groomer::app
