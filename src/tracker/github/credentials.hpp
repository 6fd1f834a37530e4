// Who we are to GitHub: nobody, the owner of a token, or an App's installation. Neither keys nor tokens are ever part of an error.
#pragma once

#include "base/async.hpp"
#include "net/http_client.hpp"
#include "tracker/github/routes.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace groomer::tracker::github {

// How to find out which account our writes are made by.
struct SelfQuestion {
    std::optional<Route> route;  // nothing where we are nobody
    std::function<std::string()> authorization;
    std::int64_t installation = 0;  // of an App
};

class Credentials {
public:
    virtual ~Credentials() = default;
    // The value of the header Authorization; "" without any. Throws Error(credentials) with what to do, Error where the server that
    // gives out tokens cannot be reached, and LimitReached where it wants to be asked later.
    virtual Task<std::string> authorization() = 0;
    // GitHub refused this one (401). True where asking for another may help.
    virtual bool refused(std::string const& authorization) = 0;
    virtual SelfQuestion who_am_i() = 0;
};

// token: asked for each request, since its file may have changed; "" is nobody, who may read what is public.
std::shared_ptr<Credentials> make_token_credentials(std::function<std::string()> token);

struct AppOptions {
    std::string api_url = "https://api.github.com";
    std::int64_t id = 0;
    std::int64_t installation_id = 0;
    std::function<std::string()> private_key;  // PEM, asked for each time
    std::string user_agent = "groomer";
    std::chrono::milliseconds timeout{15'000};
};

// wall: what time it is; GitHub dates its tokens. client outlives it; both are used on one executor.
std::shared_ptr<Credentials> make_app_credentials(net::HttpClient& client, std::function<WallTime()> wall, AppOptions options);

}  // namespace groomer::tracker::github
