// repositories: the list of what is groomed, each entry with its own parts of policy and model.
#pragma once

#include "config/draft.hpp"
#include "config/families.hpp"

#include <vector>

namespace groomer::config {

// One entry, with what its checks need.
struct RepositoryEntry {
    Repository repository;
    Draft draft;
    FamilyPlaces places;
};

using Writes = std::vector<std::string> (*)(Repository const&);

// `base` is the installation's configuration, complete: every entry starts from its policy and model. `writes` tells the
// files that serving an entry writes, and may be null.
std::vector<RepositoryEntry> read_repositories(YamlNode const& node, Config const& base, FamilyPlaces const& base_places, Writes writes,
                                               Files& files, Problems& problems);

// The provider's own address, unless another was chosen.
void settle_base_url(Model& model);

}  // namespace groomer::config
