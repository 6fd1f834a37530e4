// As much of JSON Schema as docs/openapi.json uses: type, const, enum, required, properties, items, maxItems, and $ref into the document.
// A member that `properties` does not name is a mistake, too, where there are any.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <string>

namespace groomer::test {

class JsonSchema {
public:
    // (In braces it would become an array.)
    explicit JsonSchema(boost::json::value document) : document_(std::move(document)) {}

    // "" where it fits; else where it does not.
    std::string fault(std::string const& name, boost::json::value const& value) const {
        return check(document_.at_pointer("/components/schemas/" + name).as_object(), value, name);
    }

private:
    static bool is(boost::json::value const& type, boost::json::value const& value) {
        if (auto const* types = type.if_array())
            return std::any_of(types->begin(), types->end(), [&](auto const& t) { return is(t, value); });
        std::string const name{type.as_string()};
        return name == "null"      ? value.is_null()
               : name == "string"  ? value.is_string()
               : name == "boolean" ? value.is_bool()
               : name == "integer" ? value.is_int64() || value.is_uint64()
               : name == "number"  ? value.is_number()
               : name == "array"   ? value.is_array()
                                   : name == "object" && value.is_object();
    }
    std::string check(boost::json::object const& schema, boost::json::value const& value, std::string const& at) const {
        auto const wrong = [&](std::string const& why) { return at + ": " + why + ": " + boost::json::serialize(value).substr(0, 200); };
        if (auto const* to = schema.if_contains("$ref"))
            return check(document_.at_pointer(std::string{to->as_string()}.substr(1)).as_object(), value, at);
        if (auto const* type = schema.if_contains("type"); type && !is(*type, value)) return wrong("another type");
        if (auto const* only = schema.if_contains("const"); only && *only != value) return wrong("another value");
        if (auto const* all = schema.if_contains("enum"))
            if (std::find(all->as_array().begin(), all->as_array().end(), value) == all->as_array().end()) return wrong("no such value");
        if (auto const* array = value.if_array()) return check_items(schema, *array, at);
        if (auto const* object = value.if_object()) return check_members(schema, *object, at);
        return {};
    }
    std::string check_items(boost::json::object const& schema, boost::json::array const& array, std::string const& at) const {
        if (auto const* most = schema.if_contains("maxItems"); most && array.size() > most->to_number<std::size_t>())
            return at + ": too many";
        auto const* items = schema.if_contains("items");
        for (std::size_t i = 0; items && i < array.size(); ++i)
            if (auto found = check(items->as_object(), array[i], at + '/' + std::to_string(i)); !found.empty()) return found;
        return {};
    }
    std::string check_members(boost::json::object const& schema, boost::json::object const& object, std::string const& at) const {
        if (auto const* required = schema.if_contains("required"))
            for (auto const& name : required->as_array())
                if (!object.contains(name.as_string())) return at + " lacks " + std::string{name.as_string()};
        auto const* properties = schema.if_contains("properties");
        if (!properties) return {};
        for (auto const& [name, member] : object) {
            auto const where = at + '/' + std::string{name};
            auto const* known = properties->as_object().if_contains(name);
            if (!known) return where + " is not in the schema";
            if (auto found = check(known->as_object(), member, where); !found.empty()) return found;
        }
        return {};
    }

    boost::json::value document_;
};

}  // namespace groomer::test
