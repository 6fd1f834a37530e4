#include "api/deliveries.hpp"

#include "base/text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace groomer::api {
namespace {

constexpr std::size_t most_remembered = 1000;
constexpr std::size_t longest_id = 100, longest_kind = 40;

net::Response accepted(std::string_view result) {
    net::Response response;
    response.status = 202;
    response.body = R"({"result":")" + std::string{result} + "\"}";
    response.headers.push_back({"Cache-Control", "no-store"});
    return response;
}

// Of the payload, whom it is about, and nothing that somebody wrote.
std::string what_is(net::Request const& request, Event const& event) {
    boost::json::object what{{"event", one_line(request.header("X-GitHub-Event"), longest_kind)},
                             {"delivery", one_line(request.header("X-GitHub-Delivery"), longest_id)}};
    if (!event.repo.empty()) what["repoFullName"] = event.repo;
    if (event.issue > 0) what["issueNumber"] = event.issue;
    return boost::json::serialize(what);
}

}  // namespace

net::Response Deliveries::take(net::Request const& request) {
    auto const secrets = parts_.secrets();
    if (secrets.empty())
        return net::error_response(401, "unauthorized", "No secret for webhooks is configured: set github.webhook_secret_file.");
    if (!is_signed(request.header("X-Hub-Signature-256"), request.body, secrets))
        return net::error_response(401, "unauthorized", "X-Hub-Signature-256 is not the signature of this body.");
    if (parts_.stopping())  // what was not accepted GitHub shows as failed, and sends again when it is asked to
        return net::error_response(503, "shutting_down", "This replica is stopping: deliver it again, or leave it to the next sync.");
    auto const id = request.header("X-GitHub-Delivery");
    std::string_view result = "repeated";
    Understood understood;
    if (!is_repeated(id)) {
        understood = understand(request.header("X-GitHub-Event"), request.body);
        if (!understood.wrong.empty()) return net::error_response(400, "bad_request", understood.wrong);
        result = understood.event ? judge(request, *understood.event) : "ignored";
        remember(id);
    }
    auto const what = what_is(request, understood.event.value_or(Event{}));
    parts_.log.debug("a webhook", {{"component", "webhook"}, {"what", what}, {"result", result}});
    return accepted(result);
}

// What becomes of it.
std::string_view Deliveries::judge(net::Request const& request, Event const& event) {
    bool const ours = event.repo.empty() || parts_.serves(event.repo) || (!event.former.empty() && parts_.serves(event.former));
    if (!ours) return "ignored";
    parts_.inbox.put(event, {request.client, what_is(request, event)});
    return event.issue > 0 ? "due" : "sync";
}

// GitHub, or somebody who has recorded a delivery, may send it again. What it asks for has been asked for already; after a restart it may
// be asked for once more, which costs a look at the issue. One that was refused is none: sent again it is as good as new.
void Deliveries::remember(std::string_view id) {
    if (id.empty() || id.size() > longest_id || is_repeated(id)) return;
    if (recent_.size() >= most_remembered) {
        seen_.erase(recent_.front());
        recent_.pop_front();
    }
    recent_.emplace_back(id);
    seen_.emplace(id);
}

}  // namespace groomer::api
