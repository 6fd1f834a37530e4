#include "fake_github/effects.hpp"

#include "base/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <stdexcept>
#include <utility>

namespace groomer::fake_github {

namespace json = boost::json;

void Effects::log_to(std::string const& path) {
    file_.open(path, std::ios::app | std::ios::binary);
    if (!file_) throw std::runtime_error{path + " cannot be written"};
}

void Effects::add(By const& by, Where const& where, std::string_view what, Was before, Was after, json::object more) {
    json::object line;
    line["time"] = format_time(by.now);
    line["method"] = by.method;
    line["repository"] = where.repository;
    if (where.issue) line["issue"] = where.issue;
    line["what"] = what;
    line["before"] = std::move(before.value);
    line["after"] = std::move(after.value);
    line["actor"] = by.login;
    line["request_id"] = by.request_id;
    if (!by.term.empty()) line["term"] = by.term;
    for (auto& field : more) line[field.key()] = std::move(field.value());
    lines_.push_back(json::serialize(line));
    if (file_.is_open()) file_ << lines_.back() << '\n' << std::flush;
}

std::vector<json::object> Effects::parsed() const {
    std::vector<json::object> out;
    for (auto const& line : lines_) out.push_back(json::parse(line).as_object());
    return out;
}

void Effects::count(std::string const& route, int status) { ++routes_[route][status]; }

std::uint64_t Effects::requests(std::string const& route) const {
    std::uint64_t all = 0;
    if (auto const found = routes_.find(route); found != routes_.end())
        for (auto const& [status, times] : found->second) all += times;
    return all;
}

std::uint64_t Effects::requests() const {
    std::uint64_t all = 0;
    for (auto const& [route, statuses] : routes_) all += requests(route);
    return all;
}

}  // namespace groomer::fake_github
