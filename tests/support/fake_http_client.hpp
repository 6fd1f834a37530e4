// An HTTP client without a network: it answers from a script, in order, and remembers what it was asked.
#pragma once

#include "net/http_client.hpp"

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::test {

class FakeHttpClient final : public net::HttpClient {
public:
    using Handler = std::function<net::ClientResponse(net::ClientRequest const&)>;

    // The next request has to be "METHOD URL". One that is another, or comes when the script is at its end, fails the test.
    void expect(std::string line, net::ClientResponse response);
    // The same; there is no answer.
    void expect(std::string line, net::HttpError error);
    // Answers instead of the script.
    void answer_with(Handler handler) { handler_ = std::move(handler); }

    Task<net::ClientResponse> send(net::ClientRequest request) override;
    void close_idle() override {}

    [[nodiscard]] std::vector<net::ClientRequest> const& requests() const { return requests_; }
    [[nodiscard]] std::size_t left() const { return script_.size(); }
    [[nodiscard]] std::size_t most_at_once() const { return most_at_once_; }

private:
    struct Step {
        std::string line;
        net::ClientResponse response;
        std::optional<net::HttpError> error;
    };

    std::deque<Step> script_;
    Handler handler_;
    std::vector<net::ClientRequest> requests_;
    std::size_t at_once_ = 0, most_at_once_ = 0;
};

net::ClientResponse reply(int status, std::string body = {}, std::vector<net::Header> headers = {});
// The value of a header that was sent; "" if there is none.
std::string sent_header(net::ClientRequest const& request, std::string_view name);

}  // namespace groomer::test
