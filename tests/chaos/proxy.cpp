#include "chaos/proxy.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>

namespace groomer::chaos {
namespace {

using namespace std::chrono_literals;
using Local = asio::local::stream_protocol;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t message_limit = 64 * 1024;

int index(Way way) { return way == Way::up ? 0 : 1; }

}  // namespace

struct Link::Pipe {
    Pipe(asio::io_context& io, tcp::socket socket) : client{std::move(socket)}, server{io} {}

    void reset() {
        boost::system::error_code ignored;
        client.set_option(tcp::socket::linger{true, 0}, ignored);
        client.close(ignored);
        server.close(ignored);
        over = true;
    }

    tcp::socket client;
    Local::socket server;
    bool held_down = false;  // by a trap
    bool swallow = false;    // the next answer, and then reset
    bool kept_late = false;  // something was delivered late: the server is not told at once that the client has gone
    bool over = false;
};

Link::Link(asio::io_context& io, std::string upstream)
    : io_{io},
      acceptor_{io, {asio::ip::address_v4::loopback(), 0}},
      upstream_{std::move(upstream)},
      changed_{io, asio::steady_timer::time_point::max()} {
    auto accepting = [this] { return accept(); };
    asio::co_spawn(io, accepting, asio::detached);
}

Link::~Link() = default;

void Link::lead_to(std::string upstream) {
    on_io(io_, [&] { upstream_ = std::move(upstream); });
}

void Link::delay(Way way, milliseconds by) {
    on_io(io_, [&] {
        delay_[index(way)] = by;
        changed();
    });
}

void Link::hold(Way way, bool held) {
    on_io(io_, [&] {
        held_[index(way)] = held;
        if (held && way == Way::up)
            for (auto const& pipe : pipes_) pipe->kept_late = true;
        changed();
    });
}

void Link::set(Trap trap) {
    on_io(io_, [&] {
        trap_ = std::move(trap);
        sprung_ = false;
    });
}

void Link::disarm() {
    on_io(io_, [&] { trap_.reset(); });
}

void Link::let_go() {
    on_io(io_, [&] {
        held_[0] = held_[1] = false;
        for (auto const& pipe : pipes_) pipe->held_down = false;
        changed();
    });
}

void Link::reset_all() {
    on_io(io_, [&] {
        for (auto const& pipe : pipes_) pipe->reset();
        changed();
    });
}

void Link::half_close(Way way) {
    on_io(io_, [&] {
        boost::system::error_code ignored;
        for (auto const& pipe : pipes_) {
            if (way == Way::up) pipe->server.shutdown(Local::socket::shutdown_send, ignored);
            else pipe->client.shutdown(tcp::socket::shutdown_send, ignored);
        }
    });
}

void Link::refuse(bool refused) {
    on_io(io_, [&] { refused_ = refused; });
}

void Link::pass() {
    on_io(io_, [&] {
        trap_.reset();
        refused_ = false;
        delay_[0] = delay_[1] = 0ms;
    });
    let_go();
}

std::size_t Link::connections() {
    return on_io(io_, [&] { return pipes_.size(); });
}

asio::awaitable<void> Link::accept() {
    for (;;) {
        auto [error, socket] = co_await acceptor_.async_accept(quietly);
        if (error) co_return;
        boost::system::error_code ignored;
        socket.set_option(tcp::no_delay{true}, ignored);
        auto const pipe = std::make_shared<Pipe>(io_, std::move(socket));
        if (refused_) {
            pipe->reset();
            continue;
        }
        pipes_.insert(pipe);
        asio::co_spawn(io_, run(pipe), asio::detached);
    }
}

asio::awaitable<void> Link::run(std::shared_ptr<Pipe> pipe) {
    Local::endpoint const there{upstream_};
    auto [error] = co_await pipe->server.async_connect(there, quietly);
    if (error) {
        pipe->reset();
        pipes_.erase(pipe);
        co_return;
    }
    asio::co_spawn(io_, downwards(pipe), asio::detached);
    auto going_up = upwards(pipe);
    co_await std::move(going_up);
}

// Waits until what has just arrived may go on.
asio::awaitable<void> Link::gate(std::shared_ptr<Pipe> pipe, Way way) {
    auto const arrived = std::chrono::steady_clock::now();
    asio::steady_timer timer{io_};
    if (delay_[index(way)] > 0ms || held_[index(way)]) ++kept_waiting_;
    if (delay_[index(way)] > 0ms) {
        timer.expires_at(arrived + delay_[index(way)]);
        co_await timer.async_wait(quietly);
    }
    while (!pipe->over && (held_[index(way)] || (way == Way::down && pipe->held_down))) co_await changed_.async_wait(quietly);
}

bool Link::trap(Pipe& pipe, std::string_view message) {
    if (!trap_ || message.find(trap_->pattern) == std::string_view::npos) return true;
    auto const action = trap_->action;
    trap_.reset();
    sprung_ = true;
    switch (action) {
        case Trap::Action::hold_all:
            held_[index(Way::up)] = true;
            for (auto const& other : pipes_) other->kept_late = true;
            break;
        case Trap::Action::lose_reply: pipe.swallow = true; break;
        case Trap::Action::hold_reply: pipe.held_down = true; break;
        case Trap::Action::cut: pipe.reset(); return false;
    }
    return true;
}

asio::awaitable<void> Link::upwards(std::shared_ptr<Pipe> pipe) {
    std::vector<char> buffer(message_limit);
    while (!pipe->over) {
        auto reading = asio::buffer(buffer);
        auto [error, size] = co_await pipe->client.async_read_some(reading, quietly);
        if (error || !trap(*pipe, {buffer.data(), size})) break;
        auto waiting = gate(pipe, Way::up);
        co_await std::move(waiting);
        auto writing = asio::buffer(buffer.data(), size);
        auto [failed, written] = co_await asio::async_write(pipe->server, writing, quietly);
        if (failed) break;
    }
    if (pipe->kept_late && !pipe->over) {
        asio::steady_timer timer{io_, 1s};
        co_await timer.async_wait(quietly);
    }
    boost::system::error_code ignored;
    pipe->server.shutdown(Local::socket::shutdown_send, ignored);
}

asio::awaitable<void> Link::downwards(std::shared_ptr<Pipe> pipe) {
    std::vector<char> buffer(message_limit);
    bool gone = false;  // the client: what the server says is still read, or it would wait
    while (!pipe->over) {
        auto reading = asio::buffer(buffer);
        auto [error, size] = co_await pipe->server.async_read_some(reading, quietly);
        if (error) break;
        if (pipe->swallow) {
            pipe->reset();
            break;
        }
        auto waiting = gate(pipe, Way::down);
        co_await std::move(waiting);
        if (gone) continue;
        auto writing = asio::buffer(buffer.data(), size);
        auto [failed, written] = co_await asio::async_write(pipe->client, writing, quietly);
        gone = static_cast<bool>(failed);
    }
    // No more will come: the client is told, and its own last words need no reader.
    boost::system::error_code ignored;
    pipe->client.close(ignored);
    pipe->server.close(ignored);
    pipes_.erase(pipe);
}

}  // namespace groomer::chaos
