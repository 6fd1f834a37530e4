#include "net/listen_endpoint.hpp"

#include "base/error.hpp"

#include <algorithm>

namespace groomer::net {

using tcp = boost::asio::ip::tcp;

tcp::endpoint listen_endpoint(boost::asio::any_io_executor executor, std::string const& listen) {
    auto const colon = listen.rfind(':');
    std::string host = listen.substr(0, std::min(colon, listen.size()));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    std::string const port = colon == listen.npos ? "" : listen.substr(colon + 1);
    bool const digits = !port.empty() && std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (host.empty() || !digits || port.size() > 5 || std::stoul(port) > 65535) {
        throw Error{ErrorCode::config, "cannot listen on \"" + listen + "\": it is not host:port"};
    }
    boost::system::error_code error;
    auto found = tcp::resolver{executor}.resolve(host, port, tcp::resolver::passive, error);
    if (!error && !found.empty()) return *found.begin();
    throw Error{ErrorCode::config, "cannot listen on \"" + listen + "\": the host is not known (" + error.message() + ")"};
}

}  // namespace groomer::net
