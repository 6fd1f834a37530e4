// HTTP/1.1 as far as the fake needs it: requests read strictly, answers written as they are told.
#pragma once

#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace groomer::fake_github {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string method;
    std::string target;  // as it came
    Fields headers;
    std::string body;
    bool keep_alive = true;

    [[nodiscard]] std::string_view header(std::string_view name) const;  // "" where there is none
    [[nodiscard]] std::string_view path() const;                         // of the target, still encoded
};

// Where a request comes from: a connection, by its number, and the client's port.
struct Peer {
    std::uint64_t connection = 0;
    unsigned short port = 0;
};

struct Response {
    int status = 200;
    Fields headers = {};
    std::optional<boost::json::value> json = {};  // what the body says, where it says anything
    std::string text = {};                        // the body
    bool counted = true;                          // against the primary limit
};

std::string_view reason_of(int status);

// "%2F" → "/". Nothing where a percent sign is followed by anything but two digits.
std::optional<std::string> percent_decoded(std::string_view text);
std::string percent_encoded(std::string_view text);
// Of the target; "+" is a space there.
std::optional<Fields> query_of(std::string_view target);

// Feed it bytes until `request` is there or `refused` says with which status; `rest` is of the next request.
class RequestReader {
public:
    static constexpr std::size_t head_limit = 64 * 1024, body_limit = 8 * 1024 * 1024;

    void feed(std::string_view bytes) { buffer_ += bytes; }
    // One whole request, if it is there already.
    std::optional<Request> next();
    [[nodiscard]] int refused() const { return refused_; }
    [[nodiscard]] bool empty() const { return buffer_.empty(); }
    // The client waits for leave to send its body.
    [[nodiscard]] bool expects_continue();

private:
    std::optional<Request> refuse(int status);
    bool read_head();
    bool read_fields(std::string_view lines);
    bool frame();
    bool read_body();
    bool read_chunk();

    std::string buffer_;
    std::optional<Request> head_;  // read, and waiting for its body
    std::size_t length_ = 0;
    bool chunked_ = false;
    bool asks_leave_ = false;
    int refused_ = 0;
};

}  // namespace groomer::fake_github
