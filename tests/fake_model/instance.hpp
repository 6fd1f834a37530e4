// Answers made up from the schema that asks for them: valid, and for the same text always the same.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <functional>
#include <string_view>

namespace groomer::fake_model {

// What it does not heed: `pattern`, `format`, `multipleOf`, `allOf`, `if`.
boost::json::value make_instance(boost::json::object const& schema, std::string_view text, std::uint64_t seed);

// Every value in that instance, with the part of the schema that describes it; what is inside a value comes before it.
using Visit = std::function<void(boost::json::object const& part, boost::json::value& value)>;
void visit_instance(boost::json::object const& schema, boost::json::value& instance, Visit const& visit);

// A label or the like, one of some words; and text of one's own. Either may be null.
bool is_chosen(boost::json::object const& part);
bool is_free_text(boost::json::object const& part);

}  // namespace groomer::fake_model
