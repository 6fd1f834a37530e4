// The fake on a port of 127.0.0.1, with a thread of its own. Raw sockets, since its answers are to be wrong at times.
#pragma once

#include "fake_github/state.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace groomer::fake_github {

struct ServerOptions {
    unsigned short port = 0;
    // The fake's time starts here and then stands still but for advance(); not given: it is the machine's.
    std::optional<Time> start = {};
    bool chunked = false;  // answers come in chunks of 1,000 bytes
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
