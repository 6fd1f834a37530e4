// The controller as it is, with a tracker and a model of the fault runs' own in place of those outside.
// usage: chaos_replica CONFIG
#include "app/commands/commands.hpp"
#include "app/identity.hpp"
#include "app/replica.hpp"
#include "base/error.hpp"
#include "chaos/outside_settings.hpp"
#include "chaos/replica/remote_model.hpp"
#include "chaos/replica/remote_tracker.hpp"

#include <malloc.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>

namespace groomer::chaos {
namespace {

std::atomic<bool> stop_in_send = false;

int number(char const* variable) {
    char const* text = std::getenv(variable);
    return text == nullptr ? 0 : std::stoi(text);
}

void run(char const* config) {
    app::CommandLine line;
    line.source.path = config;
    line.source.environment = config::process_environment();
    Log log{std::cerr, LogLevel::info, Log::Format::json};
    auto const loaded = app::configuration(line, log);
    auto const& lock = loaded.config.lock;
    RemoteTrackerOptions const options{static_cast<unsigned short>(number(tracker_port_variable)),
                                       lock::write_limit(lock.ttl, lock.renew_every), std::chrono::milliseconds{number(settle_variable)},
                                       app::pod_name(line.source.environment), stop_in_send};
    app::Outside outside;
    outside.tracker = [options](config::Repository const&) { return make_remote_tracker(options); };
    outside.model = make_remote_model(static_cast<unsigned short>(number(model_port_variable)), options.pod);
    app::Replica replica{app::source(line), loaded, log, std::move(outside)};
    replica.run();
}

}  // namespace
}  // namespace groomer::chaos

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    ::mallopt(M_ARENA_MAX, 2);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(groomer::chaos::stop_in_send_signal, [](int) { groomer::chaos::stop_in_send = true; });
    std::signal(groomer::chaos::do_not_stop_signal, [](int) { groomer::chaos::stop_in_send = false; });
    try {
        groomer::chaos::run(argv[1]);
        return 0;
    } catch (groomer::Error const& error) {
        std::cerr << error.what() << '\n';
        return error.exit_status();
    } catch (std::exception const& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
