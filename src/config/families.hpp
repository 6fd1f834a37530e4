// policy.labels: families of labels, of which an issue carries one each.
#pragma once

#include "config/config.hpp"
#include "config/problems.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace groomer::config {

// Where families and their labels stand in the file; defaults stand nowhere.
struct FamilyPlaces {
    std::map<std::string, Mark> family;
    std::map<std::pair<std::string, std::string>, Mark> label;  // (family, label)
};

// The families type, priority and status.
std::vector<Family> default_families();

inline constexpr char const* status_roles[] = {"ready", "needs_info", "backlog", "blocked", "already_done"};

// Changes the families that `node` names; the others stay. shown: the path for messages.
void read_families(YamlNode const& node, std::string const& shown, std::vector<Family>& families, FamilyPlaces& places, Problems& problems);

}  // namespace groomer::config
