// A list of texts as statements return it: array_to_json(…).
#pragma once

#include <boost/json/parse.hpp>

#include <string>
#include <vector>

namespace groomer::store {

inline std::vector<std::string> strings(std::string const& json) {
    std::vector<std::string> out;
    auto const parsed = boost::json::parse(json);
    for (auto const& value : parsed.as_array()) out.emplace_back(value.as_string());
    return out;
}

}  // namespace groomer::store
