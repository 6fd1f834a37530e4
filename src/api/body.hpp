// What comes as the body of a request: in which form, and as which JSON object. Pure.
#pragma once

#include "net/http.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace groomer::api {

// The refusal, 415, of a body that says that it is no JSON, or that it is packed. Nothing where it is as it must be, where it says nothing,
// and where there is none.
std::optional<net::Response> refused_form(net::Request const& request);

// Or what is wrong with it, in a sentence: it is no JSON object, or a field stands twice, and who would know which is meant?
std::variant<boost::json::object, std::string> parse_body(std::string_view body);

}  // namespace groomer::api
