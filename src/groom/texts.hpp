// Which title, and which section of its body, groomer gives an issue: pure.
#pragma once

#include "config/config.hpp"
#include "groom/plan.hpp"
#include "model/judgement.hpp"
#include "store/said.hpp"
#include "tracker/tracker.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace groomer::groom {

inline constexpr std::string_view summary_name = "summary";  // of the section

// Without line ends of other systems and the white space at the end, which trackers change: texts of ours are compared so.
std::string normalised(std::string_view text);

// Does it read there as we left it? Where the last write may have had no effect, any text of ours does. there: normalised.
bool is_known(store::Said const& known, std::string_view there);

// Does the judgement have a text that policy.titles_and_bodies lets groomer write?
bool has_texts(model::Judgement const& judgement, config::Policy const& policy);

// Puts them into the plan. A title is given once, to an issue that nobody has ever renamed; a section is written where there is none, and
// again only while it reads as groomer left it.
void add_texts(Plan& plan, tracker::Issue const& issue, model::Judgement const& judgement, config::Policy const& policy,
               std::vector<store::Said> const& said);

}  // namespace groomer::groom
