#include "tracker/github/content.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "tracker/github/elements.hpp"
#include "tracker/issue_json.hpp"

#include <algorithm>

namespace groomer::tracker::github {
namespace {

namespace json = boost::json;

std::string begin_mark(std::string_view name) { return "<!-- groomer:" + std::string{name} + " -->"; }
std::string end_mark(std::string_view name) { return "<!-- /groomer:" + std::string{name} + " -->"; }

std::string normalised(std::string_view text) {
    std::string out{text};
    std::erase(out, '\r');
    out.resize(out.find_last_not_of(" \t\n") + 1);
    return out;
}

// Our own text, whoever made it up: what reads like a mark of ours is shown, and marks nothing.
std::string unmarked(std::string_view text) {
    auto out = normalised(text);
    for (std::string_view const mark : {"<!-- groomer:", "<!-- /groomer:"})
        for (auto at = out.find(mark); at != std::string::npos; at = out.find(mark, at)) out.replace(at, 1, "&lt;");
    return out;
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++found;
    return found;
}

struct Place {
    std::size_t begin = 0, inside = 0, inside_end = 0, end = 0;
};

// Nothing where there is no such section, or more than one of its marks.
std::optional<Place> find_section(std::string_view body, std::string_view name) {
    auto const begin = begin_mark(name), end = end_mark(name);
    auto const first = body.find(begin), last = body.find(end);
    if (count(body, begin) != 1 || count(body, end) != 1 || last < first + begin.size()) return std::nullopt;
    return Place{first, first + begin.size(), last, last + end.size()};
}

// The empty line that sets it off is ours, too.
std::string without(std::string_view body, Place const& place) {
    auto before = body.substr(0, place.begin);
    for (std::string_view const gap : {"\n\n", "\r\n\r\n"})
        if (before.ends_with(gap)) {
            before.remove_suffix(gap.size());
            break;
        }
    return std::string{before}.append(body.substr(place.end));
}

std::optional<std::string> raw_text(json::object const& object, std::string_view key) {
    auto const* value = object.if_contains(key);
    if (!value || value->is_null()) return std::string{};
    auto const* text = value->if_string();
    std::string_view const raw = text ? std::string_view{text->data(), text->size()} : std::string_view{};
    return text && is_utf8(raw) ? std::optional{std::string{raw}} : std::nullopt;
}

}  // namespace

bool is_text_name(std::string_view name) {
    auto const allowed = [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; };
    return !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), allowed) &&
           name.find("--") == std::string_view::npos;
}

std::string marked(std::string_view name, std::string_view text) { return unmarked(text) + "\n\n" + begin_mark(name); }

std::string name_in(std::string_view text) {
    constexpr std::string_view begin = "<!-- groomer:", end = " -->";
    auto const at = text.rfind(begin);
    if (at == std::string_view::npos) return {};
    auto const rest = text.substr(at + begin.size());
    auto const name = rest.substr(0, rest.find(end));
    return name.size() < rest.size() && is_text_name(name) ? std::string{name} : std::string{};
}

bool reads_the_same(std::string_view a, std::string_view b) { return normalised(a) == normalised(b); }

std::optional<std::string> with_section(std::string_view body, std::string_view name, std::string_view text) {
    auto const begin = begin_mark(name), end = end_mark(name);
    auto const begins = count(body, begin), ends = count(body, end);
    auto const section = begin + "\n" + unmarked(text) + "\n" + end;
    if (begins == 0 && ends == 0) {
        std::string out{body};
        return text.empty() ? out : out.append(out.empty() ? "" : "\n\n").append(section);
    }
    auto const place = find_section(body, name);
    if (!place) return std::nullopt;
    if (text.empty()) return without(body, *place);
    if (reads_the_same(body.substr(place->begin, place->end - place->begin), section)) return std::string{body};
    std::string out{body.substr(0, place->begin)};
    return out.append(section).append(body.substr(place->end));
}

Parted part_sections(std::string_view body) {
    constexpr std::string_view mark = "<!-- groomer:", mark_end = " -->";
    constexpr std::size_t most = 20;
    Parted out{std::string{body}, {}};
    std::size_t from = 0;
    while (out.sections.size() < most) {
        auto const at = out.body.find(mark, from);
        if (at == std::string::npos) break;
        from = at + mark.size();
        auto const name = out.body.substr(from, out.body.find(mark_end, from) - from);
        auto const place = is_text_name(name) ? find_section(out.body, name) : std::nullopt;
        if (!place) continue;
        auto const inside = std::string_view{out.body}.substr(place->inside, place->inside_end - place->inside);
        auto const first = inside.find_first_not_of("\r\n");
        out.sections.push_back({name, first == std::string_view::npos ? std::string{} : normalised(inside.substr(first))});
        out.body = without(out.body, *place);
        from = 0;
    }
    return out;
}

std::optional<OwnComment> find_comment(std::string_view page, std::string_view name, Account const& self) {
    std::optional<OwnComment> found;
    auto const mark = begin_mark(name);
    for_each_element(page, [&](json::value const* value, std::string_view) {
        auto const* comment = value ? value->if_object() : nullptr;
        if (found || !comment || actor_of(object_of(*comment, "user"), self) != Actor::self) return;
        auto const body = raw_text(*comment, "body");
        auto const* id = comment->if_contains("id");
        bool const ours = body && id && id->is_int64() && id->get_int64() > 0 && body->find(mark) != std::string::npos;
        if (ours) found = OwnComment{id->get_int64(), *body};
    });
    return found;
}

std::optional<Content> parse_content(std::string_view issue) {
    if (issue.size() > max_element) return std::nullopt;
    try {
        auto const value = parse_element(issue);
        auto const* object = value.if_object();
        auto const title = object ? raw_text(*object, "title") : std::nullopt, body = object ? raw_text(*object, "body") : std::nullopt;
        if (!title || title->empty() || !body) return std::nullopt;
        return Content{*title, *body, text_of(*object, "state") != "closed"};
    } catch (Error const&) {
        return std::nullopt;
    }
}

}  // namespace groomer::tracker::github
