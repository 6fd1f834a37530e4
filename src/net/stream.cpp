#include "net/stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/system/errc.hpp>
#include <boost/system/system_error.hpp>

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace groomer::net {
namespace {

using boost::system::error_code;
using Step = TlsSession::Step;

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t piece_size = 16UL * 1024;  // a TLS record

// Nobody closes a connection that is in use, so that this is the caller's cancellation.
void throw_if_aborted(error_code error) {
    if (error == asio::error::operation_aborted) throw boost::system::system_error{error};
}

// Beast's timer alone does not stop what can be done at once.
bool is_over(TimePoint until) { return std::chrono::steady_clock::now() >= until; }

std::chrono::milliseconds time_left(TimePoint until) {
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    return std::clamp<std::chrono::milliseconds>(left, std::chrono::milliseconds{1}, std::chrono::hours{1});
}

}  // namespace

bool is_timeout(error_code error) { return error == boost::beast::error::timeout; }

Task<error_code> Stream::connect(asio::ip::tcp::endpoint endpoint, TimePoint until) {
    if (is_over(until)) co_return boost::beast::error::timeout;
    socket_.expires_at(until);
    auto [error] = co_await socket_.async_connect(endpoint, no_throw);
    throw_if_aborted(error);
    error_code ignored;
    socket_.socket().set_option(asio::ip::tcp::no_delay{true}, ignored);
    co_return error;
}

Task<> Stream::start_tls(TlsContext const& context, std::string const& host, TimePoint until) {
    tls_ = std::make_unique<TlsSession>(context, host);
    for (;;) {
        Step const step = tls_->handshake();
        std::string const output = tls_->take_output();  // also where it failed: the alert says why
        std::size_t sent = 0;
        error_code error = co_await write_raw(output, std::chrono::hours{1}, until, sent);
        if (step == Step::failed) throw Failed{Stage::tls, "no TLS with " + host + ": " + tls_->why()};
        if (!error && step == Step::done) co_return;
        std::string bytes;
        if (!error) error = co_await read_raw(bytes, until);
        if (is_timeout(error)) throw Failed{Stage::tls, "no TLS with " + host + " in time"};
        if (error) throw Failed{Stage::tls, "no TLS with " + host + ": " + error.message()};
        tls_->put_received(bytes);
    }
}

Task<error_code> Stream::read(std::string& into, TimePoint until) {
    while (tls_) {
        Step const step = tls_->read(into);
        std::string const output = tls_->take_output();
        std::size_t sent = 0;
        error_code error = co_await write_raw(output, std::chrono::hours{1}, until, sent);
        if (error || step == Step::done) co_return error;
        if (step == Step::closed) co_return asio::error::eof;
        if (step == Step::failed) co_return make_error_code(boost::system::errc::protocol_error);
        std::string bytes;
        error = co_await read_raw(bytes, until);
        // Without the peer's word that this is the end, anybody may have cut it.
        if (error == asio::error::eof) co_return asio::error::connection_reset;
        if (error) co_return error;
        tls_->put_received(bytes);
    }
    co_return co_await read_raw(into, until);
}

Task<error_code> Stream::write(std::string_view data, std::chrono::milliseconds stall, TimePoint until, std::size_t& sent) {
    error_code error;
    while (!error && !data.empty()) {
        std::string_view const piece = data.substr(0, piece_size);
        data.remove_prefix(piece.size());
        std::string output;
        if (tls_ && tls_->write(piece) != Step::done) co_return make_error_code(boost::system::errc::protocol_error);
        if (tls_) output = tls_->take_output();
        std::string_view const bytes = tls_ ? std::string_view{output} : piece;
        error = co_await write_raw(bytes, stall, until, sent);
    }
    co_return error;
}

void Stream::begin_exchange(TimePoint until) {
    in_exchange_ = true;
    written_by_ = BootTime::now() + (until - std::chrono::steady_clock::now());
    set_linger(true);
}

bool Stream::end_exchange() {
    int under_way = 0;
    if (::ioctl(socket_.socket().native_handle(), SIOCOUTQ, &under_way) != 0 || under_way > 0) return false;
    in_exchange_ = false;
    set_linger(false);
    set_user_timeout(std::chrono::milliseconds{0});
    return true;
}

// Not by Asio, whose destructor takes a linger back that it knows of.
void Stream::set_linger(bool aborts) {
    linger const at_close{aborts ? 1 : 0, 0};
    ::setsockopt(socket_.socket().native_handle(), SOL_SOCKET, SO_LINGER, &at_close, sizeof at_close);
}

// Zero: none.
void Stream::set_user_timeout(std::chrono::milliseconds longest) {
    auto const count = static_cast<unsigned>(longest.count());
    ::setsockopt(socket_.socket().native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &count, sizeof count);
}

bool Stream::is_quiet() {
    std::array<char, piece_size> bytes;
    for (int tries = 0; tries < 4; ++tries) {
        auto const size = ::recv(socket_.socket().native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (size < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
        if (size == 0 || !tls_) return false;
        // Tickets for a later session are of no concern; an alert or data are.
        tls_->put_received({bytes.data(), static_cast<std::size_t>(size)});
        std::string data;
        if (tls_->read(data) != Step::wants_more || !tls_->take_output().empty()) return false;
    }
    return false;
}

Task<error_code> Stream::read_raw(std::string& into, TimePoint until) {
    if (is_over(until)) co_return boost::beast::error::timeout;
    std::array<char, piece_size> bytes;
    socket_.expires_at(until);
    auto const space = asio::buffer(bytes);
    auto [error, size] = co_await socket_.async_read_some(space, no_throw);
    throw_if_aborted(error);
    into.append(bytes.data(), size);
    co_return error;
}

Task<error_code> Stream::write_raw(std::string_view bytes, std::chrono::milliseconds stall, TimePoint until, std::size_t& sent) {
    while (!bytes.empty()) {
        if (is_over(until) || (in_exchange_ && BootTime::now() >= written_by_)) co_return boost::beast::error::timeout;
        socket_.expires_at(sooner(until, stall));
        if (in_exchange_) set_user_timeout(time_left(until));  // of each piece: its time is counted from when it is sent
        auto const data = asio::buffer(bytes);
        auto [error, size] = co_await socket_.async_write_some(data, no_throw);
        sent += size;
        bytes.remove_prefix(size);
        throw_if_aborted(error);
        if (error) co_return error;
    }
    co_return error_code{};
}

}  // namespace groomer::net
