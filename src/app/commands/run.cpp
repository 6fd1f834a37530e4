#include "app/commands/commands.hpp"
#include "app/replica.hpp"

namespace groomer::app {

int run(CommandLine const& line, Log& log) {
    auto const loaded = configuration(line, log);
    Replica replica{source(line), loaded, log};
    replica.run();
    return 0;
}

}  // namespace groomer::app
