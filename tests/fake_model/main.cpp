// The fake from the command line, until SIGTERM or SIGINT: its base URL is the one line that it prints.
#include "base/text.hpp"
#include "fake_model/server.hpp"

#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

namespace {

using namespace groomer::fake_model;

constexpr auto usage =
    "usage: fake_model [--port N] [--key KEY|none]... [--model NAME]... [--mind honest|obedient] [--seed N] [--delay 200ms]\n"
    "                  [--fault KIND[:every=N,nth=N,times=N,p=0.1,delay=1s,retry_after=2s,text=…]]... [--log FILE] [--log-text]\n"
    "KINDS:\n";

[[noreturn]] void help() {
    std::string kinds;
    for (auto const& fault : fault_names()) kinds += "  " + std::string{fault.name} + ": " + std::string{fault.says} + "\n";
    throw std::invalid_argument{usage + kinds};
}

struct Given {
    unsigned short port = 0;
    std::uint64_t seed = 1;
    bool obedient = false;
};

// What the state can take at once goes there.
void take(Given& given, State& state, std::string const& name, std::string const& value) {
    if (name == "--port") given.port = static_cast<unsigned short>(std::stoul(value));
    else if (name == "--key" && value == "none") state.asks_key = false;
    else if (name == "--key") state.keys.insert(value);
    else if (name == "--model") state.models.insert(value);
    else if (name == "--mind" && (value == "honest" || value == "obedient")) given.obedient = value == "obedient";
    else if (name == "--seed") state.faults.seed(given.seed = std::stoull(value));
    else if (name == "--delay" && groomer::parse_duration(value)) state.delay = *groomer::parse_duration(value);
    else if (name == "--fault") state.faults.add(value);
    else if (name == "--log") state.log.log_to(value);
    else help();
}

void serve(int argc, char** argv) {
    // Blocked before the server's thread begins, so that they wait for us here.
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    Given given;
    State state;
    for (int i = 1; i < argc; ++i) {
        std::string const name = argv[i];
        if (name == "--log-text") state.log.keep_text = true;
        else if (++i == argc) help();
        else take(given, state, name, argv[i]);
    }
    state.mind = given.obedient ? obedient_mind(given.seed) : honest_mind(given.seed);
    Server server{given.port};
    server.with_state([&](State& served) { served = std::move(state); });
    std::cout << server.url() << std::endl;
    int which = 0;
    sigwait(&ending, &which);
    server.stop();
}

}  // namespace

int main(int argc, char** argv) {
    try {
        serve(argc, argv);
        return EXIT_SUCCESS;
    } catch (std::exception const& error) {
        std::cerr << "fake_model: " << error.what() << '\n';
        return EXIT_FAILURE;
    }
}
