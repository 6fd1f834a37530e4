#include "app/commands/commands.hpp"
#include "app/one_tick.hpp"
#include "app/service.hpp"
#include "base/error.hpp"
#include "store/history.hpp"
#include "store/issues.hpp"

#include <algorithm>
#include <iostream>

namespace groomer::app {
namespace {

Task<groom::Target> target_of(Service& service, CommandLine const& line) {
    groom::Target target;
    target.force = line.force;
    target.dry_run = line.dry_run;
    auto const code = service.last_sync().refused ? ErrorCode::credentials : ErrorCode::failure;  // then nothing new can be known
    if (line.issue) {
        target.only = tracker::IssueRef{line.repo.value_or(""), *line.issue};
        if (!co_await store::story(service.store(), *target.only))
            throw Error{code, tracker::to_string(*target.only) + " is not known: no configured repository has it"};
    } else if (line.repo) {
        target.repo = line.repo;
        if (!co_await store::knows_repository(service.store(), *line.repo))
            throw Error{code, "the repository " + *line.repo + " is not known: no configured entry has it"};
    }
    co_return target;
}

Task<int> once_in(Service& service, CommandLine const& line, config::Config const& config, Log& log) {
    co_await service.migrate();
    bool const synced = co_await sync_if_stale(service, config, log);
    auto target = co_await target_of(service, line);
    service.aim(std::move(target));
    auto const status = co_await store::lock_status(service.store(), config.lock.id);
    bool const writes = std::any_of(config.repositories.begin(), config.repositories.end(),
                                    [](auto const& r) { return r.policy.mode != config::Mode::dry_run; });
    bool const dry_run = line.dry_run || !writes;
    if (status.paused) {
        if (line.json) std::cout << R"({"outcome":"paused","dryRun":)" << (dry_run ? "true" : "false") << R"(,"results":[]})" << '\n';
        else std::cout << "groomer is paused: nothing was done\n";
        co_return 0;
    }
    OneTick const options{line, dry_run, synced};
    auto ticking = one_tick(service, config, options);
    co_return co_await std::move(ticking);
}

}  // namespace

int once(CommandLine const& line, Log& log) {
    if (line.issue && !line.repo) throw Error{ErrorCode::usage, "--issue needs --repo OWNER/NAME"};
    return with_service(line, log, [&](Service& service, config::Config const& config) { return once_in(service, line, config, log); });
}

}  // namespace groomer::app
