#include "support/fake_http_client.hpp"

#include <boost/asio/this_coro.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace groomer::test {

void FakeHttpClient::expect(std::string line, net::ClientResponse response) {
    script_.push_back({std::move(line), std::move(response), std::nullopt});
}

void FakeHttpClient::expect(std::string line, net::HttpError error) { script_.push_back({std::move(line), {}, std::move(error)}); }

Task<net::ClientResponse> FakeHttpClient::send(net::ClientRequest request) {
    // As a real one does, it lets others go first.
    auto const executor = co_await asio::this_coro::executor;
    most_at_once_ = std::max(most_at_once_, ++at_once_);
    co_await asio::post(executor, asio::use_awaitable);
    --at_once_;
    if (request.may_send && !request.may_send()) throw net::HttpError{net::HttpError::Stage::withheld, false, "withheld"};
    requests_.push_back(request);
    auto const line = request.method + " " + request.url;
    if (handler_) {
        auto response = handler_(request);
        if (response.url.empty()) response.url = request.url;
        co_return std::move(response);
    }
    EXPECT_FALSE(script_.empty()) << "unexpected: " << line;
    if (script_.empty()) throw net::HttpError{net::HttpError::Stage::connect, false, "the script is at its end"};
    auto step = std::move(script_.front());
    script_.pop_front();
    EXPECT_EQ(step.line, line);
    if (step.error) throw net::HttpError{*step.error};
    if (step.response.url.empty()) step.response.url = request.url;
    co_return std::move(step.response);
}

net::ClientResponse reply(int status, std::string body, std::vector<net::Header> headers) {
    net::ClientResponse response;
    response.status = status;
    response.headers = std::move(headers);
    response.body = std::move(body);
    return response;
}

std::string sent_header(net::ClientRequest const& request, std::string_view name) {
    for (auto const& header : request.headers)
        if (header.name == name) return header.value;
    return {};
}

}  // namespace groomer::test
