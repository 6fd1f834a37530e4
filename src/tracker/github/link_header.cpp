#include "tracker/github/link_header.hpp"

#include "base/text.hpp"
#include "net/url.hpp"

#include <algorithm>
#include <charconv>

namespace groomer::tracker::github {
namespace {

constexpr std::size_t longest_url = 4096, longest_header = 16 * 1024;
constexpr int most_links = 64;

void skip_space(std::string_view& text) { text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size())); }

std::string_view take_token(std::string_view& text) {
    auto const end = std::min(text.find_first_of(" \t=;,\"<>"), text.size());
    auto const token = text.substr(0, end);
    text.remove_prefix(end);
    return token;
}

// A token or a quoted string, whose escapes are undone.
std::string take_value(std::string_view& text) {
    if (text.empty() || text.front() != '"') return std::string{take_token(text)};
    std::string value;
    std::size_t at = 1;
    for (; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        value += text[at];
    }
    text.remove_prefix(std::min(at + 1, text.size()));
    return value;
}

bool has_relation(std::string_view relations, std::string_view wanted) {
    auto const all = " " + to_lower(relations) + " ";
    return all.find(" " + std::string{wanted} + " ") != std::string::npos;
}

// The parameters of one link, up to the comma that ends it; the value of the first `rel`.
std::string take_relations(std::string_view& text) {
    std::optional<std::string> relations;
    for (skip_space(text); !text.empty() && text.front() != ',';) {
        if (text.front() != ';') {  // nothing that the grammar knows: to the next comma or parameter
            text.remove_prefix(1);
            continue;
        }
        text.remove_prefix(1);
        skip_space(text);
        auto const name = to_lower(take_token(text));
        skip_space(text);
        std::string value;
        if (!text.empty() && text.front() == '=') {
            text.remove_prefix(1);
            skip_space(text);
            value = take_value(text);
        }
        if (name == "rel" && !relations) relations = std::move(value);
        skip_space(text);
    }
    return relations.value_or("");
}

}  // namespace

std::optional<std::string> origin_of(std::string_view url) {
    if (url.size() > longest_url) return std::nullopt;
    auto const harmless = [](char c) { return c > ' ' && c < '\x7f' && c != '\\'; };
    if (!std::all_of(url.begin(), url.end(), harmless)) return std::nullopt;
    try {
        return net::parse_url(url).origin();
    } catch (net::BadUrl const&) {
        return std::nullopt;
    }
}

std::optional<std::string> same_origin(std::string_view reference, std::string_view base) {
    auto const origin = origin_of(base);
    if (!origin) return std::nullopt;
    std::string url{reference};
    if (reference.starts_with('/') && !reference.starts_with("//")) url.insert(0, *origin);
    return origin_of(url) == origin ? std::optional{url} : std::nullopt;
}

Links parse_links(std::string_view text, std::string_view base) {
    Links links;
    text = text.substr(0, longest_header);
    for (int count = 0; count < most_links; ++count) {
        auto const begin = text.find('<');
        if (begin == std::string_view::npos) break;
        auto const end = text.find('>', begin);
        if (end == std::string_view::npos) break;
        auto const target = text.substr(begin + 1, end - begin - 1);
        text.remove_prefix(end + 1);
        auto const relations = take_relations(text);
        auto const url = same_origin(target, base);
        if (has_relation(relations, "next") && links.next.empty()) {
            links.next = url.value_or("");
            links.next_refused = !url;
        }
        if (has_relation(relations, "last") && links.last.empty()) links.last = url.value_or("");
    }
    return links;
}

std::optional<int> page_of(std::string_view url) {
    auto const query = url.find('?');
    if (query == std::string_view::npos) return std::nullopt;
    for (auto rest = url.substr(query + 1); !rest.empty();) {
        auto const part = rest.substr(0, rest.find_first_of("&#"));
        int page = 0;
        auto const* end = part.data() + part.size();
        if (part.starts_with("page=")) {
            auto const [stopped, error] = std::from_chars(part.data() + 5, end, page);
            if (error == std::errc{} && stopped == end && page > 0) return page;
        }
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    }
    return std::nullopt;
}

}  // namespace groomer::tracker::github
