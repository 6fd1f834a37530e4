#include "api/openapi.hpp"

#include "api/endpoints.hpp"
#include "base/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <string>

namespace groomer::api {
namespace {

namespace json = boost::json;

json::value reference(std::string const& to) { return json::object{{"$ref", "#/components/" + to}}; }

// The names between braces.
json::array path_parameters(std::string_view path) {
    json::array out;
    for (auto open = path.find('{'); open != path.npos; open = path.find('{', open + 1)) {
        auto const name = path.substr(open + 1, path.find('}', open) - open - 1);
        out.emplace_back(json::object{
            {"name", name}, {"in", "path"}, {"required", true}, {"schema", json::object{{"type", "integer"}, {"minimum", 1}}}});
    }
    return out;
}

json::array parameters_of(Endpoint const& endpoint) {
    auto out = path_parameters(endpoint.path);
    for (auto const& parameter : endpoint.query)
        out.emplace_back(json::object{
            {"name", parameter.name}, {"in", "query"}, {"description", parameter.help}, {"schema", json::parse(parameter.schema)}});
    return out;
}

json::object content(std::string_view type, std::string_view schema) {
    json::object inner;
    if (!schema.empty()) inner["schema"] = reference("schemas/" + std::string{schema});
    else inner["schema"] = json::object{{"type", "string"}};
    return {{type, std::move(inner)}};
}

std::string_view meaning(std::string_view status) {
    if (status == "400") return "The request is not well-formed, or says what is not known here.";
    if (status == "401") return "The token, or the signature, is missing or wrong, or there is none that would be right.";
    if (status == "404") return "There is no such thing.";
    if (status == "409") return "Not now: the message says why.";
    if (status == "413") return "The body is too long.";
    if (status == "415") return "The body says that it is no JSON, or that it is packed.";
    if (status == "429") return "Too many at once: Retry-After says when to try again.";
    if (status == "503") return "Not at this moment: the database cannot be reached, or the replica is stopping or busy.";
    return "An error.";
}

// STATUS, or STATUS:SCHEMA.
void add_error(std::string_view word, json::object& responses) {
    auto const colon = std::min(word.find(':'), word.size());
    auto const status = word.substr(0, colon);
    json::object error{{"description", meaning(status)}, {"content", content("application/json", "Error")}};
    if (colon < word.size()) {
        json::array const either{reference("schemas/" + std::string{word.substr(colon + 1)}), reference("schemas/Error")};
        error["content"].as_object()["application/json"] = json::object{{"schema", json::object{{"anyOf", either}}}};
    }
    responses[status] = std::move(error);
}

json::object responses_of(Endpoint const& endpoint) {
    json::object out{{std::to_string(endpoint.status),
                      json::object{{"description", "All is well."}, {"content", content(endpoint.content_type, endpoint.answer)}}}};
    std::string statuses{endpoint.auth == Auth::none ? "" : "401 "};
    if (!endpoint.body.empty()) statuses += "400 413 415 ";
    statuses.append(endpoint.errors);
    for (std::string_view rest = statuses; !rest.empty();) {
        auto const end = std::min(rest.find(' '), rest.size());
        auto const word = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (!word.empty()) add_error(word, out);
    }
    out["default"] = json::object{{"description", "Any other error."}, {"content", content("application/json", "Error")}};
    return out;
}

json::array security_of(Auth auth) {
    json::object const none, bearer{{"bearer", json::array{}}}, signature{{"signature", json::array{}}};
    switch (auth) {
        case Auth::none: return {};
        case Auth::page: return {none, bearer};  // a page that is public needs none
        case Auth::bearer: return json::array({json::value(bearer)});
        case Auth::hmac: return json::array({json::value(signature)});
    }
    return {};
}

json::object operation(Endpoint const& endpoint) {
    json::object out{{"summary", endpoint.summary}, {"security", security_of(endpoint.auth)}};
    if (auto parameters = parameters_of(endpoint); !parameters.empty()) out["parameters"] = std::move(parameters);
    if (!endpoint.body.empty()) out["requestBody"] = json::object{{"content", content("application/json", endpoint.body)}};
    out["responses"] = responses_of(endpoint);
    return out;
}

json::object paths() {
    json::object out;
    for (auto const& endpoint : endpoints()) {
        auto& path = out.emplace(endpoint.path, json::object{}).first->value().as_object();
        path[to_lower(endpoint.method)] = operation(endpoint);
    }
    return out;
}

json::object components() {
    return {{"schemas", json::parse(schemas())},
            {"securitySchemes",
             json::object{{"bearer", json::object{{"type", "http"}, {"scheme", "bearer"}}},
                          {"signature", json::object{{"type", "apiKey"}, {"in", "header"}, {"name", "X-Hub-Signature-256"}}}}}};
}

// One member a line, so that a change of it is read as one.
void print(json::value const& value, std::string const& indent, std::string& out) {
    auto const deeper = indent + "  ";
    auto const* object = value.if_object();
    auto const* array = value.if_array();
    bool const empty = object ? object->empty() : !array || array->empty();
    if (empty) {
        out += json::serialize(value);
        return;
    }
    out += object ? '{' : '[';
    bool first = true;
    auto line = [&] { out += (std::exchange(first, false) ? "\n" : ",\n") + deeper; };
    if (object) {
        for (auto const& [name, member] : *object) {
            line();
            out += json::serialize(json::value(name)) + ": ";
            print(member, deeper, out);
        }
    } else {
        for (auto const& item : *array) {
            line();
            print(item, deeper, out);
        }
    }
    out += '\n' + indent + (object ? '}' : ']');
}

}  // namespace

std::string openapi(std::string_view version) {
    json::object const document{{"openapi", "3.1.0"},
                                {"info", json::object{{"title", "groomer"}, {"version", version}}},
                                {"paths", paths()},
                                {"components", components()}};
    std::string out;
    print(document, "", out);
    return out + '\n';
}

net::Handler openapi_handler(std::string_view version) {
    // Made when it is first asked for: a standby would pay for it all its life. It takes a millisecond, so not each time: anybody may ask.
    return [version = std::string{version}, text = std::make_shared<std::string>()](net::Request) -> Task<net::Response> {
        net::Response response;
        if (text->empty()) *text = openapi(version);
        response.body = *text;
        co_return response;
    };
}

}  // namespace groomer::api
