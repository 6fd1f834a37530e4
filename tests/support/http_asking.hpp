// The HTTP client as tests use it: on the test's own thread, which runs its context only as long as there is something to wait for.
#pragma once

#include "net/http_client.hpp"

#include <gtest/gtest.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace groomer::test {

using namespace std::chrono_literals;
using net::ClientRequest;
using net::ClientResponse;
using net::HttpError;
using Stage = HttpError::Stage;

// What came of a request; one of the three, once it has ended.
struct Asked {
    std::optional<ClientResponse> response;
    std::optional<HttpError> error;
    bool cancelled = false;
    asio::cancellation_signal signal;

    [[nodiscard]] bool ended() const { return response || error || cancelled; }
    [[nodiscard]] int status() const { return response ? response->status : 0; }
    [[nodiscard]] std::string body() const { return response ? response->body : "(none) " + sentence(); }
    [[nodiscard]] bool failed(Stage stage, bool may_have_arrived) const {
        return error && error->stage() == stage && error->may_have_arrived() == may_have_arrived;
    }
    [[nodiscard]] std::string sentence() const { return error ? error->what() : response ? "an answer" : "none"; }
    void cancel() { signal.emit(asio::cancellation_type::terminal); }
};

class HttpAsking : public testing::Test {
protected:
    HttpAsking() {
        options_.lookup = [](std::string const& host) {
            std::vector<std::string> addresses;
            if (host.ends_with(".test")) addresses.emplace_back("127.0.0.1");
            return addresses;
        };
    }

    net::HttpClient& client() {
        if (!client_) client_ = net::make_http_client(io_.get_executor(), options_);
        return *client_;
    }
    // Begins it.
    Asked& start(ClientRequest request) {
        Asked& asked = asked_.emplace_back();
        auto ended = [&asked](std::exception_ptr error, ClientResponse response) {
            try {
                if (error) std::rethrow_exception(error);
                asked.response = std::move(response);
            } catch (HttpError const& e) {
                asked.error = e;
            } catch (...) {
                EXPECT_TRUE(is_cancelled(error)) << describe(error);
                asked.cancelled = true;
            }
        };
        asio::co_spawn(io_, client().send(std::move(request)), asio::bind_cancellation_slot(asked.signal.slot(), ended));
        return asked;
    }
    // Runs until it is so.
    bool run_until(std::function<bool()> const& is_so, std::chrono::milliseconds limit = 10s) {
        auto const end = std::chrono::steady_clock::now() + limit;
        while (!is_so() && std::chrono::steady_clock::now() < end) {
            io_.restart();
            io_.run_one_for(5ms);
        }
        return is_so();
    }
    Asked& finish(Asked& asked) {
        EXPECT_TRUE(run_until([&] { return asked.ended(); }));
        return asked;
    }
    Asked& send(ClientRequest request) { return finish(start(std::move(request))); }
    Asked& get(std::string const& url) { return send(to(url)); }

    static ClientRequest to(std::string const& url, std::string const& method = "GET") {
        ClientRequest request;
        request.method = method;
        request.url = url;
        return request;
    }

    net::ClientOptions options_;
    std::list<Asked> asked_;  // whose signals outlive what waits in the context
    asio::io_context io_{1};
    std::unique_ptr<net::HttpClient> client_;
};

}  // namespace groomer::test
