// The fake on a port of 127.0.0.1, with a thread of its own. Raw sockets, since its answers are to be wrong at times.
#pragma once

#include "fake_github/http.hpp"
#include "fake_github/state.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace groomer::fake_github {

// Sees every request on its way: may break it, end who sent it, or change the world just then. Called on the server's thread,
// which does nothing else meanwhile, and without the state being held.
class Watcher {
public:
    virtual ~Watcher() = default;
    // It is here, and nothing of it has taken effect. A fault that is returned goes before the rules in State::faults.
    virtual std::optional<Fault> arrived(Request const& request, std::string const& id, Peer const& peer) = 0;
    // It was answered, and its effect is there; nothing of the answer has left. Not called where a fault stands in for the answer.
    virtual void applied(std::string const& id, int status) = 0;
    // All of the answer has left, broken or not; or it never will.
    virtual void ended(std::string const& id, bool answered) = 0;
};

struct ServerOptions {
    unsigned short port = 0;
    // The fake's time starts here and then stands still but for advance(); not given: it is the machine's.
    std::optional<Time> start = {};
    bool chunked = false;        // answers come in chunks of 1,000 bytes
    Watcher* watcher = nullptr;  // outlives the server
};

class Server {
public:
    // It answers from here on. Throws boost::system::system_error where the port is taken.
    explicit Server(ServerOptions options = {});
    ~Server();
    Server(Server const&) = delete;
    Server& operator=(Server const&) = delete;

    [[nodiscard]] unsigned short port() const;
    [[nodiscard]] std::string url() const;  // http://127.0.0.1:<port>
    // Every connection is cut, what is in the middle of it ends. What a request has done stays done.
    void stop();

    [[nodiscard]] Time now() const;
    void advance(std::chrono::milliseconds by);

    // While `work` runs no request is worked on; none may be waited for in it.
    template <class Work>
    auto with_state(Work work) {
        std::lock_guard const lock{mutex_};
        return work(state_);
    }

private:
    class Io;
    std::mutex mutex_;
    State state_;  // under mutex_
    std::unique_ptr<Io> io_;
};

}  // namespace groomer::fake_github
