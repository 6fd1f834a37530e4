// Single parts of GitHub's answers: the elements of a list, counts, and who did something. Pure.
#pragma once

#include "tracker/github/resource.hpp"
#include "tracker/tracker.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <functional>
#include <string_view>

namespace groomer::tracker::github {

// What stands in one place of a list: a value, or why there is none.
using OnValue = std::function<void(boost::json::value const* value, std::string_view why)>;

// Calls on_value for each element, also for those that are no JSON. Throws Error where it is no list.
void for_each_element(std::string_view body, OnValue const& on_value);

// A positive whole number; 0 where it is none.
std::int64_t count_of(boost::json::object const& object, std::string_view key);

// user: null where the account was deleted.
Actor actor_of(boost::json::object const* user, Account const& self);

}  // namespace groomer::tracker::github
