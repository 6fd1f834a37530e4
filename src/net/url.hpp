// Addresses of http and https: read, resolved against one another, and written. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace groomer::net {

struct Url {
    bool secure = false;
    std::string host;  // lower-case; an IPv6 address without its brackets
    std::uint16_t port = 0;
    std::string target;  // the path and the query; at least "/"

    [[nodiscard]] std::string authority() const;  // as Host has it: without the scheme's own port
    [[nodiscard]] std::string endpoint() const;   // as CONNECT has it: with any port
    [[nodiscard]] std::string origin() const;     // "https://host", "http://host:8080"
    [[nodiscard]] std::string_view path() const;  // the target without its query
    [[nodiscard]] std::string text() const { return origin() + target; }
};

// What is wrong, without a word of the text itself: it may hold a password.
class BadUrl : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Absolute, without user and password; a fragment is dropped. Throws BadUrl.
Url parse_url(std::string_view text);

// What a reference, as in Location, means at `base`. What should have been percent-encoded is so now. Throws BadUrl.
Url resolve_url(Url const& base, std::string_view reference);

struct Authority {
    std::string host;
    std::optional<std::uint16_t> port;
};

// "host", "host:80", "[::1]:80", without a user. Throws BadUrl.
Authority parse_authority(std::string_view text);

}  // namespace groomer::net
