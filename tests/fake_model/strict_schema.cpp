#include "fake_model/reading.hpp"

#include <boost/json/value.hpp>

#include <algorithm>

namespace groomer::fake_model {
namespace {

namespace json = boost::json;

constexpr std::string_view refused_words[] = {"minLength",
                                              "maxLength",
                                              "patternProperties",
                                              "unevaluatedProperties",
                                              "propertyNames",
                                              "minProperties",
                                              "maxProperties",
                                              "unevaluatedItems",
                                              "contains",
                                              "minContains",
                                              "maxContains",
                                              "uniqueItems",
                                              "allOf",
                                              "oneOf",
                                              "not",
                                              "dependentRequired",
                                              "dependentSchemas",
                                              "if",
                                              "then",
                                              "else",
                                              "default"};

class StrictSchema {
public:
    explicit StrictSchema(std::string const& name) : name_{name} {}

    void check(json::value const& part, std::string const& context, int depth) {
        if (!part.is_object()) refuse(context, "schema must be an object");
        if (depth > 10) refuse(context, "schema exceeds the maximum nesting depth of 10");
        auto const& node = part.get_object();
        for (auto const word : refused_words)
            if (node.contains(word)) refuse(context, "'" + std::string{word} + "' is not permitted");
        if (!node.contains("type") && !node.contains("anyOf") && !node.contains("$ref") && !node.contains("enum") &&
            !node.contains("const"))
            refuse(context, "schema must have a 'type' key");
        if (auto const* values = node.if_contains("enum")) check_enum(*values, context);
        if (node.contains("properties") || is_type(node, "object")) check_object(node, context, depth);
        if (is_type(node, "array")) check_items(node, context, depth);
        if (auto const* branches = node.if_contains("anyOf"); branches && !branches->is_array()) refuse(context, "'anyOf' must be a list");
        else if (branches)
            for (auto const& branch : branches->get_array()) check(branch, inside(context, "anyOf"), depth);
        for (auto const* word : {"$defs", "definitions"})
            if (auto const* parts = node.if_contains(word); parts && parts->is_object())
                for (auto const& named : parts->get_object()) check(named.value(), inside(inside(context, word), named.key()), depth);
    }

    [[noreturn]] void refuse(std::string const& context, std::string const& what) const {
        throw Refusal{400, "invalid_request_error",
                      "Invalid schema for response_format '" + name_ + "': In context=(" + context + "), " + what + ".", "response_format"};
    }

    static bool is_type(json::object const& node, std::string_view wanted) {
        auto const* type = node.if_contains("type");
        if (!type) return false;
        if (type->is_string()) return type->get_string() == wanted;
        auto const* several = type->if_array();
        return several && std::any_of(several->begin(), several->end(), [&](auto const& one) { return one == json::value(wanted); });
    }

private:
    static std::string inside(std::string const& context, std::string_view name) {
        return context + (context.empty() ? "'" : ", '") + std::string{name} + "'";
    }

    void check_enum(json::value const& values, std::string const& context) {
        if (!values.is_array() || values.get_array().empty()) refuse(context, "'enum' must be a list of at least one value");
        if ((enums_ += values.get_array().size()) > 1000) refuse(context, "schema has more than 1000 enum values in all");
    }

    void check_items(json::object const& node, std::string const& context, int depth) {
        auto const* items = node.if_contains("items");
        if (!items) refuse(context, "array schema missing items");
        check(*items, inside(context, "items"), depth + 1);
    }

    void check_object(json::object const& node, std::string const& context, int depth) {
        auto const* more = node.if_contains("additionalProperties");
        if (!more || *more != json::value(false)) refuse(context, "'additionalProperties' is required to be supplied and to be false");
        auto const* properties = node.if_contains("properties");
        auto const* required = node.if_contains("required");
        if (!properties || !properties->is_object()) refuse(context, "object schema missing properties");
        if (!required || !required->is_array())
            refuse(context, "'required' is required to be supplied and to be an array including every key in properties");
        auto const& names = required->get_array();
        for (auto const& property : properties->get_object()) {
            if (++properties_ > 5000) refuse(context, "schema has more than 5000 properties in all");
            if (std::none_of(names.begin(), names.end(), [&](auto const& name) { return name == json::value(property.key()); }))
                refuse(context, "'required' is required to be supplied and to be an array including every key in properties. Missing '" +
                                    std::string{property.key()} + "'");
            check(property.value(), inside(inside(context, "properties"), property.key()), depth + 1);
        }
        if (names.size() != properties->get_object().size()) refuse(context, "'required' has a key that 'properties' has not");
    }

    std::string name_;
    std::size_t enums_ = 0, properties_ = 0;
};

}  // namespace

void check_strict_schema(std::string const& name, json::object const& schema) {
    StrictSchema strict{name};
    if (!schema.contains("type") || schema.at("type") != json::value("object"))
        strict.refuse("", "schema must be a JSON Schema of 'type: \"object\"'");
    if (schema.contains("anyOf")) strict.refuse("", "schema must not have 'anyOf' at its root");
    strict.check(schema, "", 0);
}

}  // namespace groomer::fake_model
