#include "contract/operations.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace groomer::contract {
namespace {

namespace json = boost::json;

std::vector<std::string_view> split(std::string_view text, char by) {
    std::vector<std::string_view> out;
    for (;;) {
        auto const at = text.find(by);
        out.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return out;
        text.remove_prefix(at + 1);
    }
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

bool fits(std::string_view path, std::string_view form) {
    auto const is = split(path, '/'), as = split(form, '/');
    auto const same = [](auto segment, auto wanted) { return is_parameter(wanted) ? !segment.empty() : segment == wanted; };
    return std::equal(is.begin(), is.end(), as.begin(), as.end(), same);
}

std::set<std::string> set_of(json::value const& names) {
    auto const all = json::value_to<std::vector<std::string>>(names);
    return {all.begin(), all.end()};
}

Operation to_operation(json::object const& described) {
    Operation out;
    out.method = json::value_to<std::string>(described.at("method"));
    out.path = json::value_to<std::string>(described.at("path"));
    out.query = set_of(described.at("query"));
    out.body = set_of(described.at("body"));
    for (auto const& answer : described.at("answers").as_array())
        out.answers.push_back({json::value_to<int>(answer.at("status")), json::value_to<std::vector<std::string>>(answer.at("examples"))});
    return out;
}

}  // namespace

Operations::Operations(std::string const& file) {
    std::ifstream in{file};
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) throw std::runtime_error{file + " cannot be read"};
    auto const all = json::parse(text.str());
    for (auto const& described : all.as_array()) all_.push_back(to_operation(described.as_object()));
}

Operation const* Operations::find(std::string_view method, std::string_view path) const {
    auto const found = std::find_if(all_.begin(), all_.end(), [&](auto const& one) { return one.method == method && one.path == path; });
    return found == all_.end() ? nullptr : &*found;
}

Operation const* Operations::of(std::string_view method, std::string_view path) const {
    Operation const* best = nullptr;
    auto const parameters = [](Operation const& one) { return std::count(one.path.begin(), one.path.end(), '{'); };
    for (auto const& one : all_)
        if (one.method == method && fits(path, one.path) && (!best || parameters(one) < parameters(*best))) best = &one;
    return best;
}

std::string undescribed(Operation const& operation, std::string_view query, std::string_view body) {
    if (!query.empty())
        for (auto const pair : split(query, '&')) {
            std::string const name{pair.substr(0, pair.find('='))};
            if (!operation.query.contains(name)) return "the parameter " + name + " is not described";
        }
    if (body.empty()) return {};
    json::error_code error;
    auto const value = json::parse(json::string_view{body.data(), body.size()}, error);
    if (error) return "the body is no JSON";
    if (auto const* object = value.if_object())
        for (auto const& entry : *object) {
            std::string const name{entry.key()};
            if (!operation.body.contains(name)) return "the property " + name + " is not described";
        }
    return {};
}

}  // namespace groomer::contract
