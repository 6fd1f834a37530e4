#include "app/commands/commands.hpp"
#include "app/service.hpp"

#include <iostream>

namespace groomer::app {

int migrate(CommandLine const& line, Log& log) {
    auto const loaded = configuration(line, log);
    auto const& database = loaded.config.database;
    pg::Session session{{database.url, database.password.value, "groomer/migrate"}};
    auto const state = line.check ? pg::check_schema(session, store::migrations()) : pg::migrate(session, store::migrations());
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
