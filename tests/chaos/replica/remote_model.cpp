#include "chaos/replica/remote_model.hpp"

#include "chaos/replica/conversation.hpp"

#include <boost/json/value_to.hpp>

namespace groomer::chaos {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds limit{5000};

Task<std::vector<model::Decision>> decide(unsigned short port, std::string pod, tracker::Issue issue) {
    json::object request{{"number", issue.ref.number}, {"title", issue.title}, {"pod", pod}};
    auto asking = ask(port, std::move(request), limit);
    auto const answer = co_await std::move(asking);
    std::vector<model::Decision> decisions;
    for (auto const& [family, label] : answer)
        decisions.push_back({std::string{family}, json::value_to<std::string>(label), 1.0, model::Source::model, "the model says so"});
    co_return decisions;
}

}  // namespace

groom::Model make_remote_model(unsigned short port, std::string pod) {
    return [port, pod = std::move(pod)](tracker::Issue issue, config::Policy) { return decide(port, pod, std::move(issue)); };
}

}  // namespace groomer::chaos
