// Labels as GitHub compares them: case tells none apart.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace groomer::groom {

bool same_label(std::string_view a, std::string_view b);
// Is `label` among them, however it is spelled?
bool contains_label(std::vector<std::string> const& labels, std::string_view label);

}  // namespace groomer::groom
