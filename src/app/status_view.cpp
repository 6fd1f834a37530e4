#include "app/status_view.hpp"

#include "app/version.hpp"
#include "base/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <map>
#include <set>
#include <utility>

namespace groomer::app {
namespace {

namespace json = boost::json;

std::string mode_of(config::Config const& config) {
    std::set<std::string_view> modes;
    for (auto const& repository : config.repositories) modes.insert(config::name_of(repository.policy.mode));
    if (modes.empty()) modes.insert(config::name_of(config.policy.mode));
    return std::string{modes.size() == 1 ? *modes.begin() : "mixed"};
}

std::string families_of(config::Config const& config) {
    json::array out;
    for (auto const& repository : config.repositories)
        for (auto const& family : repository.policy.labels) {
            json::array labels;
            for (auto const& value : family.values) labels.emplace_back(to_lower(value.label));
            out.emplace_back(json::object{{"source", repository.name}, {"family", family.name}, {"labels", std::move(labels)}});
        }
    return json::serialize(out);
}

}  // namespace

std::vector<api::BudgetLimit> budgets_of(config::Config const& config) {
    std::map<std::pair<std::string_view, double>, std::vector<std::string>> repos;  // of a unit and a limit
    for (auto const& repository : config.repositories) {
        auto const& budget = repository.model.budget;
        if (budget.tokens_per_day) repos[{"tokens", static_cast<double>(*budget.tokens_per_day)}].push_back(repository.name);
        if (budget.usd_per_day) repos[{"usd", *budget.usd_per_day}].push_back(repository.name);
    }
    std::vector<api::BudgetLimit> out;
    for (auto& [limit, names] : repos) {
        if (names.size() == config.repositories.size()) names.clear();
        out.push_back({std::string{limit.first}, limit.second, std::move(names)});
    }
    return out;
}

std::string web_address(std::string_view api_url) {
    while (api_url.ends_with('/')) api_url.remove_suffix(1);
    constexpr std::string_view enterprise = "/api/v3", dot_com = "https://api.";
    if (api_url.ends_with(enterprise)) return std::string{api_url.substr(0, api_url.size() - enterprise.size())};
    if (api_url.starts_with(dot_com)) return "https://" + std::string{api_url.substr(dot_com.size())};
    return std::string{api_url};
}

api::LockView lock_view(Service const& service) {
    auto const& lock = service.config().lock;
    return {lock.id, lock.foreign_stale_after, service.incarnation()};
}

api::StatusView status_view(Service const& service) {
    auto const& config = service.config();
    api::StatusView view;
    view.version = version().version;
    view.replica = service.pod();
    view.mode = mode_of(config);
    view.public_page = config.http.public_page;
    view.lock = lock_view(service);
    view.sync_lock = sync_lock_id;
    view.groom_every = config.schedule.groom_every;
    view.sync_every = config.schedule.sync_every;
    for (auto const& repository : config.repositories)
        if (repository.tracker == "github") view.on_github.push_back(repository.name);
    view.links = {web_address(config.github.api_url), json::serialize(json::array(view.on_github.begin(), view.on_github.end()))};
    view.families = families_of(config);
    view.a_day = budgets_of(config);
    return view;
}

}  // namespace groomer::app
