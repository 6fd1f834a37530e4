#include "app/commands/commands.hpp"
#include "app/run_to_end.hpp"
#include "app/service.hpp"
#include "base/error.hpp"

#include <iostream>

namespace groomer::app {
namespace {

// Each tracker is read as the first sync would: what is wrong with a backlog is said before anything starts.
Task<std::string> read_through(std::shared_ptr<tracker::Tracker> tracker) {
    std::size_t issues = 0, skipped = 0;
    std::string example, cursor;
    for (bool last = false; !last;) {
        auto const page = co_await tracker->changes(cursor, 500);
        issues += page.issues.size();
        skipped += page.skipped;
        if (example.empty()) example = page.skipped_example;
        cursor = page.cursor;
        last = page.last;
    }
    auto said = std::to_string(issues) + (issues == 1 ? " issue" : " issues");
    if (skipped > 0) said += ", " + std::to_string(skipped) + " entries that cannot be used, the first: " + example;
    co_return said;
}

// All are tried: the first that fails is not the only one to mend.
Task<bool> check_trackers(Service& service) {
    std::string problems;
    auto code = ErrorCode::failure;
    for (auto const& entry : service.entries()) {
        std::string said;
        try {
            said = co_await read_through(entry.tracker);
        } catch (Error const& error) {
            problems.append(problems.empty() ? "" : "\n").append(error.what());
            if (error.code() == ErrorCode::credentials) code = error.code();
        }
        if (!said.empty()) std::cout << entry.settings.name << ": " << said << '\n';
    }
    if (!problems.empty()) throw Error{code, problems};
    co_return true;
}

}  // namespace

int validate(CommandLine const& line, Log& log) {
    auto const loaded = configuration(line, log);
    std::cout << "the configuration is valid: " << loaded.config.repositories.size() << " repositories\n";
    if (!line.online) return 0;
    asio::io_context context{1};
    Service service{loaded.config, without_slot(line), log, context};
    auto const state = run_to_end(context, service.schema());
    std::cout << "the database answers; ";
    if (state.found == 0) std::cout << "it has no groomer schema yet: run and migrate make it\n";
    else std::cout << "its schema is version " << state.found << " of " << state.wanted << '\n';
    run_to_end(context, check_trackers(service));
    return 0;
}

}  // namespace groomer::app
