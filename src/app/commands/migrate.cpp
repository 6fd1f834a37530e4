#include "app/commands/commands.hpp"
#include "app/run_to_end.hpp"
#include "app/service.hpp"

#include <iostream>

namespace groomer::app {

int migrate(CommandLine const& line, Log& log) {
    auto const loaded = configuration(line, log);
    asio::io_context context{1};
    Service service{loaded.config, without_slot(line), log, context};
    auto const state = run_to_end(context, line.check ? service.schema() : service.migrate());
    if (state.found == state.wanted) {
        std::cout << "the schema is up to date: version " << state.wanted << '\n';
        return 0;
    }
    if (line.check) {
        std::cout << "the schema is version " << state.found << ", this binary wants " << state.wanted << ": run groomer migrate\n";
        return static_cast<int>(ErrorCode::database);
    }
    std::cout << "migrated the schema from version " << state.found << " to " << state.wanted << '\n';
    return 0;
}

}  // namespace groomer::app
