// What can be said of an issue without a model: its priority from its type and words, its status from its type and from
// what its body holds. Pure; deliberately few, and each gives its reason.
#pragma once

#include "config/config.hpp"
#include "model/judgement.hpp"
#include "tracker/tracker.hpp"

#include <string>
#include <string_view>

namespace groomer::groom {

enum class Kind { unknown, bug, feature, question };
// What a type label stands for, by its words ("type/bug", "kind: enhancement", "support").
Kind kind_of(std::string_view type_label);

// The families "priority" and "status"; a decision without a value where nothing can be said.
model::Decision priority_by_rule(tracker::Issue const& issue, Kind kind, config::Family const& family);
model::Decision status_by_rule(tracker::Issue const& issue, Kind kind, config::Family const& family);

}  // namespace groomer::groom
