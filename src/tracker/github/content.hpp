// Our texts among those of people: how they are marked, found again, and changed without touching the rest. Pure.
#pragma once

#include "tracker/github/resource.hpp"

#include "tracker/tracker.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::tracker::github {

// Lower-case letters and dashes, at most 40.
bool is_text_name(std::string_view name);

// A comment's text with its mark, which does not show. Here and below, what reads like a mark in a text that is given is none.
std::string marked(std::string_view name, std::string_view text);

// The name in the mark of such a text; "" where it has none.
std::string name_in(std::string_view text);

// The same but for line ends and the white space at the end, which GitHub changes.
bool reads_the_same(std::string_view a, std::string_view b);

// The body with our section in it: in the place of the one that is there, or else at its end; without it, where the text is empty.
// Nothing where somebody has damaged the marks: what is theirs and what ours can then not be told.
std::optional<std::string> with_section(std::string_view body, std::string_view name, std::string_view text);

// What with_section() has put there, taken apart again: people's words as they were before, and the sections. Whoever has made the marks
// by hand has made a section.
struct Parted {
    std::string body;
    std::vector<Section> sections;
};
Parted part_sections(std::string_view body);

struct OwnComment {
    std::int64_t id = 0;
    std::string body;
};
// On a page of comments: the first of ours that carries the mark. Somebody else's copy of it is not ours. Throws Error where the page
// is no list.
std::optional<OwnComment> find_comment(std::string_view page, std::string_view name, Account const& self);

// An issue's texts as they are, not cleaned, since they are written back. Nothing where they are no UTF-8, or it is no issue.
struct Content {
    std::string title;
    std::string body;
    bool open = true;
};
std::optional<Content> parse_content(std::string_view issue);

}  // namespace groomer::tracker::github
