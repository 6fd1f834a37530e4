// One request to a fake and its answer: a line of JSON each, on a connection of their own that is cut after a limit, when
// the caller is cancelled, and at the end.
#pragma once

#include "base/async.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace groomer::chaos {

class Conversation {
public:
    Conversation(asio::any_io_executor executor, unsigned short port);
    ~Conversation();
    Conversation(Conversation const&) = delete;
    Conversation& operator=(Conversation const&) = delete;

    // Throws Error where nobody answers there. limit: of this, and TCP_USER_TIMEOUT of what is sent.
    Task<> connect(std::chrono::milliseconds limit);
    // Cuts the connection when `limit` has passed from now.
    void cut_after(std::chrono::milliseconds limit);
    // Nothing where the connection ended before an answer: whether the request took effect is then not known.
    Task<std::optional<boost::json::object>> exchange(std::string request);

private:
    struct Wire;
    std::shared_ptr<Wire> wire_;  // shared with the timer's handler
    unsigned short port_;
};

// All of it; throws Error where there is no answer.
Task<boost::json::object> ask(unsigned short port, boost::json::object request, std::chrono::milliseconds limit);

}  // namespace groomer::chaos
