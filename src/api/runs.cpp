#include "api/runs.hpp"

#include "api/query.hpp"
#include "pg/session.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <set>
#include <variant>

namespace groomer::api {
namespace {

namespace json = boost::json;

constexpr std::int64_t most_runs = 200;

net::Response refused(std::string const& sentence) { return net::error_response(400, "bad_request", sentence); }
net::Response no_database() { return net::error_response(503, "no_database", "The database does not answer."); }

// Takes one parameter over. A sentence where it cannot be.
std::string take(std::string const& name, std::string const& value, store::RunFilter& filter) {
    auto const number = parse_positive(value);
    bool const numeric = name == "issue" || name == "before" || name == "limit";
    if (numeric && !number) return name + " is a whole number above 0.";
    if (name == "repo") filter.repo = value;
    else if (name == "outcome") filter.outcome = value;
    else if (name == "issue") filter.issue = number;
    else if (name == "before") filter.before = number;
    else if (name == "limit" && *number <= most_runs) filter.limit = *number;
    else if (name == "limit") return "limit is " + std::to_string(most_runs) + " at most.";
    else return "The parameters are repo, issue, outcome, limit and before.";
    return {};
}

std::variant<store::RunFilter, net::Response> filter_of(std::string const& query) {
    auto const given = parse_query(query);
    if (!given) return refused("The query is not well-formed.");
    store::RunFilter filter;
    std::set<std::string> seen;
    for (auto const& [name, value] : *given) {
        if (!seen.insert(name).second) return refused("A parameter is given twice.");
        if (auto const sentence = take(name, value, filter); !sentence.empty()) return refused(sentence);
    }
    if (filter.issue && !filter.repo) return refused("issue needs repo.");
    return filter;
}

// The last of one more than were asked for only says that there are more.
std::string page_of(std::string const& text, std::int64_t limit) {
    auto found = json::parse(text).as_array();
    json::value before = nullptr;
    if (static_cast<std::int64_t>(found.size()) > limit) {
        found.pop_back();
        before = found.back().at("id");
    }
    return json::serialize(json::object{{"runs", std::move(found)}, {"before", std::move(before)}});
}

Task<net::Response> list(store::Store& store, store::RunFilter filter, store::Links links) {
    net::Response response;
    bool failed = false;
    try {
        auto reading = store::runs(store, filter, std::move(links));
        auto const found = co_await std::move(reading);
        response.body = page_of(found, filter.limit);
    } catch (pg::DatabaseError const&) {
        failed = true;
    }
    co_return failed ? no_database() : response;
}

Task<net::Response> one(store::Store& store, std::int64_t id, store::Links links) {
    net::Response response = net::error_response(404, "not_found", "There is no such run; it may be older than policy.retention.");
    bool failed = false;
    try {
        auto reading = store::run(store, id, std::move(links));
        auto const found = co_await std::move(reading);
        if (found) {
            response.status = 200;
            response.body = json::serialize(json::parse(*found));
        }
    } catch (pg::DatabaseError const&) {
        failed = true;
    }
    co_return failed ? no_database() : response;
}

}  // namespace

net::Handler runs_handler(store::Store& store, std::function<store::Links()> links) {
    return [&store, links = std::move(links)](net::Request request) {
        auto filter = filter_of(request.query);
        if (auto* response = std::get_if<net::Response>(&filter)) return net::ready(std::move(*response));
        return list(store, std::get<store::RunFilter>(filter), links());
    };
}

net::Handler run_handler(store::Store& store, std::function<store::Links()> links) {
    return [&store, links = std::move(links)](net::Request request) {
        auto const id = parse_positive(request.parameters.at(0));
        if (!id) return net::ready(net::error_response(404, "not_found", "A run has a number."));
        return one(store, *id, links());
    };
}

}  // namespace groomer::api
