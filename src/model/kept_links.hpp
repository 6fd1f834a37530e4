// Which links of a text may stay: those that the issue has too.
#pragma once

#include "model/defuse.hpp"

#include <set>
#include <string_view>

namespace groomer::model {

// How much of `text`, at whose front a link begins, belongs to the link. Punctuation at its end does not: "(https://a.example/b)."
std::size_t link_length(std::string_view text);

class KeptLinks {
public:
    // `permitted` outlives this.
    explicit KeptLinks(Permitted const& permitted);

    // Of the first 1,000 of each kind: a whole link, of http, https, or beginning with "www.", that stands in the source just so. One to an
    // issue or the like also needs its number to be permitted: GitHub notes there that it was linked.
    [[nodiscard]] bool has(std::string_view link) const;

    // `digits` name an issue that is permitted.
    [[nodiscard]] bool has_issue(std::string_view digits) const;

private:
    std::size_t note(std::size_t begin);  // of a link in the source; returns where it ends

    Permitted const& permitted_;
    std::set<std::string_view> links_;
};

}  // namespace groomer::model
