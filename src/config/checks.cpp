#include "config/checks.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstdint>

namespace groomer::config {
namespace {

void check_database(Config const& config, Draft const& top, Problems& problems) {
    if (config.database.url.empty())
        problems.add(top.place("database.url"), "database.url", "is missing: write it or database.url_file, or set GROOMER_DATABASE_URL");
}

// What a renewal that just failed leaves for a write to the tracker: ttl - margin - renew_every. Under 500 ms no request
// could be made safely.
void check_lock(Lock const& lock, Draft const& top, Problems& problems) {
    constexpr Duration least{500}, margin{500};
    Duration const usable = lock.ttl - margin - lock.ttl / 100 - (lock.ttl % 100 > Duration{0} ? Duration{1} : Duration{0});
    if (usable - lock.renew_every >= least) return;
    Duration const most = usable - least,
                   shortest = std::get<Duration>(*parse_value(*find_key("lock.renew_every"), find_key("lock.renew_every")->min));
    auto const left = std::max(usable - lock.renew_every, Duration{0});
    auto const why = "lock.ttl " + format_duration(lock.ttl) + " and lock.renew_every " + format_duration(lock.renew_every) + " leave " +
                     std::to_string(left.count()) + "ms for a write, where 500ms are needed: ";
    bool const can_lower = most >= shortest;
    auto const key = can_lower && top.find("lock.renew_every") != nullptr ? "lock.renew_every" : "lock.ttl";
    problems.add(top.place(key), key,
                 why + (can_lower ? "lower renew_every to " + std::to_string(most.count()) + "ms or raise ttl" : "raise ttl"));
}

void check_github(GitHub const& github, Draft const& top, Problems& problems) {
    if (!github.app) return;
    if (top.find("github.token_file") != nullptr)
        problems.add(top.place("github.token_file"), "github.token_file", "stands beside github.app: keep one of the two");
    for (auto path : {"github.app.id", "github.app.installation_id", "github.app.private_key_file"})
        if (top.find(path) == nullptr)
            problems.add(top.place(path), path, "is missing: an app needs id, installation_id and private_key_file");
}

void check_http(Http const& http, Draft const& top, Problems& problems) {
    if (http.listen == http.metrics_listen && !http.listen.ends_with(":0"))
        problems.add(top.place("http.metrics_listen"), "http.metrics_listen",
                     "is the same as http.listen: metrics have a port of their own");
}

}  // namespace

void check_model(Model const& model, Draft const& draft, Problems& problems) {
    auto const add = [&](std::string const& path, std::string const& sentence) {
        problems.add(draft.place(path), draft.scope + path, sentence);
    };
    if (model.provider != "local") {
        if (model.name.empty()) add("model.name", "is missing: the provider " + model.provider + " needs the name of a model");
        if (model.api_key.empty() && model.base_url == default_base_url(model.provider))
            add("model.api_key_file", "is missing: the provider " + model.provider + " needs a key at its own address");
    }
    if (model.prices) return;
    std::pair<char const*, bool> const limits[] = {{"model.budget.usd_per_day", model.budget.usd_per_day.has_value()},
                                                   {"model.budget.usd_per_tick", model.budget.usd_per_tick.has_value()},
                                                   {"model.budget.usd_per_issue", model.budget.usd_per_issue.has_value()}};
    for (auto const& [path, is_set] : limits)
        if (is_set) add(path, "needs model.prices: without them no cost can be counted");
}

void check_policy(Policy const& policy, Draft const& draft, FamilyPlaces const& places, Problems& problems) {
    std::map<std::string, std::string> owner;  // lower-case label: its family
    for (Family const& family : policy.labels) {
        for (FamilyValue const& value : family.values) {
            auto const [first, fresh] = owner.emplace(to_lower(value.label), family.name);
            if (fresh) continue;
            auto place = draft.place("policy.labels");
            for (auto const& name : {first->second, family.name})
                for (auto const& [label, mark] : places.label)
                    if (label.first == name && to_lower(label.second) == first->first) place.mark = mark;
            problems.add(place, draft.scope + "policy.labels",
                         show(value.label) + " is in two families, " + first->second + " and " + family.name);
        }
    }
    auto const& abstain = policy.abstain_label;
    if (abstain.empty()) return;
    auto const place = draft.place("policy.abstain_label");
    auto const shown = draft.scope + "policy.abstain_label";
    if (auto const found = owner.find(to_lower(abstain)); found != owner.end())
        problems.add(place, shown, show(abstain) + " is a label of the family " + found->second + " too");
    auto const same = [&](std::string const& label) { return to_lower(label) == to_lower(abstain); };
    for (auto const* list : {&policy.in_flight, &policy.exempt})
        if (std::any_of(list->begin(), list->end(), same))
            problems.add(place, shown,
                         show(abstain) + " is in policy." + (list == &policy.exempt ? "exempt" : "in_flight") +
                             " too: groomer would lock itself out");
}

void check_prices(Model const& model, Draft const& draft, Draft const& top, Problems& problems) {
    if (!model.prices) return;
    for (auto path : {"model.prices.input_usd_per_mtok", "model.prices.output_usd_per_mtok"})
        if (draft.find(path) == nullptr && top.find(path) == nullptr)
            problems.add(draft.place(path), draft.scope + path, "is missing: prices are for input and output");
}

void check_installation(Config const& config, Draft const& top, FamilyPlaces const& places, Problems& problems) {
    check_database(config, top, problems);
    check_lock(config.lock, top, problems);
    check_github(config.github, top, problems);
    check_http(config.http, top, problems);
    check_model(config.model, top, problems);
    check_prices(config.model, top, top, problems);
    check_policy(config.policy, top, places, problems);
}

}  // namespace groomer::config
