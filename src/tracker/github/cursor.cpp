#include "tracker/github/cursor.hpp"

#include "base/time_text.hpp"
#include "tracker/github/link_header.hpp"
#include "tracker/issue_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace groomer::tracker::github {
namespace {

namespace json = boost::json;

constexpr int layout = 1;

bool flag(json::object const& object, std::string_view key) {
    auto const* value = object.if_contains(key);
    return value && *value == true;
}

std::int64_t int_of(json::object const& object, std::string_view key) {
    auto const* value = object.if_contains(key);
    auto const* number = value ? value->if_int64() : nullptr;
    return number ? *number : 0;
}

// "" or a time.
bool is_time_or_none(std::string const& text) { return text.empty() || parse_time(text); }

}  // namespace

std::string to_string(Cursor const& cursor) {
    json::array seen;
    for (auto const& [number, changed] : cursor.seen) seen.push_back(json::array{number, changed});
    return json::serialize(json::object{{"v", layout},
                                        {"source", cursor.source},
                                        {"full", cursor.full},
                                        {"begun", cursor.begun},
                                        {"since", cursor.since},
                                        {"next", cursor.next},
                                        {"found", cursor.found_on_walk},
                                        {"repeats", cursor.repeats},
                                        {"newest", cursor.newest},
                                        {"full_began", cursor.full_began},
                                        {"seen", std::move(seen)}});
}

std::optional<Cursor> parse_cursor(std::string_view text, std::string_view source) {
    json::error_code error;
    auto const value = json::parse({text.data(), text.size()}, error);
    auto const* object = error ? nullptr : value.if_object();
    auto const* version = object ? object->if_contains("v") : nullptr;
    if (!version || *version != layout) return std::nullopt;
    Cursor cursor;
    cursor.source = text_of(*object, "source");
    cursor.full = flag(*object, "full");
    cursor.begun = flag(*object, "begun");
    cursor.since = text_of(*object, "since");
    cursor.next = text_of(*object, "next");
    cursor.found_on_walk = flag(*object, "found");
    cursor.newest = text_of(*object, "newest");
    cursor.full_began = int_of(*object, "full_began");
    cursor.repeats = static_cast<int>(std::clamp<std::int64_t>(int_of(*object, "repeats"), 0, 1000));
    auto const* seen = object->if_contains("seen");
    if (!seen || !seen->is_array()) return std::nullopt;
    for (auto const& entry : seen->get_array()) {
        auto const* pair = entry.if_array();
        if (!pair || pair->size() != 2 || !(*pair)[0].is_int64() || !(*pair)[1].is_int64()) return std::nullopt;
        cursor.seen[(*pair)[0].get_int64()] = (*pair)[1].get_int64();
    }
    if (cursor.source != source || !is_time_or_none(cursor.since) || !is_time_or_none(cursor.newest)) return std::nullopt;
    if (!cursor.next.empty() && !same_origin(cursor.next, source)) return std::nullopt;
    return cursor;
}

}  // namespace groomer::tracker::github
