// Values that are each allowed, but contradict one another.
#pragma once

#include "config/draft.hpp"
#include "config/families.hpp"

namespace groomer::config {

// Everything but the repositories. `config` is what `top` and the families made of the defaults.
void check_installation(Config const& config, Draft const& top, FamilyPlaces const& places, Problems& problems);

// The parts that a repository may override; draft.scope says whose they are.
void check_model(Model const& model, Draft const& draft, Problems& problems);
// Half a price would count the other half as free. Each half stands in `draft` or in `top`, which it inherits from.
void check_prices(Model const& model, Draft const& draft, Draft const& top, Problems& problems);
void check_policy(Policy const& policy, Draft const& draft, FamilyPlaces const& places, Problems& problems);

}  // namespace groomer::config
