#include "fake_model/server.hpp"

#include "fake_github/listener.hpp"
#include "fake_github/wire.hpp"

#include <algorithm>
#include <utility>

namespace groomer::fake_model {
namespace {

using fake_github::Listener;
using HttpFault = fake_github::FaultKind;
template <class T>
using awaitable = boost::asio::awaitable<T>;

// How the fake of GitHub, whose bytes these are, calls it.
HttpFault http_fault(FaultKind kind) {
    switch (kind) {
        case FaultKind::close_in_body: return HttpFault::truncated;
        case FaultKind::garbage: return HttpFault::garbage;
        case FaultKind::garbage_body: return HttpFault::garbage_body;
        default: return HttpFault::none;
    }
}

}  // namespace

// What stands between the sockets and the state. All but stop() runs on the listener's thread.
class Server::Io : public Listener::Service {
public:
    Io(Server& server, unsigned short port) : server_{server}, listener_{port, *this} { listener_.start(); }
    ~Io() override { stop(); }

    void stop() { listener_.stop(); }
    [[nodiscard]] unsigned short port() const { return listener_.port(); }

    Response refusal(int status) override {
        return error_of(Protocol::openai, {status, "invalid_request_error", "Bad Request"}, std::to_string(++requests_));
    }
    awaitable<bool> exchange(Listener::Socket& socket, Request request, fake_github::Peer peer) override;

private:
    // Counts what waits for its answer, whether its client does or not.
    class AtOnce {
    public:
        explicit AtOnce(Server& server) : server_{server} {
            server_.with_state([](State& state) { state.most_at_once = std::max(state.most_at_once, ++state.at_once); });
        }
        ~AtOnce() {
            server_.with_state([](State& state) { --state.at_once; });
        }
        AtOnce(AtOnce const&) = delete;
        AtOnce& operator=(AtOnce const&) = delete;

    private:
        Server& server_;
    };

    Outcome outcome_of_next(Request const& request) {
        auto const now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
        auto const id = std::to_string(++requests_);
        return server_.with_state([&](State& state) { return outcome_of(state, request, now, id); });
    }

    Server& server_;
    std::uint64_t requests_ = 0;
    Listener listener_;
};

awaitable<bool> Server::Io::exchange(Listener::Socket& socket, Request request, fake_github::Peer) {
    auto at_once = std::make_unique<AtOnce>(server_);
    auto outcome = outcome_of_next(request);
    co_await listener_.pause(outcome.delay);
    at_once.reset();  // before the client can know of it
    auto const kind = outcome.fault.kind;
    if (kind == FaultKind::silent) co_await listener_.until_client_leaves(socket);
    if (kind == FaultKind::silent || kind == FaultKind::close_before) co_return false;
    fake_github::Fault fault;
    fault.kind = http_fault(kind);
    auto broken = fake_github::broken_answer(std::move(outcome.response), fault, {request.keep_alive, false, false});
    auto writing = listener_.write(socket, std::move(broken.bytes));
    bool const written = co_await std::move(writing);
    co_return written && !broken.close;
}

Server::Server(unsigned short port) : io_{std::make_unique<Io>(*this, port)} {}
Server::~Server() = default;
unsigned short Server::port() const { return io_->port(); }
std::string Server::url() const { return "http://127.0.0.1:" + std::to_string(port()); }
void Server::stop() { io_->stop(); }

}  // namespace groomer::fake_model
