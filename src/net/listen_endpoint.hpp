// The address that a server is to listen on, from its text.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <string>

namespace groomer::net {

// "0.0.0.0:8080", "[::]:8080", "localhost:0". Throws Error(config) where it is none, or its host is unknown.
boost::asio::ip::tcp::endpoint listen_endpoint(boost::asio::any_io_executor executor, std::string const& listen);

}  // namespace groomer::net
