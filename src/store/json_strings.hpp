// Lists in JSON: as statements take them, and of texts as they return them (array_to_json).
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <string>
#include <vector>

namespace groomer::store {

template <class Range>
boost::json::array json_array(Range const& range) {
    return boost::json::array(range.begin(), range.end());
}

inline std::vector<std::string> strings(std::string const& json) {
    std::vector<std::string> out;
    auto const parsed = boost::json::parse(json);
    for (auto const& value : parsed.as_array()) out.emplace_back(value.as_string());
    return out;
}

}  // namespace groomer::store
