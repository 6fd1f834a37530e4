// What stands between one replica and its server: a TCP proxy that delays, holds, drops and cuts, as it is told.
#pragma once

#include "chaos/line_server.hpp"
#include "chaos/moment.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace groomer::chaos {

enum class Way { up, down };  // up: to the server

// Springs once, at the first message to the server that contains `pattern`.
struct Trap {
    enum class Action {
        hold_all,    // this message and all later ones of the replica are kept, on every connection
        lose_reply,  // it is delivered; its answer is swallowed and the connection reset
        hold_reply,  // it is delivered; what the server says on this connection is kept
        cut,         // the connection is reset before it is delivered
    };
    std::string pattern;
    Action action = Action::cut;
};

class Link {
public:
    // upstream: the socket of a server, as a path.
    Link(asio::io_context& io, std::string upstream);
    ~Link();
    Link(Link const&) = delete;
    Link& operator=(Link const&) = delete;

    // All callable from any thread but the context's own.
    [[nodiscard]] unsigned short port() const { return acceptor_.local_endpoint().port(); }
    void lead_to(std::string upstream);  // new connections
    void delay(Way way, milliseconds by);
    void hold(Way way, bool held);
    void set(Trap trap);
    void disarm();
    [[nodiscard]] bool sprung() const { return sprung_; }
    // What held connections have to say is delivered, late as it is.
    void let_go();
    void reset_all();
    // One side is told that the other has ended; the other is not.
    void half_close(Way way);
    void refuse(bool refused);  // new connections
    // Everything passes again.
    void pass();
    [[nodiscard]] std::size_t connections();
    // How many messages have come later than they were sent, or will.
    [[nodiscard]] std::size_t kept_waiting() const { return kept_waiting_; }

private:
    struct Pipe;
    asio::awaitable<void> accept();
    asio::awaitable<void> run(std::shared_ptr<Pipe> pipe);
    asio::awaitable<void> upwards(std::shared_ptr<Pipe> pipe);
    asio::awaitable<void> downwards(std::shared_ptr<Pipe> pipe);
    asio::awaitable<void> gate(std::shared_ptr<Pipe> pipe, Way way);
    bool trap(Pipe& pipe, std::string_view message);  // false: the connection is cut
    void changed() { changed_.cancel(); }

    asio::io_context& io_;
    tcp::acceptor acceptor_;
    std::string upstream_;
    std::set<std::shared_ptr<Pipe>> pipes_;
    std::optional<Trap> trap_;
    asio::steady_timer changed_;  // cancelled whenever what follows changes
    bool held_[2] = {false, false};
    milliseconds delay_[2] = {milliseconds{0}, milliseconds{0}};
    bool refused_ = false;
    std::atomic<bool> sprung_ = false;
    std::atomic<std::size_t> kept_waiting_ = 0;
};

}  // namespace groomer::chaos
