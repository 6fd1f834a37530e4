#include "fake_github/wire.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace groomer::fake_github {
namespace {

bool has_body(Response const& response) { return response.status != 204 && response.status != 304; }

std::string in_chunks(std::string_view body) {
    std::string out;
    for (std::size_t at = 0; at < body.size(); at += 1000) {
        auto const part = body.substr(at, 1000);
        std::array<char, 16> size{};
        std::snprintf(size.data(), size.size(), "%zx\r\n", part.size());
        out += size.data();
        out.append(part).append("\r\n");
    }
    return out + "0\r\n\r\n";
}

void set_header(Response& response, std::string_view name, std::string value) {
    for (auto& field : response.headers)
        if (field.first == name) field.second = value;
}

constexpr std::string_view no_json = "{\"id\": 12, \"title\": \"\xff\xfe half \x01 of a";

}  // namespace

std::string wire_head(Response const& response, WireOptions options) {
    auto head = "HTTP/1.1 " + std::to_string(response.status) + " " + std::string{reason_of(response.status)} + "\r\n";
    for (auto const& [name, value] : response.headers) head += name + ": " + value + "\r\n";
    if (has_body(response))
        head += options.chunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: " + std::to_string(response.text.size()) + "\r\n";
    if (!options.keep_alive) head += "Connection: close\r\n";
    return head + "\r\n";
}

std::string wire_answer(Response const& response, WireOptions options) {
    auto bytes = wire_head(response, options);
    if (!has_body(response) || options.without_body) return bytes;
    return bytes += options.chunked ? in_chunks(response.text) : response.text;
}

Broken broken_answer(Response response, Fault const& fault, WireOptions options) {
    switch (fault.kind) {
        case FaultKind::truncated: {
            auto bytes = wire_answer(response, options);
            bytes.resize(bytes.size() - std::max<std::size_t>(response.text.size() / 2, 1));
            return {std::move(bytes), true};
        }
        case FaultKind::garbage: return {"\x16\x03\x01\x02 this is no HTTP\r\n\r\n\x80\x81", true};
        case FaultKind::garbage_body: response.text = no_json; break;
        case FaultKind::not_modified:
            response.status = 304;
            response.text.clear();
            break;
        case FaultKind::content_type: set_header(response, "Content-Type", "text/plain; charset=iso-8859-1"); break;
        case FaultKind::field:
            if (!response.json) break;
            spoil(*response.json, fault);
            response.text = boost::json::serialize(*response.json);
            break;
        default: break;
    }
    return {wire_answer(response, options), !options.keep_alive};
}

}  // namespace groomer::fake_github
