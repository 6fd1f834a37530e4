// Free text of a model, made fit to be shown, or written where GitHub reads Markdown: nothing in it notifies, refers or links beyond
// what the issue itself did.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::model {

struct Permitted {
    std::vector<std::int64_t> issues;  // of this repository; `#n` and `GH-n` of these stay
    std::string_view source;           // title, body and comments of the issue: a link stays only if the very same stands here
};

// At most `longest` bytes of valid UTF-8 in which GitHub finds no mention, link, image, HTML, entity, escape, code fence, marker,
// commit, or issue that is not permitted, and no "Duplicate of #n", which it would act on. No character is a control or invisible.
// The words stay: "@ann, see <b>#7</b>" reads "ann, see 7". A link to an issue must be permitted in both ways. Defusing again
// changes nothing. What comes after twice `longest` and 4 KiB is not looked at.
std::string defuse(std::string_view text, Permitted const& permitted, std::size_t longest);

// Whether `text` is such a text; written without anything of defuse, to judge it.
bool harmless(std::string_view text, Permitted const& permitted);

}  // namespace groomer::model
