// The fake from the command line, until SIGTERM or SIGINT: its base URL is the one line that it prints.
#include "fake_github/seed.hpp"
#include "fake_github/server.hpp"

#include <csignal>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <tuple>

namespace {

using namespace groomer::fake_github;
using Arguments = std::map<std::string, std::string>;

constexpr auto usage =
    "usage: fake_github [--port N] [--issues FILE] [--repo OWNER/NAME] [--fill N] [--body-bytes N] [--log FILE]"
    " [--token T] [--limits as-github|none] [--url URL]";

Arguments read(int argc, char** argv) {
    Arguments given{{"--port", "0"}, {"--issues", ""},        {"--repo", "demo/backlog"}, {"--fill", "0"}, {"--log", ""},
                    {"--token", ""}, {"--body-bytes", "120"}, {"--limits", "as-github"},  {"--url", ""}};
    for (int i = 1; i < argc; i += 2) {
        auto const at = given.find(argv[i]);
        if (at == given.end() || i + 1 == argc) throw std::invalid_argument{usage};
        at->second = argv[i + 1];
    }
    return given;
}

void set_up(State& state, Arguments const& given) {
    auto const& [issues, repo, log, token] = std::tie(given.at("--issues"), given.at("--repo"), given.at("--log"), given.at("--token"));
    if (!log.empty()) state.effects.log_to(log);
    if (!token.empty()) {
        Token mine;
        mine.login = "groomer";
        state.user(mine.login);
        state.access.add_token(token, std::move(mine));
    }
    if (!given.at("--url").empty()) state.options.base_url = given.at("--url");
    if (given.at("--limits") == "none") state.limits.options.per_hour = state.limits.options.points_per_minute = 0;
    auto& repository = state.add_repository(repo);
    Fill many;
    many.count = std::stoll(given.at("--fill"));
    many.body_bytes = std::stoul(given.at("--body-bytes"));
    fill(state, repository, many);
    if (issues.empty()) return;
    std::ifstream file{issues, std::ios::binary};
    if (!file) throw std::runtime_error{issues + " cannot be read"};
    std::string const text{std::istreambuf_iterator<char>{file}, {}};
    auto const imported = import_issues(state, text, repo);
    std::cerr << imported.issues << " issues read, " << imported.skipped << " passed over";
    if (imported.skipped) std::cerr << " (the first: " << imported.skipped_example << ")";
    std::cerr << '\n';
}

void serve(Arguments const& given) {
    // Blocked before the server's thread begins, so that they wait for us here.
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    ServerOptions options;
    options.port = static_cast<unsigned short>(std::stoul(given.at("--port")));
    Server server{options};
    server.with_state([&](State& state) { set_up(state, given); });
    std::cout << server.url() << std::endl;
    int which = 0;
    sigwait(&ending, &which);
    server.stop();
}

}  // namespace

int main(int argc, char** argv) {
    try {
        serve(read(argc, argv));
        return EXIT_SUCCESS;
    } catch (std::exception const& error) {
        std::cerr << "fake_github: " << error.what() << '\n';
        return EXIT_FAILURE;
    }
}
