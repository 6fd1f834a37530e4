// The fake on a port of 127.0.0.1, with a thread of its own.
#pragma once

#include "fake_model/api.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace groomer::fake_model {

class Server {
public:
    // It answers from here on. Throws boost::system::system_error where the port is taken.
    explicit Server(unsigned short port = 0);
    ~Server();
    Server(Server const&) = delete;
    Server& operator=(Server const&) = delete;

    [[nodiscard]] unsigned short port() const;
    [[nodiscard]] std::string url() const;  // http://127.0.0.1:<port>
    // Every connection is cut, what is in the middle of it ends.
    void stop();

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

}  // namespace groomer::fake_model
