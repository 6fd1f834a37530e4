#include "app/commands/commands.hpp"
#include "app/run_to_end.hpp"
#include "app/service.hpp"

#include <iostream>

namespace groomer::app {
namespace {

// Each tracker is read as the first sync would: what is wrong with a backlog is said before anything starts.
Task<bool> check_trackers(Service& service) {
    for (auto const& entry : service.entries()) {
        std::size_t issues = 0, skipped = 0;
        std::string example, cursor;
        for (bool last = false; !last;) {
            auto const page = co_await entry.tracker->changes(cursor, 500);
            issues += page.issues.size();
            skipped += page.skipped;
            if (example.empty()) example = page.skipped_example;
            cursor = page.cursor;
            last = page.last;
        }
        std::cout << entry.settings.name << ": " << issues << " issues";
        if (skipped > 0) std::cout << ", " << skipped << " entries that cannot be used, the first: " << example;
        std::cout << '\n';
    }
    co_return true;
}

}  // namespace

int validate(CommandLine const& line, Log& log) {
    auto const loaded = configuration(line, log);
    std::cout << "the configuration is valid: " << loaded.config.repositories.size() << " repositories\n";
    if (!line.online) return 0;
    asio::io_context context{1};
    Service service{loaded.config, line.source.environment, log, context};
    {
        pg::Session session{service.connect_options()};
        auto const state = pg::check_schema(session, store::migrations());
        std::cout << "the database answers; its schema is version " << state.found << " of " << state.wanted << '\n';
    }
    run_to_end(context, check_trackers(service));
    return 0;
}

}  // namespace groomer::app
