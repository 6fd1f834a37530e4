// The bytes of one connection, plain or through TLS. What an await ends with is in the error; only cancellation throws. After either,
// the connection is of no more use.
#pragma once

#include "base/clock.hpp"
#include "net/failed.hpp"
#include "net/tls.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace groomer::net {

class Stream {
public:
    explicit Stream(asio::any_io_executor executor) : socket_{executor} {}

    Task<boost::system::error_code> connect(asio::ip::tcp::endpoint endpoint, TimePoint until);
    // From here on all is encrypted. Throws Failed(tls).
    Task<> start_tls(TlsContext const& context, std::string const& host, TimePoint until);
    // Appends at least a byte; `eof` only where the peer ended in due form.
    Task<boost::system::error_code> read(std::string& into, TimePoint until);
    // All of it. `sent` counts every byte that went out for it, also where it fails.
    Task<boost::system::error_code> write(std::string_view data, std::chrono::milliseconds stall, TimePoint until, std::size_t& sent);
    // From here on the kernel forgets what the peer has not acknowledged as soon as the connection is closed, by whom ever, the end of the
    // process included; and, though the process be stopped, two retransmission timeouts (0.4 s and more) after the `until` of the write.
    // It would go on sending for minutes, and what was cut would take effect at last. Nothing is written after `until` by a clock that goes
    // on while the machine sleeps, either.
    void begin_exchange(TimePoint until);
    // False, and nothing changed, where the peer has not acknowledged all of it: it answered before it had it.
    bool end_exchange();
    // Between two exchanges: still open, and nothing has come that belongs to neither.
    bool is_quiet();

private:
    void set_linger(bool aborts);
    void set_user_timeout(std::chrono::milliseconds longest);
    Task<boost::system::error_code> read_raw(std::string& into, TimePoint until);
    Task<boost::system::error_code> write_raw(std::string_view bytes, std::chrono::milliseconds stall, TimePoint until, std::size_t& sent);

    boost::beast::tcp_stream socket_;
    std::unique_ptr<TlsSession> tls_;  // null: plain
    bool in_exchange_ = false;
    BootTime::time_point written_by_;  // in an exchange
};

bool is_timeout(boost::system::error_code error);

}  // namespace groomer::net
