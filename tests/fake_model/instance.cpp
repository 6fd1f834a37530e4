#include "fake_model/instance.hpp"

#include "base/digest.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <string>

namespace groomer::fake_model {
namespace {

namespace json = boost::json;

constexpr int deepest = 16;  // of a schema that leads back to itself

json::object const& as_part(json::value const& value) {
    static json::object const anything;
    return value.is_object() ? value.get_object() : anything;
}

json::object const& resolved(json::object const& root, json::object const& part) {
    auto const* reference = &part;
    for (int steps = 0; steps < deepest; ++steps) {
        auto const* to = reference->if_contains("$ref");
        if (!to || !to->is_string() || !to->get_string().starts_with("#/")) return *reference;
        json::value const* at = nullptr;
        auto const* inside = &root;
        std::string_view path = std::string_view{to->get_string()}.substr(2);
        while (inside) {  // by its names: JSON pointer's escapes do not come up
            at = inside->if_contains(path.substr(0, path.find('/')));
            if (path.find('/') == std::string_view::npos) break;
            path.remove_prefix(path.find('/') + 1);
            inside = at ? at->if_object() : nullptr;
        }
        if (!inside || !at || !at->is_object()) return *reference;
        reference = &at->get_object();
    }
    return *reference;
}

json::array const* branches_of(json::object const& part) {
    for (auto const* word : {"anyOf", "oneOf"})
        if (auto const* found = part.if_contains(word))
            if (auto const* list = found->if_array(); list && !list->empty()) return list;
    return nullptr;
}

double number_in(json::object const& part, std::string_view name, double otherwise) {
    auto const* value = part.if_contains(name);
    return value && value->is_number() ? value->to_number<double>() : otherwise;
}

std::size_t count_in(json::object const& part, std::string_view name, std::size_t otherwise) {
    return static_cast<std::size_t>(std::clamp(number_in(part, name, static_cast<double>(otherwise)), 0.0, 10'000.0));
}

class Maker {
public:
    Maker(json::object const& root, std::string_view text, std::uint64_t seed)
        : root_{root}, salt_{std::to_string(seed) + sha256_hex(text)} {}

    json::value make(json::object const& unresolved, std::string const& path, int depth) const {
        auto const& part = resolved(root_, unresolved);
        if (depth > 4 * deepest) return nullptr;  // it demands what has no end
        if (auto const* value = part.if_contains("const")) return *value;
        if (auto const* values = part.if_contains("enum"); values && values->is_array() && !values->get_array().empty())
            return values->get_array()[pick(path, values->get_array().size())];
        if (auto const* branches = branches_of(part)) {
            auto const& branch = (*branches)[depth > deepest ? branches->size() - 1 : pick(path + "|", branches->size())];
            return make(as_part(branch), path, depth + 1);
        }
        auto const type = type_of(part, path);
        if (type == "null") return nullptr;
        if (type == "boolean") return pick(path, 2) == 0;
        if (type == "integer") return static_cast<std::int64_t>(number(part, 1));
        if (type == "number") return number(part, 0.9);
        if (type == "array") return list(part, path, depth);
        if (type == "object") return object(part, path, depth);
        return json::value(sentence(part, path));
    }

private:
    std::size_t pick(std::string const& path, std::size_t count) const {
        return std::stoull(sha256_hex(salt_ + path).substr(0, 12), nullptr, 16) % count;
    }

    std::string type_of(json::object const& part, std::string const& path) const {
        auto const* type = part.if_contains("type");
        if (type && type->is_string()) return type->get_string().c_str();
        if (auto const* several = type ? type->if_array() : nullptr; several && !several->empty()) {
            auto const& one = (*several)[pick(path + ":", several->size())];
            return one.is_string() ? one.get_string().c_str() : "null";
        }
        return part.contains("properties") ? "object" : "string";
    }

    static double number(json::object const& part, double usual) {
        constexpr double far = 1e9;
        auto const least = number_in(part, "minimum", number_in(part, "exclusiveMinimum", -far));
        auto const most = std::max(least, number_in(part, "maximum", number_in(part, "exclusiveMaximum", far)));
        if (least < usual && usual < most) return usual;
        return part.contains("exclusiveMinimum") || part.contains("exclusiveMaximum") ? (least + most) / 2 : std::clamp(usual, least, most);
    }

    json::array list(json::object const& part, std::string const& path, int depth) const {
        auto const least = count_in(part, "minItems", 0);
        auto const most = count_in(part, "maxItems", 100);
        auto const size = std::clamp<std::size_t>(depth > deepest ? 0 : pick(path, 3), least, std::max(least, most));
        auto const* items = part.if_contains("items");
        json::array out;
        for (std::size_t i = 0; i < size; ++i) {
            auto element = make(items ? as_part(*items) : json::object{}, path + "/" + std::to_string(i), depth + 1);
            if (i < least || std::find(out.begin(), out.end(), element) == out.end()) out.push_back(std::move(element));
        }
        return out;
    }

    json::object object(json::object const& part, std::string const& path, int depth) const {
        auto const* properties = part.if_contains("properties");
        auto const* required = part.if_contains("required");
        json::object out;
        if (!properties || !properties->is_object()) return out;
        for (auto const& property : properties->get_object()) {
            auto const inside = path + "/" + std::string{property.key()};
            auto const* names = required ? required->if_array() : nullptr;
            bool const needed = names && std::find(names->begin(), names->end(), json::value(property.key())) != names->end();
            if (!needed && (depth > deepest || pick(inside + "?", 2) == 0)) continue;
            out[property.key()] = make(as_part(property.value()), inside, depth + 1);
        }
        return out;
    }

    std::string sentence(json::object const& part, std::string const& path) const {
        static constexpr std::string_view sentences[] = {"It fails as soon as the file is opened.", "The report says what was expected.",
                                                         "A version is named, and steps to follow.", "Nobody has seen this elsewhere."};
        std::string text{sentences[pick(path, std::size(sentences))]};
        auto const least = count_in(part, "minLength", 0);
        while (text.size() < least) text += " And so on.";
        return text.substr(0, std::max(least, count_in(part, "maxLength", 10'000)));
    }

    json::object const& root_;
    std::string salt_;
};

bool fits(json::object const& part, json::value const& value) {
    if (auto const* values = part.if_contains("enum"))
        return values->is_array() && std::find(values->get_array().begin(), values->get_array().end(), value) != values->get_array().end();
    std::string_view const kind = value.is_null()     ? "null"
                                  : value.is_bool()   ? "boolean"
                                  : value.is_string() ? "string"
                                  : value.is_array()  ? "array"
                                  : value.is_object() ? "object"
                                                      : "number";
    auto const* type = part.if_contains("type");
    return !type || json::serialize(*type).find(kind) != std::string::npos ||
           (kind == "number" && json::serialize(*type).find("integer") != std::string::npos);
}

void visit_part(json::object const& root, json::object const& unresolved, json::value& value, Visit const& visit) {
    auto const* part = &resolved(root, unresolved);
    if (auto const* branches = branches_of(*part))
        for (auto const& branch : *branches)
            if (auto const& candidate = resolved(root, as_part(branch)); value.is_null() ? !fits(candidate, value) : fits(candidate, value))
                part = &candidate;  // of what is null, what it might be instead
    auto const* items = part->if_contains("items");
    if (auto* list = value.if_array())
        for (auto& element : *list) visit_part(root, items ? as_part(*items) : json::object{}, element, visit);
    auto const* properties = part->if_contains("properties");
    if (auto* object = value.if_object())
        for (auto& member : *object) {
            auto const* described = properties ? as_part(*properties).if_contains(member.key()) : nullptr;
            visit_part(root, described ? as_part(*described) : json::object{}, member.value(), visit);
        }
    visit(*part, value);
}

}  // namespace

json::value make_instance(json::object const& schema, std::string_view text, std::uint64_t seed) {
    return Maker{schema, text, seed}.make(schema, "", 0);
}

void visit_instance(json::object const& schema, json::value& instance, Visit const& visit) { visit_part(schema, schema, instance, visit); }

bool is_chosen(json::object const& part) {
    auto const* values = part.if_contains("enum");
    return values && values->is_array() &&
           std::any_of(values->get_array().begin(), values->get_array().end(), [](json::value const& value) { return value.is_string(); });
}

bool is_free_text(json::object const& part) { return !part.contains("enum") && part.contains("type") && fits(part, ""); }

}  // namespace groomer::fake_model
