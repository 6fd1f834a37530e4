#include "chaos/replica/conversation.hpp"

#include "base/error.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/system_error.hpp>

#include <netinet/tcp.h>

namespace groomer::chaos {
namespace {

using asio::ip::tcp;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

// A wait that ended early was cut by the limit, or its caller is cancelled: only the latter is an exception.
Task<> throw_if_cancelled() {
    auto const state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) throw boost::system::system_error{asio::error::operation_aborted};
}

}  // namespace

struct Conversation::Wire {
    explicit Wire(asio::any_io_executor const& executor) : socket{executor}, limit{executor} {}
    void cut() {
        boost::system::error_code ignored;
        socket.close(ignored);
    }
    tcp::socket socket;
    asio::steady_timer limit;
};

Conversation::Conversation(asio::any_io_executor executor, unsigned short port) : wire_{std::make_shared<Wire>(executor)}, port_{port} {}

Conversation::~Conversation() {
    wire_->limit.cancel();
    wire_->cut();
}

void Conversation::cut_after(std::chrono::milliseconds limit) {
    wire_->limit.expires_after(limit);
    wire_->limit.async_wait([wire = wire_](boost::system::error_code error) {
        if (!error) wire->cut();
    });
}

Task<> Conversation::connect(std::chrono::milliseconds limit) {
    cut_after(limit);
    tcp::endpoint const there{asio::ip::address_v4::loopback(), port_};
    auto [error] = co_await wire_->socket.async_connect(there, quietly);
    co_await throw_if_cancelled();
    if (error) throw Error{ErrorCode::failure, "nobody answers at port " + std::to_string(port_) + ": " + error.message()};
    wire_->socket.set_option(tcp::no_delay{true});
    auto const milliseconds = static_cast<unsigned>(limit.count());
    ::setsockopt(wire_->socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
}

Task<std::optional<boost::json::object>> Conversation::exchange(std::string request) {
    request += '\n';
    auto const sending = asio::buffer(request);
    auto [unsent, sent] = co_await asio::async_write(wire_->socket, sending, quietly);
    co_await throw_if_cancelled();
    if (unsent) co_return std::nullopt;
    std::string answer;
    auto receiving = asio::dynamic_buffer(answer);
    auto [unanswered, size] = co_await asio::async_read_until(wire_->socket, receiving, '\n', quietly);
    co_await throw_if_cancelled();
    if (unanswered) co_return std::nullopt;
    co_return boost::json::parse(answer).as_object();
}

Task<boost::json::object> ask(unsigned short port, boost::json::object request, std::chrono::milliseconds limit) {
    auto const executor = co_await asio::this_coro::executor;
    Conversation conversation{executor, port};
    co_await conversation.connect(limit);
    auto exchanging = conversation.exchange(boost::json::serialize(request));
    auto answer = co_await std::move(exchanging);
    if (!answer) throw Error{ErrorCode::failure, "no answer from port " + std::to_string(port)};
    co_return std::move(*answer);
}

}  // namespace groomer::chaos
