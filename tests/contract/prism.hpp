// groomer's HTTP client, with prism in GitHub's place: every request is judged, and a test says which of the documented answers it gets.
#pragma once

#include "contract/operations.hpp"
#include "net/http_client.hpp"
#include "tracker/github/routes.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace groomer::contract {

using tracker::github::Route;

class Prism final : public net::HttpClient {
public:
    using Edit = std::function<void(net::ClientResponse&)>;
    using Spoil = std::function<void(net::ClientRequest&)>;

    // url: where prism serves it, with the path before GitHub's own.
    Prism(net::HttpClient& client, std::string url, Operations const& operations)
        : client_{client}, url_{std::move(url)}, operations_{operations} {}

    // From now on the requests of this route are answered so: prism's own words, like "code=404" or "dynamic=true, seed=1".
    void prefer(Route route, std::string answer) { preferred_[route] = std::move(answer); }
    // Each answer of this route is changed, within what is documented: examples do not tell one story.
    void edit(Route route, Edit edit) { edits_[route] = std::move(edit); }
    // Each request of this route is changed.
    void spoil(Route route, Spoil spoil) { spoils_[route] = std::move(spoil); }
    void forget() { preferred_.clear(), edits_.clear(), spoils_.clear(); }

    Task<net::ClientResponse> send(net::ClientRequest request) override;
    void close_idle() override { client_.close_idle(); }

    // Of requests that were taken as they were.
    [[nodiscard]] std::set<Route> const& accepted() const { return accepted_; }
    // Why the others were not; none is left.
    std::vector<std::string> take_refusals() { return std::exchange(refusals_, {}); }

private:
    [[nodiscard]] std::string judge(net::ClientRequest const& request, Operation const* operation,
                                    net::ClientResponse const& response) const;
    void dress(net::ClientResponse& response, std::string const& url) const;

    net::HttpClient& client_;
    std::string const url_;
    Operations const& operations_;
    std::map<Route, std::string> preferred_;
    std::map<Route, Edit> edits_;
    std::map<Route, Spoil> spoils_;
    std::set<Route> accepted_;
    std::vector<std::string> refusals_;
};

}  // namespace groomer::contract
