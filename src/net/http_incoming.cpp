#include "net/http_incoming.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace groomer::net {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using Parser = http::request_parser<http::string_body>;

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

// Ends what the connection waits for, and leaves it open: a limit of Beast's closes it, and nothing could be answered.
void set_limit(Connection& connection, std::chrono::milliseconds limit) {
    connection.limit.expires_after(limit);
    connection.limit.async_wait([weak = connection.weak_from_this()](error_code error) {
        auto const late = weak.lock();
        if (error || !late || late->limit.expiry() > asio::steady_timer::clock_type::now()) return;
        late->late = true;
        late->stream.cancel();
        // Nothing was cancelled where a read was ready: it has been done already, and the next one begins.
        set_limit(*late, std::chrono::milliseconds{100});
    });
}

Task<error_code> receive_head(Connection& connection, HttpOptions const& options, Parser& parser) {
    set_limit(connection, options.read_timeout);
    if (connection.buffer.size() == 0) {
        auto const space = connection.buffer.prepare(4096);
        auto [error, size] = co_await connection.stream.async_read_some(space, no_throw);
        connection.buffer.commit(size);
        if (error) co_return error;
        set_limit(connection, options.read_timeout);  // from the first byte on, for all of it
        connection.late = false;                      // that was the wait for it
    }
    connection.idle = false;
    auto [error, size] = co_await http::async_read_header(connection.stream, connection.buffer, parser, no_throw);
    co_return error;
}

void refuse(Incoming& incoming, Response refusal) {
    incoming.refusal = std::move(refusal);
    incoming.broken = true;
    incoming.terms.keep_alive = false;
}

// Room is taken as a body arrives, and not for what its head says of it: who only announces long bodies keeps it from nobody.
bool has_room(std::size_t body, Room& room, Connection const& connection, Incoming& incoming) {
    std::size_t const step = Route{}.max_body;  // so much has each without asking
    while (body > (incoming.room.size() + 1) * step) {
        auto more = room.take(step, connection.origin);
        if (!more) return false;
        incoming.room.push_back(std::move(more));
    }
    return true;
}

Task<error_code> receive_body(Connection& connection, Parser& parser, Room& room, Incoming& incoming) {
    bool const asks = parser.get().version() == 11 && beast::iequals(parser.get()[http::field::expect], "100-continue");
    if (asks && connection.buffer.size() == 0) {
        constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        auto const bytes = asio::buffer(go_on);
        auto [error, size] = co_await asio::async_write(connection.stream, bytes, no_throw);
        if (error) co_return error;
    }
    // Part by part: an eager parser goes on reading within one call for as long as what it has ends in the middle of a part.
    parser.eager(false);
    while (!parser.is_done()) {
        if (connection.late) co_return asio::error::operation_aborted;
        auto [error, size] = co_await http::async_read_some(connection.stream, connection.buffer, parser, no_throw);
        if (error) co_return error;
        if (has_room(parser.get().body().size(), room, connection, incoming)) continue;
        incoming.room.clear();
        refuse(incoming, busy("Too many long bodies at once: try again in a moment."));
        break;
    }
    co_return error_code{};
}

// True where reading is over: it was refused, or nobody is there to be answered.
bool has_failed(Connection const& connection, error_code error, Incoming& incoming) {
    if (!error) return false;
    incoming.route = nullptr;
    incoming.broken = true;
    incoming.terms.keep_alive = false;
    if (is_malformed(error)) incoming.refusal = refusal_of(error);
    else if (connection.late && !connection.idle)
        incoming.refusal = error_response(408, "too_slow", "The request did not arrive whole in the time that is given for it.");
    return true;
}

// The head is there: who is to answer it, and how long its body may be. False where it is refused before the body has come.
bool understand_head(Connection const& connection, Parser& parser, Router const& router, Incoming& incoming) {
    auto& message = parser.get();
    incoming.terms.version = message.version() == 10 ? 10 : 11;
    incoming.terms.head = message.method() == http::verb::head;
    incoming.terms.keep_alive = message.keep_alive();
    incoming.method = message.method() == http::verb::unknown ? "other" : std::string{message.method_string()};
    if (message.version() == 11 && message.count(http::field::host) != 1) {
        refuse(incoming, refusal_of({}));
        return false;
    }
    incoming.request = to_request(message);
    incoming.request.client = connection.client;
    auto match = router.match(incoming.request);
    incoming.route = match.route;
    incoming.path = std::move(match.path);
    incoming.refusal = std::move(match.refusal);
    auto const most = match.route ? match.route->max_body : Route{}.max_body;
    auto const told = parser.content_length();
    if (told && *told > most) {
        refuse(incoming, refusal_of(make_error_code(http::error::body_limit)));
        return false;
    }
    if (!told) parser.body_limit(most);
    return true;
}

}  // namespace

std::shared_ptr<void> Room::take(std::size_t size, std::string const& who) {
    auto const found = held_.find(who);
    if (size > left_ || (found != held_.end() && found->second > half_)) return nullptr;
    left_ -= size;
    auto const held = held_.try_emplace(who, 0).first;
    held->second += size;
    return {this, [size, held](Room* room) {
                room->left_ += size;
                held->second -= size;
                if (held->second == 0) room->held_.erase(held);
            }};
}

Response busy(std::string_view sentence) {
    auto response = error_response(503, "busy", sentence);
    response.headers.push_back({"Retry-After", "1"});
    return response;
}

// Whoever has one address of IPv6 has all that begin as it does.
std::string origin_of(asio::ip::address const& address) {
    if (!address.is_v6() || address.to_v6().is_v4_mapped()) return address.to_string();
    auto bytes = address.to_v6().to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
    return asio::ip::address_v6{bytes}.to_string() + "/64";
}

Connection::Connection(asio::ip::tcp::socket socket) : stream{std::move(socket)}, buffer{64 * 1024UL}, limit{stream.get_executor()} {
    error_code error;
    auto const peer = stream.socket().remote_endpoint(error);
    if (!error) client = peer.address().to_string();
    if (!error) origin = origin_of(peer.address());
    stream.expires_never();
}

Task<Incoming> read_request(Connection& connection, HttpOptions const& options, Router const& router, Room& room) {
    struct EndLimit {
        Connection& connection;
        // What has expired already, and waits for its turn, sees that it is over, too.
        ~EndLimit() { connection.limit.expires_at(asio::steady_timer::time_point::max()); }
    } const at_end{connection};
    Incoming incoming;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(options.max_header));
    parser.body_limit(std::max(router.most_body(), Route{}.max_body));
    connection.late = false;
    connection.stream.expires_never();
    auto receiving = receive_head(connection, options, parser);
    error_code const head_error = co_await std::move(receiving);
    if (has_failed(connection, head_error, incoming) || !understand_head(connection, parser, router, incoming)) co_return incoming;
    if (!parser.is_done()) {
        auto rest = receive_body(connection, parser, room, incoming);
        error_code const error = co_await std::move(rest);
        if (error) incoming.refusal.reset();
        if (has_failed(connection, error, incoming) || incoming.broken) co_return incoming;
    }
    incoming.request.body = std::move(parser.get().body());
    co_return incoming;
}

}  // namespace groomer::net
