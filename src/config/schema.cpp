#include "config/families.hpp"
#include "config/key_tree.hpp"
#include "config/reference.hpp"
#include "config/value.hpp"

#include <algorithm>

namespace groomer::config {
namespace {

// As much of JSON as a schema needs: text that is already JSON, or members in their order, or items.
struct Json {
    std::string text;
    std::vector<std::pair<std::string, Json>> members{};
    std::vector<Json> items{};
};

std::string escaped(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

Json string(std::string_view text) { return {escaped(text)}; }
Json literal(std::string_view text) { return {std::string{text}}; }
Json reference(std::string_view pointer) { return {"", {{"$ref", string(pointer)}}}; }

std::string dump(Json const& json, std::string const& indent = "") {
    if (!json.text.empty()) return json.text;
    auto const deeper = indent + "  ";
    std::string out;
    for (auto const& [name, value] : json.members) out += (out.empty() ? "" : ",\n") + deeper + escaped(name) + ": " + dump(value, deeper);
    for (auto const& item : json.items) out += (out.empty() ? "" : ",\n") + deeper + dump(item, deeper);
    if (!json.members.empty()) return "{\n" + out + '\n' + indent + '}';
    return json.items.empty() ? "[]" : "[\n" + out + '\n' + indent + ']';
}

Json list_of(std::string_view text, char separator) {
    Json list;
    while (!text.empty()) {
        auto const end = std::min(text.find(separator), text.size());
        list.items.push_back(string(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return list;
}

Json text_schema(std::string_view pattern) { return {"", {{"type", string("string")}, {"pattern", string(pattern)}}}; }

Json labels_schema() {
    return {"",
            {{"type", string("array")},
             {"items", text_schema(label_form.pattern)},
             {"uniqueItems", literal("true")},
             {"maxItems", literal(std::to_string(most_labels))}}};
}

Json number_schema(Key const& key, std::string_view type) {
    return {"",
            {{"type", string(type)}, {key.above_min ? "exclusiveMinimum" : "minimum", literal(key.min)}, {"maximum", literal(key.max)}}};
}

Json values_schema() {
    Json meanings = {"", {{"type", string("object")}, {"additionalProperties", {"", {{"type", literal(R"(["string", "null"])")}}}}}};
    meanings.members.emplace_back("minProperties", literal("1"));
    Json list = labels_schema();
    list.members.emplace_back("minItems", literal("1"));
    return {"", {{"anyOf", {"", {}, {list, meanings}}}}};
}

Json roles_schema() {
    Json roles = {
        "", {{"type", string("object")}, {"properties", {"", {}}}, {"required", {"", {}, {}}}, {"additionalProperties", literal("false")}}};
    for (std::string_view role : status_roles) {
        roles.members[1].second.members.emplace_back(role, text_schema(label_form.pattern));
        roles.members[2].second.items.push_back(string(role));
    }
    return roles;
}

Json leaf(Key const& key) {
    switch (key.type) {
        case Type::text: return text_schema(key.form->pattern);
        case Type::secret_file: return text_schema(path_form.pattern);
        case Type::integer: return number_schema(key, "integer");
        case Type::number: return number_schema(key, "number");
        case Type::boolean: return {"", {{"type", string("boolean")}}};
        case Type::duration: return text_schema("^[0-9]+(ms|s|m|h|d)$");
        case Type::size: return text_schema("^[0-9]+(B|KiB|MiB)$");
        case Type::choice: return {"", {{"enum", list_of(key.choices, '|')}}};
        case Type::labels: return labels_schema();
        case Type::part: break;
    }
    if (key.path == "policy.labels.*.values") return values_schema();
    return reference(key.path == "repositories[].policy" ? "#/properties/policy" : "#/properties/model");
}

Json fallback(Key const& key) {
    bool const bare = key.type == Type::integer || key.type == Type::number || key.type == Type::boolean;
    if (key.type == Type::labels) return list_of(key.fallback, ',');
    return bare ? literal(key.fallback) : string(key.fallback);
}

Json schema(KeyTree const& node);

// A map with fixed names. null: a section whose keys are all commented out.
Json object(KeyTree const& node, bool may_be_null) {
    Json properties;
    for (KeyTree const& child : node.children) {
        auto const list = child.name.ends_with("[]");
        properties.members.emplace_back(list ? child.name.substr(0, child.name.size() - 2) : child.name, schema(child));
    }
    return {"",
            {{"type", may_be_null ? literal(R"(["object", "null"])") : string("object")},
             {"properties", properties},
             {"additionalProperties", literal("false")}}};
}

Json families(KeyTree const& family) {
    auto const or_off = [](Json const& shape) { return Json{"", {{"anyOf", {"", {}, {{"", {{"const", literal("false")}}}, shape}}}}}; };
    auto const any = object(family, false);
    auto status = any;
    for (auto& [name, value] : status.members[1].second.members)
        if (name == "values") value = roles_schema();
    return {"",
            {{"type", literal(R"(["object", "null"])")},
             {"properties", {"", {{"status", or_off(status)}}}},
             {"propertyNames", {"", {{"pattern", string("^[a-z][a-z0-9_-]{0,31}$")}}}},
             {"additionalProperties", or_off(any)}}};
}

Json schema(KeyTree const& node) {
    if (node.key != nullptr) {
        auto json = leaf(*node.key);
        json.members.insert(json.members.begin(), {"description", string(node.key->help)});
        if (!node.key->fallback.empty()) json.members.emplace_back("default", fallback(*node.key));
        return json;
    }
    if (node.name == "labels") return families(node.children.front());
    if (!node.name.ends_with("[]")) return object(node, true);
    auto entry = object(node, false);
    entry.members.emplace_back("required", list_of("name,tracker", ','));
    return {"", {{"type", literal(R"(["array", "null"])")}, {"items", entry}}};
}

}  // namespace

std::string render_schema() {
    auto json = object(key_tree(), true);
    json.members.insert(json.members.begin(),
                        {{"$schema", string("https://json-schema.org/draft/2020-12/schema")},
                         {"title", string("groomer")},
                         {"description", string("The configuration of groomer; docs/configuration.md explains it.")}});
    return dump(json) + '\n';
}

}  // namespace groomer::config
