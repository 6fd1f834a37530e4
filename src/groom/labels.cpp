#include "groom/labels.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace groomer::groom {

bool same_label(std::string_view a, std::string_view b) { return to_lower(a) == to_lower(b); }

bool contains_label(std::vector<std::string> const& labels, std::string_view label) {
    return std::any_of(labels.begin(), labels.end(), [&](auto const& other) { return same_label(other, label); });
}

}  // namespace groomer::groom
