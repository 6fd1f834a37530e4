// The fake with little in it, and what its own tests ask of it.
#pragma once

#include "fake_github/raw_client.hpp"
#include "fake_github/server.hpp"

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace groomer::fake_github::test {

// A server with the repository octo/quill and its issue 1, whose time is 2024-01-01T00:00:00Z, and a token for everything.
class Scene {
public:
    explicit Scene(bool chunked = false) : server{{0, start(), chunked}} {
        server.with_state([](State& state) {
            auto& repository = state.add_repository("octo/quill");
            state.add_label(repository, {0, "theirs", "d73a4a"});
            NewIssue issue;
            issue.title = "It panics";
            issue.labels = {"theirs"};
            state.add_issue(repository, issue);
            Token token;
            token.login = "groomer";
            state.access.add_token("secret", token);
            state.limits.options = {0, 0, 0, 0, 0, 0};
        });
    }
    static Time start() { return Time{std::chrono::seconds{1'704'067'200}}; }

    Answer ask(Ask const& ask) {
        RawClient client{server.port()};
        client.send(request_bytes(ask));
        return client.receive();
    }
    Answer get(std::string const& target) { return ask({"GET", target}); }
    Answer post(std::string const& target, std::string const& body) { return ask({"POST", target, body}); }
    By person(std::string login = "alice") { return {std::move(login), server.now()}; }
    std::vector<std::string> effects() {
        return server.with_state([](State& state) {
            std::vector<std::string> out;
            for (auto const& effect : state.effects.parsed()) out.emplace_back(effect.at("what").as_string().c_str());
            return out;
        });
    }
    void fault(Matcher matcher, Fault fault) {
        server.with_state([&](State& state) { state.faults.add(std::move(matcher), std::move(fault)); });
    }
    // Waits, for at most 10 s, until so many faults have sprung.
    void await_faults(std::uint64_t count) {
        auto const end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        while (server.with_state([](State& state) { return state.faults.sprung(); }) < count) {
            if (std::chrono::steady_clock::now() > end) throw std::runtime_error{"no fault springs"};
            std::this_thread::yield();
        }
    }

    Server server;
};

inline std::string const issue_path = "/repos/octo/quill/issues/1";

}  // namespace groomer::fake_github::test
